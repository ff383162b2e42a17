"""The editor: takes triplets out of shots so that calm, lively and wild ones all occur."""

import random
from dataclasses import dataclass

from atd12k.cartoon import shots, true_motion
from atd12k.cartoon.films import Film

# Wished levels in turn: about the shares of ATD-12K's test set (798 easy, 634 medium, 568 hard).
LEVEL_PATTERN = (0, 1, 2, 0, 1, 0, 2, 1, 0, 2)
_CANDIDATES = 5


@dataclass(frozen=True)
class Take:
    """A triplet chosen from a shot.

    Attributes:
      stage: The shot, ready to be photographed.
      start: Film frame of its first frame within the shot.
      exposures: Its three frames.
      motion: Its true motion.
    """

    stage: shots.Stage
    start: int
    exposures: list[shots.Exposure]
    motion: true_motion.Motion

    @property
    def film_frame(self) -> int:
        """Number of its first frame within the film."""
        return self.stage.shot.number * (shots.SHOT_FRAMES + 1) + self.start


def choose_take(film: Film, number: int, *, seed: int, aspect: float = 16 / 9) -> Take:
    """Returns the triplet of shot `number` of a film: one whose level is the wished one, if any."""
    wished = LEVEL_PATTERN[(number + 3 * film.number) % len(LEVEL_PATTERN)]
    shot = shots.plan_shot(film, number, seed=seed, pace=wished)
    stage = shots.Stage(shot, aspect=aspect)
    rng = random.Random(shot.seed + "/take")
    starts = rng.sample(range(1, shots.SHOT_FRAMES - 2 * shot.step), _CANDIDATES)
    takes = []
    for start in starts:
        exposures = stage.triplet(start)
        take = Take(stage, start, exposures, true_motion.measure(exposures))
        if take.motion.level == wished and take.motion.motion_px > 2.0:
            return take
        takes.append(take)
    wanted = (0.7, 1.5, 2.6)[wished] * true_motion.EASY_BELOW_PX
    return min(takes, key=lambda take: abs(take.motion.motion_px - wanted))
