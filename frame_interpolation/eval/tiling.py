"""Padding to a multiple and overlapping tiles, for networks that take two images to one.

Images are (B, H, W, C); an interpolation maps two of them to one of the same height and width.
FILM's own programs pad with zeros and put patches side by side, whose borders can be seen. Here the
border pixels are repeated, which is also how the network's warp looks beyond the border, and tiles
overlap: a tile's own border, where the network lacks context, is never used, and within the
overlap one tile fades into the next by a raised cosine.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable

import numpy as np

from frame_interpolation.errors import InputError

Interpolation = Callable[[np.ndarray, np.ndarray], np.ndarray]

# Neighbours share at least this, or a quarter of the tile where tiles are large, since motion in
# pixels grows with the picture.
_MINIMUM_OVERLAP_PX = 64
_OVERLAP_FRACTION = 4
# The part of the overlap in which tiles fade; a quarter of it at either end goes unused.
_FADE_FRACTION = 2


@dataclasses.dataclass(frozen=True)
class AxisTiles:
    """How one axis is cut.

    Attributes:
      size: length of every tile, so that the network sees one size only, in pixels.
      starts: first pixel of each tile.
      windows: (len(starts), size) float32 weights; they add up to 1 at each pixel of the axis.
    """

    size: int
    starts: tuple[int, ...]
    windows: np.ndarray


def pad_to_multiple(image: np.ndarray, multiple: int) -> tuple[np.ndarray, tuple[int, int]]:
    """Pads height and width to a multiple by repeating the border, the image in the middle.

    Args:
      image: (B, H, W, C).
      multiple: at least 1.

    Returns:
      The padded image and the offset (top, left) of the image in it, in pixels.
    """
    margins = [-length % multiple for length in image.shape[1:3]]
    if not any(margins):
        return image, (0, 0)
    before = [margin // 2 for margin in margins]
    widths = [(low, margin - low) for low, margin in zip(before, margins, strict=True)]
    return np.pad(image, [(0, 0), *widths, (0, 0)], mode="edge"), (before[0], before[1])


def plan_axis(length: int, tiles: int, *, align: int) -> AxisTiles:
    """Cuts an axis into equal, evenly spread, overlapping tiles.

    Args:
      length: of the axis, in pixels, a multiple of `align`.
      tiles: how many are wanted. Fewer are made where alignment and overlap make tiles so large
        that fewer will do.
      align: the tile size is a multiple of this.

    Returns:
      The plan; with one tile, its size is `length` and its window is 1 everywhere.
    """
    overlap = max(_MINIMUM_OVERLAP_PX, math.ceil(length / tiles) // _OVERLAP_FRACTION)
    size = math.ceil((length + (tiles - 1) * overlap) / tiles)
    size += -size % align
    if tiles == 1 or size >= length:
        return AxisTiles(length, (0,), np.ones((1, length), np.float32))
    count = math.ceil((length - overlap) / (size - overlap))
    starts = tuple(round(i * (length - size) / (count - 1)) for i in range(count))
    return AxisTiles(size, starts, _windows(starts, size))


def _windows(starts: tuple[int, ...], size: int) -> np.ndarray:
    """Gives windows that fade halfway between neighbours and add up to 1."""
    steps = np.diff(starts)
    # Fades never reach into one another, so at most two tiles count at any pixel.
    fade = min((size - max(steps)) / _FADE_FRACTION, min(steps))
    centres = [(first + second + size) / 2 for first, second in itertools.pairwise(starts)]
    windows = np.ones((len(starts), size))
    for i, start in enumerate(starts):
        pixels = start + np.arange(size) + 0.5
        if i > 0:
            windows[i] *= _fade_in(pixels, centres[i - 1], fade)
        if i < len(centres):
            windows[i] *= 1.0 - _fade_in(pixels, centres[i], fade)
    return windows.astype(np.float32)


def _fade_in(pixels: np.ndarray, centre: float, width: float) -> np.ndarray:
    progress = np.clip((pixels - centre) / width + 0.5, 0.0, 1.0)
    return 0.5 - 0.5 * np.cos(np.pi * progress)


def interpolate_in_tiles(
    interpolation: Interpolation,
    x0: np.ndarray,
    x1: np.ndarray,
    *,
    align: int = 1,
    block_height: int = 1,
    block_width: int = 1,
) -> np.ndarray:
    """Interpolates images piece by piece, which bounds the memory that the network needs.

    Args:
      interpolation: maps two (B, h, w, C) to one of that size.
      x0: (B, H, W, C).
      x1: (B, H, W, C).
      align: what `interpolation` is given has sides that are multiples of this; 1 for any.
      block_height: number of tiles along the height.
      block_width: number of tiles along the width.

    Returns:
      (B, H, W, C) float32. With one tile this is what `interpolation` gives for the whole image.

    Raises:
      InputError: `align` or a number of tiles is below 1.
    """
    check_tiling(align=align, block_height=block_height, block_width=block_width)
    height, width = x0.shape[1:3]
    x0, (top, left) = pad_to_multiple(x0, align)
    x1, _ = pad_to_multiple(x1, align)
    rows = plan_axis(x0.shape[1], block_height, align=align)
    columns = plan_axis(x0.shape[2], block_width, align=align)
    if len(rows.starts) == len(columns.starts) == 1:
        middle = interpolation(x0, x1)
    else:
        middle = _blend(interpolation, x0, x1, rows, columns)
    return middle[:, top : top + height, left : left + width]


def check_tiling(*, align: int, block_height: int, block_width: int) -> None:
    """Raises InputError for options of `interpolate_in_tiles` below 1."""
    options = {"align": align, "block_height": block_height, "block_width": block_width}
    for name, value in options.items():
        if value < 1:
            raise InputError(f"{name} is {value}; expected a whole number of at least 1.")


def _blend(
    interpolation: Interpolation,
    x0: np.ndarray,
    x1: np.ndarray,
    rows: AxisTiles,
    columns: AxisTiles,
) -> np.ndarray:
    blended = np.zeros(x0.shape, np.float32)
    for top, row_window in zip(rows.starts, rows.windows, strict=True):
        for left, column_window in zip(columns.starts, columns.windows, strict=True):
            tile = np.s_[:, top : top + rows.size, left : left + columns.size]
            weights = row_window[:, np.newaxis] * column_window
            blended[tile] += weights[..., np.newaxis] * interpolation(x0[tile], x1[tile])
    return blended
