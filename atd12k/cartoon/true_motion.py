"""What really moves in a triplet, measured on the drawing itself instead of on its pixels.

The cels of the outer frames hold the same shapes, so every vertex has a known displacement. All
lengths are pixels of a 540-line frame, and displacements are from the first to the third frame.

Levels are by the mean displacement over what visibly moves (`Motion.motion_px`): every pixel of the
middle frame is charged with the mean displacement of the shape that lies uppermost there, and the
mean is taken over the pixels inside the region of interest that move by at least one pixel. Below
`EASY_BELOW_PX` a triplet is easy (0), below `MEDIUM_BELOW_PX` medium (1), else hard (2).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from atd12k.cartoon.marks import Bounds, MarkTable
from atd12k.cartoon.photograph import LINES, Sheet, screen_affine
from atd12k.cartoon.shots import Exposure

EASY_BELOW_PX = 12.0
MEDIUM_BELOW_PX = 24.0
MOTION_TYPES = ("translation", "rotation", "scaling", "deformation")
_MAP_SCALE = 0.25
_STILL = 1e-6


@dataclass(frozen=True)
class Motion:
    """The true motion of a triplet.

    Attributes:
      motion_px: Mean displacement of what moves, pixels of a 540-line frame.
      level: 0 easy, 1 medium, 2 hard.
      roi: (left, top, right, bottom) around all action that moves beyond the camera in any of the
        three frames, clipped to the frame; the whole frame when only the camera moves.
      general_type: The dominant one of `MOTION_TYPES`.
    """

    motion_px: float
    level: int
    roi: Bounds
    general_type: str


def measure(exposures: Sequence[Exposure]) -> Motion:
    """Returns the true motion of a triplet's three exposures."""
    roi = _region_of_interest(exposures)
    lengths = _displacement_map(exposures)
    left, top, right, bottom = (round(edge * _MAP_SCALE) for edge in roi)
    inside = lengths[top : max(bottom, top + 1), left : max(right, left + 1)]
    moving = inside[inside >= 1.0]
    motion_px = float(moving.mean()) if moving.size else 0.0
    level = int(motion_px >= EASY_BELOW_PX) + int(motion_px >= MEDIUM_BELOW_PX)
    return Motion(motion_px, level, roi, _general_type(exposures))


def _stacks(exposures: Sequence[Exposure]) -> list[tuple[Sheet, ...]]:
    """Returns each sheet of the stack with its counterparts in the other exposures."""
    return list(zip(*(exposure.sheets for exposure in exposures), strict=True))


def _moving(tables: Sequence[MarkTable]) -> np.ndarray:
    """Returns for each lasting mark of an action sheet whether it moves in the world, (m,) bool."""
    first = tables[0]
    shift = np.zeros(len(first.points))
    for other in tables[1:]:
        np.maximum(shift, np.abs(other.points - first.points).max(axis=1), out=shift)
    return np.maximum.reduceat(shift, first.starts) > _STILL


def _region_of_interest(exposures: Sequence[Exposure]) -> Bounds:
    aspect = exposures[0].aspect
    frame = (0.0, 0.0, LINES * aspect, float(LINES))
    boxes = [np.zeros((0, 4))]
    for sheets in _stacks(exposures):
        if sheets[0].scenery:
            continue
        tables = [sheet.cel.mark_table() for sheet in sheets]
        loose = [sheet.cel.mark_table(loose=True) for sheet in sheets]
        moving = _moving(tables) if len(tables[0].starts) else np.zeros(0, dtype=bool)
        flicker = not all(np.array_equal(loose[0].points, other.points) for other in loose[1:])
        for exposure, table, extra in zip(exposures, tables, loose, strict=True):
            view = screen_affine(exposure.camera, sheets[0].depth, aspect)
            if moving.any():
                boxes.append(_screen_boxes(table, view)[moving])
            if flicker and len(extra.starts):
                boxes.append(_screen_boxes(extra, view))
    edges = np.concatenate(boxes)
    edges = np.concatenate(
        [np.maximum(edges[:, :2], frame[:2]), np.minimum(edges[:, 2:], frame[2:])], 1
    )
    edges = edges[(edges[:, 2:] > edges[:, :2]).all(axis=1)]
    if not len(edges):
        return frame
    low, high = edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)
    return (*low.tolist(), *high.tolist())


def _screen_boxes(table: MarkTable, view: tuple[float, np.ndarray]) -> np.ndarray:
    """Returns what each mark can touch: (m, 4) left, top, right, bottom on the screen."""
    scale, offset = view
    margins = table.margins[:, None]
    low = np.minimum.reduceat(table.points, table.starts) - margins
    high = np.maximum.reduceat(table.points, table.starts) + margins
    low, high = np.maximum(low, table.clips[:, :2]), np.minimum(high, table.clips[:, 2:])
    # A pixel more than the line itself: supersampled edges are rounded to a grid.
    return np.concatenate([low * scale + offset - 1.0, high * scale + offset + 1.0], axis=1)


def _displacement_map(exposures: Sequence[Exposure]) -> np.ndarray:
    """Returns how far each pixel of the middle frame moves between the outer frames, coarsely."""
    aspect = exposures[0].aspect
    size = np.array([round(LINES * aspect * _MAP_SCALE), round(LINES * _MAP_SCALE)])
    image = Image.new("F", tuple(size.tolist()))
    draw = ImageDraw.Draw(image)
    for sheets in _stacks(exposures):
        tables = [sheet.cel.mark_table() for sheet in sheets]
        if not len(tables[0].starts):
            continue
        views = [screen_affine(e.camera, sheets[0].depth, aspect) for e in exposures]
        first, middle, last = (
            table.points * scale + offset
            for table, (scale, offset) in zip(tables, views, strict=True)
        )
        lengths = tables[0].mean(np.hypot(*(last - first).T))
        middle = middle * _MAP_SCALE
        low = np.minimum.reduceat(middle, tables[1].starts)
        high = np.maximum.reduceat(middle, tables[1].starts)
        visible = (high >= 0).all(axis=1) & (low < size).all(axis=1)
        # What is larger than any frame is the sky, which stays.
        visible &= (high - low < 4 * size.max()).all(axis=1)
        spans, filled = tables[1].spans(), tables[1].filled.tolist()
        for index in np.flatnonzero(visible).tolist():
            start, stop = spans[index]
            points, length = middle[start:stop].ravel().tolist(), float(lengths[index])
            if filled[index]:
                draw.polygon(points, fill=length)
            else:
                draw.line(points, fill=length)
    return np.asarray(image)


def _general_type(exposures: Sequence[Exposure]) -> str:
    """Returns the motion that carries most energy between the outer frames.

    The moving action is fitted with one similarity transform; what it leaves is deformation. The
    camera adds its zoom to the scaling, and its pan where it alone moves.
    """
    energy = dict.fromkeys(MOTION_TYPES, 0.0)
    before, after, weights = _moving_vertices(exposures)
    if len(before):
        moves = after - before
        weights = weights[:, None] / weights.sum()
        shift = (weights * moves).sum(axis=0)
        arms = before - (weights * before).sum(axis=0)
        moves = moves - shift
        inertia = max(1e-9, float((weights * arms**2).sum()))
        stretch = float((weights * arms * moves).sum()) / inertia
        across = np.stack([-arms[:, 1], arms[:, 0]], axis=1)
        turn = float((weights * across * moves).sum()) / inertia
        rest = moves - stretch * arms - turn * across
        energy["translation"] = float((shift**2).sum())
        energy["scaling"] = stretch**2 * inertia
        energy["rotation"] = turn**2 * inertia
        energy["deformation"] = float((weights * rest**2).sum())
    first, last = exposures[0].camera, exposures[-1].camera
    if not len(before):
        energy["translation"] = (last.x - first.x) ** 2 + (last.y - first.y) ** 2
    energy["scaling"] += ((last.zoom / first.zoom - 1) * LINES / 3) ** 2
    return max(MOTION_TYPES, key=lambda name: energy[name])


def _moving_vertices(
    exposures: Sequence[Exposure],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns vertices of moving action in the first and last frame, (n, 2), and weights, (n,).

    A shape weighs as much as its bounding box is large, shared by its vertices.
    """
    before, after, weights = [np.zeros((0, 2))], [np.zeros((0, 2))], [np.zeros(0)]
    for sheets in _stacks(exposures):
        tables = [sheet.cel.mark_table() for sheet in sheets]
        first = tables[0]
        if sheets[0].scenery or not len(first.starts):
            continue
        counts = np.diff(np.append(first.starts, len(first.points)))
        low = np.minimum.reduceat(first.points, first.starts)
        high = np.maximum.reduceat(first.points, first.starts)
        areas = (high - low + 1).prod(axis=1) / counts
        chosen = np.repeat(_moving(tables), counts)
        before.append(first.points[chosen])
        after.append(tables[-1].points[chosen])
        weights.append(np.repeat(areas, counts)[chosen])
    return np.concatenate(before), np.concatenate(after), np.concatenate(weights)
