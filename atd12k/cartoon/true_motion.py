"""What really moves in a triplet, measured on the drawing itself instead of on its pixels.

The cels of the outer frames hold the same shapes, so every vertex has a known displacement. All
lengths are pixels of a 540-line frame, and displacements are from the first to the third frame.

Levels are by the mean displacement over what visibly moves (`Motion.motion_px`): every pixel of the
middle frame is charged with the mean displacement of the shape that lies uppermost there, and the
mean is taken over the pixels inside the region of interest that move by at least one pixel. Below
`EASY_BELOW_PX` a triplet is easy (0), below `MEDIUM_BELOW_PX` medium (1), else hard (2).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from atd12k.cartoon.drawing import Bounds, Mark, bounds_of
from atd12k.cartoon.photograph import LINES, Sheet, screen_affine
from atd12k.cartoon.shots import Exposure

EASY_BELOW_PX = 10.0
MEDIUM_BELOW_PX = 20.0
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


def _moving_action(exposures: Sequence[Exposure]) -> list[tuple[float, tuple[Mark, ...]]]:
    """Returns (depth, its mark in each exposure) of all action that moves in the world."""
    moving = []
    for sheets in zip(*(exposure.sheets for exposure in exposures), strict=True):
        if sheets[0].scenery:
            continue
        for marks in _counterparts(sheets):
            first = marks[0].points
            if any(np.abs(mark.points - first).max() > _STILL for mark in marks[1:]):
                moving.append((sheets[0].depth, marks))
    return moving


def _counterparts(sheets: Sequence[Sheet]) -> list[tuple[Mark, ...]]:
    """Returns each shape of a sheet with its counterparts at the other times."""
    lasting = [[mark for mark in sheet.cel.marks if not mark.loose] for sheet in sheets]
    return list(zip(*lasting, strict=True))


def _loose_marks(exposures: Sequence[Exposure]) -> list[tuple[float, list[list[Mark]]]]:
    """Returns (depth, the loose marks of each exposure) of action sheets where these differ."""
    found = []
    for sheets in zip(*(exposure.sheets for exposure in exposures), strict=True):
        marks = [[mark for mark in sheet.cel.marks if mark.loose] for sheet in sheets]
        shapes = [
            np.concatenate([*(mark.points for mark in some), np.zeros((1, 2))]) for some in marks
        ]
        if not all(np.array_equal(shapes[0], other) for other in shapes[1:]):
            found.append((sheets[0].depth, marks))
    return found


def _region_of_interest(exposures: Sequence[Exposure]) -> Bounds:
    aspect = exposures[0].aspect
    frame = (0.0, 0.0, LINES * aspect, float(LINES))
    boxes = []
    moving = [(depth, [[mark] for mark in marks]) for depth, marks in _moving_action(exposures)]
    for depth, groups in [*moving, *_loose_marks(exposures)]:
        for exposure, mark in [
            (exposure, mark)
            for exposure, group in zip(exposures, groups, strict=True)
            for mark in group
        ]:
            scale, offset = screen_affine(exposure.camera, depth, aspect)
            box = bounds_of(mark.points, mark.margin)
            if mark.clip:
                low, high = np.maximum(box[:2], mark.clip[:2]), np.minimum(box[2:], mark.clip[2:])
                box = (*low.tolist(), *high.tolist())
            # A pixel more than the line itself: supersampled edges are rounded to a grid.
            corners = np.reshape(box, (2, 2)) * scale + offset + [[-1.0], [1.0]]
            left, top = np.maximum(corners[0], frame[:2]).tolist()
            right, bottom = np.minimum(corners[1], frame[2:]).tolist()
            if right > left and bottom > top:
                boxes.append((left, top, right, bottom))
    if not boxes:
        return frame
    edges = np.array(boxes)
    low, high = edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)
    return (*low.tolist(), *high.tolist())


def _displacement_map(exposures: Sequence[Exposure]) -> np.ndarray:
    """Returns how far each pixel of the middle frame moves between the outer frames, coarsely."""
    aspect = exposures[0].aspect
    size = (round(LINES * aspect * _MAP_SCALE), round(LINES * _MAP_SCALE))
    image = Image.new("F", size)
    draw = ImageDraw.Draw(image)
    for sheets in zip(*(exposure.sheets for exposure in exposures), strict=True):
        views = [screen_affine(e.camera, sheets[0].depth, aspect) for e in exposures]
        for marks in _counterparts(sheets):
            first, middle, last = (
                mark.points * scale + offset
                for mark, (scale, offset) in zip(marks, views, strict=True)
            )
            if len(first) == 4 and np.abs(first).max() > 5000:
                continue  # The sky: it covers the frame and stays.
            box = bounds_of(middle, marks[1].margin)
            if box[2] < 0 or box[3] < 0 or box[0] > LINES * aspect or box[1] > LINES:
                continue
            length = float(np.hypot(*(last - first).T).mean())
            points = (middle * _MAP_SCALE).ravel().tolist()
            if marks[1].filled:
                draw.polygon(points, fill=length)
            else:
                draw.line(points, fill=length)
    return np.asarray(image)


def _general_type(exposures: Sequence[Exposure]) -> str:
    """Returns the motion that carries most energy between the outer frames.

    The moving action is fitted with one similarity transform; what it leaves is deformation. The
    camera adds its pan to the translation and its zoom to the scaling.
    """
    pairs = [(marks[0].points, marks[-1].points) for _, marks in _moving_action(exposures)]
    energy = dict.fromkeys(MOTION_TYPES, 0.0)
    if pairs:
        before = np.concatenate([first for first, _ in pairs])
        moves = np.concatenate([last for _, last in pairs]) - before
        weights = np.concatenate([_weights(first) for first, _ in pairs])[:, None]
        weights = weights / weights.sum()
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
    pan = math.hypot(last.x - first.x, last.y - first.y)
    if not pairs:
        energy["translation"] += pan**2
    radius = LINES / 3
    energy["scaling"] += ((last.zoom / first.zoom - 1) * radius) ** 2
    return max(MOTION_TYPES, key=lambda name: energy[name])


def _weights(points: np.ndarray) -> np.ndarray:
    """Returns a weight a vertex: the area of the shape's bounding box, shared by its vertices."""
    left, top, right, bottom = bounds_of(points, 0.5)
    return np.full(len(points), (right - left) * (bottom - top) / len(points))
