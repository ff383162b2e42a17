"""Hair and hats, and what describes a head and its expression.

Conventions are those of `faces`: a head lies around (0, 0) with a radius of about 40 local units.
"""

import math
from dataclasses import dataclass

import numpy as np

from atd12k.cartoon import curves
from atd12k.cartoon.drawing import Cel, Color, darker, lighter, rotation, translation


@dataclass(frozen=True)
class Head:
    """How a head looks.

    Attributes:
      species: 'human', 'cat', 'bear', 'rabbit', 'fox' or 'robot'.
      skin: Skin or fur.
      hair: Hair; the inner ears and the muzzle of an animal.
      hair_style: 'bob', 'spiky', 'ponytail', 'buns', 'short' or 'none'.
      eyes: 'tall' (large, with iris), 'round' (white with a pupil) or 'dot'.
      iris: Colour of the iris.
      hat: 'none', 'cap', 'beanie', 'straw' or 'bow'.
      hat_color: Colour of the hat.
      chin: 1 is round; less is pointed.
    """

    species: str = "human"
    skin: Color = (252, 219, 190)
    hair: Color = (98, 62, 44)
    hair_style: str = "bob"
    eyes: str = "tall"
    iris: Color = (74, 122, 178)
    hat: str = "none"
    hat_color: Color = (214, 72, 68)
    chin: float = 0.8


@dataclass(frozen=True)
class Expression:
    """What a face does.

    Attributes:
      turn: -0.2..1, how far the face looks towards +x.
      mouth: 0 closed .. 1 wide open.
      smile: -1 sad .. 1 smiling.
      blink: 0 open .. 1 closed.
      gaze: Where the eyes look, (x, y), each -1..1.
      brows: -1 frowning .. 1 raised.
      swing: Follow-through of hair, ears and pompoms, radians.
    """

    turn: float = 0.3
    mouth: float = 0.0
    smile: float = 0.6
    blink: float = 0.0
    gaze: tuple[float, float] = (0.2, 0.0)
    brows: float = 0.0
    swing: float = 0.0


def draw_back_hair(cel: Cel, head: Head, face: Expression) -> None:
    """Draws the hair behind the head."""
    swing, tone = face.swing, darker(head.hair, 0.28)
    if head.hair_style == "bob":
        drift = 26 * swing
        cel.blob(
            [
                (0, -46),
                (36, -34),
                (46, 0),
                (42 + drift, 34),
                (22 + drift, 42),
                (0, 30),
                (-24 + drift, 42),
                (-47 + drift, 34),
                (-48, 0),
                (-36, -34),
            ],
            tone,
        )
    elif head.hair_style == "ponytail":
        root = (-30.0, -22.0)
        tips = [root]
        for k in range(1, 5):
            angle = -1.35 + 0.42 * k + swing * (0.5 + 0.45 * k)
            tips.append(curves.on_circle(tips[-1], angle, 19))
        cel.tube(curves.open_spline(tips), _interpolated([8, 15, 15, 10, 2], 25), head.hair)
        cel.oval(root[0], root[1], 7, 8, head.hat_color)
    elif head.hair_style == "buns":
        for side in (-1, 1):
            bob = 4 * swing * side
            cel.oval(side * 36 - 4 * face.turn, -34 + bob, 17, 17, tone)
        cel.oval(0, -6, 44, 40, tone)
    elif head.hair_style == "spiky":
        tips = []
        for k in range(7):
            angle = math.pi * (0.97 + 1.0 * k / 6)
            for reach, offset in ((42, -0.24), (62 + 7 * (k % 2), 0.04)):
                bend = angle + offset + swing * 0.35 * (reach > 50)
                tips.append((reach * math.cos(bend) - 2, reach * math.sin(bend) * 0.93 - 2))
        cel.shape(np.array([*tips, (36, 8), (-34, 22)]), head.hair)
    elif head.hair_style == "short":
        cel.blob([(0, -46), (38, -34), (43, 2), (30, 12), (-36, 22), (-45, 2), (-38, -34)], tone)


def _interpolated(values: list[float], count: int) -> np.ndarray:
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(values)), values)


def draw_fringe(cel: Cel, head: Head, face: Expression) -> None:
    """Draws the hair over the brow."""
    if head.hair_style == "none":
        return
    drift = 7 * face.turn
    swing = 14 * face.swing
    spiky = head.hair_style == "spiky"
    top = curves.arc(0, -3, 42.5, 42, math.pi + 0.02, 2 * math.pi - 0.02, samples=22)
    locks = {"spiky": 5, "bob": 4, "short": 3}.get(head.hair_style, 3)
    edge = []
    xs = np.linspace(42, -42, locks + 1)
    for k in range(locks):
        right, left = xs[k], xs[k + 1]
        middle = (right + left) / 2
        bulge = 1 - (middle / 60) ** 2
        tip_y = -9 + 10 * (1 - bulge) * 2 + (5 if spiky else 0)
        tip = (middle + drift - 6 + swing, tip_y)
        valley = (left + drift * (1 - abs(left) / 42), -25 * (1 - (left / 48) ** 2) + 2)
        near = (right * 0.82 + middle * 0.18 + drift, (tip_y - 22) / 2 - 3)
        far = (left * 0.72 + middle * 0.28 + drift * 0.8, (tip_y - 22) / 2 + 2)
        edge += [near, tip, far, valley] if k < locks - 1 else [near, tip, far]
    cel.shape(np.concatenate([top, np.array(edge)]), head.hair, line=0.9)
    if head.hat in ("none", "bow"):
        shine = curves.arc(-2 + drift * 0.4, 0, 31, 30, math.pi * 1.22, math.pi * 1.62, samples=12)
        widths = 1.0 + 4.5 * np.sin(np.linspace(0, math.pi, 12))
        cel.stroke(shine, widths, lighter(head.hair, 0.38))
    if head.hair_style in ("bob", "ponytail", "buns"):
        for side in (-1, 1):
            x = side * 39 + (2 if side < 0 else -1) * face.turn
            lock = [(x - 4, -16), (x + 4, -16), (x + 4 + swing, 10), (x - side * 2 + swing * 2, 28)]
            cel.blob([*lock, (x - 4 + swing, 10)], head.hair, line=0.8)


def draw_hat(cel: Cel, head: Head, face: Expression) -> None:
    """Draws the hat or bow, over the hair."""
    color, shift = head.hat_color, 4 * face.turn
    if head.hat == "cap":
        crown = curves.arc(0, -14, 43.5, 37, math.pi, 2 * math.pi)
        cel.shape(np.concatenate([crown, [(24, -19), (0, -21), (-24, -19)]]), color)
        brim = [(0 + shift, -22), (30 + shift, -23), (62 + shift * 2, -12), (58 + shift * 2, -7)]
        cel.blob([*brim, (26, -13), (-2, -14)], darker(color, 0.25))
        cel.oval(0, -51, 4, 3, lighter(color, 0.3))
        cel.stroke(curves.arc(8, -16, 14, 34, math.pi * 1.05, math.pi * 1.5), 1.4)
    elif head.hat == "beanie":
        crown = curves.arc(0, -14, 43, 42, math.pi, 2 * math.pi)
        cel.oval(face.swing * 30, -61 + abs(face.swing) * 8, 11, 11, lighter(color, 0.65))
        cel.shape(crown, color)
        cel.shape(curves.rounded_box(-46, -25, 92, 15, 7), lighter(color, 0.45))
        for x in range(-32, 40, 16):
            cel.stroke([(x, -23), (x, -13)], 1.3, darker(color, 0.25))
    elif head.hat == "straw":
        cel.oval(shift, -22, 68, 13, color, angle=-0.04)
        cel.shape(curves.arc(0, -23, 38, 36, math.pi, 2 * math.pi), color)
        band = np.concatenate(
            [
                curves.arc(0, -23, 38.5, 8, math.pi, 0.0),
                curves.arc(0, -32, 37.5, 8, 0.0, math.pi),
            ]
        )
        cel.shape(band, (206, 66, 60), line=0.8)
    elif head.hat == "bow":
        with cel.within(translation(18 - 6 * face.turn, -42), rotation(0.25 + face.swing * 0.4)):
            for side in (-1, 1):
                cel.blob([(0, 0), (side * 22, -12), (side * 25, 3), (side * 20, 12)], color)
            cel.oval(0, 0, 6, 7, lighter(color, 0.2))
