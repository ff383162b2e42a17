"""Evaluation protocols: what is done to the frames before they are scored.

Frames come as uint8 (H, W, 3) RGB. A protocol turns them into float32 (H, W, 3) in [0, 1] for the
network, and the network's output into the estimate that is scored: clipped to [0, 1], never
rounded to 8 bits. Boxes are (x, y, width, height) in pixels, sizes (width, height).

- `film`: FILM's own evaluation; the frames as they are, JPEG decoded by TensorFlow's default.
- `atd12k`: the protocol of the published ATD-12K tables (Siyao et al., arXiv 2104.02495); the
  frames at 960x540, resized with Pillow's LANCZOS when they have another size, and JPEG decoded
  to the pixels that Pillow reads, which TensorFlow's default misses by up to five grey levels.
- `atd12k_512x320`: the same, but estimate and truth are then brought to 512x288, the picture inside
  ToonCrafter's letter-boxed 512x320, to compare other methods with that one fairly.

In all, every mean is the plain mean over triplets (dB averaged in dB; see `score_summary`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from frame_interpolation.errors import InputError

LEVEL_NAMES = ("easy", "medium", "hard")
"""Names of the ATD-12K difficulty levels 0, 1 and 2."""

Box = tuple[int, int, int, int]

CLIPPED = "annotation: region of interest leaves the image and was clipped"
"""The remark on a triplet whose region is not the annotated one."""


@dataclass(frozen=True)
class Protocol:
    """How frames are brought to the size at which they are scored.

    Attributes:
        name: The name in `evaluation.protocol`.
        version: Raised whenever the same frames would get other scores; results of different
            versions are not compared.
        definition: One sentence for `readme.txt` and the report.
        frame_size: (width, height) in pixels to which every frame is brought, or None to leave
            frames as they are.
        scored_size: (width, height) in pixels to which the estimate and the truth are brought
            after interpolation, or None to score them as they are.
        exact_jpeg: Whether JPEG frames are decoded as Pillow does, or as FILM does (see
            `tf_example.decode_frames`).
    """

    name: str
    version: int
    definition: str
    frame_size: tuple[int, int] | None
    scored_size: tuple[int, int] | None = None
    exact_jpeg: bool = True

    def prepare(self, frame: np.ndarray) -> np.ndarray:
        """Brings a frame to the protocol's size and value range.

        Args:
            frame: uint8 (H, W, 3) RGB.

        Returns:
            float32 (H', W', 3) in [0, 1]; H' and W' are the protocol's size, or H and W.
        """
        height, width = frame.shape[:2]
        if self.frame_size is not None and (width, height) != self.frame_size:
            resized = Image.fromarray(frame).resize(self.frame_size, Image.Resampling.LANCZOS)
            frame = np.asarray(resized)
        return frame.astype(np.float32) / np.float32(255.0)

    def finish(self, estimate: np.ndarray) -> np.ndarray:
        """Turns the network's output into the estimate that is scored, and the truth likewise.

        Args:
            estimate: float (H, W, 3), any finite values.

        Returns:
            float32 (H, W, 3) clipped to [0, 1], not rounded; with a `scored_size`, at that size,
            by Pillow's LANCZOS on floating-point numbers.
        """
        estimate = np.clip(estimate, 0.0, 1.0).astype(np.float32)
        height, width = estimate.shape[:2]
        if self.scored_size in (None, (width, height)):
            return estimate
        planes = [
            np.asarray(Image.fromarray(plane).resize(self.scored_size, Image.Resampling.LANCZOS))
            for plane in np.moveaxis(estimate, -1, 0)
        ]
        return np.clip(np.stack(planes, axis=-1), 0.0, 1.0)  # The filter overshoots at edges.

    def size_of(self, frame: np.ndarray) -> tuple[int, int]:
        """Returns the (width, height) at which a prepared frame (H, W, 3) is scored."""
        return self.scored_size or (frame.shape[1], frame.shape[0])


PROTOCOLS: dict[str, Protocol] = {
    protocol.name: protocol
    for protocol in (
        Protocol(
            name="film",
            version=1,
            definition="frames as they are; estimate clipped to [0, 1], not rounded",
            frame_size=None,
            exact_jpeg=False,
        ),
        Protocol(
            name="atd12k",
            version=2,
            definition=(
                "frames at 960x540, others resized with Pillow LANCZOS before interpolation; "
                "estimate clipped to [0, 1], not rounded"
            ),
            frame_size=(960, 540),
        ),
        Protocol(
            name="atd12k_512x320",
            version=2,
            definition=(
                "frames at 960x540, others resized with Pillow LANCZOS before interpolation; "
                "estimate and truth then resized with Pillow LANCZOS, unrounded, to 512x288, the "
                "picture inside a letter-boxed 512x320; both clipped to [0, 1], not rounded"
            ),
            frame_size=(960, 540),
            scored_size=(512, 288),
        ),
    )
}


def find(name: str) -> Protocol:
    """Returns a protocol by its name.

    Args:
        name: A name in `PROTOCOLS`.

    Returns:
        The protocol.

    Raises:
        InputError: If there is no such protocol.
    """
    protocol = PROTOCOLS.get(name)
    if protocol is None:
        raise InputError(
            f"There is no protocol {name!r}; evaluation.protocol takes {', '.join(PROTOCOLS)}."
        )
    return protocol


def scale_region(
    motion_roi: Sequence[float], image_size: Sequence[float], frame_size: tuple[int, int]
) -> Box:
    """Carries an annotated region over to the size at which frames are scored.

    The rule is that of AnimeInterp's test script: each axis has its own scale, and each of the
    four numbers is floored by it on its own, `int(v // scale)`, so a box may lose a pixel of
    its width to flooring. A box that leaves the frame is cut at the frame's border.

    Args:
        motion_roi: (x, y, width, height) in pixels of the annotated image.
        image_size: (width, height) of the annotated image in pixels.
        frame_size: (width, height) of the scored frame in pixels.

    Returns:
        (x, y, width, height) in pixels of the scored frame; width or height is 0 when nothing of
        the region is left.

    Raises:
        InputError: If a number is not finite or an image side is not positive.
    """
    if not all(map(math.isfinite, (*motion_roi, *image_size))) or min(image_size) <= 0:
        raise InputError(
            f"An annotation has motion_RoI {tuple(motion_roi)} on an image of size "
            f"{tuple(image_size)}; expected finite numbers and positive sides."
        )
    scale_w, scale_h = image_size[0] / frame_size[0], image_size[1] / frame_size[1]
    left, top = int(motion_roi[0] // scale_w), int(motion_roi[1] // scale_h)
    right = left + int(motion_roi[2] // scale_w)
    bottom = top + int(motion_roi[3] // scale_h)
    x, right = _clip(left, frame_size[0]), _clip(right, frame_size[0])
    y, bottom = _clip(top, frame_size[1]), _clip(bottom, frame_size[1])
    return x, y, max(right - x, 0), max(bottom - y, 0)


def region_remarks(motion_roi: Sequence[float], image_size: Sequence[float]) -> tuple[str, ...]:
    """Says where an annotated region disagrees with its image.

    Args:
        motion_roi: (x, y, width, height) in pixels of the annotated image.
        image_size: (width, height) of the annotated image in pixels.

    Returns:
        One remark for a region that leaves the image, which is clipped; else none.

    Raises:
        InputError: If nothing of the region lies in the image.
    """
    (x, y, width, height), (image_width, image_height) = motion_roi, image_size
    if min(x + width, image_width) <= max(x, 0) or min(y + height, image_height) <= max(y, 0):
        shown = ", ".join(f"{number:g}" for number in motion_roi)
        raise InputError(
            f"motion_RoI ({shown}) has no area within the image of "
            f"{image_width:g}x{image_height:g}; correct the annotation."
        )
    if x < 0 or y < 0 or x + width > image_width or y + height > image_height:
        return (CLIPPED,)
    return ()


def crop_region(image: np.ndarray, box: Box) -> np.ndarray:
    """Cuts a region out of an image.

    Args:
        image: (H, W, C).
        box: (x, y, width, height) in pixels, inside the image.

    Returns:
        The view (height, width, C).
    """
    x, y, width, height = box
    return image[y : y + height, x : x + width]


def _clip(position_px: int, side_px: int) -> int:
    return min(max(position_px, 0), side_px)
