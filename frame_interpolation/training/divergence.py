"""Stops a training whose loss or gradient is not finite any more."""

import math

from frame_interpolation.errors import InputError
from frame_interpolation.training.train_loop import Metrics, StepResult

_WATCHED = ("loss", "gradient_norm")


class DivergenceGuard:
    """Raises an error after a step with a loss or gradient that is infinite or not a number.

    Reading a value waits for the device, so each step's values are read when the next step has
    been handed to it already. Before a checkpoint `check` reads the newest ones: weights that such
    a step has spoiled are never saved.
    """

    def __init__(self):
        self._unread: tuple[int, Metrics] | None = None

    def __call__(self, result: StepResult) -> None:
        """Checks the step before this one, and remembers this one."""
        self.check()
        self._unread = result.step, {name: result.metrics[name] for name in _WATCHED}

    def check(self) -> None:
        """Checks the newest step.

        Raises:
          InputError: a value is not finite.
        """
        if self._unread is None:
            return
        step, metrics = self._unread
        self._unread = None
        for name, value in metrics.items():
            if not math.isfinite(float(value)):
                raise InputError(
                    f"the {name.replace('_', ' ')} of step {step} is {float(value)}, so the "
                    "training has diverged; nothing was saved since the last checkpoint. Lower "
                    "training.learning_rate, raise training.learning_rate_warmup_steps or bind "
                    "training.gradient_clip_norm, and run the same command again."
                )
