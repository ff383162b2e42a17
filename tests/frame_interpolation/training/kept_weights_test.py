import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.training.fine_tuning import FineTuningOptions
from frame_interpolation.training.kept_weights import KeptWeights


@pytest.fixture
def variables():
    return [tf.Variable([2.0, 4.0], name="a"), tf.Variable([7.0], name="frozen")]


def _kept(variables, **options):
    kept = KeptWeights(FineTuningOptions(**options), variables, [0])
    kept.begin()
    return kept


def test_without_being_asked_nothing_is_kept(variables):
    kept = _kept(variables)
    assert kept.state == {}
    assert (kept.pull, kept.average, kept.starting_weights) == (None, None, None)
    with kept.evaluated(), kept.exported():
        np.testing.assert_array_equal(variables[0], [2.0, 4.0])


@pytest.mark.parametrize(
    ("options", "evaluated", "exported"),
    [
        ({"blend_factor": 0.5}, 6.0, 4.0),
        ({"blend_factor": 0.0}, 6.0, 2.0),
        ({"average_decay": 0.5}, 10.0, 10.0),
        ({"average_decay": 0.5, "evaluate_average": False}, 6.0, 10.0),
        ({"average_decay": 0.5, "export_average": False}, 10.0, 6.0),
        ({"average_decay": 0.5, "blend_factor": 0.5}, 10.0, 6.0),
        ({"pull_weight": 0.5}, 6.0, 6.0),
    ],
)
def test_what_is_evaluated_and_exported(variables, options, evaluated, exported):
    kept = _kept(variables, **options)
    # Trained from 2 to 6, the average being 10.
    variables[0].assign([6.0, 4.0])
    if kept.average is not None:
        kept.average.copies[0].assign([10.0, 4.0])
    for context, expected in ((kept.evaluated, evaluated), (kept.exported, exported)):
        with context():
            np.testing.assert_array_equal(variables[0], [expected, 4.0])
        np.testing.assert_array_equal(variables[0], [6.0, 4.0])
    np.testing.assert_array_equal(variables[1], [7.0])


def test_checkpoints_hold_only_what_trains_by_its_name(variables, tmp_path):
    kept = _kept(variables, average_decay=0.5, pull_weight=0.1)
    path = tf.train.Checkpoint(**kept.state).write(str(tmp_path / "ckpt"))
    stored = tf.train.load_checkpoint(path).get_variable_to_shape_map()
    keys = {key for key in stored if key != "_CHECKPOINTABLE_OBJECT_GRAPH"}
    suffix = "values/a/.ATTRIBUTES/VARIABLE_VALUE"
    assert keys == {f"averaged_weights/{suffix}", f"starting_weights/{suffix}"}
