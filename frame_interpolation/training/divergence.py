"""What happens when a loss or a gradient is infinite or not a number.

The step is skipped: the compiled step leaves weights, the optimiser's moments and averages as they
are, and only the count of steps goes on, and with it the data. After several such steps in a row
the run goes back to its last good checkpoint and on from there with a smaller learning rate; when
that does not help either, it ends with a message that names the examples.

A good checkpoint is one of those saved at the regular steps, and none is saved there while steps
are being skipped. So where a run goes back to does not depend on when it was interrupted.
"""

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.training.train_loop import StepResult

STATE_KEY = "divergence"
_READ = ("loss", "gradient_norm", "skipped_steps", "skipped_in_row", "update_norm")

_log = logging.getLogger(__name__)


class DivergenceState(tf.Module):
    """What a run has to know of its troubles so far; part of the checkpoints.

    Attributes:
      skipped_steps: in the whole run, int64.
      skipped_in_row: of them those since the last step that was not skipped, int64.
      rate_factor: on the learning rate, float32.
      rollbacks: how often the run went back, int64.
    """

    def __init__(self):
        """Starts without any. Call it in the scope of the strategy."""
        super().__init__()
        self.skipped_steps = tf.Variable(0, dtype=tf.int64, trainable=False, name="skipped_steps")
        self.skipped_in_row = tf.Variable(0, dtype=tf.int64, trainable=False, name="in_row")
        self.rate_factor = tf.Variable(1.0, trainable=False, name="rate_factor")
        self.rollbacks = tf.Variable(0, dtype=tf.int64, trainable=False, name="rollbacks")

    def count(self, skipped: tf.Tensor) -> dict[str, tf.Tensor]:
        """Counts a step, outside of the replicas.

        Args:
          skipped: float32 scalar, 1 where the step was skipped, else 0.

        Returns:
          The scalars `skipped_steps` and `skipped_in_row`, float32.
        """
        one_or_none = tf.cast(tf.round(skipped), tf.int64)
        total = self.skipped_steps + one_or_none
        in_row = (self.skipped_in_row + 1) * one_or_none
        self.skipped_steps.assign(total)
        self.skipped_in_row.assign(in_row)
        return {
            "skipped_steps": tf.cast(total, tf.float32),
            "skipped_in_row": tf.cast(in_row, tf.float32),
        }

    def go_on_after(self, former: "DivergenceState", error: "DivergedError", *, rate_factor: float):
        """Takes over from the state before going back what must not be forgotten by it.

        Args:
          former: that state.
          error: why the run went back.
          rate_factor: by which the learning rate falls now.
        """
        self.skipped_steps.assign(error.skipped_steps)
        self.skipped_in_row.assign(0)
        self.rollbacks.assign(int(former.rollbacks.numpy()) + 1)
        self.rate_factor.assign(float(former.rate_factor.numpy()) * rate_factor)


def are_finite(values: Sequence[tf.Tensor]) -> tf.Tensor:
    """Tells whether scalars are all finite, as a boolean scalar, the same one on all replicas."""
    bad = tf.add_n([1.0 - tf.cast(tf.math.is_finite(value), tf.float32) for value in values])
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync > 1:
        # The loss of another replica's part may be the one that is not.
        bad = context.all_reduce(tf.distribute.ReduceOp.SUM, bad)
    return tf.equal(bad, 0.0)


class DivergedError(Exception):
    """Too many steps in a row were skipped.

    Attributes:
      step: the last of them.
      in_row: how many.
      skipped_steps: in the whole run.
      what: which value was not finite, in words.
      records: numbers of the records of that step's batch.
    """

    def __init__(
        self,
        *,
        step: int,
        in_row: int,
        skipped_steps: int,
        what: str,
        records: Sequence[int],
    ):
        super().__init__(f"{in_row} steps in a row were skipped, the last one was step {step}")
        self.step = step
        self.in_row = in_row
        self.skipped_steps = skipped_steps
        self.what = what
        self.records = tuple(records)


class DivergenceGuard:
    """Warns of steps that were skipped, and raises an error when there are too many in a row.

    Reading a value waits for the device, so each step's values are read when the next step has
    been handed to it already; before a checkpoint `check` reads the newest ones.
    """

    def __init__(self, *, max_in_row: int, local_values: Any = lambda value: [value]):
        """Prepares the guard.

        Args:
          max_in_row: how many skipped steps in a row are too many.
          local_values: parts of a value that is spread over devices.
        """
        self._max_in_row = max_in_row
        self._local_values = local_values
        self._unread: tuple[int, Mapping[str, Any], Any] | None = None
        self._is_sound = True

    def __call__(self, result: StepResult) -> None:
        """Checks the step before this one, and remembers this one."""
        self.check()
        metrics = {name: result.metrics[name] for name in _READ}
        self._unread = result.step, metrics, result.example.get("record")

    def is_sound(self) -> bool:
        """Checks the newest step too, and tells whether it was made and has left finite weights."""
        self.check()
        return self._is_sound

    def check(self) -> None:
        """Checks the newest step.

        Raises:
          DivergedError: it was the last of too many in a row.
        """
        if self._unread is None:
            return
        step, metrics, records = self._unread
        self._unread = None
        in_row = int(metrics["skipped_in_row"])
        self._is_sound = in_row == 0 and math.isfinite(float(metrics["update_norm"]))
        if not in_row:
            return
        what = " and ".join(
            f"the {name.replace('_', ' ')} is {value:g}"
            for name, value in ((name, float(metrics[name])) for name in _READ[:2])
            if not math.isfinite(value)
        )
        skipped_steps = int(metrics["skipped_steps"])
        _log.warning("Step %d is skipped: %s (%d so far).", step, what, skipped_steps)
        if in_row >= self._max_in_row:
            raise DivergedError(
                step=step,
                in_row=in_row,
                skipped_steps=skipped_steps,
                what=what,
                records=self._numbers(records),
            )

    def _numbers(self, records: Any) -> list[int]:
        if records is None:
            return []
        return [int(number) for part in self._local_values(records) for number in part]


def final_error(error: DivergedError, *, rollbacks: int, names: Sequence[str]) -> InputError:
    """Words the end of a run that going back did not help.

    Args:
      error: the last of its troubles.
      rollbacks: how often the run has gone back.
      names: of the records in the batch.
    """
    listed = ", ".join(names) or "unknown"
    return InputError(
        f"the training has diverged: {error.in_row} steps in a row were skipped, the last one was "
        f"step {error.step}, where {error.what}; going back to an earlier checkpoint "
        f"{rollbacks} times with a smaller learning rate did not help. Its batch holds the records "
        f"{listed}. Look at these frames; lower training.learning_rate, raise "
        "training.learning_rate_warmup_steps or bind training.gradient_clip_norm, and go on by "
        "--allow_config_changes."
    )
