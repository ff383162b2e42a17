"""What happens in a shot: who stands where, does what, with which things.

An act draws on the plane of the action, in world units (the ground at `scenery.GROUND`), at a time
in seconds that the shot has already held on its drawings and scaled by its tempo. It is written for
action towards +x and mirrored as a whole.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from atd12k.cartoon import acting, creatures
from atd12k.cartoon.curves import on_circle
from atd12k.cartoon.drawing import Cel, rotation, scaling, translation
from atd12k.cartoon.faces import draw_head
from atd12k.cartoon.figures import Figure, Pose, draw_figure
from atd12k.cartoon.films import Film
from atd12k.cartoon.headdress import Expression
from atd12k.cartoon.scenery import GROUND

TAU = 2 * math.pi
FIGURE_UNITS = 205.0


@dataclass(frozen=True)
class Scene:
    """What an act gets to draw with: its cel, its film and phases of its own."""

    cel: Cel
    film: Film
    phases: tuple[float, ...]

    def figure(self, number: int) -> Figure:
        """Returns a member of the cast, the leading part first."""
        return self.film.cast[number % len(self.film.cast)]


@dataclass(frozen=True)
class Act:
    """An act and how it is filmed.

    Attributes:
      draw: Draws it at a time.
      behavior: Its name in the annotations.
      cameras: Ways to film it.
      advance: Distance gone at a time, which a following camera goes too.
      camera_offset: Where the camera looks before it moves.
      foreground: Whether things may pass between it and the camera.
      framing: How near the camera may go.
      focus: Height that stays in its place when the camera goes near, world units.
    """

    draw: Callable[[Scene, float], None]
    behavior: str
    cameras: tuple[str, ...]
    advance: Callable[[float], float] = lambda t: 0.0
    camera_offset: tuple[float, float] = (0.0, 0.0)
    foreground: bool = True
    framing: float = 1.45
    focus: float = 130.0


def draw_act(cel: Cel, name: str, film: Film, t: float, mirrored: bool, seed: str) -> None:
    """Draws the act `name` of a film at time `t` on the current layer."""
    rng = random.Random(seed + "/act")
    phases = tuple(rng.random() for _ in range(8))
    if mirrored:
        with cel.within(scaling(-1, 1)):
            ACTS[name].draw(Scene(cel, film, phases), t)
    else:
        ACTS[name].draw(Scene(cel, film, phases), t)


def _stand(
    scene: Scene,
    figure: Figure,
    pose: Pose,
    x: float,
    y: float = GROUND,
    *,
    size: float = 1.0,
    facing: float = 1.0,
    height: float = 0.0,
    shadow: bool = True,
) -> None:
    """Draws a figure on the ground at (x, y), `height` above it."""
    wide = size * figure.height / FIGURE_UNITS
    if shadow:
        shrink = 1 - min(0.5, height / 300)
        haze = scene.film.place.haze
        scene.cel.oval(x + 4, y + 3, 40 * wide * shrink, 7.5 * wide * shrink, haze, line=0)
    with scene.cel.within(translation(x, y - height), scaling(size * facing, size)):
        draw_figure(scene.cel, figure, pose)


def _walking(scale: float) -> Callable[[float], float]:
    return lambda t: acting.WALK_SPEED * scale * t


def _walk(scene: Scene, t: float) -> None:
    figure = scene.figure(0)
    x = acting.WALK_SPEED * figure.height / FIGURE_UNITS * t
    _stand(scene, figure, acting.walk(t, phase=scene.phases[0]), x)


def _stroll(scene: Scene, t: float) -> None:
    second, first = scene.figure(1), scene.figure(0)
    x = acting.WALK_SPEED * first.height / FIGURE_UNITS * t
    rate = first.height / second.height
    pose = acting.walk(t * rate, phase=scene.phases[0])
    _stand(scene, second, pose, x - 92, GROUND - 8)
    pose = acting.walk(t, phase=scene.phases[1])
    face = replace(pose.face, mouth=acting.speech(t, scene.phases[2] * 6), turn=0.3)
    _stand(scene, first, replace(pose, face=face), x + 52, GROUND + 14)


def _run(scene: Scene, t: float) -> None:
    figure = scene.figure(0)
    scale = figure.height / FIGURE_UNITS
    x = acting.RUN_SPEED * scale * t
    if len(scene.film.cast) > 1 and scene.phases[5] < 0.5:
        second = scene.figure(1)
        pose = acting.run(t * figure.height / second.height, phase=scene.phases[1])
        _stand(scene, second, pose, x - 190, GROUND - 12)
    _stand(scene, figure, acting.run(t, phase=scene.phases[0]), x)


def _talk(scene: Scene, t: float) -> None:
    figure = scene.figure(0 if scene.phases[0] < 0.6 else 1)
    pose = acting.talk(t, phase=TAU * scene.phases[1], energy=0.8 + 0.4 * scene.phases[2])
    _stand(
        scene, figure, pose, -40 + 60 * scene.phases[3], 400, size=495 / figure.height, shadow=False
    )


def _dialogue(scene: Scene, t: float) -> None:
    first, second = scene.figure(0), scene.figure(1)
    listening = acting.idle(t, phase=TAU * scene.phases[0], turn=0.6)
    nod = 0.09 * math.sin(TAU * t * 1.1)
    listening = replace(listening, head_tilt=nod)
    _stand(scene, second, listening, 145, 262, size=1.42, facing=-1)
    pose = acting.talk(t, phase=TAU * scene.phases[1], energy=1.1)
    _stand(scene, first, pose, -120, 270, size=1.42)


def _wave(scene: Scene, t: float) -> None:
    figure = scene.figure(0)
    _stand(scene, figure, acting.wave(t, phase=TAU * scene.phases[0]), -60, 232, size=1.32)
    if len(scene.film.cast) > 1:
        pose = acting.cheer(t, phase=scene.phases[1])
        _stand(scene, scene.figure(1), pose, 130, 222, size=1.25, facing=-1)


def _jump(scene: Scene, t: float) -> None:
    pose, height = acting.jump(t, phase=acting.JUMP_PERIOD * scene.phases[0])
    _stand(scene, scene.figure(0), pose, -70, GROUND + 10, height=height * 1.1)
    if len(scene.film.cast) > 1:
        pose, height = acting.jump(t, phase=acting.JUMP_PERIOD * scene.phases[1])
        _stand(scene, scene.figure(1), pose, 120, GROUND, height=height, facing=-1)


def _cheer(scene: Scene, t: float) -> None:
    for number, (x, y) in enumerate(((-110, GROUND + 26), (110, GROUND + 30))):
        pose = acting.cheer(t * (1 + 0.08 * number), phase=scene.phases[number])
        _stand(scene, scene.figure(number), pose, x, y, size=1.2, facing=1 - 2 * number)


def _eat(scene: Scene, t: float) -> None:
    figure = scene.figure(0)
    pose, hand = acting.eat(t, phase=1.9 * scene.phases[0])
    x, y, size = -30.0, 372.0, 450 / figure.height
    with scene.cel.within(translation(x, y), scaling(size, size)):
        draw_figure(scene.cel, figure, pose)
        unit = figure.height / FIGURE_UNITS
        shoulder_x = (-14 - 2 * pose.face.turn) * figure.girth
        reach = min(1.0, 61.9 / math.hypot(*hand))
        at = (shoulder_x + hand[0] * reach + 10, -107 + hand[1] * reach - 7)
        turned = (
            at[0] * math.cos(pose.lean) - (at[1] + 70) * math.sin(pose.lean),
            at[0] * math.sin(pose.lean) + (at[1] + 70) * math.cos(pose.lean) - 70,
        )
        with scene.cel.within(scaling(unit, unit), translation(*turned), rotation(0.2)):
            creatures.apple(scene.cel, (224, 66, 60), 12)


def _fetch(scene: Scene, t: float) -> None:
    figure, size = scene.figure(0), 1.25
    pose, up = acting.fetch(t, phase=2.4 * scene.phases[0])
    x, y = -60.0, GROUND + 30
    unit = size * figure.height / FIGURE_UNITS
    ball_x = x + unit * (62 - 2 * up)
    ball_y = y - 22 - unit * 96 * up
    _stand(scene, figure, pose, x, y, size=size)
    with scene.cel.within(translation(ball_x, ball_y)):
        creatures.ball(scene.cel, scene.film.paints[0], 26, 1.2 * up)
    if len(scene.film.cast) > 1:
        pose = acting.wave(t, phase=TAU * scene.phases[1])
        _stand(scene, scene.figure(1), pose, 210, GROUND, facing=-1)


def _kick(scene: Scene, t: float) -> None:
    pose, since = acting.kick(t, phase=1.8 * scene.phases[0])
    _stand(scene, scene.figure(0), pose, -180, GROUND + 14)
    flight = max(0.0, since)
    x = -118 + 430 * flight
    y = GROUND - 8 - max(0.0, 330 * flight - 420 * flight**2)
    stretch = 1 - 0.28 * math.exp(-((since / 0.05) ** 2))
    with scene.cel.within(translation(x, y)):
        creatures.ball(scene.cel, scene.film.paints[0], 24, 9 * flight, stretch)
    if len(scene.film.cast) > 1:
        pose, height = acting.jump(t, phase=scene.phases[1])
        _stand(scene, scene.figure(1), pose, 220, GROUND, facing=-1, height=height * 0.5)


def _ball(scene: Scene, t: float) -> None:
    u = (t * 0.95 + scene.phases[0]) % 1.0
    air = 4 * u * (1 - u)
    contact = min(u, 1 - u)
    squash = math.exp(-((contact / 0.05) ** 2))
    speed = abs(1 - 2 * u)
    stretch = 1 - 0.36 * squash + 0.16 * speed * (1 - squash)
    x = -250 + 130 * t
    radius = 38
    y = GROUND + 20 - radius * stretch - 200 * air
    scene.cel.oval(x, GROUND + 22, 34 - 14 * air, 6, scene.film.place.haze, line=0)
    with scene.cel.within(translation(x, y)):
        creatures.ball(scene.cel, scene.film.paints[-1], radius, 4.2 * t, stretch)
    pose, height = acting.jump(t, phase=acting.JUMP_PERIOD * scene.phases[1])
    _stand(scene, scene.figure(0), pose, 170, GROUND + 24, facing=-1, height=height * 0.4)


def _cartwheel(scene: Scene, t: float) -> None:
    figure = scene.figure(0)
    x = 205 * t
    _stand(scene, figure, acting.cartwheel(t + scene.phases[0]), x, GROUND - 2)
    if len(scene.film.cast) > 1:
        pose = acting.cheer(t, phase=scene.phases[1])
        _stand(scene, scene.figure(1), pose, 330, GROUND + 34, size=1.15)


def _swing(scene: Scene, t: float) -> None:
    cel, figure = scene.cel, scene.figure(0)
    angle = 0.62 * math.sin(TAU * t / 2.1 + TAU * scene.phases[0])
    pivot, length = (10.0, -320.0), 440.0
    size = figure.height / FIGURE_UNITS * 1.15
    seat = on_circle(pivot, angle, length)
    turn = -angle
    wood = (150, 100, 70)
    cel.oval(seat[0], GROUND + 30, 60, 9, scene.film.place.haze, line=0)
    with cel.within(translation(*seat), rotation(turn)):
        cel.stroke([(42, 0), (42, -length)], 4.0, (196, 164, 120))
        cel.tube([(-30, 4), (46, 4)], 6, wood)
        with cel.within(translation(0, 66 * size), scaling(1.15, 1.15)):
            draw_figure(cel, figure, acting.sit_and_swing(t, angle))
        cel.stroke([(36, 0), (36, -length)], 4.0, (214, 184, 140))


def _dog(scene: Scene, t: float) -> None:
    advance = 330 * t
    bounce = abs(math.sin(TAU * t * 0.9 + scene.phases[0]))
    ball_x = advance + 190 + 30 * math.sin(t * 1.4)
    with scene.cel.within(translation(ball_x, GROUND + 8 - 20 - 120 * bounce)):
        creatures.ball(scene.cel, scene.film.paints[1], 22, 7 * t, 1 + 0.1 * bounce)
    scene.cel.oval(advance, GROUND + 18, 82, 8, scene.film.place.haze, line=0)
    with scene.cel.within(translation(advance, GROUND + 16), scaling(1.4, 1.4)):
        creatures.dog(scene.cel, scene.film.paints[0], t + scene.phases[1])


def _drive(scene: Scene, t: float) -> None:
    advance = 360 * t
    slower = 250 * t
    face = Expression(turn=0.7, mouth=acting.speech(t), blink=acting.blinking(t, 1.0))

    def driver(number: int) -> Callable[[], None]:
        return lambda: draw_head(scene.cel, scene.figure(number).head, face)

    with scene.cel.within(translation(slower + 150, GROUND + 2), scaling(0.95, 0.95)):
        creatures.car(scene.cel, scene.film.paints[1], t + scene.phases[1], slower, driver(1))
    with scene.cel.within(translation(advance - 120, GROUND + 62), scaling(1.4, 1.4)):
        creatures.car(
            scene.cel, scene.film.paints[0], t + scene.phases[0], advance / 1.4, driver(0)
        )


def _fly(scene: Scene, t: float) -> None:
    for number in range(4):
        phase = scene.phases[number]
        x = 240 * t + (-250 + 150 * number) + 30 * math.sin(1.3 * t + TAU * phase)
        y = -120 + 75 * (number % 3) + 34 * math.sin(1.9 * t + TAU * phase)
        size = 1.0 + 0.9 * scene.phases[number + 3]
        with scene.cel.within(translation(x, y), scaling(size, size)):
            creatures.bird(scene.cel, scene.film.paints[number % 2], t * 0.9 + phase)
    pose = acting.wave(t, phase=TAU * scene.phases[5])
    _stand(scene, scene.figure(0), pose, 240 * t + 40, GROUND + 36, size=1.1)


def _balloon(scene: Scene, t: float) -> None:
    for number in range(5):
        phase = scene.phases[number]
        sway = math.sin(1.8 * t + TAU * phase)
        x = -300 + 150 * number + 22 * sway
        y = 260 - 105 * t * (0.8 + 0.6 * phase) - 120 * scene.phases[(number + 3) % 8]
        paint = scene.film.paints[number % len(scene.film.paints)]
        color = (paint.main, paint.detail, paint.second)[number % 3]
        with scene.cel.within(translation(x, y), rotation(0.12 * sway), scaling(1.3, 1.3)):
            creatures.balloon(scene.cel, color, sway)
    pose, height = acting.jump(t, phase=acting.JUMP_PERIOD * scene.phases[6])
    _stand(scene, scene.figure(0), pose, -40, GROUND + 34, size=1.15, height=height)


def _swim(scene: Scene, t: float) -> None:
    paints = scene.film.paints
    for number in range(6):
        phase = scene.phases[number]
        x = 150 * t + (-330 + 125 * number) + 34 * math.sin(1.1 * t + TAU * phase)
        y = -150 + 62 * ((number * 3) % 6) + 26 * math.sin(1.7 * t + TAU * phase)
        size = 0.8 + 1.2 * scene.phases[(number + 4) % 8]
        tilt = 0.12 * math.cos(1.7 * t + TAU * phase)
        with scene.cel.within(translation(x, y), rotation(tilt), scaling(size, size)):
            creatures.fish(scene.cel, paints[number % len(paints)], t + phase)


def _octopus(scene: Scene, t: float) -> None:
    paint = scene.film.paints[-1]
    push = math.sin(TAU * t / 1.2 - 0.8)
    x = -30 + 45 * math.sin(0.9 * t + TAU * scene.phases[0])
    y = -10 - 36 * push
    with scene.cel.within(
        translation(x, y), rotation(0.16 * math.sin(0.9 * t)), scaling(1.75, 1.75)
    ):
        creatures.octopus(scene.cel, paint, t)
    for number, (fx, fy) in enumerate(((-330, -120), (280, 90))):
        x = fx + 130 * t * (1 - 2 * number)
        y = fy + 24 * math.sin(1.7 * t + number)
        with scene.cel.within(translation(x, y), scaling(1 - 2.0 * number, 1.0)):
            creatures.fish(scene.cel, scene.film.paints[number], t + scene.phases[number])


def _chase(scene: Scene, t: float) -> None:
    paints = scene.film.paints
    advance = 300 * t
    surge = 40 * math.sin(TAU * t * 0.7)
    with scene.cel.within(
        translation(advance - 150 + surge, -20 + 30 * math.sin(1.6 * t)), scaling(2.5, 2.5)
    ):
        creatures.fish(scene.cel, paints[1], 1.3 * t, stripes=2)
    for number in range(3):
        wave = math.sin(2.4 * t + TAU * scene.phases[number])
        at = (advance + 130 + 75 * number + 16 * wave, -70 + 80 * number + 30 * wave)
        with scene.cel.within(translation(*at), rotation(0.2 * wave), scaling(0.85, 0.85)):
            creatures.fish(scene.cel, paints[0], 2 * t + scene.phases[number])


_GROUND_SCALE = 230.0 / FIGURE_UNITS

_CLOSE = ("still", "push", "crash", "pan")

ACTS = {
    "walk": Act(_walk, "walking", ("follow",), _walking(_GROUND_SCALE), (40, 10)),
    "stroll": Act(_stroll, "walking", ("follow",), _walking(_GROUND_SCALE), (40, 10)),
    "run": Act(
        _run, "sporting", ("follow",), lambda t: acting.RUN_SPEED * _GROUND_SCALE * t, (40, 10)
    ),
    "talk": Act(_talk, "speaking", _CLOSE, foreground=False, framing=1.12, focus=40),
    "dialogue": Act(_dialogue, "speaking", _CLOSE, foreground=False, framing=1.12, focus=60),
    "wave": Act(_wave, "others", _CLOSE, foreground=False, framing=1.2),
    "jump": Act(_jump, "sporting", ("still", "pan")),
    "cheer": Act(_cheer, "others", ("still", "crash", "pan"), foreground=False),
    "eat": Act(_eat, "eating", ("still", "push"), foreground=False, framing=1.1, focus=40),
    "fetch": Act(_fetch, "fetching", ("still", "pan")),
    "kick": Act(_kick, "sporting", ("still", "pan")),
    "ball": Act(_ball, "sporting", ("still", "pan")),
    "cartwheel": Act(_cartwheel, "sporting", ("follow",), lambda t: 205 * t, (30, 10)),
    "swing": Act(_swing, "others", ("still", "pan"), framing=1.2),
    "dog": Act(_dog, "fetching", ("follow",), lambda t: 330 * t, (70, 20)),
    "drive": Act(_drive, "others", ("follow",), lambda t: 300 * t, (60, 20)),
    "fly": Act(_fly, "others", ("follow",), lambda t: 240 * t, framing=1.15, focus=60),
    "balloon": Act(_balloon, "others", ("still", "pan"), framing=1.15),
    "swim": Act(_swim, "others", ("follow", "still"), lambda t: 110 * t, focus=0),
    "octopus": Act(_octopus, "others", ("still", "pan", "push"), framing=1.25, focus=30),
    "chase": Act(_chase, "others", ("follow",), lambda t: 300 * t, (20, 0), focus=0),
}
