"""Shots: what happens before the camera, drawn at any moment, and the triplets taken from them.

Time is counted in film frames of 1/24 s. A shot is drawn on ones, twos or threes: its drawings
change every `step` frames and are held in between, while the camera moves on every frame. The
frames of a triplet lie `step` frames apart, so each shows the next drawing and the middle frame is
a true rendering of the middle time, for the drawings and for the camera, also when the triplet does
not start with a new drawing.
"""

import math
import random
from dataclasses import dataclass

from PIL import Image

from atd12k.cartoon import acts, scenery
from atd12k.cartoon.curves import ease
from atd12k.cartoon.drawing import Cel
from atd12k.cartoon.films import Film
from atd12k.cartoon.photograph import LINES, Camera, Sheet, photograph

FRAME_RATE = 24
SHOT_FRAMES = 72
FASTEST_PACE = 4
_TEMPOS = ((0.5, 0.7), (0.6, 0.95), (0.85, 1.2), (1.1, 1.5), (1.3, 1.7))
_STEP_SHARES = ((1, 0, 0), (0.5, 0.5, 0.0), (0.2, 0.6, 0.2), (0.0, 0.6, 0.4), (0, 0, 1))


@dataclass(frozen=True)
class Exposure:
    """One frame: a stack of cels and the camera above it; `aspect` is width over height."""

    sheets: tuple[Sheet, ...]
    camera: Camera
    aspect: float


@dataclass(frozen=True)
class Shot:
    """One shot of a film.

    Attributes:
      film: The film.
      number: Its number in the film.
      act: What happens.
      step: Frames for which a drawing is held: 1, 2 or 3.
      tempo: Speed of the action; 1 is natural.
      mirrored: Whether the action goes to the left.
      camera: 'still', 'pan', 'push' (slow zoom), 'crash' (sudden zoom) or 'follow'.
      camera_speed: Its speed: world units a second for a pan, share a second for a push.
      framing: Zoom of the camera before it moves.
      weather: Whether the weather of the place is drawn.
      seed: What stands where, and the phases of the actors.
    """

    film: Film
    number: int
    act: str
    step: int
    tempo: float
    mirrored: bool
    camera: str
    camera_speed: float
    framing: float
    weather: bool
    seed: str

    @property
    def behavior(self) -> str:
        """What the annotations call the behaviour in this shot."""
        return acts.ACTS[self.act].behavior


def plan_shot(film: Film, number: int, *, seed: int, pace: int = 2) -> Shot:
    """Returns shot `number` of a film; the same for the same arguments.

    Args:
      film: The film.
      number: Number of the shot; the film's acts follow one another.
      seed: Seed of all that is left to chance.
      pace: 0 drowsy, 1 calm, 2 lively, 3 wild or 4 frantic: how fast the action is and for how
        many frames a drawing is held.
    """
    text = f"{seed}/{film.number}/{number}"
    rng = random.Random(text)
    name = film.acts[number % len(film.acts)]
    act = acts.ACTS[name]
    camera = rng.choice(act.cameras)
    return Shot(
        film=film,
        number=number,
        act=name,
        step=rng.choices((1, 2, 3), _STEP_SHARES[pace])[0],
        tempo=rng.uniform(*_TEMPOS[pace]),
        mirrored=rng.random() < 0.5,
        camera=camera,
        camera_speed=rng.uniform(*_TEMPOS[pace]),
        framing=1 + (act.framing - 1) * rng.uniform(0.3, 1.0),
        weather=rng.random() < 0.4,
        seed=text,
    )


def camera_at(shot: Shot, frame: float) -> Camera:
    """Returns the camera of a shot at a film frame; it moves on every frame."""
    t = frame / FRAME_RATE
    act = acts.ACTS[shot.act]
    x, y = act.camera_offset
    if shot.camera == "follow":
        x += _direction(shot) * act.advance(t * shot.tempo)
    elif shot.camera == "pan":
        total = 260.0 * shot.camera_speed
        x += _direction(shot) * total * (ease(frame / SHOT_FRAMES) - 0.5)
    zoom = shot.framing
    y += act.focus * (zoom - 1)
    if shot.camera == "push":
        zoom *= 1 + 0.3 * shot.camera_speed * ease(frame / SHOT_FRAMES)
    elif shot.camera == "crash":
        zoom *= 1 + 0.6 * ease((frame - 12) / (42 / shot.camera_speed))
    shake = math.sin(2.1 * t) * 1.6 if shot.camera in ("follow", "push") else 0.0
    return Camera(x, y + shake, zoom)


def _direction(shot: Shot) -> float:
    return -1.0 if shot.mirrored else 1.0


class Stage:
    """A shot ready to be photographed: its scenery painted once, its action at any frame.

    Args:
      shot: The shot.
      aspect: Width of the frames over their height.
    """

    def __init__(self, shot: Shot, *, aspect: float = 16 / 9):
        self.shot = shot
        self.aspect = aspect
        xs = [camera_at(shot, frame).x for frame in range(SHOT_FRAMES + 1)]
        self._back, self._front = scenery.paint_place(
            shot.film.place,
            ink=shot.film.ink,
            span=(min(xs), max(xs)),
            width=LINES * aspect,
            seed=shot.seed,
        )
        if not acts.ACTS[shot.act].foreground:
            self._front = []

    def sheets(self, frame: int, *, middle: int) -> list[Sheet]:
        """Returns the stack of cels at a film frame of the triplet around frame `middle`.

        The stacks of a triplet's three frames hold the same shapes in the same order.
        """
        shot, film = self.shot, self.shot.film
        held = drawing_time(shot, frame)
        cel = Cel(film.ink)
        acts.draw_act(cel, shot.act, film, held * shot.tempo, shot.mirrored, shot.seed)
        stack = [*self._back, Sheet(cel, 1.0, False), *self._front]
        if shot.weather and film.place.weather:
            t = held - drawing_time(shot, middle)
            width = LINES * self.aspect
            stack.append(
                scenery.paint_weather(
                    film.place.weather, ink=film.ink, t=t, width=width, seed=shot.seed
                )
            )
        return stack

    def triplet(self, start: int) -> list[Exposure]:
        """Returns the frames start, start + step and start + 2 step."""
        step = self.shot.step
        return [
            Exposure(
                tuple(self.sheets(start + k * step, middle=start + step)),
                camera_at(self.shot, start + k * step),
                self.aspect,
            )
            for k in range(3)
        ]

    def picture(self, exposure: Exposure, *, size: tuple[int, int]) -> Image.Image:
        """Returns a frame of `size` (width, height) pixels in the film's light, RGB."""
        picture = photograph(exposure.sheets, exposure.camera, size=size)
        grade = self.shot.film.grade
        if grade is None:
            return picture
        return Image.blend(picture, Image.new("RGB", size, grade[:3]), grade[3] / 255)


def drawing_time(shot: Shot, frame: int) -> float:
    """Returns the time in seconds that the drawing held at a film frame was made for."""
    return frame // shot.step * shot.step / FRAME_RATE
