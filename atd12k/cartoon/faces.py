"""Heads of the cast: faces, eyes, mouths and ears; hair and hats are in `headdress`.

A head is drawn around (0, 0) with a radius of about 40 local units and looks towards +x by `turn`
(0 is a front view, 1 almost a profile): features slide across the face instead of turning in space,
as a draughtsman would cheat it.
"""

import math

import numpy as np

from atd12k.cartoon import curves, headdress
from atd12k.cartoon.drawing import Cel, darker, lighter, mix, rotation, translation
from atd12k.cartoon.headdress import Expression, Head

WHITE = (252, 250, 244)
MOUTH = (120, 32, 44)
TONGUE = (226, 110, 108)


def draw_head(cel: Cel, head: Head, face: Expression) -> None:
    """Draws a head around (0, 0)."""
    if head.species == "robot":
        _robot(cel, head, face)
        return
    human = head.species == "human"
    if human:
        headdress.draw_back_hair(cel, head, face)
        _human_ear(cel, head, face)
    else:
        _animal_ears(cel, head, face)
    outline = curves.closed_spline(_face_controls(head, face))
    with cel.painted(outline, head.skin):
        _shade_face(cel, head, face)
    if not human:
        _muzzle(cel, head, face)
    _blush(cel, head, face)
    with cel.loose():
        _eyes(cel, head, face)
        _mouth(cel, head, face)
    if human:
        x = 14 * face.turn
        cel.stroke([(x + 2, 9), (x + 5 + 2 * face.turn, 13), (x + 1, 14)], (1.0, 1.8, 1.0))
        headdress.draw_fringe(cel, head, face)
    headdress.draw_hat(cel, head, face)


def _face_controls(head: Head, face: Expression) -> list[curves.Point]:
    shift = 5 * face.turn
    jaw = 1 + 0.08 * face.mouth
    if head.species == "human":
        wide = 22 + 10 * head.chin
        return [
            (0, -40),
            (29, -29),
            (39, -2),
            (wide + 4 + shift, 22),
            (10 * head.chin + 4 + shift * 1.6, 38 * jaw),
            (-10 * head.chin + 2 + shift * 1.4, 38 * jaw),
            (-wide - 2 + shift * 0.6, 23),
            (-39, -2),
            (-29, -29),
        ]
    cheek = 47 if head.species in ("cat", "fox") else 42
    drop = 20 if head.species in ("cat", "fox") else 14
    return [
        (0, -36),
        (26, -29),
        (39, -4),
        (cheek + shift * 0.5, drop),
        (22 + shift, 33 * jaw),
        (shift * 1.5, 37 * jaw),
        (-22 + shift, 33 * jaw),
        (-cheek + shift * 0.5, drop),
        (-39, -4),
        (-26, -29),
    ]


def _shade_face(cel: Cel, head: Head, face: Expression) -> None:
    tone = darker(head.skin, 0.16)
    if head.species == "human" and head.hair_style != "none":
        cel.blob(
            [(-44, -44), (44, -44), (42, -2), (20, -10), (-6, -5), (-30, -9), (-44, 8)],
            tone,
            line=0,
        )
    rim = curves.arc(-4, -6, 44, 42, 0.15, 1.9)
    outer = curves.arc(0, 0, 60, 60, 1.9, 0.15)
    cel.shape(np.concatenate([rim, outer]), tone, line=0)


def _blush(cel: Cel, head: Head, face: Expression) -> None:
    color = (*mix(head.skin, (238, 96, 92), 0.55), 120)
    for side in (-1, 1):
        x = side * 24 + 11 * face.turn
        cel.oval(x, 17, 7 * _foreshortened(side, face), 4.2, color, line=0)


def _foreshortened(side: int, face: Expression) -> float:
    """Returns the width factor of a feature: the one that turns away gets narrower."""
    return 1 - 0.3 * max(0.0, face.turn) if side > 0 else 1.0


def _eyes(cel: Cel, head: Head, face: Expression) -> None:
    for side in (-1, 1):
        x = side * (17 - 2.5 * face.turn) + 13 * face.turn
        narrow = _foreshortened(side, face)
        with cel.within(translation(x, 1)):
            if head.eyes == "dot":
                _dot_eye(cel, face, narrow)
            else:
                _open_eye(cel, head, face, narrow, side)
        _brow(cel, head, face, x, side, narrow)


def _dot_eye(cel: Cel, face: Expression, narrow: float) -> None:
    height = max(1.1, 7.5 * (1 - face.blink))
    gx, gy = 2.2 * face.gaze[0], 1.5 * face.gaze[1]
    cel.oval(gx, gy + 4 * face.blink, 4.8 * narrow, height, cel.ink.color, line=0)
    if face.blink < 0.5:
        cel.oval(gx + 1.5, gy - 3.0, 1.9, 2.2, WHITE, line=0)


def _open_eye(cel: Cel, head: Head, face: Expression, narrow: float, side: int) -> None:
    tall = head.eyes == "tall"
    rx, ry = (8.6 * narrow, 12.0) if tall else (10.5 * narrow, 11.0)
    opening = 1 - face.blink
    lid = -ry * opening + 5 * face.blink
    if opening < 0.12:
        cel.stroke(curves.arc(0, 1, rx + 1, 4.5, 0.1, math.pi - 0.1), 2.8)
        return
    white = curves.closed_spline(
        [
            (-rx, lid * 0.35 + 1),
            (-rx * 0.5, lid * 0.92),
            (rx * 0.5, lid * 0.92),
            (rx, lid * 0.35 + 1),
            (rx * 0.7, ry * 0.8),
            (0, ry),
            (-rx * 0.7, ry * 0.8),
        ]
    )
    gx, gy = 2.6 * face.gaze[0] + 1.0 * face.turn, 2.4 * face.gaze[1]
    with cel.painted(white, WHITE, line=0.0 if tall else 0.8):
        if tall:
            cel.oval(gx, gy + 0.8, 6.8 * narrow, 10.4, darker(head.iris, 0.45), line=0)
            cel.oval(gx, gy + 4.4, 5.8 * narrow, 6.8, lighter(head.iris, 0.2), line=0)
            cel.oval(gx, gy + 0.4, 3.4 * narrow, 5.4, darker(head.iris, 0.85), line=0)
            cel.oval(0, -ry - 1, rx * 1.3, 5.6, (70, 60, 96, 70), line=0)
        else:
            cel.oval(gx * 1.5, gy * 1.4, 5.0 * narrow, 6.2, cel.ink.color, line=0)
        cel.oval(gx - 2.2, gy - 4.4, 2.5 * narrow, 3.1, WHITE, line=0)
        cel.oval(gx + 2.4, gy + 5.0, 1.3, 1.6, WHITE, line=0)
    if tall:
        # Heavy outside and light inside; the other way round would look cross.
        lash = curves.open_spline(
            [
                (-side * rx * 0.85, lid * 0.62),
                (-side * rx * 0.4, lid * 0.98),
                (side * rx * 0.5, lid * 0.98),
                (side * (rx + 1.2), lid * 0.25 + 1),
            ]
        )
        cel.stroke(
            lash, np.interp(np.linspace(0, 1, len(lash)), [0, 0.4, 0.8, 1], [0.8, 2, 3.8, 2])
        )
        cel.stroke(curves.arc(0, ry * 0.55, rx * 0.75, ry * 0.45, 0.6, math.pi - 0.6), 1.0)
        tip = side * (rx + 1.0)
        cel.stroke([(tip, lid * 0.3 + 1), (tip + side * 3, lid * 0.3 - 2)], (2.2, 0.6))


def _brow(cel: Cel, head: Head, face: Expression, x: float, side: int, narrow: float) -> None:
    y = -19.5 - 4 * face.brows
    inner = 1.6 if face.brows >= 0 else 1.6 + 5 * face.brows  # Raised when kind, low when cross.
    points = [
        (x + side * 8 * narrow, y + 3.0),
        (x + side * 1 * narrow, y - 0.6),
        (x - side * 6 * narrow, y + 1.6 - inner),
    ]
    color = darker(head.hair, 0.35) if head.species == "human" else darker(head.skin, 0.55)
    cel.stroke(curves.open_spline(points), 2.4, color)


def _mouth(cel: Cel, head: Head, face: Expression) -> None:
    animal = head.species != "human"
    x, y = (17 if animal else 12) * face.turn, 23.0 if animal else 22.0
    width = 9.5 + 2.5 * face.smile
    if face.mouth < 0.08:
        lift = 3.8 * face.smile
        points = [(x - width, y - lift * 0.6), (x, y + lift), (x + width, y - lift * 0.6)]
        cel.stroke(curves.open_spline(points), (*[1.4], *[2.4] * 11, 1.4))
        return
    drop = 3 + 15 * face.mouth
    width *= 1 - 0.25 * face.mouth
    outline = curves.closed_spline(
        [
            (x - width, y - 2.5 * face.smile),
            (x, y - 0.5),
            (x + width, y - 2.5 * face.smile),
            (x + width * 0.65, y + drop * 0.75),
            (x, y + drop),
            (x - width * 0.65, y + drop * 0.75),
        ]
    )
    with cel.painted(outline, MOUTH, line=0.9):
        cel.oval(x, y + drop, width * 0.75, drop * 0.45, TONGUE, line=0)
        if face.mouth > 0.3:
            cel.oval(x, y - 1.5, width * 0.8, 4.0, WHITE, line=0)


def _human_ear(cel: Cel, head: Head, face: Expression) -> None:
    x = -39 + 14 * max(0.0, face.turn)
    cel.oval(x if face.turn < 0.5 else -36, 6, 7, 10, head.skin, line=0.9)
    if face.turn < 0.35:
        cel.oval(39, 6, 6, 9, head.skin, line=0.9)


def _animal_ears(cel: Cel, head: Head, face: Expression) -> None:
    inner = head.hair
    for side in (-1, 1):
        angle = side * (0.62 if head.species != "rabbit" else 0.3) - face.swing * 0.8
        x = side * (27 if head.species != "rabbit" else 15) - 3 * face.turn
        narrow = 1 - 0.25 * max(0.0, face.turn) * (side > 0)
        with cel.within(translation(x, -24), rotation(angle)):
            if head.species == "bear":
                cel.oval(0, -9, 15 * narrow, 15, head.skin)
                cel.oval(0, -8, 8.5 * narrow, 9, inner, line=0)
            elif head.species == "rabbit":
                flop = -face.swing * 26
                ear = [(-10, 6), (-12, -30), (-5 + flop, -66), (6 + flop, -66), (12, -30), (10, 6)]
                cel.blob(ear, head.skin)
                core = [(-5, 2), (-6, -30), (-1 + flop, -56), (4 + flop, -55), (7, -30), (5, 2)]
                cel.blob(core, inner, line=0)
            else:
                tall = 44 if head.species == "fox" else 35
                sides = np.array([(-18 * narrow, 8), (-12, -tall * 0.55), (-2, -tall)])
                right = np.array([(10, -tall * 0.6), (18 * narrow, 8)])
                cel.shape(
                    np.concatenate([curves.open_spline(sides), curves.open_spline(right)]),
                    head.skin,
                )
                cel.shape([(-9 * narrow, 4), (-2, -tall + 13), (9 * narrow, 4)], inner, line=0)


def _muzzle(cel: Cel, head: Head, face: Expression) -> None:
    x = 16 * face.turn
    light = mix(head.skin, (255, 248, 232), 0.72)
    if head.species == "fox":
        for side in (-1, 1):
            cheeks = [(x * 0.6, 8), (x * 0.4 + side * 30, 8), (x * 0.3 + side * 42, 20)]
            cel.blob([*cheeks, (x * 0.5 + side * 18, 31), (x * 0.8, 34)], light, line=0)
    cel.oval(x, 20, 18, 13.5 + 3 * face.mouth, light, line=0)
    nose = curves.closed_spline(
        [(x * 1.15 - 7, 9), (x * 1.15, 7.5), (x * 1.15 + 7, 9), (x * 1.15, 17)]
    )
    cel.shape(nose, darker((96, 56, 62), 0.1), line=0.4)
    cel.oval(x * 1.15 - 2, 10, 2.2, 1.3, (255, 255, 255, 190), line=0)
    cel.stroke([(x * 1.12, 16), (x * 1.05, 21)], 1.8)
    if head.species == "cat":
        for side in (-1, 1):
            for row in (-1, 1):
                start = (x + side * 17, 19 + row * 3)
                tip = (x * 0.7 + side * 46, 18 + row * 8 + face.swing * 6)
                cel.stroke([start, tip], (1.5, 0.5))


def _robot(cel: Cel, head: Head, face: Expression) -> None:
    tip = curves.on_circle((0, -36), math.pi - 0.2 - face.swing * 1.4, 24)
    cel.stroke([(0, -34), tip], 3.2)
    cel.oval(*tip, 6, 6, head.hat_color)
    for side in (-1, 1):
        cel.shape(curves.rounded_box(side * 42 - 6, -8, 12, 22, 5), darker(head.skin, 0.3))
    shell = curves.rounded_box(-42, -37, 84, 74, 26)
    with cel.painted(shell, head.skin):
        cel.oval(-10, -8, 54, 46, lighter(head.skin, 0.3), line=0)
    screen = curves.rounded_box(-31 + 7 * face.turn, -22, 62, 46, 18)
    cel.shape(screen, (30, 40, 66))
    for side in (-1, 1):
        x = side * 14 + 10 * face.turn + 3 * face.gaze[0]
        height = max(1.2, 9 * (1 - face.blink))
        cel.oval(x, -3 + 2 * face.gaze[1], 6.5, height, head.iris, line=0)
        cel.oval(x - 2, -6, 2, 2.4, WHITE, line=0)
    x = 10 * face.turn
    with cel.loose():
        if face.mouth < 0.08:
            cel.stroke(curves.arc(x, 10, 8, 5, 0.2, math.pi - 0.2), 2.2, head.iris)
        else:
            cel.oval(x, 14, 7, 1.5 + 6 * face.mouth, head.iris, line=0)
