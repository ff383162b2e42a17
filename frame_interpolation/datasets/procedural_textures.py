"""Textures that are computed, not photographed: noise, stripes, checks, cells, dots, flat colour.

`draw` returns an 8-bit RGB PIL image of size (width, height); the textures themselves are arrays
(height, width, 3), about [0, 1]. `period_px` and the like are in pixels of the texture. Edges are
about two pixels wide, so that textures can be resampled without aliasing.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image
from scipy import ndimage, spatial


def _colors(rng: np.random.Generator, count: int) -> np.ndarray:
    """Draws colours (count, 3) in [0, 1] that are related: around one colour, or free."""
    if rng.random() < 0.5:
        return rng.uniform(0.05, 0.95, (count, 3))
    base = rng.uniform(0.15, 0.85, 3)
    return np.clip(base + rng.normal(0.0, 0.2, (count, 3)), 0.0, 1.0)


def _blend(weight: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """Blends two colours (2, 3) by a weight (H, W) in [0, 1]."""
    return colors[0] + weight[..., None] * (colors[1] - colors[0])


def _coordinates(size: tuple[int, int], angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Pixel coordinates (H, W) along and across a direction."""
    y, x = np.mgrid[: size[1], : size[0]].astype(np.float32)
    return x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)


def fractal_noise(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Sum of smooth noises of halving wavelength, between two or three colours."""
    width, height = size
    roughness = rng.uniform(0.4, 0.75)
    noise = np.zeros((height, width), np.float32)
    cells = rng.integers(2, 6)
    for octave in range(rng.integers(2, 7)):
        grid = rng.normal(size=(cells + 3, cells + 3)).astype(np.float32)
        layer = Image.fromarray(grid).resize(
            size, Image.Resampling.BICUBIC, box=(1, 1, cells + 1, cells + 1)
        )
        noise += roughness**octave * np.asarray(layer)
        cells *= 2
        if cells > min(size) // 3:
            break
    noise = (noise - noise.min()) / max(float(np.ptp(noise)), 1e-6)
    colors = _colors(rng, 3)
    low = _blend(np.clip(2 * noise, 0, 1), colors[:2])
    return low + np.clip(2 * noise - 1, 0, 1)[..., None] * (colors[2] - colors[1])


def stripes(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Parallel stripes, straight or wavy, with edges two pixels wide."""
    along, across = _coordinates(size, rng.uniform(0, np.pi))
    period_px = rng.uniform(10, 80)
    wave = rng.choice([0.0, rng.uniform(2, 12)]) * np.sin(across * 2 * np.pi / rng.uniform(60, 240))
    profile = np.sin((along + wave) * 2 * np.pi / period_px) - rng.uniform(-0.5, 0.5)
    sharpness = rng.choice([1.0, period_px / np.pi / 2])
    return _blend(np.clip(0.5 + 0.5 * sharpness * profile, 0, 1), _colors(rng, 2))


def checks(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A checkerboard at any angle."""
    along, across = _coordinates(size, rng.uniform(0, np.pi))
    period_px = rng.uniform(20, 120)
    product = np.sin(along * 2 * np.pi / period_px) * np.sin(across * 2 * np.pi / period_px)
    return _blend(np.clip(0.5 + period_px / 8 * product, 0, 1), _colors(rng, 2))


def cells(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Flat cells around random points (Voronoi), with seams of another shade on some."""
    width, height = size
    count = rng.integers(12, 160)
    seeds = rng.uniform(0, 1, (count, 2)) * (width, height)
    y, x = np.mgrid[:height, :width]
    points = np.stack([x.ravel(), y.ravel()], axis=-1)
    distance, nearest = spatial.cKDTree(seeds).query(points, k=2)
    image = _colors(rng, count)[nearest[:, 0]]
    if rng.random() < 0.5:
        seam = np.clip((distance[:, 1] - distance[:, 0]) / rng.uniform(2, 8), 0, 1)
        image = image * seam[:, None] + rng.uniform(0, 0.3, 3) * (1 - seam[:, None])
    return ndimage.gaussian_filter(image.reshape(height, width, 3), (0.7, 0.7, 0))


def dots(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Discs on a grid, or scattered, on a plain ground."""
    along, across = _coordinates(size, rng.uniform(0, np.pi))
    period_px = rng.uniform(14, 70)
    radius_px = period_px * rng.uniform(0.15, 0.45)
    row = np.floor(across / period_px)
    along = along + (row % 2) * period_px * rng.choice([0.0, 0.5])
    distance = np.hypot(along % period_px - period_px / 2, across % period_px - period_px / 2)
    return _blend(np.clip((radius_px - distance) / 2 + 0.5, 0, 1), _colors(rng, 2))


def gradient(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Flat colour, or a smooth change between two colours."""
    along, _ = _coordinates(size, rng.uniform(0, 2 * np.pi))
    colors = _colors(rng, 2)
    if rng.random() < 0.4:
        colors[1] = colors[0]
    weight = (along - along.min()) / max(float(np.ptp(along)), 1e-6)
    return _blend(weight, colors)


TEXTURES: tuple[Callable[[np.random.Generator, tuple[int, int]], np.ndarray], ...] = (
    fractal_noise,
    fractal_noise,
    stripes,
    checks,
    cells,
    dots,
    gradient,
)


def draw(rng: np.random.Generator, *, size: tuple[int, int]) -> Image.Image:
    """Draws one of the textures.

    Args:
      rng: Source of all randomness.
      size: (width, height) in pixels of the texture.

    Returns:
      8-bit RGB image of `size`.
    """
    texture = TEXTURES[rng.integers(len(TEXTURES))](rng, size)
    return Image.fromarray(np.round(np.clip(texture, 0, 1) * 255).astype(np.uint8))
