"""What a checkpoint gives for export, with and without averages and starting weights in it."""

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.models.options import PretrainedOptions
from frame_interpolation.training import exported_weights
from frame_interpolation.training.fine_tuning import FineTuningOptions
from frame_interpolation.training.kept_weights import KeptWeights


def _values(model):
    return [variable.numpy() for variable in model.trainable_variables]


@pytest.fixture(scope="module")
def model(create_tiny_model):
    return create_tiny_model()


@pytest.fixture(scope="module")
def paths(model, tmp_path_factory):
    """Checkpoints: with weights of 1; of 5 alone; and of 5 with averages of 4, begun from 2."""
    folder = tmp_path_factory.mktemp("train")

    def write(name, value, **state):
        _fill(model, value)
        step = tf.Variable(7, dtype=tf.int64)
        checkpoint = tf.train.Checkpoint(model=model, step=step, **state)
        return checkpoint.write(str(folder / name))

    variables = model.trainable_variables
    options = FineTuningOptions(average_decay=0.9, blend_factor=0.5)
    kept = KeptWeights(options, variables, range(len(variables)))
    _fill(model, 2.0)
    kept.begin()
    _fill(model, 4.0)
    kept.average.copies.copy_from_model()
    return {
        "pretrained": write("pretrained", 1.0),
        "plain": write("ckpt-7", 5.0),
        "kept": write("ckpt-8", 5.0, **kept.state),
    }


def _fill(model, value):
    for variable in model.trainable_variables:
        variable.assign(tf.fill(variable.shape, value))


def _choose(model, checkpoint, *, started_from="", pattern=None, options=None, **arguments):
    _fill(model, 5.0)
    return exported_weights.choose(
        model,
        checkpoint,
        options=FineTuningOptions(**(options or {})),
        pretrained_options=PretrainedOptions(path=started_from, pattern=pattern),
        **arguments,
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, 4.0),
        ({"average": False}, 5.0),
        ({"options": {"export_average": False}}, 5.0),
        ({"options": {"export_average": False}, "average": True}, 4.0),
        ({"options": {"blend_factor": 0.5}}, 3.0),
        ({"blend": 0.25}, 2.5),
        ({"blend": 0.0, "average": False}, 2.0),
        ({"options": {"blend_factor": 0.5}, "blend": 1.0}, 4.0),
    ],
)
def test_flags_come_before_options(model, paths, arguments, expected):
    _choose(model, paths["kept"], **arguments)
    for value in _values(model):
        np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_without_starting_weights_in_the_checkpoint_those_of_the_file_count(model, paths):
    said = _choose(model, paths["plain"], started_from=paths["pretrained"], blend=0.25)
    assert said == f", 0.25 of them and 0.75 of {paths['pretrained']}"
    np.testing.assert_allclose(_values(model)[0], 2.0)
    # What was not taken from the file has nothing to be blended with.
    _choose(model, paths["plain"], started_from=paths["pretrained"], pattern="^fusion", blend=0.25)
    for variable in model.trainable_variables:
        expected = 2.0 if variable.name.startswith("fusion") else 5.0
        np.testing.assert_allclose(variable.numpy(), expected)


def test_another_file_can_be_blended_with(model, paths):
    _choose(model, paths["kept"], blend=0.5, blend_with=paths["pretrained"], average=False)
    np.testing.assert_allclose(_values(model)[0], 3.0)


def test_nothing_is_chosen_without_being_asked(model, paths):
    assert _choose(model, paths["plain"]) == ""
    np.testing.assert_allclose(_values(model)[0], 5.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"average": True}, "holds no averaged weights"),
        ({"blend": 0.5}, "no weights to blend with"),
        ({"blend": 1.5}, "--blend is 1.5"),
        ({"blend_with": "somewhere"}, "give the share"),
        ({"blend": 0.5, "blend_with": "nowhere"}, "There are no weights at nowhere"),
    ],
)
def test_what_is_not_there_is_refused(model, paths, arguments, message):
    with pytest.raises(InputError, match=message):
        _choose(model, paths["plain"], **arguments)
