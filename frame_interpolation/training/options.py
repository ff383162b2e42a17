"""Options of the training run (gin selector `training`).

The first five names are those of the released gin configurations (FILM, arXiv 2202.04901), and the
defaults are their values; the other fields are what the reference hard-codes. A step is one update
of the weights by one global batch; frequencies are in steps, and 0 means never.
"""

import dataclasses
from typing import Any

import gin

from frame_interpolation.errors import InputError

_POSITIVE = ("num_steps", "learning_rate", "learning_rate_decay_steps", "keep_checkpoints")
_NOT_NEGATIVE = (
    "learning_rate_warmup_steps",
    "seed",
    "save_checkpoint_frequency",
    "evaluation_frequency",
    "summary_frequency",
    "image_summary_frequency",
)


@gin.register("training")
@dataclasses.dataclass(frozen=True)
class TrainingOptions:
    """How long and how fast to train, and what to do in between.

    Attributes:
      learning_rate: rate of Adam at step 0, after warm-up.
      learning_rate_decay_steps: steps in which the rate falls by `learning_rate_decay_rate`.
      learning_rate_decay_rate: factor of the decay.
      learning_rate_staircase: let the rate fall at once at the end of each interval, instead of
        exponentially over it.
      learning_rate_warmup_steps: steps over which the rate rises linearly from zero. A SavedModel
        holds no state of the optimiser, so fine-tuning starts with a cold Adam and needs some.
      num_steps: steps in all, those of earlier sessions of the run included.
      gradient_clip_norm: gradients whose global norm is larger are scaled down to it; None for no
        clipping, as in the reference.
      seed: of the initial weights. The order of the examples has its own,
        `training_dataset.seed`.
      deterministic: use only operations that give the same bits every time. On a CPU with a given
        number of threads all runs tried gave the same bits without it too, and it cost nothing
        that could be measured; on a GPU sums need it, and it costs time. The order of the
        examples and all schedules are exact either way.
      save_checkpoint_frequency: steps between two checkpoints; the last step always has one.
      keep_checkpoints: how many of the newest checkpoints stay.
      evaluation_frequency: steps between two evaluations on `eval_datasets`; the last step always
        has one.
      evaluate_at_start: also evaluate before the first step of the run.
      summary_frequency: steps between two points in TensorBoard's curves.
      image_summary_frequency: steps between two sets of pictures in TensorBoard.

    Raises:
      InputError: a value is out of range.
    """

    learning_rate: float = 1e-4
    learning_rate_decay_steps: int = 750_000
    learning_rate_decay_rate: float = 0.464158
    learning_rate_staircase: bool = True
    learning_rate_warmup_steps: int = 0
    num_steps: int = 3_000_000
    gradient_clip_norm: float | None = None
    seed: int = 0
    deterministic: bool = False
    save_checkpoint_frequency: int = 5_000
    keep_checkpoints: int = 5
    evaluation_frequency: int = 10_000
    evaluate_at_start: bool = False
    summary_frequency: int = 100
    image_summary_frequency: int = 5_000

    def __post_init__(self):
        for name in _POSITIVE:
            _check_number(name, getattr(self, name), positive=True)
        for name in _NOT_NEGATIVE:
            _check_number(name, getattr(self, name), positive=False)
        if not 0 < self.learning_rate_decay_rate <= 1:
            raise InputError(
                f"training.learning_rate_decay_rate is {self.learning_rate_decay_rate!r}; expected "
                "a factor above 0 and at most 1."
            )
        if self.gradient_clip_norm is not None:
            _check_number("gradient_clip_norm", self.gradient_clip_norm, positive=True)


def _check_number(name: str, value: Any, *, positive: bool) -> None:
    wants_integer = name not in ("learning_rate", "gradient_clip_norm")
    kinds = (int,) if wants_integer else (int, float)
    fits = isinstance(value, kinds) and not isinstance(value, bool)
    if not fits or value < 0 or (positive and value == 0):
        kind = "an integer" if wants_integer else "a number"
        limit = "above 0" if positive else "of at least 0"
        raise InputError(f"training.{name} is {value!r}; expected {kind} {limit}.")
