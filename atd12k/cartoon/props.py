"""Things that stand in a place: trees, houses, clouds, lamps, furniture, weeds.

Each function draws around its foot at (0, 0), about 100 local units high, as
draw(cel, rng, color, color2); `rng` decides its shape. Nothing of it moves by itself.
"""

import math
import random

import numpy as np

from atd12k.cartoon import curves
from atd12k.cartoon.drawing import Cel, Color, darker, lighter, mix, rotation, translation

TAU = 2 * math.pi


def placed(x: float, y: float, scale: float) -> np.ndarray:
    """Returns the 2x3 matrix that puts a thing with its foot at (x, y)."""
    return np.array([[scale, 0.0, x], [0.0, scale, y]])


def _puffs(
    rng: random.Random,
    rx: float,
    ry: float,
    count: int,
    depth: float,
    centre: curves.Point = (0.0, 0.0),
) -> np.ndarray:
    """Returns a scalloped outline, like a crown of leaves or a cloud, around `centre`."""
    points = []
    start = rng.uniform(0, TAU)
    for k in range(count):
        a0, a1 = start + TAU * k / count, start + TAU * (k + 1) / count
        swell = 1 + depth * rng.uniform(0.7, 1.3)
        for u in np.linspace(0, 1, 7)[:-1]:
            a = a0 + (a1 - a0) * u
            r = 1 + (swell - 1) * math.sin(math.pi * u) ** 0.8
            points.append((rx * r * math.cos(a), ry * r * math.sin(a)))
    return np.array(points) + np.array(centre)


def tree(cel: Cel, rng: random.Random, leaves: Color, trunk: Color) -> None:
    """A broad-leaved tree."""
    cel.shape(
        curves.open_spline([(-11, 2), (-6, -30), (-9, -70), (9, -70), (7, -30), (13, 2)]), trunk
    )
    cel.stroke([(1, -34), (2, -20)], 1.6, darker(trunk, 0.3))
    tone = mix(leaves, (250, 230, 120), rng.uniform(0, 0.16))
    with cel.within(translation(rng.uniform(-4, 4), -98)):
        crown = _puffs(rng, 40, 37, 9, 0.2)
        with cel.painted(crown, tone):
            cel.shape(_puffs(rng, 52, 40, 8, 0.2, (14, 26)), darker(tone, 0.2), line=0)
            cel.shape(_puffs(rng, 38, 34, 8, 0.2, (-6, -6)), tone, line=0)
            for _ in range(4):
                x, y = rng.uniform(-26, 10), rng.uniform(-28, 4)
                cel.oval(x, y, 5, 3.2, lighter(tone, 0.3), line=0)


def pine(cel: Cel, rng: random.Random, needles: Color, snow: Color) -> None:
    """A fir with three tiers and a light rim."""
    cel.shape([(-7, 2), (-6, -22), (6, -22), (7, 2)], (98, 72, 62))
    for k, (y, wide, high) in enumerate(((-14, 44, 54), (-48, 35, 48), (-80, 26, 46))):
        tone = lighter(needles, 0.06 * k)
        left = curves.open_spline([(0, y - high), (-wide * 0.4, y - high * 0.42), (-wide, y)])
        hem = [(-wide * 0.55, y - 4), (-wide * 0.2, y + 5), (wide * 0.2, y - 2)]
        hem += [(wide * 0.6, y + 4), (wide, y)]
        right = curves.open_spline([(wide, y), (wide * 0.4, y - high * 0.42), (0, y - high)])[1:-1]
        cel.shape(np.concatenate([left, np.array(hem[:-1]), right]), tone)
        cap = [(0, y - high), (-wide * 0.36, y - high * 0.46), (-wide * 0.12, y - high * 0.54)]
        cap += [
            (0, y - high * 0.44),
            (wide * 0.14, y - high * 0.58),
            (wide * 0.34, y - high * 0.46),
        ]
        cel.shape(np.array(cap), snow, line=0.5)


def palm(cel: Cel, rng: random.Random, leaves: Color, trunk: Color) -> None:
    """A palm that leans."""
    lean = rng.choice((-1, 1)) * rng.uniform(16, 34)
    path = curves.open_spline([(0, 4), (lean * 0.3, -50), (lean, -112)])
    cel.tube(path, np.linspace(8, 5, len(path)), trunk)
    for k in range(3, len(path) - 1, 2):
        x, y = path[k]
        cel.stroke([(x - 5, y), (x + 5, y - 2)], 1.4, darker(trunk, 0.35))
    with cel.within(translation(lean, -112)):
        for k, angle in enumerate((-2.75, -0.4, -2.2, -0.95, -1.6, 2.9, 0.25)):
            with cel.within(rotation(angle)):
                leaf = [(0, -3), (24, -15), (56, -6), (66, 8), (48, 3), (24, -2)]
                cel.blob(leaf, mix(leaves, (20, 70, 60), 0.07 * k), line=0.8)
        for x in (-6, 5):
            cel.oval(x, 4, 6, 6, darker(trunk, 0.25))


def bush(cel: Cel, rng: random.Random, leaves: Color, berries: Color) -> None:
    """A round bush with berries or blossoms."""
    outline = _puffs(rng, 34, 22, 8, 0.22, (0, -16))
    with cel.painted(outline, leaves):
        cel.oval(10, 4, 46, 16, darker(leaves, 0.2), line=0)
        for _ in range(7):
            cel.oval(rng.uniform(-30, 30), rng.uniform(-34, -4), 3.0, 3.0, berries, line=0.4)


def cloud(cel: Cel, rng: random.Random, color: Color, shade: Color) -> None:
    """A cumulus with a flat foot."""
    bumps = [(-70.0, 0.0)]
    for k in range(5):
        a0, a1 = math.pi * (1 + k / 5), math.pi * (1 + (k + 1) / 5)
        lift = rng.uniform(1.15, 1.5)
        for u in (0.25, 0.5, 0.75, 1.0):
            r = 1 + (lift - 1) * math.sin(math.pi * u) ** 0.7
            a = a0 + (a1 - a0) * u
            bumps.append((66 * r * math.cos(a), 36 * r * math.sin(a)))
    outline = np.concatenate([curves.open_spline(bumps, samples=4), [(62, 9), (-64, 9)]])
    with cel.painted(outline, color, line=0):
        cel.shape(_puffs(rng, 84, 16, 9, 0.3, (14, 12)), shade, line=0)


def house(cel: Cel, rng: random.Random, wall: Color, roof: Color) -> None:
    """A small house with a door, two windows and a chimney."""
    tone = mix(wall, rng.choice(((250, 226, 180), (230, 170, 150), (190, 214, 226))), 0.4)
    cel.shape(curves.rounded_box(22, -128, 16, 44, 2), darker(roof, 0.25))
    cel.shape([(-56, 2), (-56, -74), (56, -74), (56, 2)], tone)
    cel.shape([(-70, -68), (-40, -116), (40, -116), (70, -68)], roof)
    for k, y in enumerate((-80, -92, -104)):
        half = 62 - 9 * k
        cel.stroke([(-half, y), (half, y)], 1.3, darker(roof, 0.3))
    cel.shape(curves.rounded_box(-13, -46, 26, 48, 8), darker(roof, 0.4))
    cel.oval(8, -20, 2.2, 2.2, (248, 214, 110), line=0.4)
    for x in (-42, 22):
        _window(cel, x, -54, 20, 22, (188, 226, 240))
        cel.shape(curves.rounded_box(x - 3, -32, 26, 6, 2), lighter(roof, 0.3))


def _window(cel: Cel, x: float, y: float, width: float, height: float, glass: Color) -> None:
    cel.shape(curves.rounded_box(x, y, width, height, 2), glass)
    cel.stroke([(x + width / 2, y), (x + width / 2, y + height)], 1.8, (250, 246, 236))
    cel.stroke([(x, y + height / 2), (x + width, y + height / 2)], 1.8, (250, 246, 236))


def tower(cel: Cel, rng: random.Random, wall: Color, glass: Color) -> None:
    """A town house of several floors, some of its windows lit."""
    width, floors = rng.choice((64, 78, 92)), rng.randint(4, 8)
    height = 26 * floors + 18
    tone = mix(wall, rng.choice(((120, 84, 130), (216, 150, 110), (90, 120, 150))), 0.28)
    cel.shape([(-width / 2, 4), (-width / 2, -height), (width / 2, -height), (width / 2, 4)], tone)
    cel.shape(
        [(width * 0.2, 4), (width * 0.2, -height), (width / 2, -height), (width / 2, 4)],
        (*darker(tone, 0.5), 70),
        line=0,
    )
    cel.shape(curves.rounded_box(-width / 2 - 4, -height - 6, width + 8, 10, 2), lighter(tone))
    columns = 3 if width < 90 else 4
    for row in range(floors):
        for column in range(columns):
            x, y = -width / 2 + width * (column + 0.5) / columns - 6, -height + 12 + 26 * row
            pane = glass if rng.random() < 0.45 else darker(tone, 0.45)
            cel.shape([(x, y), (x + 12, y), (x + 12, y + 15), (x, y + 15)], pane, line=0)


def street_lamp(cel: Cel, rng: random.Random, post: Color, light: Color) -> None:
    """A lamp post with a glow."""
    cel.tube([(0, 4), (0, -60), (0, -120)], (4.5, 3.2, 2.8), post)
    cel.shape(curves.rounded_box(-8, -8, 16, 13, 3), post)
    for radius, alpha in ((46, 26), (30, 34), (20, 46)):
        cel.oval(0, -134, radius, radius, (*light, alpha), line=0)
    cel.shape([(-9, -122), (-13, -144), (13, -144), (9, -122)], light)
    cel.shape([(-17, -143), (0, -158), (17, -143)], post)


def fence(cel: Cel, rng: random.Random, wood: Color, shade: Color) -> None:
    """A piece of picket fence 100 wide; pieces join."""
    for y in (-34, -15):
        cel.shape([(-54, y), (54, y), (54, y + 7), (-54, y + 7)], darker(wood, 0.12), line=0.7)
    for k in range(4):
        x = -42 + 26 * k
        cel.shape([(x, 3), (x, -42), (x + 7, -51), (x + 14, -42), (x + 14, 3)], wood, line=0.8)


def flower(cel: Cel, rng: random.Random, petals: Color, middle: Color) -> None:
    """A flower on a stem."""
    sway = 2.5 * math.sin(1.3 * rng.uniform(0, 6))
    cel.stroke(curves.open_spline([(0, 2), (sway * 0.4, -16), (sway, -32)]), 3.0, (84, 150, 70))
    cel.blob([(0, -6), (9, -16), (13, -14), (8, -6)], (104, 172, 84), line=0.5)
    tone = mix(petals, rng.choice(((255, 255, 255), (250, 170, 60), (230, 80, 130))), 0.45)
    for k in range(5):
        a = TAU * k / 5 + sway
        cel.oval(sway + 7 * math.cos(a), -34 + 7 * math.sin(a), 5.6, 5.6, tone, line=0.6)
    cel.oval(sway, -34, 4.6, 4.6, middle, line=0.5)


def grass(cel: Cel, rng: random.Random, color: Color, tip: Color) -> None:
    """A tuft of grass."""
    for k in range(7):
        x = -24 + 8 * k + rng.uniform(-3, 3)
        lean, high = rng.uniform(-14, 14), rng.uniform(24, 52)
        blade = [(x - 5, 6), (x + lean * 0.4 - 2, -high * 0.5), (x + lean, -high)]
        back = [(x + lean * 0.4 + 4, -high * 0.45), (x + 5, 6)]
        tone = mix(color, tip, rng.random() * 0.6)
        cel.shape(np.concatenate([curves.open_spline(blade), np.array(back)]), tone, line=0.5)


def rock(cel: Cel, rng: random.Random, color: Color, light: Color) -> None:
    """A boulder."""
    points = [(-46, 6), (-42, -20), (-20, -44 - rng.uniform(0, 14)), (14, -40), (40, -22), (50, 6)]
    outline = curves.closed_spline(points, samples=6)
    with cel.painted(outline, color):
        cel.blob([(-36, -10), (-22, -40), (8, -46), (2, -24), (-18, -12)], light, line=0)
    cel.stroke([(10, -20), (20, -12), (18, -2)], 1.6, darker(color, 0.35))


def mountain(cel: Cel, rng: random.Random, color: Color, snow: Color) -> None:
    """A peak with snow."""
    high, skew = rng.uniform(105, 150), rng.uniform(-22, 22)
    cel.shape([(-130, 60), (-50, -high * 0.5), (skew, -high), (58, -high * 0.42), (130, 60)], color)
    cel.shape([(skew, -high), (58, -high * 0.42), (130, 60), (30, 60)], darker(color, 0.16), line=0)
    cap = [(skew, -high), (skew - 34, -high * 0.68), (skew - 16, -high * 0.73), (skew, -high * 0.6)]
    cap += [(skew + 14, -high * 0.74), (skew + 34, -high * 0.66)]
    cel.shape(np.array(cap), snow, line=0.6)


def cactus(cel: Cel, rng: random.Random, color: Color, bloom: Color) -> None:
    """A saguaro with two arms."""
    for side, y in ((-1, -40), (1, -56)):
        arm = [(0, y), (side * 24, y - 2), (side * 28, y - 34 - rng.uniform(0, 10))]
        cel.tube(curves.open_spline(arm), 7.5, color)
    cel.tube([(0, 2), (0, -50), (0, -98)], 12.5, color)
    for x in (-5, 1, 7):
        cel.stroke([(x, -2), (x, -96)], 1.2, darker(color, 0.3))
    cel.oval(0, -112, 7, 5, bloom, line=0.7)


def mesa(cel: Cel, rng: random.Random, color: Color, band: Color) -> None:
    """A flat-topped rock tower with bands."""
    wide, high = rng.uniform(60, 100), rng.uniform(80, 130)
    outline = [(-wide * 1.2, 30), (-wide * 0.9, -high * 0.4), (-wide * 0.74, -high)]
    outline += [(wide * 0.7, -high), (wide * 0.86, -high * 0.5), (wide * 1.2, 30)]
    with cel.painted(np.array(outline), color):
        for share in (0.32, 0.62, 0.8):
            y = -high * share
            cel.shape([(-200, y), (200, y + 4), (200, y + 13), (-200, y + 8)], band, line=0)
        cel.shape(
            [(wide * 0.25, 40), (wide * 0.2, -high), (300, -high), (300, 40)],
            (*darker(color, 0.6), 60),
            line=0,
        )


def sun(cel: Cel, rng: random.Random, color: Color, glow: Color) -> None:
    """The sun or the moon with a halo."""
    for radius, alpha in ((110, 26), (82, 34), (62, 46)):
        cel.oval(0, 0, radius, radius, (*glow, alpha), line=0)
    cel.oval(0, 0, 44, 44, color, line=0)


def moon(cel: Cel, rng: random.Random, color: Color, glow: Color) -> None:
    """A full moon with craters."""
    sun(cel, rng, color, glow)
    for x, y, r in ((-14, -12, 9), (12, 6, 12), (-8, 20, 6), (20, -20, 5)):
        cel.oval(x, y, r, r * 0.9, mix(color, (120, 130, 170), 0.3), line=0)


def star(cel: Cel, rng: random.Random, color: Color, glow: Color) -> None:
    """A star at a height of its own."""
    y, r = rng.uniform(-240, 20), rng.uniform(1.2, 3.6)
    points = []
    for k in range(8):
        reach = r * (1.6 if k % 2 == 0 else 0.6)
        points.append((reach * math.cos(TAU * k / 8), y + reach * math.sin(TAU * k / 8)))
    cel.shape(np.array(points), color, line=0)


def seaweed(cel: Cel, rng: random.Random, color: Color, tip: Color) -> None:
    """A ribbon of weed with leaves."""
    phase = rng.uniform(0, TAU)
    points = [(9 * math.sin(phase + 0.75 * k) * (k / 6), -20.0 * k) for k in range(7)]
    path = curves.open_spline(points)
    cel.tube(path, np.linspace(7, 2.5, len(path)), color)
    for k in range(1, 6):
        x, y = points[k]
        side = 1 if k % 2 else -1
        leaf = [(x, y), (x + side * 14, y - 14), (x + side * 26, y - 12), (x + side * 14, y + 2)]
        cel.blob(leaf, mix(color, tip, 0.12 * k), line=0.7)


def coral(cel: Cel, rng: random.Random, color: Color, tip: Color) -> None:
    """A branching coral."""
    tone = mix(color, tip, rng.random())
    for angle, size in ((2.5, 44), (3.75, 48), (3.14, 66)):
        end = curves.on_circle((0, 0), angle, size)
        for fork in (-0.5, 0.5):
            twig = curves.on_circle(end, angle + fork, size * 0.42)
            cel.tube(curves.open_spline([(0, 0), end, twig]), (*[8] * 6, *[6] * 6, 5), tone)


def room_window(cel: Cel, rng: random.Random, frame: Color, sky: Color) -> None:
    """A window with curtains and a view."""
    view = curves.rounded_box(-62, -150, 124, 130, 4)
    with cel.painted(view, sky):
        cel.oval(30, -120, 14, 14, (255, 246, 196), line=0)
        cel.oval(-30, -14, 60, 34, (134, 190, 112), line=0.5)
        cel.oval(44, -10, 54, 26, (104, 168, 100), line=0.5)
    cel.stroke([(0, -150), (0, -20)], 6, frame)
    cel.stroke([(-62, -86), (62, -86)], 6, frame)
    cel.shape(view, None, line=2.4, line_color=darker(frame, 0.2))
    for side in (-1, 1):
        cloth = [(side * 8, -160), (side * 84, -160), (side * 80, -8), (side * 66, -4)]
        cel.blob([*cloth, (side * 58, -70), (side * 40, -130)], (222, 116, 104))
    cel.tube([(-92, -160), (92, -160)], 4, (150, 104, 70))


def shelf(cel: Cel, rng: random.Random, wood: Color, books: Color) -> None:
    """A bookshelf with two boards."""
    cel.shape(curves.rounded_box(-60, -170, 120, 172, 3), wood)
    for y in (-112, -56, -4):
        cel.shape([(-54, y - 50), (54, y - 50), (54, y), (-54, y)], darker(wood, 0.35), line=0.6)
        x = -51.0
        while x < 34:
            wide, high = rng.uniform(7, 14), rng.uniform(28, 44)
            tone = mix(books, rng.choice(((70, 120, 170), (230, 190, 90), (90, 150, 110))), 0.65)
            cel.shape([(x, y), (x, y - high), (x + wide, y - high), (x + wide, y)], tone, line=0.7)
            cel.stroke([(x + 2, y - high + 8), (x + wide - 2, y - high + 8)], 2.0, lighter(tone))
            x += wide


def picture_frame(cel: Cel, rng: random.Random, frame: Color, fill: Color) -> None:
    """A picture on the wall."""
    cel.shape(curves.rounded_box(-38, -60, 76, 56, 2), frame)
    view = curves.rounded_box(-31, -53, 62, 42, 1)
    with cel.painted(view, fill, line=0.6):
        cel.shape([(-40, -8), (-14, -40), (6, -18), (18, -30), (44, -8)], (96, 130, 120), line=0.5)
        cel.oval(16, -42, 6, 6, (250, 220, 120), line=0)


def pot_plant(cel: Cel, rng: random.Random, leaves: Color, pot: Color) -> None:
    """A plant in a pot."""
    for k, angle in enumerate((2.2, 4.1, 2.7, 3.6, 3.14)):
        end = curves.on_circle((0, -34), angle, 52)
        side = curves.on_circle((0, -34), angle + 0.32, 32)
        other = curves.on_circle((0, -34), angle - 0.32, 32)
        cel.blob([(0, -34), side, end, other], mix(leaves, (230, 240, 150), 0.05 * k))
        cel.stroke([(0, -34), end], 1.3, darker(leaves, 0.3))
    cel.shape([(-22, -36), (22, -36), (15, 3), (-15, 3)], pot)
    cel.shape(curves.rounded_box(-26, -42, 52, 11, 3), lighter(pot, 0.2))


def skirting(cel: Cel, rng: random.Random, board: Color, wall: Color) -> None:
    """A piece of skirting board and wall paper stripe 100 wide; pieces join."""
    for x in (-38, 12):
        cel.shape([(x, -640), (x + 24, -640), (x + 24, 0), (x, 0)], wall, line=0)
    cel.shape([(-52, 0), (-52, -16), (52, -16), (52, 0)], board, line=0.6)


def snowflake(cel: Cel, x: float, y: float, near: float, phase: float, color: Color) -> None:
    """A flake of snow."""
    cel.oval(x, y, 3.6 * near, 3.6 * near, color, line=0)


def leaf(cel: Cel, x: float, y: float, near: float, phase: float, color: Color) -> None:
    """A tumbling leaf."""
    with cel.within(placed(x, y, near), rotation(phase)):
        cel.blob([(-9, 0), (0, -5 * math.cos(phase * 0.7)), (10, 0), (0, 5)], color, line=0.6)


def bubble(cel: Cel, x: float, y: float, near: float, phase: float, color: Color) -> None:
    """A rising bubble."""
    cel.oval(x, y, 6.5 * near, 6.5 * near, (*color, 70), line=0.6, line_color=lighter(color))
    cel.oval(x - 2 * near, y - 2.4 * near, 1.8 * near, 1.4 * near, (255, 255, 255), line=0)
