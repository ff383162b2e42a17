"""Random silhouettes: the shapes of foreground layers as 8-bit masks.

A mask is a square PIL image of mode 'L' (255 inside) that is 0 along its border, so that a layer
never shows the edge of its canvas.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

_SUPERSAMPLING = 2


def _ring(rng: np.random.Generator, count: int) -> np.ndarray:
    """Directions (count, 2) around a circle, from a random start."""
    angles = rng.uniform(0, 2 * np.pi) + np.arange(count) * 2 * np.pi / count
    return np.stack([np.cos(angles), np.sin(angles)], axis=-1)


def blob(rng: np.random.Generator) -> list[np.ndarray]:
    """A smooth closed outline: a circle whose radius is a random Fourier series."""
    angles = np.linspace(0, 2 * np.pi, 160, endpoint=False)
    radius = np.ones_like(angles)
    for order in range(1, 7):
        size = rng.normal(0.0, 0.35) / order
        radius += size * np.sin(order * angles + rng.uniform(0, 2 * np.pi))
    radius = np.clip(radius, 0.15, None)
    outline = radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    return [outline / np.abs(outline).max()]


def polygon(rng: np.random.Generator) -> list[np.ndarray]:
    """A polygon of three to eight corners, star-shaped about its middle."""
    count = int(rng.integers(3, 9))
    outline = _ring(rng, count) * rng.uniform(0.35, 1.0, (count, 1))
    return [outline / np.abs(outline).max()]


def ellipse(rng: np.random.Generator) -> list[np.ndarray]:
    """An ellipse at any angle."""
    outline = _ring(rng, 96) * (1.0, rng.uniform(0.25, 1.0))
    angle = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return [0.99 * outline @ turn.T]


def fence(rng: np.random.Generator) -> list[np.ndarray]:
    """Parallel bars with a rail."""
    count = int(rng.integers(2, 7))
    half_width = rng.uniform(0.012, 0.06)
    angle = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    bars = []
    for middle in np.linspace(-0.6, 0.6, count):
        bars.append([[middle - half_width, -0.7], [middle + half_width, -0.7],
                     [middle + half_width, 0.7], [middle - half_width, 0.7]])  # fmt: skip
    if rng.random() < 0.6:
        bars.append(
            [[-0.7, -half_width], [0.7, -half_width], [0.7, half_width], [-0.7, half_width]]
        )
    return [np.asarray(bar) @ turn.T for bar in bars]


def branch(rng: np.random.Generator) -> list[np.ndarray]:
    """A crooked, tapering twig that forks."""
    strips: list[np.ndarray] = []

    def grow(start: np.ndarray, angle: float, length: float, width: float, depth: int) -> None:
        points, left, right = start, [], []
        for step in range(7):
            half = width * (1 - 0.1 * step) / 2
            normal = np.array([-np.sin(angle), np.cos(angle)]) * half
            left.append(points + normal)
            right.append(points - normal)
            if depth and step in (2, 4) and rng.random() < 0.8:
                turn = rng.choice([-1, 1]) * rng.uniform(0.4, 1.1)
                grow(points, angle + turn, length * 0.55, width * 0.6, depth - 1)
            angle += rng.normal(0.0, 0.16)
            points = points + length / 6 * np.array([np.cos(angle), np.sin(angle)])
        strips.append(np.asarray(left + right[::-1]))

    angle = rng.uniform(0, 2 * np.pi)
    start = -0.8 * np.array([np.cos(angle), np.sin(angle)])
    grow(start, angle, 1.5, rng.uniform(0.03, 0.12), 2)
    return strips


SHAPES: tuple[Callable[[np.random.Generator], list[np.ndarray]], ...] = (
    blob,
    blob,
    polygon,
    ellipse,
    fence,
    branch,
)


def draw(rng: np.random.Generator, *, side_px: int, softness_px: float) -> Image.Image:
    """Draws a silhouette.

    Args:
      rng: Source of all randomness.
      side_px: Side of the square mask in pixels.
      softness_px: Standard deviation of the blur of the edge, in pixels.

    Returns:
      Image of mode 'L', (side_px, side_px), 255 inside and 0 along the border.
    """
    outlines = SHAPES[rng.integers(len(SHAPES))](rng)
    large = side_px * _SUPERSAMPLING
    margin = 1.0 - 2 * (3 * softness_px + 2) / side_px
    mask = Image.new("L", (large, large), 0)
    pen = ImageDraw.Draw(mask)
    for outline in outlines:
        corners = (np.clip(outline, -1, 1) * margin + 1) * large / 2
        pen.polygon([tuple(corner) for corner in corners], fill=255)
    mask = mask.reduce(_SUPERSAMPLING)
    return mask.filter(ImageFilter.GaussianBlur(softness_px)) if softness_px > 0 else mask
