import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.training.weight_averaging import AveragedWeights


@pytest.fixture
def variables():
    return [tf.Variable([1.0, 2.0], name="a"), tf.Variable(5.0, name="b")]


def _step(average, variable, step, value):
    variable.assign(value)
    average.update(tf.constant(step, tf.int64), [0], strategy=tf.distribute.get_strategy())
    return average.copies[0].numpy()


def test_it_starts_from_the_weights_and_follows_by_one_minus_the_decay(variables):
    average = AveragedWeights(variables, [0], decay=0.75, warmup=False)
    np.testing.assert_array_equal(_step(average, variables[0], 0, [5.0, -2.0]), [2.0, 1.0])
    np.testing.assert_array_equal(_step(average, variables[0], 1, [10.0, 1.0]), [4.0, 1.0])


def test_warm_up_bounds_the_decay(variables):
    average = AveragedWeights(variables, [0], decay=0.5)
    steps = [0, 1, 8, 9, 1000]
    decays = [float(average.decay_at(tf.constant(step, tf.int64))) for step in steps]
    assert decays == pytest.approx([1 / 10, 2 / 11, 9 / 18, 0.5, 0.5])


def test_the_model_has_the_averages_for_a_while_and_then_its_own_bits(variables):
    average = AveragedWeights(variables, [0], decay=0.9, warmup=False)
    last = np.float32([0.1, 1 / 3])
    _step(average, variables[0], 0, last)
    with pytest.raises(KeyError), average.in_place():
        np.testing.assert_array_equal(variables[0], average.copies[0])
        assert not np.array_equal(variables[0], last)
        raise KeyError
    np.testing.assert_array_equal(variables[0], last)
    assert float(variables[1]) == 5.0
