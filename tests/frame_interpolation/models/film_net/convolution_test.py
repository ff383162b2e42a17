import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.models.film_net.convolution import Convolution, UpsamplingConvolution
from frame_interpolation.ops import convolution


def _plain(layer, image, size):
    upsampled = tf.image.resize(image, size, method="nearest")
    return tf.nn.conv2d(upsampled, layer.kernel, strides=1, padding="SAME") + layer.bias


def _layer(channels):
    layer = UpsamplingConvolution(5, name="layer")
    layer.build([None, None, None, channels])
    layer.bias.assign(tf.range(5.0))
    return layer


@pytest.mark.parametrize("size", [(8, 12), (9, 13), (9, 12), (8, 13)])
def test_it_equals_upsampling_and_then_convolving(size):
    layer, image = _layer(3), tf.random.stateless_normal([2, 4, 6, 3], [1, 2])
    results = []
    for function in (layer, lambda *arguments: _plain(layer, *arguments)):
        with tf.GradientTape() as tape:
            tape.watch(image)
            value = function(image, size)
            weighted = tf.reduce_sum(value * tf.random.stateless_normal(tf.shape(value), [3, 4]))
        results.append([value, *tape.gradient(weighted, [image, layer.kernel, layer.bias])])
    for actual, expected in zip(*results, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)


def test_pixels_are_chosen_as_in_a_resize_at_every_size():
    layer = _layer(1)
    compiled = tf.function(
        lambda image, size: layer(image, (size[0], size[1])),
        input_signature=[tf.TensorSpec([None, None, None, 1]), tf.TensorSpec([2], tf.int32)],
    )
    for side in range(1, 70):
        image = tf.random.stateless_normal([1, side, 1, 1], [side, 0])
        for height in (2 * side, 2 * side + 1):
            np.testing.assert_allclose(
                compiled(image, [height, 2]),
                _plain(layer, image, (height, 2)),
                rtol=1e-4,
                atol=1e-4,
                err_msg=str(height),
            )


def test_training_changes_neither_value_nor_gradient():
    layer, image = Convolution(4, 3, name="layer"), tf.random.stateless_normal([2, 6, 6, 3], [1, 2])
    results = []
    for training in (False, True):
        with tf.GradientTape() as tape:
            tape.watch(image)
            value = layer(image, training=training)
            loss = tf.reduce_sum(value**2)
        results.append([value, *tape.gradient(loss, [image, *layer.trainable_variables])])
    for actual, expected in zip(*results, strict=True):
        np.testing.assert_array_equal(actual, expected)


def _parts(size, channels):
    return [tf.random.stateless_normal([2, *size, count], [1, count]) for count in channels]


# Without training the parts are joined, and so they are where the kernel is the larger one.
@pytest.mark.parametrize("size", [(16, 12), (2, 3)])
@pytest.mark.parametrize("channels", [[3, 20, 2, 17], [16, 16], [2, 3]])
def test_a_list_of_inputs_stands_for_their_concatenation(size, channels):
    layer, parts = Convolution(4, 3, name="layer"), _parts(size, channels)
    results = []
    for training, join in ((True, False), (False, True), (False, False)):
        with tf.GradientTape() as tape:
            tape.watch(parts)
            value = layer(tf.concat(parts, axis=-1) if join else parts, training=training)
            loss = tf.reduce_sum(value**2)
        results.append([value, *tape.gradient(loss, [*parts, *layer.trainable_variables])])
    for result in results[1:]:
        for actual, expected in zip(result, results[0], strict=True):
            np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-4)


def test_in_training_no_gradient_is_computed_of_an_input_that_needs_none(monkeypatch):
    monkeypatch.setattr(convolution, "written_gradient_pays", lambda: False)
    layer = Convolution(4, 3, name="layer")
    layer.build([tf.TensorShape([2, 16, 16, count]) for count in (20, 17)])

    @tf.function
    def gradient(constant, watched):
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(watched)
            loss = tf.reduce_sum(layer([constant, watched], training=True))
        return tape.gradient(loss, watched)

    graph = gradient.get_concrete_function(*_parts((16, 16), [20, 17])).graph
    shapes = [
        op.outputs[0].shape[-1] for op in graph.get_operations() if op.type == "Conv2DBackpropInput"
    ]
    assert shapes == [17]
