import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.losses.line_distance import chamfer, line_distance, soft_line_map


def _vertical_line(column):
    lines = np.zeros([1, 24, 40, 1], np.float32)
    lines[:, :, column] = 1.0
    return tf.constant(lines)


def _drawing(column):
    """White paper with a black line of 3 px."""
    image = np.ones([1, 24, 40, 3], np.float32)
    image[:, :, column - 1 : column + 2] = 0.0
    return tf.constant(image)


@pytest.mark.parametrize(("shift", "distance"), [(0, 0), (3, 3), (7, 7), (8, 8), (20, 8)])
def test_line_maps_by_hand(shift, distance):
    # One pixel of 40 is on a line, d px from the other, at most 8, in units of 8 px.
    value = chamfer(_vertical_line(10), _vertical_line(10 + shift))
    np.testing.assert_allclose(value, distance / 8 / 40, rtol=1e-5)


def test_an_empty_map_counts_the_lines_of_the_other():
    np.testing.assert_allclose(chamfer(tf.zeros([1, 24, 40, 1]), _vertical_line(9)), 0.5 / 40)


def test_the_dark_line_is_found_and_paper_is_not():
    lines = soft_line_map(_drawing(20))[0, :, :, 0].numpy()
    assert (lines[:, 20] > 0.99).all()
    assert (lines[:, [0, 5, 35, 39]] < 0.02).all()


def test_it_grows_with_the_distance_and_its_gradient_draws_the_missing_line():
    truth = _drawing(20)
    values = [float(line_distance(_drawing(20 + shift), truth)) for shift in (0, 1, 2, 4)]
    assert values[0] == 0.0 and values == sorted(values)
    prediction = tf.ones([1, 24, 40, 3])
    with tf.GradientTape() as tape:
        tape.watch(prediction)
        value = line_distance(prediction, truth)
    gradient = tf.reduce_sum(tape.gradient(value, prediction), axis=[0, 1, 3]).numpy()
    assert gradient[20] > 0  # Descent makes the pixels of the true line darker.
    assert np.argmax(gradient) in (19, 20, 21)
