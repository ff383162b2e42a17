import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.ops.convolution import same_convolution


def _with_gradients(image, kernel, *, written):
    image, kernel = tf.constant(image), tf.constant(kernel)
    with tf.GradientTape() as tape:
        tape.watch([image, kernel])
        value = same_convolution(image, kernel, written_gradient=written)
        seed = [5, 6]
        loss = tf.reduce_sum(value * tf.random.stateless_normal(value.shape, seed))
    return [value, *tape.gradient(loss, [image, kernel])]


def _random(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


# Few channels; fewer and more than there are filters; more than 64 x 64 pixels; flat kernels.
@pytest.mark.parametrize("size", [(16, 16), (17, 31), (70, 65)])
@pytest.mark.parametrize(
    "kernel", [(3, 3, 3, 5), (3, 3, 16, 24), (3, 3, 24, 5), (5, 3, 17, 17), (1, 3, 20, 4)]
)
def test_values_and_gradients_are_those_of_tensorflow(size, kernel):
    image, kernel = _random(2, *size, kernel[2]), _random(*kernel)
    actual = _with_gradients(image, kernel, written=True)
    expected = _with_gradients(image, kernel, written=False)
    np.testing.assert_array_equal(actual[0], expected[0])
    for ours, theirs in zip(actual[1:], expected[1:], strict=True):
        scale = np.abs(theirs).max()
        np.testing.assert_allclose(ours / scale, theirs / scale, atol=2e-6)


def test_a_tap_brings_back_the_neighbour_that_it_looked_at():
    # The tap above the middle looks at the pixel above.
    image = np.zeros([1, 16, 16, 16], np.float32)
    image[0, 4, 7, 3] = 2.0
    kernel = np.zeros([3, 3, 16, 1], np.float32)
    kernel[0, 1, 3, 0] = 5.0
    image, kernel = tf.constant(image), tf.constant(kernel)
    with tf.GradientTape() as tape:
        tape.watch([image, kernel])
        value = same_convolution(image, kernel, written_gradient=True)
        loss = value[0, 5, 7, 0]
    assert float(loss) == 10.0
    of_image, of_kernel = tape.gradient(loss, [image, kernel])
    assert of_image[0, 4, 7, 3] == 5.0 and np.count_nonzero(of_image) == 1
    assert of_kernel[0, 1, 3, 0] == 2.0 and np.count_nonzero(of_kernel) == 1


@pytest.mark.parametrize(
    ("shape", "kernel", "dtype"),
    [
        ([None, 32, 32, 16], [3, 3, 16, 16], tf.float32),
        ([2, 15, 17, 16], [3, 3, 16, 16], tf.float32),
        ([2, 32, 32, 16], [3, 3, 16, 16], tf.bfloat16),
        ([2, 32, 32, 16], [1, 1, 16, 16], tf.float32),
        ([2, 32, 32, 16], [2, 3, 16, 16], tf.float32),
    ],
)
def test_other_convolutions_keep_tensorflows_gradients(shape, kernel, dtype):
    ops = _backward_ops(shape, kernel, dtype)
    assert {"Conv2DBackpropInput", "Conv2DBackpropFilter"} <= ops


def test_of_images_of_known_size_neither_gradient_is_tensorflows():
    ops = _backward_ops([2, 16, 16, 16], [3, 3, 16, 16], tf.float32)
    assert not any("Backprop" in op for op in ops)


def _backward_ops(shape, kernel, dtype):
    @tf.function(autograph=False)
    def gradients(image, kernel):
        with tf.GradientTape() as tape:
            tape.watch([image, kernel])
            loss = tf.reduce_sum(same_convolution(image, kernel, written_gradient=True))
        return tape.gradient(loss, [image, kernel])

    concrete = gradients.get_concrete_function(
        tf.TensorSpec(shape, dtype), tf.TensorSpec(kernel, dtype)
    )
    return {op.type for op in concrete.graph.get_operations()}
