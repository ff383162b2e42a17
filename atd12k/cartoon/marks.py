"""What a cel remembers of its shapes: where every vertex lies.

The same drawing code leaves the same marks in the same order at every time (all but the loose
ones), so the true motion of a point is the difference between two marks. Points are in world units;
bounds are (left, top, right, bottom).
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Mark:
    """One shape of a cel.

    Attributes:
      points: (n, 2) vertices in world units.
      margin: How far the shape reaches beyond its vertices (half a line), world units.
      filled: Whether it has an area; otherwise `points` is an open line.
      clip: (left, top, right, bottom) that it cannot leave, in world units, if any.
      loose: Whether the shape may be missing at other times (an open mouth, a closed eye), so that
        it has no counterpart there.
    """

    points: np.ndarray
    margin: float
    filled: bool
    clip: Bounds | None
    loose: bool


@dataclass(frozen=True)
class MarkTable:
    """Marks as arrays, for arithmetic on all of them at once.

    Attributes:
      points: (n, 2) vertices of all marks, one after another, world units.
      starts: (m,) index of each mark's first vertex.
      margins: (m,) see `Mark`.
      filled: (m,) see `Mark`.
      clips: (m, 4) see `Mark`; infinite where there is none.
    """

    points: np.ndarray
    starts: np.ndarray
    margins: np.ndarray
    filled: np.ndarray
    clips: np.ndarray

    def spans(self) -> list[tuple[int, int]]:
        """Returns (first, last + 1) of each mark's vertices."""
        edges = [*self.starts.tolist(), len(self.points)]
        return list(itertools.pairwise(edges))

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Returns the mean over each mark of a value a vertex."""
        counts = np.diff(np.append(self.starts, len(self.points)))
        return np.add.reduceat(values, self.starts) / counts


def table_of(marks: Sequence[Mark]) -> MarkTable:
    """Returns marks as arrays."""
    counts = np.array([0, *(len(mark.points) for mark in marks)])
    everywhere = (-math.inf, -math.inf, math.inf, math.inf)
    return MarkTable(
        np.concatenate([np.zeros((0, 2)), *(mark.points for mark in marks)]),
        counts.cumsum()[:-1],
        np.array([mark.margin for mark in marks]),
        np.array([mark.filled for mark in marks], dtype=bool),
        np.array([mark.clip or everywhere for mark in marks]).reshape(-1, 4),
    )


def bounds_of(points: np.ndarray, margin: float = 0.0) -> Bounds:
    """Returns (left, top, right, bottom) of points, widened by a margin."""
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def intersection(a: Bounds, b: Bounds | None) -> Bounds:
    """Returns what two bounds have in common; None is without bounds."""
    if b is None:
        return a
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])
