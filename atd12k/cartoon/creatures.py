"""Everything that moves and is no figure: dog, bird, fish, octopus, car, balls and balloons.

Each is drawn around (0, 0), facing +x, in local units close to world units.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from atd12k.cartoon import curves
from atd12k.cartoon.drawing import Cel, Color, darker, lighter, rotation, scaling, translation

TAU = 2 * math.pi
WHITE = (252, 250, 244)


@dataclass(frozen=True)
class Paint:
    """Colours of a creature or thing: its body, a second colour, and a third for details."""

    main: Color
    second: Color
    detail: Color


def _eye(cel: Cel, x: float, y: float, size: float) -> None:
    cel.oval(x, y, size, size * 1.15, WHITE, line=0.7)
    cel.oval(x + size * 0.25, y, size * 0.52, size * 0.66, cel.ink.color, line=0)
    cel.oval(x, y - size * 0.35, size * 0.24, size * 0.24, WHITE, line=0)


def dog(cel: Cel, paint: Paint, t: float) -> None:
    """Draws a running dog, feet at y = 0, about 130 long; a bound takes half a second."""
    p = t * 2.0
    gather = math.sin(TAU * p)
    rise = 10 + 9 * math.cos(TAU * p)
    with cel.within(translation(0, -48 - rise), rotation(0.1 * math.cos(TAU * p + 0.6))):
        _dog_legs(cel, paint, p, near=False)
        tail = [(-44.0, -6.0)]
        for k in range(4):
            wag = 0.5 * math.sin(TAU * p * 1.5 - 0.7 * k)
            tail.append(curves.on_circle(tail[-1], -2.1 - 0.2 * k + wag, 12))
        path = curves.open_spline(tail)
        cel.tube(path, np.linspace(7, 3, len(path)), paint.main)
        arch = 7 * gather
        cel.blob(
            [
                (-50, -2),
                (-30, -19 - arch),
                (10, -20 - arch * 0.6),
                (40, -22),
                (48, -2),
                (34, 14),
                (0, 10 - arch),
                (-34, 15),
            ],
            paint.main,
        )
        cel.oval(-8, -8 - arch * 0.5, 16, 9, paint.second, line=0)
        _dog_legs(cel, paint, p, near=True)
        with cel.within(translation(50, -28), rotation(-0.12 * gather)):
            _dog_head(cel, paint, gather)


def _dog_legs(cel: Cel, paint: Paint, p: float, *, near: bool) -> None:
    color = paint.main if near else darker(paint.main, 0.2)
    shift = 0.0 if near else 0.09
    for hip_x, offset, side in ((-36, 0.0, 1.0), (32, 0.42, -1.0)):
        phase = TAU * (p + offset + shift)
        foot = (hip_x + 34 * math.cos(phase), 44 - 15 * max(0.0, math.sin(phase)))
        hip = (float(hip_x), 4.0)
        foot = curves.within_reach(hip, foot, 50)
        knee = curves.bend(hip, foot, 25, 25, side)
        path = curves.open_spline([hip, knee, foot])
        cel.tube(path, np.linspace(11, 5.5, len(path)), color)
        cel.oval(foot[0] + 4, foot[1] + 2, 9, 5.5, lighter(color, 0.4))


def _dog_head(cel: Cel, paint: Paint, gather: float) -> None:
    cel.oval(0, 0, 26, 24, paint.main)
    cel.blob([(8, -2), (30, 0), (40, 8), (32, 18), (8, 18)], lighter(paint.main, 0.6))
    cel.blob([(14, 15), (28, 16), (24, 23), (20, 31 + 3 * gather), (15, 22)], (232, 118, 120))
    cel.oval(38, 4, 7, 6, (52, 36, 44), line=0)
    cel.stroke([(34, 15), (24, 18), (12, 16)], 2.0)
    _eye(cel, 13, -8, 6.5)
    with cel.within(translation(-8, -14), rotation(0.5 + 0.5 * gather)):
        cel.blob([(-8, -4), (4, -6), (10, 12), (2, 34), (-12, 30), (-14, 10)], paint.second)
    cel.tube(curves.open_spline([(-20, 18), (-8, 24), (4, 25)]), 4, paint.detail)


def bird(cel: Cel, paint: Paint, t: float) -> None:
    """Draws a flying bird about 80 long; the wings beat 2.4 times a second."""
    beat = math.sin(TAU * 2.4 * t)
    lag = math.sin(TAU * 2.4 * t - 0.9)
    with cel.within(translation(0, 5 * beat), rotation(-0.06)):
        _wing(cel, darker(paint.second, 0.22), beat, lag, 6)
        cel.shape([(-30, -4), (-66, -14), (-58, -2), (-66, 8), (-30, 6)], paint.second)
        cel.blob([(-36, -2), (-10, -20), (20, -20), (38, -8), (24, 12), (-6, 17)], paint.main)
        cel.oval(2, 7, 20, 8, lighter(paint.main, 0.6), angle=-0.1, line=0)
        cel.shape([(33, -12), (58, -5), (34, 0)], paint.detail)
        _eye(cel, 23, -9, 7)
        _wing(cel, paint.second, beat, lag, 0)


def _wing(cel: Cel, color: Color, beat: float, lag: float, shift: float) -> None:
    with cel.within(translation(4 + shift, -7), rotation(0.12 + 1.05 * beat)):
        bend = 12 * (beat - lag)
        front = curves.open_spline([(12, -2), (-12, -15), (-48, -13 + bend), (-70, -4 + 2 * bend)])
        feathers = [(-54, 3 + bend), (-58, 10 + bend), (-38, 9), (-40, 17), (-20, 11), (0, 12)]
        cel.shape(np.concatenate([front, np.array(feathers)]), color)


def fish(cel: Cel, paint: Paint, t: float, *, stripes: int = 3) -> None:
    """Draws a swimming fish about 110 long; the tail beats 1.6 times a second."""
    beat = TAU * 1.6 * t

    def wiggle(x: float) -> float:
        return 9 * ((40 - x) / 100) ** 1.4 * math.sin(beat + x / 36) if x < 40 else 0.0

    top = [
        (x, -28 * math.sin(math.pi * (x + 42) / 92) ** 0.8 + wiggle(x)) for x in range(-40, 50, 9)
    ]
    low = [
        (x, 26 * math.sin(math.pi * (x + 42) / 92) ** 0.8 + wiggle(x)) for x in range(41, -45, -9)
    ]
    y = wiggle(-40)
    flick = wiggle(-78)
    fin = [(-36, y), (-56, -22 + flick), (-76, -27 + flick), (-66, flick), (-74, 27 + flick)]
    cel.shape(np.array([*fin, (-56, 20 + flick)]), paint.second)
    dorsal = [(-22, -18 + wiggle(-22)), (-16, -40 + wiggle(-30)), (10, -40), (22, -22)]
    cel.shape(np.array(dorsal), paint.second)
    body = curves.closed_spline([*top, (50, 0), *low], samples=4)
    with cel.painted(body, paint.main):
        for k in range(stripes):
            x = -22 + 20 * k
            stripe = [(x + 5, -40), (x + 13, -40), (x + 16, wiggle(x)), (x + 10, 40), (x + 2, 40)]
            cel.blob([*stripe, (x + 7, wiggle(x))], paint.second, line=0)
        cel.oval(10, 22, 50, 12, lighter(paint.main, 0.5), line=0)
    flap = 0.5 * math.sin(beat * 1.3)
    with cel.within(translation(2, 6), rotation(flap + 0.5)):
        cel.blob([(4, -4), (-6, 4), (-26, 14), (-22, 2), (-10, -8)], paint.detail)
    _eye(cel, 30, -7, 8.5)
    mouth = 1.5 + 2.5 * (0.5 + 0.5 * math.sin(beat * 0.7))
    cel.oval(47, 8, 3.2, mouth, (150, 60, 70))


def octopus(cel: Cel, paint: Paint, t: float) -> None:
    """Draws an octopus about 150 high that pulses once in 1.2 s."""
    pulse = math.sin(TAU * t / 1.2)
    for k, x in enumerate((-44, -28, -10, 10, 28, 44)):
        points = [(float(x), 16.0)]
        for j in range(5):
            spread = (x / 60) * (0.9 + 0.5 * pulse) * (1 - 0.1 * j)
            curl = 0.5 * math.sin(TAU * t / 1.2 - 0.75 * j + k)
            points.append(curves.on_circle(points[-1], spread + curl, 17))
        path = curves.open_spline(points)
        color = paint.main if k % 2 else darker(paint.main, 0.14)
        cel.tube(path, np.linspace(11, 3.5, len(path)), color)
    with cel.within(scaling(1 + 0.07 * pulse, 1 - 0.08 * pulse)):
        crown = [(0, -72), (42, -56), (54, -16), (40, 22), (0, 30), (-40, 22), (-54, -16)]
        head = curves.closed_spline([*crown, (-42, -56)])
        with cel.painted(head, paint.main):
            cel.oval(-46, 0, 30, 70, darker(paint.main, 0.18), line=0)
            for x, y, r in ((-14, -54, 7), (4, -60, 4), (20, -50, 6)):
                cel.oval(x, y, r, r * 0.8, paint.second, line=0)
        for side in (-1, 1):
            _eye(cel, 8 + side * 18, -12, 12)
            cel.oval(8 + side * 32, 6, 7, 4, (*paint.detail, 140), line=0)
        cel.stroke(curves.arc(8, 4, 9, 7, 0.2, math.pi - 0.2), 2.4)


def car(
    cel: Cel,
    paint: Paint,
    t: float,
    travelled: float,
    draw_driver: Callable[[], None] | None = None,
) -> None:
    """Draws a car about 230 long on y = 0 that has rolled `travelled` units.

    `draw_driver` draws a head of 40 units radius around (0, 0), seen in the front window.
    """
    bounce = 2.4 * math.sin(TAU * 2.7 * t)
    pitch = 0.012 * math.sin(TAU * 1.9 * t + 1)
    cel.oval(0, 2, 118, 8, (30, 20, 50, 70), line=0)
    with cel.within(translation(0, -26 + bounce), rotation(pitch)):
        cel.blob(
            [
                (-116, -2),
                (-112, -34),
                (-70, -42),
                (0, -44),
                (66, -42),
                (108, -30),
                (118, -8),
                (106, 8),
                (0, 10),
                (-108, 9),
            ],
            paint.main,
        )
        cabin = [(-78, -40), (-58, -84), (-20, -92), (24, -88), (58, -46), (60, -40)]
        cel.shape(curves.open_spline(cabin), paint.main)
        for window in (
            [(-64, -44), (-50, -76), (-12, -82), (-10, -44)],
            [(2, -44), (0, -82), (20, -79), (44, -46)],
        ):
            with cel.painted(np.array(window), (196, 228, 240)):
                if draw_driver and window[0][0] > 0:
                    with cel.within(translation(13, -57), scaling(0.42, 0.42)):
                        draw_driver()
            x, y = window[0][0] + 20, -46
            cel.shape([(x, y), (x + 14, y - 28), (x + 20, y - 28), (x + 6, y)], WHITE, line=0)
        cel.stroke([(-4, -40), (-2, 2)], 2.0)
        cel.stroke([(-112, -14), (114, -14)], 5.0, paint.second)
        cel.tube([(6, -30), (16, -30)], 2.4, lighter(paint.main, 0.5), line=0.6)
        cel.oval(108, -20, 8, 9, (255, 240, 170))
        cel.shape(curves.rounded_box(92, 0, 30, 9, 4), (210, 214, 220))
        cel.shape(curves.rounded_box(-122, 0, 30, 9, 4), (210, 214, 220))
    for x in (-68, 70):
        wheel(cel, x, -23, 24, travelled / 24, paint.detail)


def wheel(cel: Cel, x: float, y: float, radius: float, angle: float, rim: Color) -> None:
    """Draws a spoked wheel turned by `angle`."""
    cel.oval(x, y, radius, radius, (54, 48, 58))
    cel.oval(x, y, radius * 0.62, radius * 0.62, rim, line=0.8)
    for k in range(5):
        a = angle + TAU * k / 5
        end = (x + radius * 0.55 * math.cos(a), y + radius * 0.55 * math.sin(a))
        cel.stroke([(x, y), end], radius * 0.12, darker(rim, 0.45))
    cel.oval(x, y, radius * 0.18, radius * 0.18, darker(rim, 0.3), line=0.6)


def ball(cel: Cel, paint: Paint, radius: float, angle: float, stretch: float = 1.0) -> None:
    """Draws a beach ball turned by `angle`, stretched upright by `stretch`."""
    with cel.within(scaling(1 / stretch, stretch)):
        outline = curves.ellipse(0, 0, radius, radius)
        with cel.painted(outline, WHITE):
            for k in range(3):
                a = angle + TAU * k / 3
                wedge = np.concatenate(
                    [
                        curves.arc(0, 0, radius * 1.2, radius * 1.2, a, a + TAU / 6),
                        [(0.12 * radius * math.cos(angle), 0.12 * radius * math.sin(angle))],
                    ]
                )
                color = (paint.main, paint.second, paint.detail)[k]
                cel.shape(wedge, color, line=0.7)
            rim = np.concatenate(
                [
                    curves.arc(0, 0, radius * 1.1, radius * 1.1, 0.0, 1.9),
                    curves.arc(-0.2 * radius, -0.2 * radius, radius, radius, 1.9, 0.0),
                ]
            )
            cel.shape(rim, (40, 20, 70, 60), line=0)
        cel.oval(-radius * 0.4, -radius * 0.45, radius * 0.2, radius * 0.13, WHITE, line=0)


def balloon(cel: Cel, color: Color, sway: float) -> None:
    """Draws a balloon about 60 wide, its string hanging from (0, 0)."""
    cel.stroke(curves.open_spline([(0, 0), (8 * sway, 30), (-6 * sway, 62), (0, 90)]), 1.8)
    cel.shape([(0, -2), (-6, 6), (6, 6)], darker(color, 0.15))
    cel.blob([(0, 0), (24, -24), (30, -52), (0, -78), (-30, -52), (-24, -24)], color)
    cel.oval(-12, -56, 5, 10, lighter(color, 0.7), angle=0.35, line=0)


def apple(cel: Cel, color: Color, radius: float) -> None:
    """Draws an apple around (0, 0)."""
    r = radius
    cel.blob(
        [
            (0, -r * 0.75),
            (r * 0.6, -r),
            (r, -r * 0.2),
            (r * 0.6, r * 0.9),
            (0, r * 0.8),
            (-r * 0.6, r * 0.9),
            (-r, -r * 0.2),
            (-r * 0.6, -r),
        ],
        color,
    )
    cel.stroke([(0, -r * 0.7), (r * 0.25, -r * 1.5)], r * 0.2, (96, 62, 40))
    cel.blob([(r * 0.2, -r * 1.1), (r * 0.9, -r * 1.5), (r * 0.8, -r)], (104, 170, 74), line=0.7)
    cel.oval(-r * 0.45, -r * 0.3, r * 0.16, r * 0.28, WHITE, angle=0.4, line=0)
