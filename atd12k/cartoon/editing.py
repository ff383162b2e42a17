"""The editor: takes triplets out of shots so that calm, lively and wild ones all occur."""

import random
from dataclasses import dataclass

from atd12k.cartoon import shots, true_motion
from atd12k.cartoon.films import Film

# Wished levels in turn: about the shares of ATD-12K's test set (798 easy, 634 medium, 568 hard).
LEVEL_PATTERN = (0, 1, 2, 0, 1, 0, 2, 1, 0, 2)
_TYPICAL_PX = (7.0, 17.0, 34.0)
_LEAST_MOTION_PX = 2.5
_ATTEMPTS = 3
_STARTS = 3


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
    """Returns a triplet of shot `number` of a film: one of the wished level, if there is any.

    Args:
      film: The film.
      number: Number of the shot.
      seed: Seed of the sample.
      aspect: Width of the frames over their height.
    """
    wished = LEVEL_PATTERN[(number + 3 * film.number) % len(LEVEL_PATTERN)]
    takes: list[Take] = []
    pace = wished + 1
    for attempt in range(_ATTEMPTS):
        shot = shots.plan_shot(film, number, seed=seed, pace=pace)
        stage = shots.Stage(shot, aspect=aspect)
        rng = random.Random(f"{shot.seed}/take/{attempt}")
        for start in rng.sample(range(1, shots.SHOT_FRAMES - 2 * shot.step), _STARTS):
            exposures = stage.triplet(start)
            take = Take(stage, start, exposures, true_motion.measure(exposures))
            if take.motion.level == wished and take.motion.motion_px >= _LEAST_MOTION_PX:
                return take
            takes.append(take)
        mean = sum(take.motion.motion_px for take in takes[-_STARTS:]) / _STARTS
        faster = mean < _TYPICAL_PX[wished]
        pace = min(shots.FASTEST_PACE, pace + 1) if faster else max(0, pace - 1)
    return min(takes, key=lambda take: abs(take.motion.motion_px - _TYPICAL_PX[wished]))
