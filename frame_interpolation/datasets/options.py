"""Options of the datasets (gin selectors `training_dataset`, `eval_datasets`, `data_augmentation`).

Names as in the released gin configurations of FILM (arXiv 2202.04901). A dataset is named as
`datasets.tfrecord.expand` reads it: PATH@N for N shards, or one file. Sizes are in pixels.
"""

import dataclasses
import math
import os
import re
from collections.abc import Sequence
from typing import Any

import gin

from frame_interpolation.errors import InputError

# Those of FILM's released configurations, and two of our own.
AUGMENTATION_NAMES = ("random_image_rot90", "random_flip", "random_rotate", "random_reverse")
JITTER_NAMES = ("random_scale", "random_colour")
DAMAGED_RECORDS = ("stop", "skip")

_SMALLEST_SHARE = 0.001
_MAX_SCALE_FACTOR = 2.0
_MAX_COLOUR_JITTER = 0.5
_MAX_SEED = 2**63 - 1


@gin.register("training_dataset")
@dataclasses.dataclass(frozen=True)
class TrainingDataset:
    """What to train on.

    Attributes:
      file: the dataset; or
      files: several datasets, whose records are shuffled together as if they were one.
      batch_size: examples a step, over all replicas together.
      crop_size: side of the square that is cut out of the three frames.
      crop_sizes: the reference's form of `crop_size` beside `files`, one for each of them; all the
        same here, because a batch mixes the datasets.
      seed: of the order of the examples and of every augmentation.
      weights: one for each of `files`: each batch mixes the datasets in these proportions,
        whatever their sizes (rehearsal of one dataset beside another); none by default.
      damaged_records: what happens at a record that is cut, fails its checksum or has a frame
        that cannot be decoded: "stop" with an error that names shard and offset, or "skip" it:
        take the next record of the epoch instead, warn once, and count.

    Raises:
      InputError: a value is out of range, or two of them contradict each other.
    """

    file: str | None = None
    files: Sequence[str] = ()
    batch_size: int = 8
    crop_size: int = 256
    crop_sizes: Sequence[int] = ()
    seed: int = 0
    weights: Sequence[float] = ()
    damaged_records: str = "stop"

    def __post_init__(self):
        name = "training_dataset"
        object.__setattr__(self, "files", _checked_files(f"{name}.files", self.files))
        object.__setattr__(self, "crop_sizes", tuple(self.crop_sizes or ()))
        if self.file is not None and not isinstance(self.file, str):
            raise InputError(f"{name}.file is {self.file!r}; expected a path in quotes.")
        if self.file and self.files:
            raise InputError(
                f"{name}.file and {name}.files are both set; bind one of them to None."
            )
        _check_integer(f"{name}.batch_size", self.batch_size, at_least=1)
        _check_integer(f"{name}.crop_size", self.crop_size, at_least=1)
        _check_integer(f"{name}.seed", self.seed, at_least=0)
        self._check_crop_sizes()
        object.__setattr__(self, "weights", tuple(self.weights or ()))
        self._check_weights()
        _check_damaged_records(f"{name}.damaged_records", self.damaged_records)

    def _check_weights(self):
        if not self.weights:
            return
        name, weights = "training_dataset.weights", self.weights
        # A shipped file gives the mixture, and leaves the records to the user to bind.
        if self.paths and len(weights) != len(self.paths):
            raise InputError(
                f"{name} has {len(weights)} entries for {len(self.paths)} datasets; expected one "
                "each, or none."
            )
        for weight in weights:
            _check_number(name, weight, above=0.0, at_most=_MAX_SEED)
        if min(weights) < _SMALLEST_SHARE * sum(weights):
            raise InputError(
                f"{name} is {list(weights)}; expected each to be at least a thousandth of their "
                "sum. Leave out a dataset that is not to be used."
            )

    def _check_crop_sizes(self):
        if not self.crop_sizes:
            return
        sizes = list(self.crop_sizes)
        for size in sizes:
            _check_integer("training_dataset.crop_sizes", size, at_least=1)
        if len(sizes) != len(self.paths):
            raise InputError(
                f"training_dataset.crop_sizes has {len(sizes)} entries for {len(self.paths)} "
                "datasets; expected one each."
            )
        if len(set(sizes)) > 1:
            raise InputError(
                f"training_dataset.crop_sizes is {sizes}; expected equal sizes, because each batch "
                "mixes all datasets."
            )

    @property
    def paths(self) -> tuple[str, ...]:
        """The datasets, from `file` or `files`; empty when neither is set."""
        return (self.file,) if self.file else tuple(self.files)

    @property
    def crop_side(self) -> int:
        """The side of the crops, from `crop_sizes` or `crop_size`."""
        return self.crop_sizes[0] if self.crop_sizes else self.crop_size


@gin.register("eval_datasets")
@dataclasses.dataclass(frozen=True)
class EvalDatasets:
    """What the periodic evaluation during training looks at; nothing by default.

    Attributes:
      files: the datasets.
      names: what TensorBoard calls them; by default the names of the files.
      natural_names: those of them that show natural motion: the drop of PSNR on them since step 0
        of the run is reported as `forgetting`.
      batch_size: examples evaluated together.
      max_examples: how many examples of each dataset count, the first ones; -1 for all.
      crop_size: side of the square in the middle of each frame that counts; -1 for whole frames.
      damaged_records: as `TrainingDataset` has it; a record that is skipped has no part in the
        means, and does not count among `max_examples`.

    Raises:
      InputError: a value is out of range, or two of them contradict each other.
    """

    files: Sequence[str] = ()
    names: Sequence[str] = ()
    natural_names: Sequence[str] = ()
    batch_size: int = 1
    max_examples: int = -1
    crop_size: int = -1
    damaged_records: str = "stop"

    def __post_init__(self):
        name = "eval_datasets"
        object.__setattr__(self, "files", _checked_files(f"{name}.files", self.files))
        names = (self.names,) if isinstance(self.names, str) else tuple(self.names or ())
        object.__setattr__(self, "names", names or tuple(map(_dataset_name, self.files)))
        if len(self.names) != len(self.files):
            raise InputError(
                f"{name}.names has {len(self.names)} entries for {len(self.files)} files; expected "
                "one each, or none."
            )
        if len(set(self.names)) != len(self.names):
            raise InputError(
                f"{name}.names is {list(self.names)}; expected names that differ, because each is "
                "a curve of its own."
            )
        natural = self.natural_names
        natural = (natural,) if isinstance(natural, str) else tuple(natural or ())
        object.__setattr__(self, "natural_names", natural)
        # A shipped file may name the set, and leave the records to the user to bind.
        unknown = [entry for entry in natural if self.files and entry not in self.names]
        if unknown:
            raise InputError(
                f"{name}.natural_names has {unknown[0]!r}; expected some of {name}.names, "
                f"{', '.join(self.names)}."
            )
        _check_integer(f"{name}.batch_size", self.batch_size, at_least=1)
        _check_count_or_all(f"{name}.max_examples", self.max_examples)
        _check_count_or_all(f"{name}.crop_size", self.crop_size)
        _check_damaged_records(f"{name}.damaged_records", self.damaged_records)


@gin.register("data_augmentation")
@dataclasses.dataclass(frozen=True)
class DataAugmentation:
    """What changes the training examples at random, the same for the three frames.

    Attributes:
      names: which of `AUGMENTATION_NAMES` and `JITTER_NAMES`, applied in this order; none by
        default.
      scale_factor: f of `random_scale`, 1 to 2: pictures are enlarged by up to f and reduced by
        down to 1 / f.
      colour_jitter: j of `random_colour`, 0 to 0.5: contrast and saturation are multiplied by
        1 - j to 1 + j, and -j / 2 to j / 2 is added to the brightness.

    Raises:
      InputError: a name is unknown or stands there twice, or a number is out of range.
    """

    names: Sequence[str] = ()
    scale_factor: float = 1.25
    colour_jitter: float = 0.2

    def __post_init__(self):
        names = (self.names,) if isinstance(self.names, str) else tuple(self.names or ())
        object.__setattr__(self, "names", names)
        for name in names:
            if name not in AUGMENTATION_NAMES + JITTER_NAMES:
                raise InputError(
                    f"data_augmentation.names has {name!r}; expected some of "
                    f"{', '.join(AUGMENTATION_NAMES + JITTER_NAMES)}."
                )
        if len(set(names)) != len(names):
            raise InputError(
                f"data_augmentation.names is {list(names)}; expected each name at most once."
            )
        binding = "data_augmentation.scale_factor"
        _check_number(binding, self.scale_factor, at_least=1.0, at_most=_MAX_SCALE_FACTOR)
        binding = "data_augmentation.colour_jitter"
        _check_number(binding, self.colour_jitter, at_least=0.0, at_most=_MAX_COLOUR_JITTER)


def _checked_files(binding: str, files: Sequence[str] | None) -> tuple[str, ...]:
    """The paths as a tuple; one path alone is a list of one."""
    files = (files,) if isinstance(files, str) else tuple(files or ())
    for file in files:
        if not isinstance(file, str) or not file:
            raise InputError(
                f"{binding} has the entry {file!r}; expected the path of a dataset, PATH@N for N "
                "shards."
            )
    return files


def _check_damaged_records(binding: str, value: object) -> None:
    if value not in DAMAGED_RECORDS:
        raise InputError(f"{binding} is {value!r}; expected 'stop' or 'skip'.")


def _dataset_name(file: str) -> str:
    return re.sub(r"(\.tfrecord)?(@\d+)?$", "", os.path.basename(file)) or file


def _check_integer(binding: str, value: object, *, at_least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not at_least <= value <= _MAX_SEED:
        raise InputError(f"{binding} is {value!r}; expected an integer of at least {at_least}.")


def _check_number(
    binding: str,
    value: Any,
    *,
    at_least: float = -math.inf,
    above: float = -math.inf,
    at_most: float,
) -> None:
    number = not isinstance(value, bool) and isinstance(value, int | float)
    if not number or not (at_least <= value <= at_most and value > above):
        lowest = f"above {above:g}" if above > at_least else f"from {at_least:g} to {at_most:g}"
        raise InputError(f"{binding} is or has {value!r}; expected a number {lowest}.")


def _check_count_or_all(binding: str, value: object) -> None:
    if value != -1:
        _check_integer(binding, value, at_least=1)
