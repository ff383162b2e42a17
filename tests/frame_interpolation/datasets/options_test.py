import subprocess
import sys

import pytest

from frame_interpolation.datasets.options import (
    AUGMENTATION_NAMES,
    DataAugmentation,
    EvalDatasets,
    TrainingDataset,
)
from frame_interpolation.errors import InputError


def test_one_dataset_or_several():
    assert TrainingDataset(file="a@3").paths == ("a@3",)
    assert TrainingDataset(files=["a@3", "b"]).paths == ("a@3", "b")
    assert TrainingDataset(files="a@3").paths == ("a@3",)
    assert TrainingDataset().paths == TrainingDataset(file="").paths == ()


def test_the_references_list_of_crop_sizes():
    assert TrainingDataset(file="a", crop_size=64).crop_side == 64
    assert TrainingDataset(files=["a", "b"], crop_sizes=[96, 96]).crop_side == 96
    assert hash(TrainingDataset(files=["a"], crop_sizes=[96])) is not None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"file": "a", "files": ["b"]}, "both set"),
        ({"files": ["a", ""]}, "training_dataset.files has the entry ''"),
        ({"file": 3}, "path in quotes"),
        ({"batch_size": 0}, "training_dataset.batch_size is 0"),
        ({"batch_size": 2.0}, "training_dataset.batch_size is 2.0"),
        ({"batch_size": True}, "training_dataset.batch_size is True"),
        ({"crop_size": -1}, "training_dataset.crop_size is -1"),
        ({"seed": -1}, "training_dataset.seed is -1"),
        ({"files": ["a", "b"], "crop_sizes": [96]}, "1 entries for 2 datasets"),
        ({"files": ["a", "b"], "crop_sizes": [96, 128]}, "expected equal sizes"),
    ],
)
def test_training_options_are_checked(options, message):
    with pytest.raises(InputError) as error:
        TrainingDataset(**options)
    assert message in str(error.value)


def test_evaluation_sets_have_names():
    assert EvalDatasets(files=["/x/val.tfrecord@10", "b@2"]).names == ("val", "b")
    assert EvalDatasets(files="a", names="films").names == ("films",)
    assert EvalDatasets(max_examples=-1, crop_size=-1).files == ()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"files": ["a", "b"], "names": ["a"]}, "1 entries for 2 files"),
        ({"files": ["x/a", "y/a"]}, "expected names that differ"),
        ({"max_examples": 0}, "eval_datasets.max_examples is 0"),
        ({"crop_size": -2}, "eval_datasets.crop_size is -2"),
        ({"damaged_records": "ignore"}, "eval_datasets.damaged_records is 'ignore'; expected"),
    ],
)
def test_evaluation_options_are_checked(options, message):
    with pytest.raises(InputError) as error:
        EvalDatasets(**options)
    assert message in str(error.value)


def test_augmentations_are_known_by_name():
    assert DataAugmentation(list(AUGMENTATION_NAMES)).names == AUGMENTATION_NAMES
    assert DataAugmentation(None).names == ()
    with pytest.raises(InputError, match=r"has 'random_flop'; expected some of .*random_flip"):
        DataAugmentation(["random_flop"])
    with pytest.raises(InputError, match="at most once"):
        DataAugmentation(["random_flip", "random_flip"])


def test_options_do_not_import_tensorflow():
    script = (
        "import sys, frame_interpolation.datasets.options; sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script]).returncode == 0


def test_weights_and_damaged_records():
    options = TrainingDataset(files=["a", "b"], weights=[3, 1.5])
    assert options.weights == (3, 1.5) and hash(options) is not None
    assert TrainingDataset().weights == () and TrainingDataset().damaged_records == "stop"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": [1.0]}, "1 entries for 2 datasets"),
        ({"weights": [1, 0]}, "weights is or has 0; expected a number above 0"),
        ({"weights": [1, float("nan")]}, "is or has nan"),
        ({"weights": [1, "2"]}, "is or has '2'"),
        ({"weights": [1, 5000]}, "at least a thousandth"),
        ({"damaged_records": "ignore"}, "expected 'stop' or 'skip'"),
    ],
)
def test_mixtures_are_checked(options, message):
    with pytest.raises(InputError) as error:
        TrainingDataset(files=["a", "b"], **options)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale_factor": 0.8}, "scale_factor is or has 0.8; expected a number from 1 to 2"),
        ({"scale_factor": 2.5}, "scale_factor"),
        ({"colour_jitter": -0.1}, "expected a number from 0 to 0.5"),
        ({"colour_jitter": True}, "colour_jitter"),
    ],
)
def test_strengths_are_checked(options, message):
    with pytest.raises(InputError) as error:
        DataAugmentation(("random_scale", "random_colour"), **options)
    assert message in str(error.value)
