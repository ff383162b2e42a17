"""What figures do: a pose for every moment of an action, by key poses, arcs and easing.

Every function takes the time in seconds and returns a `Pose`. Figures face +x; a shot mirrors and
moves them. Locomotion returns poses whose feet hold the ground when the figure advances at
`WALK_SPEED` or `RUN_SPEED` local units a second (times the tempo that stretched its time).
"""

import math
from dataclasses import replace

from atd12k.cartoon.curves import Point, ease, keyed, keyed_loop, settle
from atd12k.cartoon.figures import Pose
from atd12k.cartoon.headdress import Expression

TAU = 2 * math.pi
WALK_PERIOD, WALK_REACH = 0.96, 26.0
RUN_PERIOD, RUN_REACH = 0.56, 40.0
WALK_STANCE, RUN_STANCE = 0.56, 0.38
WALK_SPEED = 2 * WALK_REACH / (WALK_PERIOD * WALK_STANCE)
RUN_SPEED = 2 * RUN_REACH / (RUN_PERIOD * RUN_STANCE)
JUMP_PERIOD = 1.5


def blinking(t: float, phase: float) -> float:
    """Returns how closed the eyes are: a blink of a fifth of a second every few seconds."""
    u = (t + phase) % 2.7
    return keyed(u, [(0.0, 0.0), (0.08, 1.0), (0.13, 1.0), (0.22, 0.0)])


def speech(t: float, phase: float = 0.0) -> float:
    """Returns how far the mouth is open in running speech, 0..1."""
    wave = math.sin(TAU * 2.7 * t + phase) + 0.7 * math.sin(TAU * 4.3 * t + 2 * phase + 1)
    return min(1.0, max(0.0, 0.32 + 0.42 * wave))


def _step(phase: float, reach: float, stance: float, height: float) -> tuple[Point, float]:
    """Returns sole position and toe angle of one foot; its stance begins at phase 0."""
    p = phase % 1.0
    if p < stance:
        u = p / stance
        toe = keyed(u, [(0.0, -0.35), (0.18, 0.0), (0.7, 0.0), (1.0, 0.7)])
        return (reach * (1 - 2 * u), -8 * max(0.0, toe)), toe
    u = (p - stance) / (1 - stance)
    x = -reach + 2 * reach * ease(u)
    y = -height * math.sin(math.pi * u) ** 1.2 - 5.6 * (1 - u)
    return (x, y), keyed(u, [(0.0, 0.7), (0.35, 0.9), (1.0, -0.35)])


def walk(t: float, *, phase: float = 0.0, bounce: float = 1.0) -> Pose:
    """Returns a pose of a springy walk."""
    p = t / WALK_PERIOD + phase
    near_foot, near_toe = _step(p, WALK_REACH, WALK_STANCE, 15)
    far_foot, far_toe = _step(p + 0.5, WALK_REACH, WALK_STANCE, 15)
    arm = math.cos(TAU * p)
    lag = math.sin(TAU * 2 * p - 0.6)
    return Pose(
        lift=-2.5 - 4.0 * bounce * math.cos(TAU * 2 * (p - 0.08)),
        lean=0.05 + 0.02 * math.cos(TAU * 2 * p),
        near_hand=_swung(-0.75 * arm, 52),
        far_hand=_swung(0.75 * arm, 50),
        near_foot=near_foot,
        far_foot=far_foot,
        near_toe=near_toe,
        far_toe=far_toe,
        head_tilt=0.04 * math.cos(TAU * p),
        nod=(0.0, 1.6 * lag),
        face=Expression(turn=0.75, blink=blinking(t, phase * 5), swing=0.2 + 0.12 * lag),
        swing=0.35 + 0.16 * lag,
    )


def run(t: float, *, phase: float = 0.0) -> Pose:
    """Returns a pose of a run, leaning forward, both feet off the ground in between."""
    p = t / RUN_PERIOD + phase
    near_foot, near_toe = _step(p, RUN_REACH, RUN_STANCE, 34)
    far_foot, far_toe = _step(p + 0.5, RUN_REACH, RUN_STANCE, 34)
    arm = math.cos(TAU * p)
    lag = math.sin(TAU * 2 * p - 0.9)
    return Pose(
        lift=1.0 - 7.0 * math.cos(TAU * 2 * (p - 0.1)),
        lean=0.24,
        stretch=1 + 0.03 * math.sin(TAU * 2 * p),
        near_hand=(10 - 30 * arm, 33 - 16 * max(0.0, -arm)),
        far_hand=(16 + 30 * arm, 31 - 16 * max(0.0, arm)),
        near_foot=near_foot,
        far_foot=far_foot,
        near_toe=near_toe,
        far_toe=far_toe,
        head_tilt=-0.14,
        nod=(3.0, 2.5 * lag),
        face=Expression(turn=0.85, mouth=0.45, smile=0.9, brows=0.5, swing=0.45 + 0.2 * lag),
        swing=0.8 + 0.25 * lag,
    )


def _swung(angle: float, length: float) -> Point:
    return length * math.sin(angle) + 6, length * math.cos(angle)


def idle(t: float, *, phase: float = 0.0, turn: float = 0.35) -> Pose:
    """Returns a pose of standing and breathing."""
    breath = math.sin(TAU * t / 2.2 + phase)
    return Pose(
        stretch=1 + 0.008 * breath,
        near_hand=(5 + breath, 52),
        far_hand=(12, 50 + breath),
        head_tilt=0.03 * breath,
        face=Expression(turn=turn, blink=blinking(t, phase), swing=0.03 * breath),
        swing=0.05 * breath,
    )


def talk(t: float, *, phase: float = 0.0, turn: float = 0.45, energy: float = 1.0) -> Pose:
    """Returns a pose of telling something with head and hands."""
    beat = keyed_loop(t + phase, 1.3, [(0, 0), (0.16, 1), (0.42, 0.8), (0.6, -0.35), (1, 0)])
    other = keyed_loop(t + phase + 0.4, 1.7, [(0, 0), (0.2, 1), (0.5, 1), (0.7, 0), (1, 0)])
    tilt = math.sin(TAU * t / 1.9 + phase) * 0.09 * energy
    return Pose(
        lift=-1.5 - 1.5 * beat,
        lean=0.03 * beat * energy,
        near_hand=(22 + 26 * beat * energy, 36 - 36 * beat * energy),
        far_hand=(26 + 24 * other, 38 - 44 * other * energy),
        head_tilt=tilt + 0.05 * beat,
        nod=(2.5 * beat * energy, 2.0 * math.sin(TAU * t / 0.65 + phase)),
        face=Expression(
            turn=turn + 0.2 * other - 0.1 * beat,
            mouth=speech(t, phase),
            blink=blinking(t, phase),
            gaze=(0.3, -0.2 * other),
            brows=beat * 0.8,
            swing=-1.2 * tilt,
        ),
        swing=0.12 * beat,
    )


def wave(t: float, *, phase: float = 0.0) -> Pose:
    """Returns a pose of waving a raised hand."""
    up = ease((t + 0.1) * 2.2)
    angle = 0.55 * math.sin(TAU * t * 1.6 + phase) * up
    hand = (
        6 - 34 * up + 30 * math.sin(angle - 0.35) * up,
        48 * (1 - up) - (18 + 24 * math.cos(angle)) * up,
    )
    base = idle(t, phase=phase, turn=0.3)
    face = replace(base.face, mouth=0.55, smile=0.9, brows=0.7, swing=0.12 * angle)
    return replace(
        base, near_hand=hand, head_tilt=0.1 * angle, lean=-0.05 * angle, face=face, elbow=-1.0
    )


def jump(t: float, *, phase: float = 0.0) -> tuple[Pose, float]:
    """Returns a pose of hopping and the height above the ground (local units, up is positive).

    Anticipation, take-off, ballistic flight, landing with squash and settling, all in
    `JUMP_PERIOD`.
    """
    u = (t + phase) % JUMP_PERIOD
    off, land = 0.46, 1.02
    flight = (u - off) / (land - off)
    air = 4 * flight * (1 - flight) if 0 < flight < 1 else 0.0
    crouch = keyed(
        u, [(0.0, 0), (0.3, 1), (0.36, 1), (off, 0), (land, 0.1), (1.14, 0.85), (1.5, 0)]
    )
    speed = (1 - 2 * flight) if 0 < flight < 1 else 0.0
    arms = keyed(u, [(0.0, 0), (0.32, -0.9), (off + 0.08, 2.0), (0.8, 1.8), (land, 1.1), (1.3, 0)])
    tuck = 22 * air
    pose = Pose(
        lift=-22 * crouch,
        lean=0.3 * crouch - 0.05 * air,
        stretch=1 - 0.07 * crouch + 0.07 * abs(speed),
        near_hand=_swung(-0.8 * arms, 54),
        far_hand=_swung(arms + 0.12, 54),
        near_foot=(-9 - 8 * air, -tuck),
        far_foot=(10 + 4 * air, -3 - tuck * 1.1),
        near_toe=0.6 * air,
        far_toe=0.5 * air,
        head_tilt=-0.12 * air + 0.1 * crouch,
        face=Expression(
            turn=0.4,
            mouth=0.25 + 0.6 * air,
            smile=0.9,
            brows=air,
            blink=0.9 * crouch,
            swing=0.12 * speed,
        ),
        swing=0.45 * speed + 0.2 * settle(u - land),
    )
    return pose, 92 * air


def cheer(t: float, *, phase: float = 0.0) -> Pose:
    """Returns a pose of cheering with both arms and bent knees."""
    p = t * 1.5 + phase
    bob = math.sin(TAU * p)
    sway = math.sin(TAU * p / 2)
    return Pose(
        lift=-6 + 5 * bob,
        lean=0.1 * sway,
        stretch=1 + 0.02 * bob,
        near_hand=(-36 + 12 * sway, -36 - 9 * bob),
        far_hand=(40 + 12 * sway, -36 - 9 * bob),
        head_tilt=-0.12 * sway,
        face=Expression(turn=0.25, mouth=0.8, smile=1.0, brows=0.8, swing=-0.2 * sway),
        swing=-0.35 * sway,
        elbow=-1.0,
    )


def eat(t: float, *, phase: float = 0.0) -> tuple[Pose, Point]:
    """Returns a pose of biting and chewing and the hand that holds the food, from the shoulder."""
    period = 1.9
    up = keyed_loop(
        t + phase, period, [(0, 0), (0.05, -0.1), (0.22, 1), (0.4, 1), (0.62, 0), (1, 0)]
    )
    chew = math.sin(TAU * 2.6 * t) * (1 - up)
    hand = (38 - 8 * up, 28 - 43 * up)
    pose = Pose(
        lean=0.1 * up,
        near_hand=hand,
        far_hand=(30, 40),
        head_tilt=0.1 * up,
        nod=(3 * up, 1.6 * chew),
        face=Expression(
            turn=0.6,
            mouth=0.9 * max(0.0, up - 0.25) + 0.1 * max(0.0, chew),
            smile=0.6 + 0.3 * chew,
            blink=max(blinking(t, phase), 0.85 * (1 - up) * (0.5 + 0.5 * math.sin(t))),
            gaze=(0.5, 0.4 * (1 - up)),
            brows=0.6 * up,
            swing=0.06 * chew,
        ),
    )
    return pose, hand


def fetch(t: float, *, phase: float = 0.0) -> tuple[Pose, float]:
    """Returns a pose of bending down for a thing and lifting it, and how far it is lifted, 0..1."""
    u = (t + phase) % 2.4
    down = keyed(u, [(0.0, 0), (0.12, -0.08), (0.55, 1), (0.8, 1), (1.25, 0), (2.4, 0)])
    up = keyed(u, [(0.8, 0), (1.3, 1.0), (1.5, 0.9), (1.9, 0.95), (2.3, 0.1), (2.4, 0)])
    pose = Pose(
        lift=-23 * max(0.0, down),
        lean=0.72 * down - 0.1 * up,
        near_hand=(34 + 10 * down + 14 * up, 28 + 18 * down - 26 * up),
        far_hand=(26 + 14 * down + 20 * up, 32 + 14 * down - 32 * up),
        near_foot=(-16, 0),
        far_foot=(14, -3),
        head_tilt=-0.3 * down - 0.06 * up,
        face=Expression(
            turn=0.7,
            mouth=0.6 * up,
            smile=0.3 + 0.7 * up,
            gaze=(0.5, 0.8 * down - 0.5 * up),
            brows=up,
            swing=-0.25 * down + 0.15 * settle(u - 1.25),
        ),
        swing=-0.3 * down + 0.2 * settle(u - 1.25),
    )
    return pose, up


def kick(t: float, *, phase: float = 0.0) -> tuple[Pose, float]:
    """Returns a pose of kicking a ball and the time since the foot met it (negative before)."""
    u = (t + phase) % 1.8
    leg = keyed(u, [(0.0, 0), (0.42, -1), (0.5, -1), (0.68, 1.0), (0.8, 1.15), (1.25, 0), (1.8, 0)])
    back = max(0.0, -leg)
    front = max(0.0, leg)
    foot = (14 + 46 * leg, -3 - 30 * back - 26 * front**2)
    pose = Pose(
        lift=-4 - 4 * back,
        lean=0.16 * back - 0.22 * front,
        near_hand=_swung(1.0 * leg + 0.2, 52),
        far_hand=_swung(-1.1 * leg, 50),
        near_foot=(-10, 0),
        far_foot=foot,
        far_toe=0.8 * back - 0.7 * front,
        head_tilt=0.1 * leg,
        face=Expression(
            turn=0.8, mouth=0.5 * front, smile=0.7, brows=-0.6 * back + 0.8 * front, swing=0.2 * leg
        ),
        swing=0.3 * leg,
    )
    return pose, u - 0.64


def cartwheel(t: float) -> Pose:
    """Returns a pose of a star-shaped figure that turns once in 1.1 s while it moves on."""
    angle = TAU * t / 1.1
    return Pose(
        spin=angle,
        lift=6,
        near_hand=(-40, -38),
        far_hand=(40, -38),
        near_foot=(-32, -4),
        far_foot=(34, -5),
        near_toe=0.5,
        far_toe=-0.5,
        face=Expression(turn=0.15, mouth=0.9, smile=1.0, brows=0.8, swing=0.3),
        swing=0.1,
    )


def sit_and_swing(t: float, angle: float) -> Pose:
    """Returns a pose of sitting on a swing that hangs at `angle` from the vertical."""
    pump = math.sin(angle * 2.0)
    return Pose(
        lean=-0.3 - 0.12 * pump,
        near_hand=(52, 0),
        far_hand=(31, 0),
        near_foot=(42 + 10 * pump, -36 - 12 * pump),
        far_foot=(48 + 10 * pump, -38 - 12 * pump),
        near_toe=-0.4,
        far_toe=-0.4,
        face=Expression(
            turn=0.6, mouth=0.55, smile=1.0, brows=0.6, blink=blinking(t, 0.4), swing=0.5 * angle
        ),
        swing=0.4 * angle,
    )
