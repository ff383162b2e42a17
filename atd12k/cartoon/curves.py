"""Curves of drawn animation: outlines in space, easing and key poses in time, bent limbs.

Points are float64 arrays (n, 2) of (x, y) with y pointing down, in whatever unit the caller draws
in. Angles are radians; a positive angle turns from +x towards +y (clockwise on the screen). Times
are seconds. Easing follows the twelve principles of animation (Thomas and Johnston, "The Illusion
of Life"): slow in and slow out, anticipation, follow-through.
"""

import functools
import itertools
import math
from collections.abc import Sequence

import numpy as np

Point = tuple[float, float]


def _spline_basis(samples: int) -> np.ndarray:
    """Returns the (samples, 4) weights of a Catmull-Rom span, its end point excluded."""
    t = np.arange(samples) / samples
    return 0.5 * np.stack(
        [
            -t + 2 * t**2 - t**3,
            2 - 5 * t**2 + 3 * t**3,
            t + 4 * t**2 - 3 * t**3,
            -(t**2) + t**3,
        ],
        axis=1,
    )


_BASES = {samples: _spline_basis(samples) for samples in (4, 6, 8)}


def closed_spline(controls: Sequence[Point] | np.ndarray, samples: int = 8) -> np.ndarray:
    """Returns the closed Catmull-Rom curve through `controls` ((n, 2), n >= 3): (n*samples, 2)."""
    points = np.asarray(controls, dtype=np.float64)
    spans = np.stack([np.roll(points, shift, axis=0) for shift in (1, 0, -1, -2)], axis=1)
    return np.einsum("sk,nkd->nsd", _BASES[samples], spans).reshape(-1, 2)


def open_spline(controls: Sequence[Point] | np.ndarray, samples: int = 6) -> np.ndarray:
    """Returns the Catmull-Rom curve from the first of `controls` to the last, both included."""
    points = np.asarray(controls, dtype=np.float64)
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    spans = np.stack([padded[k : len(points) - 1 + k] for k in range(4)], axis=1)
    curve = np.einsum("sk,nkd->nsd", _BASES[samples], spans).reshape(-1, 2)
    return np.concatenate([curve, points[-1:]])


@functools.cache
def _unit_circle(samples: int) -> np.ndarray:
    t = np.arange(samples) * (2 * math.pi / samples)
    return np.stack([np.cos(t), np.sin(t)], axis=1)


def ellipse(
    x: float, y: float, rx: float, ry: float, angle: float = 0.0, samples: int = 40
) -> np.ndarray:
    """Returns `samples` points of an ellipse around (x, y) whose rx axis is turned by `angle`."""
    c, s = math.cos(angle), math.sin(angle)
    matrix = np.array([[rx * c, rx * s], [-ry * s, ry * c]])
    return _unit_circle(samples) @ matrix + (x, y)


def arc(
    x: float,
    y: float,
    rx: float,
    ry: float,
    start: float,
    end: float,
    angle: float = 0.0,
    samples: int = 16,
) -> np.ndarray:
    """Returns `samples` points of an elliptic arc between two angles, both ends included."""
    t = np.linspace(start, end, samples)
    u, v = rx * np.cos(t), ry * np.sin(t)
    c, s = math.cos(angle), math.sin(angle)
    return np.stack([x + c * u - s * v, y + s * u + c * v], axis=1)


def rounded_box(x: float, y: float, width: float, height: float, radius: float) -> np.ndarray:
    """Returns the outline of a box with top left corner (x, y) and rounded corners."""
    radius = min(radius, width / 2, height / 2)
    corners = [
        (x + width - radius, y + radius, -math.pi / 2),
        (x + width - radius, y + height - radius, 0.0),
        (x + radius, y + height - radius, math.pi / 2),
        (x + radius, y + radius, math.pi),
    ]
    return np.concatenate(
        [arc(cx, cy, radius, radius, a, a + math.pi / 2, samples=6) for cx, cy, a in corners]
    )


def on_circle(origin: Point, angle: float, length: float) -> Point:
    """Returns the point at `length` from `origin` in direction `angle`; 0 is down, +pi/2 is +x."""
    return origin[0] + length * math.sin(angle), origin[1] + length * math.cos(angle)


def bend(start: Point, end: Point, upper: float, lower: float, side: float) -> Point:
    """Returns the joint of a two-bone limb that reaches from `start` towards `end`.

    Args:
      start: The fixed end (hip, shoulder).
      end: The wanted other end; when out of reach the limb is straight.
      upper: Length of the bone at `start`.
      lower: Length of the bone at `end`.
      side: +1 or -1, the side to which the joint (knee, elbow) points.
    """
    dx, dy = end[0] - start[0], end[1] - start[1]
    distance = max(1e-6, math.hypot(dx, dy))
    reach = min(distance, (upper + lower) * 0.9999)
    along = (upper**2 - lower**2 + reach**2) / (2 * reach)
    across = math.sqrt(max(0.0, upper**2 - along**2)) * side
    ux, uy = dx / distance, dy / distance
    return start[0] + ux * along + uy * across, start[1] + uy * along - ux * across


def within_reach(start: Point, end: Point, length: float) -> Point:
    """Returns `end`, or the farthest point towards it that a limb of `length` reaches."""
    distance = math.hypot(end[0] - start[0], end[1] - start[1])
    factor = min(1.0, length * 0.9999 / max(distance, 1e-6))
    return start[0] + (end[0] - start[0]) * factor, start[1] + (end[1] - start[1]) * factor


def ease(t: float) -> float:
    """Returns slow-in, slow-out progress: 0 for t <= 0, 1 for t >= 1, flat at both ends."""
    t = min(1.0, max(0.0, t))
    return t * t * (3 - 2 * t)


def keyed(t: float, keys: Sequence[tuple[float, float]]) -> float:
    """Returns the eased value at `t` between keys (time, value) in order of time."""
    if t <= keys[0][0]:
        return keys[0][1]
    for (t0, v0), (t1, v1) in itertools.pairwise(keys):
        if t < t1:
            return v0 + (v1 - v0) * ease((t - t0) / (t1 - t0))
    return keys[-1][1]


def keyed_loop(t: float, period: float, keys: Sequence[tuple[float, float]]) -> float:
    """Returns `keyed` of a loop; key times are shares of the `period` and run from 0 to 1."""
    return keyed((t / period) % 1.0, keys)


def settle(t: float, frequency: float = 2.5, damping: float = 4.0) -> float:
    """Returns follow-through: 0 before t = 0, then a swing that starts at 0 and dies away."""
    if t <= 0:
        return 0.0
    return math.exp(-damping * t) * math.sin(2 * math.pi * frequency * t)
