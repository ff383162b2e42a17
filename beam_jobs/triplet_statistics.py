"""What is measured of a triplet: motion, sizes, brightness, likeness of the outer frames.

All but the sizes are measured on luma images made smaller by averaging, on the values as they
are: motion at a longer side of 192 pixels, brightness and SSIM at one of at most 384. So the SSIM
says how alike two frames are and is no score to compare with those of an evaluation.
"""

import io
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from PIL import Image
from skimage.metrics import structural_similarity

from frame_interpolation.datasets import block_motion
from frame_interpolation.datasets.frame_options import FrameError

_LONG_SIDE_PX: Final = 384
_SSIM_WINDOW_PX: Final = 11
# A block counts as moving from half a pixel of the small image on.
_MOVING_PX: Final = 0.5

METRICS: Final = {
    "motion_p95_px": "motion of the outer frames, 95th percentile over blocks [px]",
    "motion_mean_px": "motion of the outer frames, mean over blocks [px]",
    "motion_p95_share": "motion of the outer frames, 95th percentile [share of the longer side]",
    "moving_share": "share of blocks that move",
    "at_limit_share": "share of blocks at the limit of what the search can find",
    "brightness": "mean luma of the outer frames [0, 1]",
    "brightness_change": "change of the mean luma between the outer frames",
    "ssim": "SSIM between the outer frames (luma, at most 384 px)",
}


def measure(frames: Sequence[bytes]) -> dict[str, Any]:
    """Measures a triplet.

    Args:
        frames: The image files of the first, the middle and the last frame.

    Returns:
        width and height in pixels, and a value for each of `METRICS`; ssim is None for frames
        that are too small for it. Motion is that from the first to the last frame, in pixels of
        the frames as they are stored.

    Raises:
        FrameError: A frame is damaged, or their sizes differ.
    """
    images = [_open(frame, f"frame_{i}") for i, frame in enumerate(frames)]
    sizes = [image.size for image in images]
    if len(set(sizes)) != 1:
        shown = ", ".join(f"{width}x{height}" for width, height in sizes)
        raise FrameError("unequal_sizes", f"frames of {shown}, expected one size")
    first, last = (_luma(images[i], f"frame_{i}") for i in (0, 2))
    width, height = sizes[0]
    return {
        "width": width,
        "height": height,
        **_motion(first, last, long_side=max(width, height)),
        "brightness": (_brightness(first) + _brightness(last)) / 2,
        "brightness_change": _brightness(last) - _brightness(first),
        "ssim": _ssim(first, last),
    }


def _open(data: bytes, name: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise FrameError("damaged_frame", f"{name} is no image: {error}") from error


def _luma(image: Image.Image, name: str) -> Image.Image:
    size = _shrunk(image.size, _LONG_SIDE_PX)
    try:
        image.draft("L", size)  # Of a JPEG only the frequencies that are needed are decoded.
        grey = image.convert("RGB").convert("L")
    except (OSError, SyntaxError, ValueError) as error:
        raise FrameError("damaged_frame", f"{name} is damaged: {error}") from error
    return grey if grey.size == size else grey.resize(size, Image.Resampling.BOX)


def _shrunk(size: tuple[int, int], long_side: int) -> tuple[int, int]:
    scale = min(1.0, long_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _values(image: Image.Image) -> np.ndarray:
    return np.asarray(image, np.float32) / np.float32(255.0)


def _brightness(image: Image.Image) -> float:
    return float(_values(image).mean())


def _motion(first: Image.Image, last: Image.Image, *, long_side: int) -> dict[str, float]:
    size = _shrunk(first.size, block_motion.LONG_SIDE_PX)
    small = [_values(image.resize(size, Image.Resampling.BOX)) for image in (first, last)]
    found = block_motion.estimate(*small)
    scale = long_side / max(size)
    p95 = float(np.percentile(found.magnitude, 95))
    return {
        "motion_p95_px": scale * p95,
        "motion_mean_px": scale * float(found.magnitude.mean()),
        "motion_p95_share": p95 / max(size),
        "moving_share": float((found.magnitude >= _MOVING_PX).mean()),
        "at_limit_share": float(found.at_limit.mean()),
    }


def _ssim(first: Image.Image, last: Image.Image) -> float | None:
    if min(first.size) < _SSIM_WINDOW_PX:
        return None
    return float(
        structural_similarity(
            _values(first),
            _values(last),
            data_range=1.0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )
