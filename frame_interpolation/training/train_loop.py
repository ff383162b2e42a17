"""The training loop: it takes a batch, makes a step, and tells the periodic actions.

Steps are counted by the updates that the weights have had: the first step of a run ends at 1.
Everything that happens besides the steps is an action, which decides for itself when to act.
"""

import dataclasses
import enum
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

Metrics = Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class StepResult:
    """What the actions learn of a step.

    Attributes:
      step: updates so far, this one included.
      num_steps: updates after which the training is finished.
      metrics: scalars of the step, still on the device; see `train_step.TrainStep`.
      example: the batch.
      waited_s: seconds in which the loop waited for that batch.
    """

    step: int
    num_steps: int
    metrics: Metrics
    example: Mapping[str, Any]
    waited_s: float = 0.0

    @property
    def is_last(self) -> bool:
        """Whether the training is finished."""
        return self.step >= self.num_steps


class Action(Protocol):
    """Something that happens after some steps, such as saving a checkpoint."""

    def __call__(self, result: StepResult) -> None:
        """Learns of a step."""


class Outcome(enum.Enum):
    """Why the loop ended."""

    FINISHED = "finished"
    STOPPED = "stopped"


def is_due(result: StepResult, frequency: int) -> bool:
    """Tells whether something with this frequency, in steps, comes after a step; 0 is never."""
    return frequency > 0 and result.step % frequency == 0


def run(
    *,
    train_step: Callable[[Mapping[str, Any]], Metrics],
    batches: Iterable[Mapping[str, Any]],
    first_step: int,
    num_steps: int,
    actions: Sequence[Action],
    stop_requested: Callable[[], bool] = lambda: False,
    is_enough: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Trains.

    Args:
      train_step: makes one update and returns its scalars.
      batches: the batches from `first_step` on, without end.
      first_step: updates that the weights have had already.
      num_steps: updates after which to stop.
      actions: told of every step, in this order.
      stop_requested: asked before every step.
      is_enough: likewise; whether the training is finished before `num_steps`.

    Returns:
      Whether the training is finished, or a stop was requested before.
    """
    iterator = iter(batches)
    for step in range(first_step + 1, num_steps + 1):
        if is_enough():
            return Outcome.FINISHED
        if stop_requested():
            return Outcome.STOPPED
        asked_s = time.perf_counter()
        example = next(iterator)
        waited_s = time.perf_counter() - asked_s
        result = StepResult(step, num_steps, train_step(example), example, waited_s)
        for action in actions:
            action(result)
    return Outcome.FINISHED
