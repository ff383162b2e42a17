"""Chamfer distance between the lines of two drawings.

Chen & Zwicker, "Improving the Perceptual Quality of 2D Animation Interpolation" (EISAI, arXiv
2111.12792). Lines are found by a difference of Gaussians of the grey frame (0.299, 0.587, 0.114),

    DoG = 0.5 + 2 (G_1.6 - G_1.0) - 0.01

with kernels of 13 and 9 taps and the border repeated outwards; a pixel is on a line where
DoG > 0.5, that is, where it is darker than what is around it. With L the line map, D(L) the
Euclidean distance in pixels to the nearest line pixel, the distance of two frames (H, W) is

    1/2 (mean(L_truth D(L_estimate)) + mean(L_estimate D(L_truth))) / sqrt(H^2 + W^2).

An empty map has no nearest line pixel, and D is the diagonal sqrt(H^2 + W^2) everywhere; the value
then says how many line pixels the other map has, not how far off they are. When both maps are
empty the formula gives 0, as it does for equal maps, and so does this module. Each such value is
one to count, so that `measure` says which maps were empty.

Frames are float (H, W, 3) RGB in [0, 1], of any size; arithmetic is in float64.
"""

import math

import cv2
import numpy as np
from scipy import ndimage

_GREY = (0.299, 0.587, 0.114)
_FINE_SIGMA_PX, _FINE_TAPS = 1.0, 9
_COARSE_SIGMA_PX, _COARSE_TAPS = 1.6, 13
_GAIN, _LEVEL, _THRESHOLD = 2.0, 0.5, 0.01
_LARGEST_EXACT_SQUARE = 2.0**21
"""In pixels: a float32 distance whose square is at most this is off by less than half in it."""


def line_map(frame: np.ndarray) -> np.ndarray:
    """Finds the lines of a frame.

    Args:
        frame: float (H, W, 3) RGB in [0, 1].

    Returns:
        bool (H, W), True on lines.
    """
    grey = np.ascontiguousarray(frame, np.float64) @ np.array(_GREY)
    coarse = _blur(grey, _COARSE_SIGMA_PX, _COARSE_TAPS)
    fine = _blur(grey, _FINE_SIGMA_PX, _FINE_TAPS)
    return _LEVEL + _GAIN * (coarse - fine) - _THRESHOLD > _LEVEL


def chamfer_distance(lines: np.ndarray, other_lines: np.ndarray) -> float:
    """Computes the symmetric distance of two line maps.

    Args:
        lines: bool (H, W).
        other_lines: bool (H, W).

    Returns:
        The mean over pixels, in units of the diagonal; 0 for equal maps, empty ones included.
    """
    diagonal_px = math.hypot(*lines.shape)
    total_px = _summed_distance(lines, other_lines) + _summed_distance(other_lines, lines)
    return 0.5 * total_px / lines.size / diagonal_px


def measure(estimate: np.ndarray, truth: np.ndarray) -> tuple[float, str]:
    """Computes the chamfer line distance of two frames.

    Args:
        estimate: float (H, W, 3) RGB in [0, 1], at least one pixel.
        truth: float (H, W, 3) RGB in [0, 1].

    Returns:
        The distance, and a remark when a map is empty ('empty line map (estimate)', '(truth)' or
        '(both)'), else ''.
    """
    estimated, true = line_map(estimate), line_map(truth)
    empty = {
        (True, True): "both",
        (True, False): "estimate",
        (False, True): "truth",
    }.get((not estimated.any(), not true.any()))
    remark = f"empty line map ({empty})" if empty else ""
    return chamfer_distance(estimated, true), remark


def _summed_distance(lines: np.ndarray, other_lines: np.ndarray) -> float:
    """Sums the distances in pixels from the pixels of `lines` to the nearest of the others."""
    if not other_lines.any():
        return int(np.count_nonzero(lines)) * math.hypot(*lines.shape)
    return float(np.sum(_distances_px(other_lines)[lines]))


def _distances_px(lines: np.ndarray) -> np.ndarray:
    """Distance of every pixel to the nearest line pixel, of which there is one at least."""
    if np.square(lines.shape, dtype=np.float64).sum() > _LARGEST_EXACT_SQUARE:
        return ndimage.distance_transform_edt(~lines)
    # OpenCV's takes a third of the time. It is exact but for float32, and the square of a distance
    # of pixels is a whole number.
    off_lines = (~lines).view(np.uint8)
    distances = cv2.distanceTransform(off_lines, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.sqrt(np.rint(np.square(distances, dtype=np.float64)))


def _blur(grey: np.ndarray, sigma_px: float, taps: int) -> np.ndarray:
    offsets = np.arange(taps) - (taps - 1) / 2
    kernel = np.exp(-np.square(offsets) / (2 * sigma_px**2))
    kernel /= kernel.sum()
    return cv2.sepFilter2D(grey, cv2.CV_64F, kernel, kernel, borderType=cv2.BORDER_REPLICATE)
