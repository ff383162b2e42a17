import itertools

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.datasets.options import DataAugmentation, EvalDatasets, TrainingDataset
from frame_interpolation.errors import InputError
from frame_interpolation.training import training_data


@pytest.fixture
def records(golden_dir):
    return f"{golden_dir / 'reference_triplets.tfrecord'}@2"


def _create(records, first_step=0):
    return training_data.create(
        TrainingDataset(files=[records], batch_size=3, crop_size=8),
        DataAugmentation(names=["random_flip", "random_reverse"]),
        strategy=tf.distribute.get_strategy(),
        first_step=first_step,
    )


def test_the_batches_from_a_step_on_are_those_of_a_run_from_the_start(records):
    whole = list(itertools.islice(_create(records).batches, 4))
    rest = list(itertools.islice(_create(records, first_step=2).batches, 2))
    for one, other in zip(whole[2:], rest, strict=True):
        np.testing.assert_array_equal(one["record"], other["record"])
        np.testing.assert_array_equal(one["y"], other["y"])


def test_an_epoch_is_every_record_once(records):
    assert _create(records).steps_per_epoch == pytest.approx(4 / 3)


def test_without_records_the_binding_is_named():
    with pytest.raises(InputError, match=r"training_dataset\.files"):
        training_data.create(
            TrainingDataset(),
            DataAugmentation(),
            strategy=tf.distribute.get_strategy(),
            first_step=0,
        )


def test_evaluation_sets_are_read_again_and_again(records):
    sets = training_data.create_evaluation_sets(
        EvalDatasets(files=[records], names=["a"], batch_size=2, crop_size=8, max_examples=3)
    )
    for _ in range(2):
        assert [len(example["y"]) for example in sets["a"]] == [2, 1]


def test_no_evaluation_sets_are_fine():
    assert training_data.create_evaluation_sets(EvalDatasets()) == {}


@pytest.mark.parametrize("name", ["..", "a/../../b", "/a", "", 5])
def test_a_set_whose_curves_would_lie_elsewhere_is_refused(records, name):
    with pytest.raises(
        InputError, match=r"eval_datasets\.names has .*; expected the name of a fol"
    ):
        training_data.create_evaluation_sets(EvalDatasets(files=[records], names=[name]))
