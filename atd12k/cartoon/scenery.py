"""Painted places: skies, hills, towns, rooms and sea beds, in layers of different depth.

A `Place` is data: a sky and layers; a layer is a depth and the items that repeat along it. What
stands where comes from a seed per item, so a camera can pan for ever. Only what the camera passes
during a shot (`span`) is painted, once for all of its frames.
"""

import functools
import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from atd12k.cartoon import props
from atd12k.cartoon.drawing import Cel, Color, Ink, mix
from atd12k.cartoon.photograph import Sheet

GROUND = 190.0  # Height of the ground the action stands on, in world units.

Draw = Callable[..., None]


@dataclass(frozen=True)
class Item:
    """A thing that repeats along a layer.

    Attributes:
      draw: One of the functions of `props`, called as draw(cel, rng, color, color2).
      spacing: Mean distance in world units; 0 for one at x = 0.
      y: Height of its foot.
      scale: Smallest and largest scale.
      colors: Its two colours.
      jitter: Largest shift, as a share of the spacing.
      share: Share of the positions that hold one.
      offset: Shift of all of them, world units.
    """

    draw: Draw
    spacing: float
    y: float
    scale: tuple[float, float]
    colors: tuple[Color, Color]
    jitter: float = 0.35
    share: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class Ridge:
    """A continuous strip of ground, hills or water from its upper edge down.

    Attributes:
      y: Mean height of the edge.
      relief: Height of its waves.
      length: Length of its waves.
      color: Flat colour.
      line: Line width as a multiple of the film's (0 for none).
    """

    y: float
    relief: float
    length: float
    color: Color
    line: float = 0.6


@dataclass(frozen=True)
class Layer:
    """Ridges and items at one depth, drawn in this order."""

    depth: float
    parts: tuple[Ridge | Item, ...]


@dataclass(frozen=True)
class Place:
    """A setting.

    Attributes:
      sky: Colours at the top and at the horizon.
      horizon: Height of the horizon in world units.
      back: Layers behind the action, farthest first.
      front: Layers before it.
      weather: Item-like particles before everything, or None.
      texture: Strength of the painted mottle of the farthest layer, 0 for flat colour.
      haze: Colour of shadows on the ground, with alpha.
    """

    sky: tuple[Color, Color]
    horizon: float
    back: tuple[Layer, ...]
    front: tuple[Layer, ...] = ()
    weather: "Weather | None" = None
    texture: float = 0.0
    haze: Color = (40, 30, 70, 70)


@dataclass(frozen=True)
class Weather:
    """Particles: their drawing, number, velocity (units a second) and colour."""

    draw: Draw
    count: int
    velocity: tuple[float, float]
    color: Color


@functools.cache
def _mottle(size: int = 128) -> np.ndarray:
    """Returns a seamless, smooth random texture, (size, size) in [-1, 1], of a few octaves."""
    rng = np.random.default_rng(12)
    total = np.zeros((size, size))
    for octave in (8, 16, 32, 64):
        noise = rng.standard_normal((octave, octave))
        spectrum = np.fft.fft2(noise)
        frequency = np.fft.fftfreq(octave) * octave
        damp = np.exp(-((frequency[:, None] ** 2 + frequency[None] ** 2) / (octave / 3.2) ** 2))
        padded = np.zeros((size, size), dtype=complex)
        index = frequency.astype(int)
        padded[np.ix_(index, index)] = spectrum * damp
        total += np.fft.ifft2(padded).real / octave * 8
    total /= 2.2 * total.std()
    return np.clip(total, -1, 1).astype(np.float32)


def paint_place(
    place: Place, *, ink: Ink, span: tuple[float, float], width: float, seed: str
) -> tuple[list[Sheet], list[Sheet]]:
    """Returns the sheets behind and before the action; nothing in them moves by itself.

    Args:
      place: The setting.
      ink: Line of the film.
      span: Smallest and largest x the camera looks at.
      width: Width of the frame in world units.
      seed: What stands where.
    """
    sky = Cel(ink)
    sky.gradient(place.sky[0], place.sky[1], -270.0, place.horizon)
    back = [Sheet(sky, 0.0, True)]
    for number, layer in enumerate(place.back):
        cel = _paint_layer(layer, ink, span, width, f"{seed}/{number}")
        if number == 0 and place.texture:
            cel.texture(_mottle(), place.texture)
        back.append(Sheet(cel, layer.depth, True))
    front = [
        Sheet(_paint_layer(layer, ink, span, width, f"{seed}/front{number}"), layer.depth, True)
        for number, layer in enumerate(place.front)
    ]
    return back, front


def paint_weather(weather: Weather, *, ink: Ink, t: float, width: float, seed: str) -> Sheet:
    """Returns falling or rising particles at time `t` after the middle of the triplet."""
    cel = Cel(ink)
    rng = random.Random(seed + "/weather")
    half = width / 2 + 30
    for _ in range(weather.count):
        x, y, near = rng.uniform(-half, half), rng.uniform(-290, 290), rng.uniform(0.6, 1.5)
        phase = rng.uniform(0, 2 * math.pi)
        x += weather.velocity[0] * near * t + 6 * math.sin(2.2 * t + phase)
        y += weather.velocity[1] * near * t
        weather.draw(cel, x, y, near, phase + 3 * t, weather.color)
    return Sheet(cel, 0.0, True)


def _paint_layer(layer: Layer, ink: Ink, span: tuple[float, float], width: float, seed: str) -> Cel:
    cel = Cel(ink)
    left, right = span[0] * layer.depth - width / 2, span[1] * layer.depth + width / 2
    for number, part in enumerate(layer.parts):
        if isinstance(part, Ridge):
            _paint_ridge(cel, part, left, right, number)
        else:
            _paint_items(cel, part, left, right, f"{seed}/{number}")
    return cel


def _paint_ridge(cel: Cel, ridge: Ridge, left: float, right: float, number: int) -> None:
    step = ridge.length / 12
    xs = np.arange(math.floor(left / step) - 2, math.ceil(right / step) + 3) * step
    phase = 2 * math.pi * xs / ridge.length
    wave = np.sin(phase + number) + 0.45 * np.sin(2.3 * phase + 2.1 * number)
    ys = ridge.y + ridge.relief * wave
    top = np.stack([xs, ys], axis=1)
    cel.shape(np.array([(xs[0], 700.0), *top, (xs[-1], 700.0)]), ridge.color, line=0)
    if ridge.line:
        cel.stroke(top, cel.ink.width * ridge.line, mix(ridge.color, cel.ink.color, 0.7))


def _paint_items(cel: Cel, item: Item, left: float, right: float, seed: str) -> None:
    if item.spacing <= 0:
        indices = range(1)
    else:
        reach = 2 + math.ceil(160 * item.scale[1] / item.spacing)
        indices = range(
            math.floor(left / item.spacing) - reach, math.ceil(right / item.spacing) + reach
        )
    for index in indices:
        rng = random.Random(f"{seed}/{index}")
        shift, scale = rng.uniform(-1, 1) * item.jitter * item.spacing, rng.uniform(*item.scale)
        if rng.random() >= item.share:
            continue
        x = item.offset + index * item.spacing + shift
        if x + 130 * scale < left or x - 130 * scale > right:
            continue
        with cel.within(props.placed(x, item.y, scale)):
            item.draw(cel, rng, *item.colors)
