"""Scenes of textured layers in smooth motion, rendered at any time: true middle frames.

A scene is an opaque background and foreground layers with soft edges, each a flat texture under its
own `smooth_motion.Motion`. Frames are square, 8-bit RGB, and rendered at twice the size, then
averaged down. Times run over [-1, 1] as in `smooth_motion`.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageFilter

from frame_interpolation.datasets import (
    photographs,
    procedural_textures,
    silhouettes,
    smooth_motion,
)

TIMES = (-1.0, 0.0, 1.0)
_SUPERSAMPLING = 2  # Textures and rendering have twice the resolution of the frames.
_MESH_STEP_PX = 8  # Curved motions are bilinear within cells of this size of the frame.
_BLUR_SAMPLES = 5


@dataclasses.dataclass(frozen=True)
class Layer:
    """A texture in motion.

    Attributes:
      texture: RGB (opaque) or RGBA image, twice the resolution of the frame.
      origin_px: Layer coordinates (x, y) of the texture's upper left corner.
      motion: Its motion.
    """

    texture: Image.Image
    origin_px: tuple[float, float]
    motion: smooth_motion.Motion


@dataclasses.dataclass(frozen=True)
class Scene:
    """Layers from back to front, the first one opaque and covering every frame.

    Attributes:
      side_px: Side of the square frames.
      layers: From back to front.
      brightness_change: Relative gain from the first frame to the last.
      shutter: Share of the interval between two frames during which light is collected; 0 is sharp.
    """

    side_px: int
    layers: tuple[Layer, ...]
    brightness_change: float = 0.0
    shutter: float = 0.0


def _frame_grid(side_px: int) -> np.ndarray:
    """Corners (n, n, 2) of the mesh over the frame, in frame pixels."""
    steps = np.append(np.arange(0, side_px, _MESH_STEP_PX), side_px).astype(float)
    return np.stack(np.meshgrid(steps, steps), axis=-1)


def _resample(layer: Layer, side_px: int, time: float) -> Image.Image:
    """Renders one layer at twice the frame's size."""
    scale = _SUPERSAMPLING
    size = (side_px * scale, side_px * scale)
    grid = _frame_grid(side_px)
    source = (layer.motion.layer_from_frame(grid, time) - np.asarray(layer.origin_px)) * scale
    if layer.motion.is_affine:
        corner, right, below = source[0, 0], source[0, -1], source[-1, 0]
        x_step, y_step = (right - corner) / size[0], (below - corner) / size[1]
        coefficients = (x_step[0], y_step[0], corner[0], x_step[1], y_step[1], corner[1])
        return layer.texture.transform(
            size, Image.Transform.AFFINE, coefficients, Image.Resampling.BICUBIC
        )
    nodes = np.round(grid[0, :, 0] * scale).astype(int).tolist()
    mesh = []
    for row in range(len(nodes) - 1):
        for column in range(len(nodes) - 1):
            box = (nodes[column], nodes[row], nodes[column + 1], nodes[row + 1])
            quad = (
                *source[row, column],
                *source[row + 1, column],
                *source[row + 1, column + 1],
                *source[row, column + 1],
            )
            mesh.append((box, quad))
    return layer.texture.transform(size, Image.Transform.MESH, mesh, Image.Resampling.BICUBIC)


def _render_instant(scene: Scene, time: float) -> np.ndarray:
    """Renders (side, side, 3) float32 in [0, 255] without motion blur."""
    frame = _resample(scene.layers[0], scene.side_px, time)
    for layer in scene.layers[1:]:
        moved = _resample(layer, scene.side_px, time)
        frame.paste(moved, mask=moved)
    frame = frame.reduce(_SUPERSAMPLING)
    gain = 1.0 + scene.brightness_change * time / 2.0
    return np.asarray(frame, np.float32) * np.float32(gain)


def render(scene: Scene, time: float) -> np.ndarray:
    """Renders a scene.

    Args:
      scene: What to render.
      time: -1 first frame, 0 middle, 1 last.

    Returns:
      uint8 RGB frame (side_px, side_px, 3).
    """
    if scene.shutter > 0:
        # Frames are one unit of time apart, so the shutter is a share of one unit.
        offsets = (np.arange(_BLUR_SAMPLES) / (_BLUR_SAMPLES - 1) - 0.5) * scene.shutter
        frame = np.mean([_render_instant(scene, time + offset) for offset in offsets], axis=0)
    else:
        frame = _render_instant(scene, time)
    return np.round(np.clip(frame, 0.0, 255.0)).astype(np.uint8)


def _draw_texture(
    rng: np.random.Generator,
    source: photographs.PhotographTextures,
    *,
    extent_px: tuple[float, float],
    procedural_share: float,
) -> Image.Image:
    """Draws a texture of twice the resolution that covers the extent."""
    width, height = (int(np.ceil(extent * _SUPERSAMPLING)) for extent in extent_px)
    size = (width, height)
    if rng.random() < procedural_share:
        return procedural_textures.draw(rng, size=size)
    return source.draw(rng, extent_px=extent_px, size=size)


def _draw_background(
    rng: np.random.Generator, source: photographs.PhotographTextures, *, side_px: int
) -> Layer:
    """Draws a background that is large enough for the frame at every time."""
    middle = (side_px / 2, side_px / 2)
    motion = smooth_motion.draw(rng, pivot_px=middle, frame_side_px=side_px)
    grid = _frame_grid(side_px)
    # Motion blur reaches a little beyond the outer frames.
    seen = np.concatenate([motion.layer_from_frame(grid, t).reshape(-1, 2) for t in
                           (-1.3, -1.0, -0.5, 0.0, 0.5, 1.0, 1.3)])  # fmt: skip
    low, high = seen.min(axis=0) - 3.0, seen.max(axis=0) + 3.0
    extent = (float(high[0] - low[0]), float(high[1] - low[1]))
    texture = _draw_texture(rng, source, extent_px=extent, procedural_share=0.06)
    return Layer(texture=texture, origin_px=(float(low[0]), float(low[1])), motion=motion)


def _draw_foreground(
    rng: np.random.Generator,
    source: photographs.PhotographTextures,
    *,
    side_px: int,
    carried_px: tuple[float, float],
) -> Layer:
    """Draws a layer with a random silhouette, somewhere in the frame in its middle pose."""
    x, y = rng.uniform(0.05, 0.95, 2) * side_px
    motion = smooth_motion.draw(
        rng, pivot_px=(float(x), float(y)), frame_side_px=side_px, carried_px=carried_px
    )
    extent = side_px * np.exp(rng.uniform(np.log(0.25), np.log(1.3)))
    texture = _draw_texture(rng, source, extent_px=(extent, extent), procedural_share=0.22)
    softness_px = _SUPERSAMPLING * float(rng.choice([0.3, 0.6, 1.0, 2.5], p=[0.4, 0.35, 0.2, 0.05]))
    if softness_px > 2 * _SUPERSAMPLING:  # Out of focus, the texture too.
        texture = texture.filter(ImageFilter.GaussianBlur(softness_px))
    mask = silhouettes.draw(rng, side_px=texture.width, softness_px=softness_px)
    if rng.random() < 0.1:  # Glass, smoke, reflections.
        opacity = rng.uniform(0.5, 0.9)
        mask = mask.point(lambda value: int(value * opacity))
    texture.putalpha(mask)
    return Layer(texture=texture, origin_px=(-extent / 2, -extent / 2), motion=motion)


def _is_featureless(texture: Image.Image) -> bool:
    """Whether a texture is close to flat colour, like a clear sky."""
    grey = np.asarray(texture.convert("L").reduce(4), np.float32)
    steps = np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean()
    return bool(steps < 2.0)


def draw_scene(
    rng: np.random.Generator, source: photographs.PhotographTextures, *, side_px: int
) -> Scene:
    """Draws a scene of natural motion.

    Args:
      rng: Source of all randomness.
      source: Photographs for the textures.
      side_px: Side of the square frames in pixels.
    """
    background = _draw_background(rng, source, side_px=side_px)
    layers = [background]
    foregrounds = rng.choice(5, p=[0.15, 0.30, 0.25, 0.18, 0.12])
    if _is_featureless(background.texture):  # Motion that cannot be seen teaches nothing.
        foregrounds = max(foregrounds, 2)
    for _ in range(foregrounds):
        # Half of the layers go with the camera, like things in a scene.
        carried = background.motion.displacement_px if rng.random() < 0.5 else (0.0, 0.0)
        layers.append(_draw_foreground(rng, source, side_px=side_px, carried_px=carried))
    return Scene(
        side_px=side_px,
        layers=tuple(layers),
        brightness_change=float(rng.uniform(-0.12, 0.12)) if rng.random() < 0.2 else 0.0,
        shutter=float(rng.uniform(0.1, 0.5)) if rng.random() < 0.1 else 0.0,
    )


def render_triplet(scene: Scene) -> Sequence[np.ndarray]:
    """Renders first, middle and last frame, each uint8 (side_px, side_px, 3)."""
    return [render(scene, time) for time in TIMES]
