"""Two-legged figures: body, clothes and limbs around a head.

A figure stands on (0, 0), faces +x and is about 205 local units tall, the hip at 70 and the
shoulders at 118 above the ground. Hands and feet of a pose are given where the hand wants to be;
two bones find the way there.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from atd12k.cartoon import curves
from atd12k.cartoon.curves import Point
from atd12k.cartoon.drawing import Cel, Color, darker, lighter, rotation, scaling, translation
from atd12k.cartoon.faces import draw_head
from atd12k.cartoon.headdress import Expression, Head

HIP = -70.0
SHOULDER = -116.0
ARM = 31.0
LEG = 32.2


@dataclass(frozen=True)
class Figure:
    """How a figure is built and dressed.

    Attributes:
      head: Its head.
      top: Colour of shirt, dress, hoodie or coat.
      bottom: Colour of trousers, skirt or legs of an animal.
      shoes: Colour of the shoes.
      outfit: 'shirt', 'dress', 'overalls', 'coat' or 'fur'.
      scarf: Colour of a scarf, if any.
      tail: 'none', 'cat', 'fox' or 'rabbit'.
      head_size: Scale of the head.
      girth: Scale of the body's width.
      height: Height in world units when drawn at scale 1.
    """

    head: Head = field(default_factory=Head)
    top: Color = (222, 92, 84)
    bottom: Color = (66, 88, 140)
    shoes: Color = (120, 72, 52)
    outfit: str = "shirt"
    scarf: Color | None = None
    tail: str = "none"
    head_size: float = 1.0
    girth: float = 1.0
    height: float = 230.0


@dataclass(frozen=True)
class Pose:
    """What a figure does, in its local units.

    Attributes:
      lift: Height of the hip above its place when standing (negative when crouching).
      lean: Turn of the trunk around the hip; positive leans to +x.
      stretch: Squash and stretch of the whole figure: height times this, width divided by it.
      spin: Turn of the whole figure around its middle (cartwheels).
      near_hand, far_hand: Hands relative to the shoulder, y down.
      near_foot, far_foot: Feet (soles) relative to the ground below the hip, y down.
      near_toe, far_toe: Turn of the feet; positive points the toes down.
      head_tilt: Turn of the head.
      nod: Shift of the head, (x, y).
      face: The face.
      swing: Follow-through of skirt, scarf and tail, radians; positive trails to -x.
      elbow, far_elbow: +1 or -1, the side to which the elbows bend.
    """

    lift: float = 0.0
    lean: float = 0.0
    stretch: float = 1.0
    spin: float = 0.0
    near_hand: Point = (6.0, 52.0)
    far_hand: Point = (12.0, 50.0)
    near_foot: Point = (-9.0, 0.0)
    far_foot: Point = (10.0, -3.0)
    near_toe: float = 0.0
    far_toe: float = 0.0
    head_tilt: float = 0.0
    nod: Point = (0.0, 0.0)
    face: Expression = field(default_factory=Expression)
    swing: float = 0.0
    elbow: float = 1.0
    far_elbow: float = 1.0


def draw_figure(cel: Cel, figure: Figure, pose: Pose) -> None:
    """Draws a figure that stands on (0, 0)."""
    size = figure.height / 205.0
    with cel.within(
        scaling(size / pose.stretch, size * pose.stretch),
        translation(0, -95 - pose.lift),
        rotation(pose.spin),
        translation(0, 95 + pose.lift),
    ):
        hip = (0.0, HIP - pose.lift)
        trunk = (translation(*hip), rotation(pose.lean), translation(0.0, -HIP))
        with cel.within(*trunk):
            _tail(cel, figure, pose)
            _arm(cel, figure, pose, pose.far_hand, 11 - 3 * pose.face.turn, near=False)
        _leg(cel, figure, (7.0, hip[1]), pose.far_foot, pose.far_toe, near=False)
        _leg(cel, figure, (-7.0, hip[1]), pose.near_foot, pose.near_toe, near=True)
        with cel.within(*trunk):
            _body(cel, figure, pose)
            with cel.within(
                translation(2 + pose.nod[0], SHOULDER - 40 * figure.head_size + pose.nod[1]),
                rotation(pose.head_tilt),
                scaling(figure.head_size, figure.head_size),
            ):
                draw_head(cel, figure.head, pose.face)
            _scarf(cel, figure, pose)
            _arm(cel, figure, pose, pose.near_hand, -14 - 2 * pose.face.turn, near=True)


def _leg(cel: Cel, figure: Figure, hip: Point, foot: Point, toe: float, *, near: bool) -> None:
    fur = figure.outfit == "fur"
    bare = figure.outfit in ("dress", "coat")
    color = figure.top if fur else figure.head.skin if bare else figure.bottom
    color = color if near else darker(color, 0.16)
    ankle = curves.within_reach(hip, (foot[0], foot[1] - 8), 2 * LEG)
    knee = curves.bend(hip, ankle, LEG, LEG, 1.0)
    path = curves.open_spline([hip, knee, ankle], samples=8)
    radii = np.interp(np.linspace(0, 1, len(path)), [0, 0.5, 1], [12, 9, 7])
    cel.tube(path, radii * math.sqrt(figure.girth) * (0.8 if bare else 1.0), color)
    with cel.within(translation(ankle[0], ankle[1]), rotation(toe)):
        shoe = figure.shoes if near else darker(figure.shoes, 0.18)
        cel.blob([(-9, -6), (2, -8), (12, -2), (21, 2), (22, 8), (6, 9.5), (-9, 9)], shoe)
        if not fur:
            sole = [(-10, 6), (22, 6), (22, 9.5), (-9, 9.5)]
            cel.shape(sole, lighter(shoe, 0.75), line=0.5)


def _arm(cel: Cel, figure: Figure, pose: Pose, hand: Point, x: float, *, near: bool) -> None:
    fur = figure.outfit == "fur"
    shoulder = (x * figure.girth, SHOULDER + 9)
    wrist = curves.within_reach(shoulder, (shoulder[0] + hand[0], shoulder[1] + hand[1]), 2 * ARM)
    elbow = curves.bend(shoulder, wrist, ARM, ARM, -pose.elbow if near else -pose.far_elbow)
    path = curves.open_spline([shoulder, elbow, wrist], samples=8)
    skin = figure.head.skin if not fur else figure.top
    sleeve = figure.top
    if not near:
        skin, sleeve = darker(skin, 0.14), darker(sleeve, 0.16)
    count = len(path)
    short = figure.outfit in ("dress", "overalls")
    radii = np.interp(np.linspace(0, 1, count), [0, 0.5, 1], [8.5, 7.2, 6.0])
    heading = math.atan2(path[-1][1] - path[-3][1], path[-1][0] - path[-3][0])
    _hand(cel, wrist, heading, skin)
    if short:
        cel.tube(path, radii * 0.82, skin)
        cut = count // 2
        cel.tube(path[:cut], np.linspace(9.5, 10.5, cut), sleeve)
    else:
        cel.tube(path[: count - 1], radii[: count - 1] * 1.08, sleeve)
        if not fur:
            cuff = path[count - 3 :]
            cel.tube(cuff[:2], (7.2, 7.2), lighter(sleeve, 0.3))


def _hand(cel: Cel, wrist: Point, heading: float, skin: Color) -> None:
    with cel.within(translation(*wrist), rotation(heading)):
        cel.tube([(3, -2), (9, -8)], (3.4, 3.2), skin)
        cel.blob([(-4, -6), (6, -7), (14, -4), (15, 4), (7, 7.5), (-4, 6)], skin)


def _body(cel: Cel, figure: Figure, pose: Pose) -> None:
    wide, sway = figure.girth, -22 * pose.swing
    if figure.outfit in ("dress", "coat"):
        hem = -44.0 if figure.outfit == "dress" else -38.0
        flare = 33 if figure.outfit == "dress" else 27
        controls = [
            (-12 * wide, SHOULDER),
            (13 * wide, SHOULDER),
            (17 * wide, SHOULDER + 22),
            (flare * wide + sway, hem - 4),
            (sway, hem + 3),
            (-flare * wide + sway, hem - 4),
            (-17 * wide, SHOULDER + 22),
        ]
    else:
        controls = [
            (-12 * wide, SHOULDER),
            (13 * wide, SHOULDER),
            (19 * wide, SHOULDER + 14),
            (20 * wide, HIP - 6),
            (15 * wide, HIP + 6),
            (-15 * wide, HIP + 6),
            (-20 * wide, HIP - 6),
            (-19 * wide, SHOULDER + 14),
        ]
    outline = curves.closed_spline(controls)
    with cel.painted(outline, figure.top):
        _clothes(cel, figure, sway)
        if figure.outfit != "fur":
            shade = [(-4, SHOULDER - 4), (-30, SHOULDER), (-45, -20), (-14 + sway, -20), (-13, -90)]
            cel.shape(curves.closed_spline(shade), (*darker(figure.top, 0.6), 56), line=0)
        cel.oval(2, SHOULDER - 4, 22 * figure.head_size, 13, (40, 24, 60, 60), line=0)


def _clothes(cel: Cel, figure: Figure, sway: float) -> None:
    if figure.outfit == "overalls":
        cel.shape(curves.rounded_box(-28, HIP - 18, 56, 40, 4), figure.bottom)
        cel.shape(curves.rounded_box(-11, HIP - 34, 24, 22, 4), figure.bottom)
        for x in (-9, 11):
            cel.stroke([(x, HIP - 30), (x * 1.3, SHOULDER - 4)], 5.0, figure.bottom)
            cel.oval(x, HIP - 29, 2.6, 2.6, (244, 206, 92), line=0.5)
    elif figure.outfit == "shirt":
        for row in (0, 1):
            y = SHOULDER + 19 + 13 * row
            cel.shape([(-40, y), (40, y), (40, y + 6), (-40, y + 6)], figure.shoes, line=0)
    elif figure.outfit == "dress":
        belt = curves.rounded_box(-30, HIP - 19, 60, 7, 2)
        cel.shape(belt, lighter(figure.bottom, 0.1), line=0.7)
        hem = curves.open_spline([(-50 + sway, -52), (sway, -45), (50 + sway, -52)])
        cel.stroke(hem, 4.0, lighter(figure.top, 0.6))
    elif figure.outfit == "coat":
        cel.stroke([(5, SHOULDER), (5 + sway * 0.6, -30)], 2.0)
        for y in (SHOULDER + 22, SHOULDER + 38, SHOULDER + 54):
            cel.oval(11 + sway * 0.1, y, 2.8, 2.8, lighter(figure.bottom, 0.4), line=0.6)
    else:
        belly = lighter(figure.top, 0.55)
        cel.oval(5, HIP - 16, 15 * figure.girth, 25, belly, line=0)


def _scarf(cel: Cel, figure: Figure, pose: Pose) -> None:
    if figure.scarf is None:
        return
    points: list[Point] = [(-14.0, SHOULDER + 3)]
    for k in range(4):
        angle = -0.5 - pose.swing * (1.2 + 0.3 * k) + 0.16 * math.sin(2.0 * k + 9 * pose.swing)
        points.append(curves.on_circle(points[-1], angle, 13))
    path = curves.open_spline(points)
    cel.tube(path, np.linspace(5, 7.5, len(path)), darker(figure.scarf, 0.18))
    wrap = curves.open_spline([(-18, SHOULDER - 1), (3, SHOULDER + 6), (22, SHOULDER - 2)])
    cel.tube(wrap, 7.2, figure.scarf)


def _tail(cel: Cel, figure: Figure, pose: Pose) -> None:
    if figure.tail == "none":
        return
    root = (-12.0 * figure.girth, HIP - 6)
    if figure.tail == "rabbit":
        cel.oval(root[0] - 5, root[1] - 2, 10, 10, lighter(figure.top, 0.6))
        return
    thick = figure.tail == "fox"
    points: list[Point] = [root]
    for k in range(5):
        angle = -1.0 - 0.32 * k - pose.swing * (0.4 + 0.35 * k)
        points.append(curves.on_circle(points[-1], angle, 19 if thick else 15))
    path = curves.open_spline(points)
    girths = [6, 12, 17, 15, 9, 2] if thick else [6, 6, 6, 6, 6, 5]
    radii = np.interp(np.linspace(0, 1, len(path)), np.linspace(0, 1, 6), girths)
    cel.tube(path, radii, figure.top)
    if thick:
        tip = slice(len(path) * 2 // 3, None)
        cel.tube(path[tip], radii[tip] * 0.92, lighter(figure.top, 0.75), line=0.4)
