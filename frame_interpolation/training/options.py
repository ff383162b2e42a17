"""Options of the training run (gin selectors `training` and `optimizer`).

The first five names are those of the released gin configurations (FILM, arXiv 2202.04901), and the
defaults are their values; the other fields are what the reference hard-codes. A step is one update
of the weights by one global batch; frequencies are in steps, and 0 means never.
"""

import dataclasses
import re
from typing import Any

import gin

from frame_interpolation.errors import InputError

LEARNING_RATE_SCHEDULES = ("constant", "exponential", "cosine")
OPTIMIZER_NAMES = ("adam", "adamw")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
_POSITIVE = (
    "num_steps",
    "learning_rate",
    "learning_rate_decay_steps",
    "keep_checkpoints",
    "accumulation_steps",
    "max_skipped_in_row",
)
_NOT_NEGATIVE = (
    "learning_rate_warmup_steps",
    "seed",
    "save_checkpoint_frequency",
    "evaluation_frequency",
    "summary_frequency",
    "image_summary_frequency",
    "keep_checkpoint_every_hours",
    "max_rollbacks",
    "early_stopping_patience",
)
_NOT_INTEGER = ("learning_rate", "gradient_clip_norm", "keep_checkpoint_every_hours")
_BOOLEAN = ("learning_rate_staircase", "xla", "deterministic", "evaluate_at_start")
# What NumPy takes as a seed, and TensorFlow as a count of steps.
_LARGEST_SEED = 2**32 - 1
_LARGEST = 2**63 - 1
# Of float32, in which everything is computed.
_LARGEST_NUMBER = 3.4e38


@gin.register("training")
@dataclasses.dataclass(frozen=True)
class TrainingOptions:
    """How long and how fast to train, and what to do in between.

    Attributes:
      learning_rate: rate of Adam at step 0, after warm-up.
      learning_rate_schedule: how it goes on from there: `exponential` by the next three options,
        as in the reference; `cosine`, down to `learning_rate_final_fraction` of it at `num_steps`
        (Loshchilov and Hutter, ICLR 2017, arXiv 1608.03983, without restarts); or `constant`.
      learning_rate_decay_steps: steps in which the rate falls by `learning_rate_decay_rate`.
      learning_rate_decay_rate: factor of the decay.
      learning_rate_staircase: let the rate fall at once at the end of each interval, instead of
        exponentially over it.
      learning_rate_final_fraction: where the cosine ends, as a share of `learning_rate`.
      learning_rate_warmup_steps: steps over which the rate rises linearly from zero. A SavedModel
        holds no state of the optimiser, so fine-tuning starts with a cold Adam and needs some.
      num_steps: steps in all, those of earlier sessions of the run included.
      gradient_clip_norm: gradients whose global norm is larger are scaled down to it; None for no
        clipping, as in the reference.
      accumulation_steps: equal parts into which each replica's share of the batch is split; they
        are computed one after another and their gradients averaged, so that the step is that of
        the whole batch in the memory of a part.
      precision: what the network computes in: `float32`, or `mixed_bfloat16` or `mixed_float16`,
        with which features and fusion are in 16 bits. Variables, flows, coordinates, losses and
        what is exported stay float32; float16 has its loss scaled.
      xla: compile the step with XLA, on a single device; it takes minutes at the start.
      seed: of the initial weights. The order of the examples has its own,
        `training_dataset.seed`.
      deterministic: use only operations that give the same bits every time. On a CPU with a given
        number of threads all runs tried gave the same bits without it too, and it cost nothing
        that could be measured; on a GPU sums need it, and it costs time. The order of the
        examples and all schedules are exact either way.
      save_checkpoint_frequency: steps between two checkpoints; the last step always has one.
      keep_checkpoints: how many of the newest checkpoints stay, besides the one that a run which
        diverges would go back to.
      keep_checkpoint_every_hours: of the older ones the first stays, and then one each time that
        this many hours have passed; 0 for none.
      max_skipped_in_row: a step whose loss or gradient is not finite is skipped; after this many in
        a row the run goes back to its last good checkpoint.
      rollback_rate_factor: factor on the learning rate each time it does so.
      max_rollbacks: how often, over the whole run; the next time it ends with an error that names
        the batch's records.
      evaluation_frequency: steps between two evaluations on `eval_datasets`; the last step always
        has one.
      evaluate_at_start: also evaluate before the first step of the run. Done in any case where
        `eval_datasets.natural_names` asks for what is forgotten since then.
      best_metric: `SET/NAME`, a set of `eval_datasets.names` and a loss of
        `test_losses.loss_names` (with its `k*` where it has one in TensorBoard): the checkpoint
        with the best value so far is kept in `best/`. `psnr` and `ssim` are best when high, all
        others when low. None by default.
      early_stopping_patience: the training is finished after this many evaluations in a row
        without a new best value of `best_metric`; 0 for never.
      summary_frequency: steps between two points in TensorBoard's curves.
      image_summary_frequency: steps between two sets of pictures in TensorBoard.

    Raises:
      InputError: a value is out of range.
    """

    learning_rate: float = 1e-4
    learning_rate_schedule: str = "exponential"
    learning_rate_decay_steps: int = 750_000
    learning_rate_decay_rate: float = 0.464158
    learning_rate_staircase: bool = True
    learning_rate_final_fraction: float = 0.0
    learning_rate_warmup_steps: int = 0
    num_steps: int = 3_000_000
    gradient_clip_norm: float | None = None
    accumulation_steps: int = 1
    precision: str = "float32"
    xla: bool = False
    seed: int = 0
    deterministic: bool = False
    save_checkpoint_frequency: int = 5_000
    keep_checkpoints: int = 5
    keep_checkpoint_every_hours: float = 0.0
    max_skipped_in_row: int = 10
    rollback_rate_factor: float = 0.5
    max_rollbacks: int = 3
    evaluation_frequency: int = 10_000
    evaluate_at_start: bool = False
    best_metric: str = ""
    early_stopping_patience: int = 0
    summary_frequency: int = 100
    image_summary_frequency: int = 5_000

    def __post_init__(self):
        for name in _POSITIVE:
            _check_number(name, getattr(self, name), positive=True)
        for name in _NOT_NEGATIVE:
            _check_number(name, getattr(self, name), positive=False)
        if self.gradient_clip_norm is not None:
            _check_number("gradient_clip_norm", self.gradient_clip_norm, positive=True)
        _check(self.seed <= _LARGEST_SEED, "seed", self.seed, f"at most {_LARGEST_SEED}")
        for name in _BOOLEAN:
            value = getattr(self, name)
            _check(isinstance(value, bool), name, value, "True or False")
        for name in ("learning_rate_decay_rate", "rollback_rate_factor"):
            value = getattr(self, name)
            fits = _is_number(value) and 0 < value <= 1
            _check(fits, name, value, "a factor above 0 and at most 1")
        fraction = self.learning_rate_final_fraction
        fits = _is_number(fraction) and 0 <= fraction <= 1
        _check(fits, "learning_rate_final_fraction", fraction, "a number from 0 to 1")
        choices = {"learning_rate_schedule": LEARNING_RATE_SCHEDULES, "precision": PRECISIONS}
        for name, known in choices.items():
            value = getattr(self, name)
            _check(value in known, name, value, f"one of {', '.join(known)}")
        object.__setattr__(self, "best_metric", self.best_metric or "")
        fits = isinstance(self.best_metric, str)
        _check(fits, "best_metric", self.best_metric, "SET/LOSS, such as 'atd12k_val/psnr'")
        if self.early_stopping_patience and not self.best_metric:
            raise InputError(
                f"training.early_stopping_patience is {self.early_stopping_patience}, and no "
                "training.best_metric is given, such as 'atd12k_val/psnr'; bind it, or the "
                "patience to 0."
            )


@gin.register("optimizer")
@dataclasses.dataclass(frozen=True)
class OptimizerOptions:
    """The rule that turns gradients into updates.

    Attributes:
      name: `adam` (Kingma and Ba, ICLR 2015, arXiv 1412.6980), as in the reference, or `adamw`, the
        same with decoupled weight decay (Loshchilov and Hutter, ICLR 2019, arXiv 1711.05101).
      beta_1: decay of the running mean of the gradients.
      beta_2: decay of the running mean of their squares.
      epsilon: added to the root of the latter.
      weight_decay: with `adamw`, each step multiplies a weight by 1 - rate * weight_decay, the rate
        being that of its group.
      weight_decay_pattern: regular expression, searched for in the full names of the variables;
        only these decay. By default the kernels, not the biases.

    Raises:
      InputError: a value is out of range, or weight decay is asked of `adam`.
    """

    name: str = "adam"
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    weight_decay: float = 0.0
    weight_decay_pattern: str = "/kernel$"

    def __post_init__(self):
        if self.name not in OPTIMIZER_NAMES:
            raise InputError(
                f"optimizer.name is {self.name!r}; expected one of {', '.join(OPTIMIZER_NAMES)}."
            )
        for field in ("beta_1", "beta_2"):
            value = getattr(self, field)
            if not _is_number(value) or not 0 <= value < 1:
                raise InputError(
                    f"optimizer.{field} is {value!r}; expected a number of at least 0 and below 1."
                )
        if not _is_number(self.epsilon) or not 0 < self.epsilon <= _LARGEST_NUMBER:
            raise InputError(
                f"optimizer.epsilon is {self.epsilon!r}; expected a number above 0, and at most "
                f"{_LARGEST_NUMBER:g}."
            )
        if not _is_number(self.weight_decay) or not 0 <= self.weight_decay <= _LARGEST_NUMBER:
            raise InputError(
                f"optimizer.weight_decay is {self.weight_decay!r}; expected a number of at least "
                f"0, and at most {_LARGEST_NUMBER:g}."
            )
        if self.weight_decay and self.name != "adamw":
            raise InputError(
                f"optimizer.weight_decay is {self.weight_decay!r}, and optimizer.name is "
                f"{self.name!r}, which has none; bind optimizer.name to 'adamw' or the weight "
                "decay to 0."
            )
        check_pattern("optimizer.weight_decay_pattern", self.weight_decay_pattern)


def check_pattern(binding: str, pattern: Any) -> None:
    """Makes sure that a pattern can be searched for in the names of variables.

    Args:
      binding: name in gin, for the message.
      pattern: what was bound.

    Raises:
      InputError: it is not the text of a regular expression.
    """
    if not isinstance(pattern, str):
        raise InputError(f"{binding} is {pattern!r}; expected a regular expression in quotes.")
    try:
        re.compile(pattern)
    except re.error as error:
        raise InputError(
            f"{binding} is {pattern!r}, which is no regular expression: {error}."
        ) from error


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check(fits: bool, name: str, value: Any, expected: str) -> None:
    if not fits:
        raise InputError(f"training.{name} is {value!r}; expected {expected}.")


def _check_number(name: str, value: Any, *, positive: bool) -> None:
    limit = "above 0" if positive else "of at least 0"
    in_range = _is_number(value) and (value > 0 if positive else value >= 0)
    if name in _NOT_INTEGER:
        in_range = in_range and value <= _LARGEST_NUMBER
        _check(in_range, name, value, f"a number {limit}, and at most {_LARGEST_NUMBER:g}")
    else:
        fits = in_range and isinstance(value, int) and value <= _LARGEST
        _check(fits, name, value, f"an integer {limit}, and below 2^63")
