"""Pictures that explain a score: error maps, line maps, optical flow and thumbnails.

The same functions draw the report of an evaluation and the pictures in TensorBoard during
training. Frames are uint8 (H, W, 3) RGB, and so is every picture.

- An *error map* shows, for each pixel, the mean over R, G and B of the absolute difference, rounded
  to whole grey levels of 255, on a ramp from black (no error) by violet, red and orange to pale
  yellow; `FULL_ERROR` grey levels and above have the last colour. (Thirds of a level are not seen,
  and would make the files half as large again.)
- A *line map* shows the lines of a drawing dark on white; two of them over each other show which
  lines both have, which are missing, and which are there alone.
- A *flow picture* follows the colours of Baker et al., "A Database and Evaluation Methodology for
  Optical Flow" (IJCV 2011): the hue is the direction, the saturation the length, white stands
  still. Right is red, down yellow, left cyan, up violet-blue. The wheel has 55 steps, divided
  unevenly among the six arcs between its pure colours as far as the eye tells hues apart. Flow
  longer than the full length is drawn with its full colour darkened to three quarters.
"""

import cv2
import numpy as np
from PIL import Image, ImageDraw

FULL_ERROR = 64
"""Difference, in grey levels of 255, from which on an error map shows its brightest colour."""

ERROR_RAMP = ((0, 0, 0), (78, 20, 120), (190, 45, 85), (248, 140, 30), (255, 250, 190))
"""Colours at equal steps from no error to `FULL_ERROR`."""

LINE_COLOURS = {
    "none": (255, 255, 255),
    "both": (40, 42, 48),
    "missing": (0, 114, 178),
    "surplus": (230, 97, 0),
}
"""Colours of line maps: lines that both frames have, the truth alone, the estimate alone."""

_WHEEL_STEPS = {"yellow": 15, "green": 6, "cyan": 4, "blue": 11, "magenta": 13, "red": 6}
"""Steps of the wheel from each pure colour, red first, to the named one that follows it."""
_WHEEL_COLOURS = (
    (255, 0, 0), (255, 255, 0), (0, 255, 0), (0, 255, 255), (0, 0, 255), (255, 0, 255), (255, 0, 0),
)  # fmt: skip
_BEYOND_FULL = 0.75


def error_map(estimate: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Draws where an estimate differs from the truth.

    Args:
        estimate: uint8 (H, W, 3).
        truth: uint8 (H, W, 3).

    Returns:
        uint8 (H, W, 3), on the ramp of the module docstring.

    Raises:
        ValueError: If the shapes differ.
    """
    if estimate.shape != truth.shape:
        raise ValueError(f"Cannot compare frames of {estimate.shape} and {truth.shape}.")
    sums = cv2.absdiff(estimate, truth).sum(axis=-1, dtype=np.uint16)
    return _ERROR_COLOURS[np.minimum((sums + 1) // 3, FULL_ERROR)]


def _error_colours() -> np.ndarray:
    """Colour of every mean difference in whole grey levels, uint8 (`FULL_ERROR` + 1, 3)."""
    position = np.linspace(0, len(ERROR_RAMP) - 1, FULL_ERROR + 1)
    ramp = np.asarray(ERROR_RAMP, np.float64)
    channels = [np.interp(position, np.arange(len(ramp)), ramp[:, c]) for c in range(3)]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)


_ERROR_COLOURS = _error_colours()


def line_picture(lines: np.ndarray) -> np.ndarray:
    """Draws a line map, dark on white.

    Args:
        lines: bool (H, W), True on lines.

    Returns:
        uint8 (H, W, 3).
    """
    return line_overlay(lines, lines)


def line_overlay(estimate_lines: np.ndarray, true_lines: np.ndarray) -> np.ndarray:
    """Draws two line maps over each other in the colours of `LINE_COLOURS`.

    Args:
        estimate_lines: bool (H, W), lines of the estimate.
        true_lines: bool (H, W), lines of the truth.

    Returns:
        uint8 (H, W, 3).

    Raises:
        ValueError: If the shapes differ.
    """
    if estimate_lines.shape != true_lines.shape:
        raise ValueError(
            f"Cannot lay line maps of {estimate_lines.shape} and {true_lines.shape} over each "
            "other."
        )
    kinds = true_lines.astype(np.uint8) + 2 * estimate_lines.astype(np.uint8)
    names = ("none", "missing", "surplus", "both")
    return np.asarray([LINE_COLOURS[name] for name in names], np.uint8)[kinds]


def flow_picture(flow_px: np.ndarray, full_px: float) -> np.ndarray:
    """Draws optical flow: the hue is the direction, the saturation the length.

    Args:
        flow_px: float (H, W, 2), (dx, dy) in pixels, y downwards; what is not finite is black.
        full_px: Length in pixels, above 0, that is drawn in full saturation.

    Returns:
        uint8 (H, W, 3), as the module docstring says.

    Raises:
        ValueError: If the shape is another or `full_px` is not positive.
    """
    if flow_px.ndim != 3 or flow_px.shape[-1] != 2:
        raise ValueError(f"A flow picture needs (H, W, 2), got {flow_px.shape}.")
    if not full_px > 0:
        raise ValueError(f"The full length must be positive, got {full_px}.")
    finite = np.isfinite(flow_px).all(axis=-1)
    flow = np.where(finite[..., np.newaxis], flow_px, 0.0).astype(np.float32)
    length = np.hypot(flow[..., 0], flow[..., 1]) / np.float32(full_px)
    turn = np.mod(np.arctan2(flow[..., 1], flow[..., 0]) / np.float32(2 * np.pi), 1.0)
    # A fine table of the wheel; 1024 entries are below one grey level.
    hue = _WHEEL[np.rint(turn * (len(_WHEEL) - 1)).astype(np.intp)]
    inside = length[..., np.newaxis]
    picture = np.where(
        inside <= 1.0, 255.0 - np.minimum(inside, 1.0) * (255.0 - hue), hue * _BEYOND_FULL
    )
    return np.rint(np.where(finite[..., np.newaxis], picture, 0.0)).astype(np.uint8)


def flow_range(flow_px: np.ndarray) -> float:
    """Chooses the length that is drawn in full saturation.

    Args:
        flow_px: float (H, W, 2), (dx, dy) in pixels.

    Returns:
        A whole number of pixels that no more than one in a hundred vectors exceeds, at least 1, so
        that noise around a frame that stands still does not look like motion.
    """
    length = np.hypot(flow_px[..., 0], flow_px[..., 1])
    length = length[np.isfinite(length)]
    return float(max(np.ceil(np.quantile(length, 0.99)), 1.0)) if length.size else 1.0


def flow_legend(side_px: int = 96) -> np.ndarray:
    """Draws the wheel that explains a flow picture: the vectors from its centre to its rim.

    Args:
        side_px: Width and height of the picture.

    Returns:
        uint8 (side_px, side_px, 4) RGBA, transparent outside the wheel.
    """
    radius = (side_px - 1) / 2
    steps = (np.arange(side_px) - radius) / radius
    vectors = np.stack(np.meshgrid(steps, steps), axis=-1)
    length = np.hypot(vectors[..., 0], vectors[..., 1])
    colours = flow_picture(vectors / np.maximum(length, 1.0)[..., np.newaxis], 1.0 + 1e-6)
    alpha = np.clip((1.0 - length) * radius + 0.5, 0.0, 1.0) * 255
    return np.dstack([colours, np.rint(alpha).astype(np.uint8)])


def beside_legend(picture: np.ndarray, full_px: float) -> np.ndarray:
    """Sets the wheel, and below it the length of full colour, to the right of a flow picture.

    Args:
        picture: uint8 (H, W, 3), from `flow_picture`.
        full_px: Length in pixels that it was drawn with.

    Returns:
        uint8 (H, W', 3), W' greater than W by up to 80 px, a white strip with the legend.
    """
    height = picture.shape[0]
    side = min(64, height)
    strip = Image.new("RGB", (side + 16, height), "white")
    wheel = Image.fromarray(flow_legend(side))
    strip.paste(wheel, (8, min(8, height - side)), mask=wheel)
    ImageDraw.Draw(strip).text((8, side + 12), f"{full_px:g} px", fill="black")
    return np.hstack([picture, np.asarray(strip)])


def _wheel() -> np.ndarray:
    """The colours of the wheel at 1,024 equal steps of a turn, float32 (1024, 3)."""
    corners = np.cumsum([0, *_WHEEL_STEPS.values()])
    position = np.linspace(0, corners[-1], 1024)
    colours = np.asarray(_WHEEL_COLOURS, np.float64)
    return np.stack(
        [np.interp(position, corners, colours[:, c]) for c in range(3)], axis=-1
    ).astype(np.float32)


_WHEEL = _wheel()


def thumbnail(frame: np.ndarray, width_px: int) -> Image.Image:
    """Makes a smaller picture.

    Args:
        frame: uint8 (H, W, 3).
        width_px: Width of the thumbnail; a narrower frame keeps its size.

    Returns:
        A Pillow image with the frame's proportions.
    """
    image = Image.fromarray(frame)
    if image.width > width_px:
        height_px = max(round(image.height * width_px / image.width), 1)
        image = image.resize((width_px, height_px), Image.Resampling.LANCZOS)
    return image
