"""Options of fine-tuning (gin selector `fine_tuning`): what may move, how far, and from where.

The defaults change nothing: every variable trains at the rate of the schedule. Groups of variables
and what becomes of them are in `variable_groups`; the names of the shipped ones stand there.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import gin

from frame_interpolation.errors import InputError
from frame_interpolation.training.options import check_pattern

# Of a rate; far beyond it weights would leave the range of float32.
_LARGEST_FACTOR = 1e6


@gin.register("fine_tuning")
@dataclasses.dataclass(frozen=True)
class FineTuningOptions:
    """Which variables train, at which rate, and what holds them near their starting weights.

    Attributes:
      groups: more groups, name -> regular expression, searched for in the full names of the
        variables (such as `fusion/conv2d_1/kernel`). They take their variables out of the shipped
        groups; a variable that two of them match is an error.
      frozen: names of the groups that never train. They cost no gradient and no optimiser state.
      trained: names of the only groups that train; all others are frozen. None: all that `frozen`
        does not name.
      rate_multipliers: group -> factor on its learning rate.
      unfreeze_at: group -> the first step that trains it, counted from 0; before, it is frozen.
        Warm-up and Adam's bias correction begin anew for it there.
      layer_decay: factor on the rate for each depth from the output back to the features; see
        `variable_groups` for the depths. 1 for the same rate everywhere.
      initial_step: steps that the schedules regard as done before this run: the weights of the
        losses and the exponential decay of the rate are taken at step + initial_step. Warm-up,
        the cosine, `unfreeze_at`, averages and everything counted in steps belong to the run and
        begin at its own step 0.
      pull_weight: a of the penalty a / 2 * |w - w0|^2, summed over all weights that train, w0 being
        the weights at step 0 of the run (L2-SP: Li, Grandvalet and Davoine, ICML 2018, arXiv
        1802.01483). 0 for none. w0 is kept in the checkpoints.
      average_decay: d of the running average of the weights, a := d * a + (1 - d) * w after each
        step. 0 for none. It is kept in the checkpoints.
      average_warmup: let the decay of step n (from 0) be at most (1 + n) / (10 + n), so that an
        average that has just begun forgets the starting weights soon.
      evaluate_average: let the periodic evaluation use the average instead of the last weights.
      export_average: likewise the exported SavedModel.
      blend_factor: share f of the trained weights in the exported ones, f * w + (1 - f) * w0
        (WiSE-FT: Wortsman et al., CVPR 2022, arXiv 2109.01903). 1 exports what was trained, 0 what
        it was trained from.

    Raises:
      InputError: a value is out of range, or two of them contradict each other.
    """

    groups: Mapping[str, str] = dataclasses.field(default_factory=dict)
    frozen: Sequence[str] = ()
    trained: Sequence[str] | None = None
    rate_multipliers: Mapping[str, float] = dataclasses.field(default_factory=dict)
    unfreeze_at: Mapping[str, int] = dataclasses.field(default_factory=dict)
    layer_decay: float = 1.0
    initial_step: int = 0
    pull_weight: float = 0.0
    average_decay: float = 0.0
    average_warmup: bool = True
    evaluate_average: bool = True
    export_average: bool = True
    blend_factor: float = 1.0

    def __post_init__(self):
        self._check_groups()
        self._check_names()
        for name, factor in self.rate_multipliers.items():
            _check(
                _is_number(factor) and 0 < factor <= _LARGEST_FACTOR,
                f"rate_multipliers[{name!r}]",
                factor,
                f"a factor above 0 and at most {_LARGEST_FACTOR:g}; a group that is not to move "
                "belongs into fine_tuning.frozen",
            )
        for name, step in self.unfreeze_at.items():
            _check(_is_step(step), f"unfreeze_at[{name!r}]", step, "an integer of at least 0")
        self._check_numbers()
        self._check_contradictions()

    def _check_groups(self):
        for field in ("groups", "rate_multipliers", "unfreeze_at"):
            value = getattr(self, field)
            fits = isinstance(value, Mapping)
            fits = fits and all(isinstance(name, str) and name for name in value)
            _check(fits, field, value, "a dict whose keys are names of groups")
        for name, pattern in self.groups.items():
            check_pattern(f"fine_tuning.groups[{name!r}]", pattern)

    def _check_names(self):
        for field in ("frozen", "trained"):
            value = getattr(self, field)
            if value is None and field == "trained":
                continue
            fits = isinstance(value, Sequence) and not isinstance(value, str)
            fits = fits and all(isinstance(name, str) for name in value)
            _check(fits, field, value, "a list of names of groups")
            object.__setattr__(self, field, tuple(value))

    def _check_numbers(self):
        ranges = {
            "layer_decay": (lambda x: 0 < x <= 1, "a factor above 0 and at most 1"),
            "pull_weight": (lambda x: 0 <= x <= 3.4e38, "a number from 0 to 3.4e38"),
            "average_decay": (lambda x: 0 <= x < 1, "a number of at least 0 and below 1"),
            "blend_factor": (lambda x: 0 <= x <= 1, "a number from 0 to 1"),
        }
        for field, (within, expected) in ranges.items():
            value = getattr(self, field)
            _check(_is_number(value) and within(value), field, value, expected)
        step = self.initial_step
        _check(_is_step(step), "initial_step", step, "an integer of at least 0")
        for field in ("average_warmup", "evaluate_average", "export_average"):
            value = getattr(self, field)
            _check(isinstance(value, bool), field, value, "True or False")

    def _check_contradictions(self):
        if self.frozen and self.trained is not None:
            raise InputError(
                "fine_tuning.frozen and fine_tuning.trained are both set; name either the groups "
                "that do not train or those that do, and bind the other to () or None."
            )
        for field in ("rate_multipliers", "unfreeze_at"):
            for name in getattr(self, field):
                is_frozen = name in self.frozen
                if is_frozen or (self.trained is not None and name not in self.trained):
                    why = "is frozen" if is_frozen else "is not in fine_tuning.trained"
                    raise InputError(
                        f"fine_tuning.{field} names {name!r}, which {why}; leave it out of one of "
                        "the two."
                    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_step(value: Any) -> bool:
    # Two of them are added in 64 bits.
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62


def _check(fits: bool, field: str, value: Any, expected: str) -> None:
    if not fits:
        raise InputError(f"fine_tuning.{field} is {value!r}; expected {expected}.")
