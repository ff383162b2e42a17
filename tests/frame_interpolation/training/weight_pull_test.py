import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.training.weight_copies import WeightCopies
from frame_interpolation.training.weight_pull import WeightPull


def test_penalty_and_gradient_by_hand_and_by_differentiation():
    variables = [tf.Variable([1.0, 2.0], name="a"), tf.Variable([7.0], name="b")]
    pull = WeightPull(variables, WeightCopies(variables, [0, 1]), weight=0.5)
    assert float(pull.penalty([0, 1])) == 0.0
    variables[0].assign([4.0, -2.0])
    with tf.GradientTape() as tape:
        penalty = pull.penalty([0])
    # 0.5 / 2 * (3^2 + 4^2); b has not moved, and is not asked for.
    assert float(penalty) == pytest.approx(6.25)
    (gradient,) = pull.gradients([0])
    np.testing.assert_array_equal(gradient, [1.5, -2.0])
    np.testing.assert_array_equal(tape.gradient(penalty, variables[0]), gradient)
