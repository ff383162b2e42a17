"""Options of a study (gin selector `study`): which strategies of fine-tuning are compared, on what.

The records and the models are named as everywhere: PATH@N for N shards, a SavedModel's folder.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

import gin

from frame_interpolation.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_STRATEGY_KEYS = ("configs", "bindings", "rehearsal")
_REQUIRED = ("train_records", "animation_records", "natural_records")


@dataclasses.dataclass(frozen=True)
class Strategy:
    """One way to fine-tune.

    Attributes:
      name: name in the tables and in the names of the runs.
      configs: gin files, read behind those of the study.
      bindings: further lines of gin, which win over the files.
      rehearsal: whether the study's natural motion is among the training records; the mixture is
        `training_dataset.weights`, animation first.
    """

    name: str
    configs: tuple[str, ...] = ()
    bindings: tuple[str, ...] = ()
    rehearsal: bool = False


@gin.register("study")
@dataclasses.dataclass(frozen=True)
class StudyOptions:
    """What is trained and what it is measured on.

    Attributes:
      title: heading of the tables.
      start_model: SavedModel that every run starts from and is compared with.
      configs: gin files that all runs have in common.
      bindings: lines of gin that all runs have in common.
      strategies: name to what sets the strategy apart, a mapping with any of `configs` (gin files),
        `bindings` (lines of gin) and `rehearsal` (True or False); {} for nothing. The first one is
        the reference that the others are compared with.
      seeds: one run of each strategy for each; it is that of the data's order and augmentation.
      num_steps: steps of every run.
      train_records: animation to train on.
      rehearsal_records: natural motion to train on, for the strategies with `rehearsal`.
      animation_records: animation of other films, which the gain is measured on.
      natural_records: natural motion, which the loss is measured on; not that of the rehearsal.
      animation_config: gin file of the evaluation on animation.
      natural_config: gin file of the evaluation on natural motion.
      metric: metric of gain and loss; both evaluations must have it. The tables show the others
        that they have, too.

    Raises:
      InputError: a value is missing, out of range or of another kind.
    """

    title: str = "Fine-tuning study"
    start_model: str = "assets/film_small/saved_model"
    configs: Sequence[str] = ()
    bindings: Sequence[str] = ()
    strategies: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    seeds: Sequence[int] = (0, 1, 2)
    num_steps: int = 300
    train_records: Sequence[str] = ()
    rehearsal_records: Sequence[str] = ()
    animation_records: str = ""
    natural_records: str = ""
    animation_config: str = "gin_configs/studies/animation.gin"
    natural_config: str = "gin_configs/studies/natural_motion.gin"
    metric: str = "psnr"

    def __post_init__(self):
        for field in ("configs", "bindings", "train_records", "rehearsal_records"):
            object.__setattr__(self, field, _texts(f"study.{field}", getattr(self, field)))
        for name in _REQUIRED:
            if not getattr(self, name):
                raise InputError(
                    f"study.{name} is not bound; name the records, for example --gin_bindings "
                    f"\"study.{name} = 'records/{name.removesuffix('_records')}@2'\"."
                )
        for name in ("animation_records", "natural_records"):
            if not isinstance(getattr(self, name), str):
                raise InputError(f"study.{name} is {getattr(self, name)!r}; expected one text.")
        if _integer_below(self.num_steps, 1):
            raise InputError(f"study.num_steps is {self.num_steps!r}; expected an integer above 0.")
        self._check_seeds()
        self._check_strategies()

    @property
    def all_strategies(self) -> tuple[Strategy, ...]:
        """The strategies in their order."""
        return tuple(_strategy(name, parts) for name, parts in self.strategies.items())

    def _check_seeds(self):
        seeds = (self.seeds,) if isinstance(self.seeds, int) else tuple(self.seeds or ())
        object.__setattr__(self, "seeds", seeds)
        if not seeds or len(set(seeds)) < len(seeds) or any(_integer_below(s, 0) for s in seeds):
            raise InputError(
                f"study.seeds is {list(seeds)}; expected different integers of at least 0."
            )

    def _check_strategies(self):
        if not isinstance(self.strategies, Mapping) or not self.strategies:
            raise InputError(
                f"study.strategies is {self.strategies!r}; expected a mapping such as "
                "{'all_layers': {}, 'fusion_only': {'configs': "
                "['gin_configs/training/fusion_only.gin']}}."
            )
        rehearsing = [strategy.name for strategy in self.all_strategies if strategy.rehearsal]
        if rehearsing and not self.rehearsal_records:
            raise InputError(
                f"The strategy {rehearsing[0]!r} rehearses natural motion, and "
                "study.rehearsal_records is not bound; name records of it."
            )
        if self.natural_records in self.rehearsal_records:
            raise InputError(
                f"study.rehearsal_records and study.natural_records are both "
                f"{self.natural_records!r}; what the loss is measured on may not be trained on."
            )
        if self.animation_records in self.train_records:
            raise InputError(
                f"study.train_records and study.animation_records are both "
                f"{self.animation_records!r}; the gain is measured on other films."
            )


def _strategy(name: Any, parts: Any) -> Strategy:
    where = f"study.strategies[{name!r}]"
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InputError(
            f"study.strategies has the name {name!r}; expected letters, digits, '_', '-' and '.', "
            "for it becomes part of a folder's name."
        )
    if not isinstance(parts, Mapping):
        raise InputError(f"{where} is {parts!r}; expected a mapping, {{}} for nothing.")
    unknown = [key for key in parts if key not in _STRATEGY_KEYS]
    if unknown:
        raise InputError(f"{where} has {unknown[0]!r}; expected {', '.join(_STRATEGY_KEYS)}.")
    rehearsal = parts.get("rehearsal", False)
    if not isinstance(rehearsal, bool):
        raise InputError(f"{where}['rehearsal'] is {rehearsal!r}; expected True or False.")
    return Strategy(
        name,
        _texts(f"{where}['configs']", parts.get("configs", ())),
        _texts(f"{where}['bindings']", parts.get("bindings", ())),
        rehearsal,
    )


def _texts(where: str, values: Any) -> tuple[str, ...]:
    """One text or several, as a tuple."""
    values = (values,) if isinstance(values, str) else tuple(values or ())
    for value in values:
        if not isinstance(value, str) or not value:
            raise InputError(f"{where} has the entry {value!r}; expected a text in quotes.")
    return values


def _integer_below(value: Any, limit: int) -> bool:
    """Whether a value is no integer, or too small a one."""
    return isinstance(value, bool) or not isinstance(value, int) or value < limit
