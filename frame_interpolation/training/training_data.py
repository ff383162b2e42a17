"""The batches of a run: of its training records from any step on, and of its evaluation sets."""

import dataclasses
import os
from collections.abc import Callable, Iterable

import tensorflow as tf

from frame_interpolation.datasets import input_pipeline, record_collection
from frame_interpolation.datasets.options import DataAugmentation, EvalDatasets, TrainingDataset
from frame_interpolation.errors import InputError
from frame_interpolation.training.train_step import Example


@dataclasses.dataclass(frozen=True)
class TrainingData:
    """What to train on.

    Attributes:
      batches: batches without end, as `train_step.TrainStep` takes them; the k-th one of a run
        depends on the seed and on k alone, whichever step the run went on from.
      steps_per_epoch: steps in which as many examples come as there are records; without weights
        of the datasets every record comes once.
      records: from which they are made; the batches' `record` counts these.
    """

    batches: Iterable[Example]
    steps_per_epoch: float
    records: record_collection.RecordCollection


def create(
    options: TrainingDataset,
    augmentations: DataAugmentation,
    *,
    strategy: tf.distribute.Strategy,
    first_step: int,
) -> TrainingData:
    """Opens the training records.

    Args:
      options: the records, batch and crop size, seed.
      augmentations: what changes at random.
      strategy: the devices among which each batch is parted.
      first_step: steps that were made already.

    Returns:
      The batches from that step on.

    Raises:
      InputError: no records are given, or they cannot be read.
    """
    records = record_collection.open_records(
        options.paths,
        binding="training_dataset.files",
        tolerate_damage=options.damaged_records == "skip",
    )

    def create_dataset(context: tf.distribute.InputContext | None = None) -> tf.data.Dataset:
        return input_pipeline.create_training_dataset(
            records, options, augmentations, first_step=first_step, input_context=context
        )

    return TrainingData(
        _distributed(create_dataset, strategy, batch_size=options.batch_size),
        len(records) / options.batch_size,
        records,
    )


def _distributed(
    create_dataset: Callable[..., tf.data.Dataset],
    strategy: tf.distribute.Strategy,
    *,
    batch_size: int,
) -> Iterable[Example]:
    if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        replicas = strategy.num_replicas_in_sync

        def create_part(context: tf.distribute.InputContext) -> tf.data.Dataset:
            # Each host makes its own part of every batch, and gives each of its replicas a part.
            dataset = create_dataset(context)
            if replicas == context.num_input_pipelines:
                return dataset
            return dataset.unbatch().batch(batch_size // replicas, drop_remainder=True)

        return strategy.distribute_datasets_from_function(create_part)
    dataset = create_dataset()
    if strategy.num_replicas_in_sync == 1 and not isinstance(strategy, tf.distribute.TPUStrategy):
        return dataset
    # One pipeline makes the whole batch, the strategy parts it; there are no files to part.
    sharding = tf.data.Options()
    sharding.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    return strategy.experimental_distribute_dataset(dataset.with_options(sharding))


def create_evaluation_sets(options: EvalDatasets) -> dict[str, Iterable[Example]]:
    """Opens the records of the periodic evaluation.

    Args:
      options: the sets.

    Returns:
      Batches by the name of the set; each can be iterated again and again.

    Raises:
      InputError: records cannot be read, or the curves of a set would lie outside of their folder.
    """
    sets = {}
    for name, path in zip(options.names, options.files, strict=True):
        _check_folder_name(name)
        records = record_collection.open_records(
            [path],
            binding="eval_datasets.files",
            tolerate_damage=options.damaged_records == "skip",
        )
        sets[name] = input_pipeline.create_evaluation_dataset(
            records,
            batch_size=options.batch_size,
            crop_size=options.crop_size,
            max_examples=options.max_examples,
            damaged_records=options.damaged_records,
        )
    return sets


def _check_folder_name(name: object) -> None:
    """Makes sure that the curves of an evaluation set can go to the folder of its name."""
    fits = isinstance(name, str) and bool(name) and not os.path.isabs(name)
    if not fits or ".." in str(name).split("/"):
        raise InputError(
            f"eval_datasets.names has {name!r}; expected the name of a folder for the curves of "
            "the set, such as 'atd12k_val'."
        )
