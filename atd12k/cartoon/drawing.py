"""Cels, inked and painted, and the camera that photographs a stack of them.

World coordinates are pixels of a 960x540 frame, y down, the origin in the middle of the frame. A
`Cel` is a transparent sheet with shapes in world units; nothing is drawn until `photograph` takes a
picture of a stack of `Sheet`s. The `depth` of a sheet says how much of the camera's move it
follows: 0 is infinitely far, 1 the plane of the action, more than 1 is nearer. Colours are RGB
tuples of 0..255, with an alpha as a fourth entry where they are blended.

Pillow fills polygons without anti-aliasing and on integer vertices, so a picture is taken
`supersampling` times larger (4: edges are true to an eighth of a pixel) and averaged.

Every shape also leaves a `Mark`, from which its true motion is known.
"""

import contextlib
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from atd12k.cartoon import curves
from atd12k.cartoon.marks import Bounds, Mark, MarkTable, bounds_of, intersection, table_of

Color = tuple[int, ...]
_LIGHT = np.array([-0.6, -0.8])  # Lines are thinner on the side of the light: up and to the left.
_CHUNK_TURN = 1.0  # A line is painted in pieces that turn by no more than this many radians.
_SHARP_TURN = 0.4


@dataclass(frozen=True)
class Ink:
    """The line of a film: RGB colour, width in world units, and how much the width swells."""

    color: Color = (40, 28, 36)
    width: float = 2.4
    swell: float = 0.35


@dataclass(frozen=True)
class Polygon:
    """An instruction: fill the vertices start..stop of the cel."""

    start: int
    stop: int
    color: Color


@dataclass(frozen=True)
class Clip:
    """An instruction: what the next `count` instructions draw stays inside start..stop."""

    start: int
    stop: int
    count: int


@dataclass(frozen=True)
class Gradient:
    """An instruction: fill the frame from colour `top` at height y0 to `bottom` at y1."""

    top: Color
    bottom: Color
    y0: float
    y1: float


@dataclass(frozen=True)
class Texture:
    """An instruction: mottle all that is in the frame, as paint on paper does.

    Attributes:
      tile: (h, w) float32 in [-1, 1] that repeats seamlessly, a sample every seven world units.
      strength: Largest change of brightness, as a share.
    """

    tile: np.ndarray
    strength: float


Instruction = Polygon | Clip | Gradient | Texture


def mix(a: Color, b: Color, share: float) -> Color:
    """Returns the colour at `share` (0..1) of the way from `a` to `b`."""
    return tuple(round(u + (v - u) * share) for u, v in zip(a[:3], b[:3], strict=True))


def darker(color: Color, amount: float = 0.2) -> Color:
    """Returns the shadow tone of a flat colour: darker and a little towards blue."""
    return mix(color, (36, 22, 70), amount)


def lighter(color: Color, amount: float = 0.25) -> Color:
    """Returns the lit tone of a flat colour."""
    return mix(color, (255, 252, 238), amount)


def translation(x: float, y: float) -> np.ndarray:
    """Returns the 2x3 matrix that moves by (x, y)."""
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y]])


def scaling(sx: float, sy: float) -> np.ndarray:
    """Returns the 2x3 matrix that scales around the origin; a negative `sx` mirrors."""
    return np.array([[sx, 0.0, 0.0], [0.0, sy, 0.0]])


def rotation(angle: float) -> np.ndarray:
    """Returns the 2x3 matrix that turns by `angle` (radians, clockwise on the screen)."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0]])


class Cel:
    """A transparent sheet of shapes.

    Shapes are given in local coordinates, which `within` places in the world. Nothing is added to a
    cel once `mark_table` was called.

    Args:
      ink: Line used for outlines.
    """

    def __init__(self, ink: Ink):
        self.ink = ink
        self.marks: list[Mark] = []
        self._steps: list[tuple[Callable[..., None], tuple[Any, ...]]] = []
        self._instructions: list[Instruction] = []
        self._vertices: list[np.ndarray] = []
        self._count = 0
        self._matrix = translation(0, 0)
        self._scale = 1.0
        self._clip: Bounds | None = None
        self._loose = False
        self._tables: dict[bool, MarkTable] = {}

    def developed(self) -> tuple[list[Instruction], np.ndarray]:
        """Returns how to paint the cel: instructions and the (n, 2) vertices they refer to.

        Lines become polygons only now: cels of takes that are not chosen need none.
        """
        for step, arguments in self._steps:
            step(*arguments)
        self._steps.clear()
        return self._instructions, np.concatenate([*self._vertices, np.zeros((0, 2))])

    def mark_table(self, *, loose: bool = False) -> MarkTable:
        """Returns the marks that last, or the loose ones, in the order they were drawn."""
        if loose not in self._tables:
            self._tables[loose] = table_of([mark for mark in self.marks if mark.loose == loose])
        return self._tables[loose]

    @contextlib.contextmanager
    def within(self, *matrices: np.ndarray) -> Iterator[None]:
        """Draws in a frame of reference of its own; the last matrix is applied first."""
        before = self._matrix, self._scale
        for matrix in matrices:
            linear = self._matrix[:, :2] @ matrix
            linear[:, 2] += self._matrix[:, 2]
            self._matrix = linear
        (a, b, _), (c, d, _) = self._matrix
        self._scale = math.sqrt(abs(a * d - b * c))
        try:
            yield
        finally:
            self._matrix, self._scale = before

    @contextlib.contextmanager
    def clipped(self, outline: np.ndarray) -> Iterator[None]:
        """Keeps what is drawn inside of `outline` ((n, 2), local coordinates)."""
        world = self._world(outline)
        position: list[int] = []
        self._steps.append((self._begin_clip, (world, position)))
        before = self._clip
        self._clip = intersection(bounds_of(world), before)
        try:
            yield
        finally:
            self._clip = before
            self._steps.append((self._end_clip, (position,)))

    @contextlib.contextmanager
    def painted(self, outline: np.ndarray, fill: Color, *, line: float = 1.0) -> Iterator[None]:
        """Paints a closed shape, then what is drawn inside of it, then inks its outline."""
        self.shape(outline, fill, line=0)
        with self.clipped(outline):
            yield
        if line:
            self.shape(outline, None, line=line)

    @contextlib.contextmanager
    def loose(self) -> Iterator[None]:
        """Draws shapes that other times may lack."""
        before, self._loose = self._loose, True
        try:
            yield
        finally:
            self._loose = before

    def shape(
        self,
        outline: np.ndarray | Sequence[curves.Point],
        fill: Color | None,
        *,
        line: float = 1.0,
        line_color: Color | None = None,
    ) -> None:
        """Paints a closed shape and inks its outline.

        Args:
          outline: (n, 2) vertices in local coordinates.
          fill: Flat colour (alpha allowed); None paints only the line.
          line: Line width as a multiple of the film's; 0 for none.
          line_color: Another colour than the film's ink.
        """
        world = self._world(outline)
        width = line * self.ink.width
        self._mark(world, width / 2 * (1 + self.ink.swell), filled=True)
        if fill is not None:
            self._steps.append((self._polygon, (world, fill)))
        if line:
            self._steps.append((self._outline, (world, width, line_color or self.ink.color)))

    def blob(
        self,
        controls: Sequence[curves.Point],
        fill: Color | None,
        *,
        line: float = 1.0,
        line_color: Color | None = None,
    ) -> np.ndarray:
        """Paints the smooth closed shape through `controls` and returns its outline."""
        outline = curves.closed_spline(controls)
        self.shape(outline, fill, line=line, line_color=line_color)
        return outline

    def oval(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        fill: Color | None,
        *,
        angle: float = 0.0,
        line: float = 1.0,
        line_color: Color | None = None,
    ) -> np.ndarray:
        """Paints an ellipse and returns its outline."""
        outline = curves.ellipse(x, y, rx, ry, angle, samples=48)
        self.shape(outline, fill, line=line, line_color=line_color)
        return outline

    def stroke(
        self,
        points: np.ndarray | Sequence[curves.Point],
        width: float | Sequence[float] | np.ndarray,
        color: Color | None = None,
    ) -> None:
        """Draws an open line; `width` is in local units, one number or one a point."""
        world = self._world(points)
        widths = np.broadcast_to(np.asarray(width, dtype=np.float64) * self._scale, len(world))
        self._mark(world, float(widths.max()) / 2, filled=False)
        self._steps.append((self._line, (world, widths, color or self.ink.color)))

    def tube(
        self,
        points: np.ndarray | Sequence[curves.Point],
        radii: float | Sequence[float] | np.ndarray,
        fill: Color,
        *,
        line: float = 1.0,
    ) -> None:
        """Paints a limb: a round-ended tube along an open curve with a radius at each point."""
        world = self._world(points)
        radii = np.asarray(radii, dtype=np.float64) * self._scale
        radii = np.broadcast_to(radii, len(world))
        sides = _normals(world) * radii[:, None]
        width = line * self.ink.width
        margin = float(radii.max()) + width / 2
        self._mark(np.concatenate([world + sides, (world - sides)[::-1]]), margin, filled=True)
        if line:
            self._steps.append((self._line, (world, 2 * radii + width, self.ink.color)))
        self._steps.append((self._line, (world, np.maximum(0.4, 2 * radii - width), fill)))

    def gradient(self, top: Color, bottom: Color, y0: float = -270.0, y1: float = 270.0) -> None:
        """Fills the whole frame with a vertical gradient between two heights."""
        self._steps.append((self._instructions.append, (Gradient(top, bottom, y0, y1),)))
        corners = np.array([(-1e4, -1e4), (1e4, -1e4), (1e4, 1e4), (-1e4, 1e4)])
        self._mark(corners, 0.0, filled=True)

    def texture(self, tile: np.ndarray, strength: float) -> None:
        """Mottles all that is below, fixed to this cel; see `Texture`."""
        self._steps.append((self._instructions.append, (Texture(tile, strength),)))

    def _world(self, points: np.ndarray | Sequence[curves.Point]) -> np.ndarray:
        local = np.asarray(points, dtype=np.float64)
        return local @ self._matrix[:, :2].T + self._matrix[:, 2]

    def _mark(self, world: np.ndarray, margin: float, *, filled: bool) -> None:
        self.marks.append(Mark(world, margin, filled, self._clip, self._loose))

    def _keep(self, world: np.ndarray) -> int:
        start = self._count
        self._vertices.append(world)
        self._count += len(world)
        return start

    def _begin_clip(self, world: np.ndarray, position: list[int]) -> None:
        position.append(len(self._instructions))
        start = self._keep(world)
        self._instructions.append(Clip(start, self._count, 0))

    def _end_clip(self, position: list[int]) -> None:
        clip = self._instructions[position[0]]
        assert isinstance(clip, Clip)
        count = len(self._instructions) - position[0] - 1
        self._instructions[position[0]] = Clip(clip.start, clip.stop, count)

    def _polygon(self, world: np.ndarray, color: Color) -> None:
        start = self._keep(world)
        self._instructions.append(Polygon(start, self._count, tuple(color)))

    def _outline(self, world: np.ndarray, width: float, color: Color) -> None:
        """Inks a closed line that swells away from the light."""
        ring = np.concatenate([world, world[:1]])
        normals = _normals(np.concatenate([world[-1:], ring, world[1:2]]))[1:-1]
        following = ring[1:]
        area = (world[:, 0] * following[:, 1] - following[:, 0] * world[:, 1]).sum()
        outward = normals if area > 0 else -normals
        half = width / 2 * (1 - self.ink.swell * (outward @ _LIGHT))
        turns = _turns(np.concatenate([world[-1:], ring, world[1:2]]))
        self._ribbon(ring, normals * half[:, None], turns, half, color, ends=False)

    def _line(self, world: np.ndarray, widths: np.ndarray, color: Color) -> None:
        """Draws an open line with round ends."""
        half = widths / 2
        turns = np.concatenate([[0.0], _turns(world), [0.0]])
        self._ribbon(world, _normals(world) * half[:, None], turns, half, color, ends=True)

    def _ribbon(
        self,
        points: np.ndarray,
        sides: np.ndarray,
        turns: np.ndarray,
        half: np.ndarray,
        color: Color,
        *,
        ends: bool,
    ) -> None:
        """Fills a line of varying width in pieces short enough not to fold over themselves."""
        left, right = points + sides, points - sides
        sharp = turns > _SHARP_TURN
        last = len(points) - 1
        pieces = np.floor(np.cumsum(turns) / _CHUNK_TURN) + np.cumsum(sharp) * 1000
        cuts = [0, *(np.flatnonzero(np.diff(pieces[:last])) + 1).tolist(), last]
        for start, stop in itertools.pairwise(cuts):
            side = slice(start, stop + 1)
            self._polygon(np.concatenate([left[side], right[side][::-1]]), color)
        joints = set(np.flatnonzero(sharp).tolist()) | ({0, last} if ends else set())
        for index in joints:
            radius = float(half[index])
            if radius > 0.3:
                x, y = points[index]
                samples = 10 if radius < 3 else 20
                self._polygon(curves.ellipse(x, y, radius, radius, 0.0, samples), color)


def _normals(points: np.ndarray) -> np.ndarray:
    """Returns unit normals of an open polyline by central differences."""
    tangents = np.empty_like(points)
    tangents[1:-1] = points[2:] - points[:-2]
    tangents[0] = points[1] - points[0]
    tangents[-1] = points[-1] - points[-2]
    lengths = np.maximum(1e-9, np.hypot(tangents[:, 0], tangents[:, 1]))
    return np.stack([tangents[:, 1], -tangents[:, 0]], axis=1) / lengths[:, None]


def _turns(points: np.ndarray) -> np.ndarray:
    """Returns the absolute turning angle at each inner vertex of a polyline."""
    steps = points[1:] - points[:-1]
    before, after = steps[:-1], steps[1:]
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    return np.abs(np.arctan2(cross, (before * after).sum(axis=1)))
