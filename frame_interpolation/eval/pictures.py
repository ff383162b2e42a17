"""Pictures that explain a score: error maps and thumbnails.

Frames are uint8 (H, W, 3) RGB. An error map shows, for each pixel, the mean over R, G and B of
the absolute difference in grey levels of 255, on a ramp from black (no error) by violet, red and
orange to pale yellow; `FULL_ERROR` grey levels and above have the last colour.
"""

import numpy as np
from PIL import Image

FULL_ERROR = 64
"""Difference, in grey levels of 255, from which on an error map shows its brightest colour."""

ERROR_RAMP = ((0, 0, 0), (78, 20, 120), (190, 45, 85), (248, 140, 30), (255, 250, 190))
"""Colours at equal steps from no error to `FULL_ERROR`."""


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
    difference = np.abs(estimate.astype(np.int16) - truth.astype(np.int16)).mean(axis=-1)
    position = np.minimum(difference / FULL_ERROR, 1.0) * (len(ERROR_RAMP) - 1)
    ramp = np.asarray(ERROR_RAMP, np.float64)
    steps = np.arange(len(ramp))
    channels = [np.interp(position, steps, ramp[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)


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
