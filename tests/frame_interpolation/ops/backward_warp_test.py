import numpy as np
import pytest
import tensorflow as tf
import tensorflow_addons as tfa

from frame_interpolation.ops.backward_warp import backward_warp


def _constant_flow(dx, dy, height, width):
    return tf.tile(tf.constant([dx, dy], tf.float32)[None, None, None], [1, height, width, 1])


def test_zero_flow_is_the_identity():
    image = tf.random.stateless_uniform([2, 5, 7, 3], seed=(0, 1))
    np.testing.assert_array_equal(backward_warp(image, tf.zeros([2, 5, 7, 2])), image)


def test_positive_dx_looks_to_the_right_and_positive_dy_down():
    image = np.zeros([1, 4, 5, 1], np.float32)
    image[0, 2, 3, 0] = 1.0
    warped = backward_warp(tf.constant(image), _constant_flow(1.0, 2.0, 4, 5)).numpy()
    expected = np.zeros_like(image)
    expected[0, 0, 2, 0] = 1.0
    np.testing.assert_array_equal(warped, expected)


def test_fractions_are_interpolated_bilinearly():
    image = tf.constant([[0.0, 1.0], [2.0, 4.0]])[None, :, :, None]
    warped = backward_warp(image, _constant_flow(0.25, 0.5, 2, 2)).numpy()[0, :, :, 0]
    # Top left: columns mixed 3:1, rows 1:1. The right column and the bottom row are clamped.
    np.testing.assert_allclose(warped, [[(0.25 + 2.5) / 2, (1.0 + 4.0) / 2], [2.5, 4.0]], rtol=1e-6)


def test_positions_outside_are_clamped_to_the_border():
    image = tf.reshape(tf.range(12.0), [1, 3, 4, 1])
    warped = backward_warp(image, _constant_flow(-100.0, 0.0, 3, 4)).numpy()[0, :, :, 0]
    np.testing.assert_array_equal(warped, [[0.0] * 4, [4.0] * 4, [8.0] * 4])


@pytest.mark.parametrize("size", [(2, 2), (9, 6), (16, 31)])
def test_values_and_gradients_equal_dense_image_warp(size):
    height, width = size
    image = tf.random.stateless_uniform([2, height, width, 4], seed=(1, 2))
    flow = tf.random.stateless_normal([2, height, width, 2], seed=(3, 4), stddev=5.0)

    def value_and_gradients(function):
        with tf.GradientTape() as tape:
            tape.watch([image, flow])
            value = function(image, flow)
            loss = tf.reduce_sum(value * tf.cast(tf.range(4), tf.float32))
        return value, *tape.gradient(loss, [image, flow])

    ours = value_and_gradients(backward_warp)
    # The reference's flow is (dy, dx) and is subtracted.
    theirs = value_and_gradients(lambda x, f: tfa.image.dense_image_warp(x, -f[..., ::-1]))
    for actual, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)


def test_a_single_row_or_column_can_be_warped():
    image = tf.reshape(tf.range(4.0), [1, 1, 4, 1])
    warped = backward_warp(image, _constant_flow(0.5, 3.0, 1, 4)).numpy()[0, 0, :, 0]
    np.testing.assert_allclose(warped, [0.5, 1.5, 2.5, 3.0])


def test_unknown_sizes_in_a_graph():
    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None, None, 3]),
            tf.TensorSpec([None, None, None, 2]),
        ]
    )
    def warp(image, flow):
        return backward_warp(image, flow)

    image = tf.random.stateless_uniform([1, 6, 5, 3], seed=(0, 1))
    flow = tf.random.stateless_normal([1, 6, 5, 2], seed=(0, 2))
    np.testing.assert_allclose(warp(image, flow), backward_warp(image, flow), rtol=1e-6)


def test_a_flow_that_is_not_a_number_does_not_read_outside_the_image():
    image = tf.ones([1, 3, 3, 1])
    warped = backward_warp(image, tf.fill([1, 3, 3, 2], float("nan")))
    assert np.isnan(warped.numpy()).all()


def test_coordinates_stay_exact_for_a_bfloat16_image():
    width = 1000
    image = tf.cast(tf.reshape(tf.range(width) % 2, [1, 1, width, 1]), tf.bfloat16)
    image = tf.tile(image, [1, 2, 1, 1])
    warped = backward_warp(image, _constant_flow(1.0, 0.0, 2, width))
    assert warped.dtype == tf.bfloat16
    np.testing.assert_array_equal(
        tf.cast(warped[0, 0, : width - 1, 0], tf.int32), (np.arange(width - 1) + 1) % 2
    )


@pytest.mark.parametrize("other_half", [False, True])
def test_the_written_gradient_is_that_of_automatic_differentiation(other_half):
    image = tf.random.stateless_normal([2, 9, 12, 5], [1, 2])
    flow_px = 4.0 * tf.random.stateless_normal([2, 9, 12, 2], [3, 4])
    upstream = tf.random.stateless_normal(image.shape, [5, 6])
    results = []
    for written in (False, True):
        with tf.GradientTape() as tape:
            tape.watch([image, flow_px])
            warped = backward_warp(image, flow_px, other_half=other_half, written_gradient=written)
            value = tf.reduce_sum(warped * upstream)
        results.append([warped, *tape.gradient(value, [image, flow_px])])
    for actual, expected in zip(*results, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)


def test_the_other_half_is_the_other_image_of_the_pair():
    image = tf.random.stateless_normal([4, 6, 5, 2], [1, 2])
    flow_px = tf.random.stateless_normal([4, 6, 5, 2], [3, 4])
    exchanged = tf.concat([image[2:], image[:2]], axis=0)
    np.testing.assert_array_equal(
        backward_warp(image, flow_px, other_half=True), backward_warp(exchanged, flow_px)
    )
