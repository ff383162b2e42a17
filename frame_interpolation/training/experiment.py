"""Everything that a gin file says about a training run, as one value."""

import dataclasses
from collections.abc import Callable
from typing import Any

from frame_interpolation.datasets.options import DataAugmentation, EvalDatasets, TrainingDataset

# Besides the losses it registers the schedules of their weights, which gin files name.
from frame_interpolation.losses import weighting  # noqa: F401
from frame_interpolation.losses.options import (
    StyleOptions,
    TestLosses,
    TrainingLosses,
    VggOptions,
)
from frame_interpolation.models.film_net.options import Options as FilmNetOptions
from frame_interpolation.models.options import PretrainedOptions
from frame_interpolation.models.registry import ModelOptions
from frame_interpolation.training.fine_tuning import FineTuningOptions
from frame_interpolation.training.options import OptimizerOptions, TrainingOptions


@dataclasses.dataclass(frozen=True)
class Experiment:
    """The options of each part of a run."""

    model: ModelOptions
    film_net: FilmNetOptions
    pretrained: PretrainedOptions
    training: TrainingOptions
    optimizer: OptimizerOptions
    fine_tuning: FineTuningOptions
    training_dataset: TrainingDataset
    data_augmentation: DataAugmentation
    training_losses: TrainingLosses
    eval_datasets: EvalDatasets
    test_losses: TestLosses
    vgg: VggOptions
    style: StyleOptions

    @classmethod
    def create(cls, make: Callable[[Any], Any]) -> "Experiment":
        """Makes all parts.

        Args:
          make: makes an options object from its class, such as `config.make`.

        Returns:
          The experiment.

        Raises:
          InputError: an option is out of range.
        """
        return cls(**{field.name: make(field.type) for field in dataclasses.fields(cls)})

    def as_gin(self) -> str:
        """Returns every option, the defaults too, as a gin text that loads alone."""
        blocks = []
        for part in dataclasses.fields(self):
            options = getattr(self, part.name)
            lines = [
                f"{part.name}.{field.name} = {_gin_value(getattr(options, field.name))}"
                for field in dataclasses.fields(options)
            ]
            blocks.append("\n".join(lines))
        return "\n\n".join(blocks) + "\n"


def _gin_value(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_gin_value, value))}]"
    if isinstance(value, type):
        # The only classes among the options are Keras' schedules of the loss weights.
        return f"@tf.keras.optimizers.schedules.{value.__name__}"
    return repr(value)
