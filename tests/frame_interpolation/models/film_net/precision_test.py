"""The network in 16 bits against itself in float32."""

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.models.film_net.interpolator import create_model
from frame_interpolation.models.film_net.options import Options

_OPTIONS = Options(
    pyramid_levels=4,
    fusion_pyramid_levels=3,
    specialized_levels=2,
    sub_levels=3,
    filters=8,
    flow_convs=[2, 2, 2],
    flow_filters=[8, 8, 8],
)
# The product of the roundings, over some 20 layers, of 8 and of 11 bits.
_LEAST_PSNR = {"mixed_bfloat16": 40.0, "mixed_float16": 55.0}


@pytest.fixture(scope="module")
def inputs():
    noise = tf.random.stateless_uniform([2, 8, 10, 3], [1, 2])
    x0, x1 = tf.split(tf.image.resize(noise, [32, 40]), 2)
    return {"x0": x0, "x1": x1, "time": tf.fill([1, 1], 0.5)}


@pytest.fixture(scope="module")
def exact_model():
    tf.keras.utils.set_random_seed(0)
    return create_model(_OPTIONS)


@pytest.fixture(scope="module", params=sorted(_LEAST_PSNR))
def model(request, exact_model):
    model = create_model(_OPTIONS, precision=request.param)
    model.set_weights(exact_model.get_weights())
    return request.param, model


def _tensors(outputs):
    return {name: tf.nest.flatten(value) for name, value in outputs.items()}


def test_outputs_are_float32_and_near_those_of_float32(model, exact_model, inputs):
    precision, model = model
    expected, actual = _tensors(exact_model(inputs)), _tensors(model(inputs))
    for name, tensors in actual.items():
        assert {tensor.dtype for tensor in tensors} == {tf.float32}, name
        for tensor, exact in zip(tensors, expected[name], strict=True):
            error = np.sqrt(np.mean((tensor - exact) ** 2)) / np.abs(exact).max()
            assert -20 * np.log10(error) > _LEAST_PSNR[precision], name


def test_variables_stay_float32_and_computation_does_not(model):
    precision, model = model
    assert {variable.dtype for variable in model.variables} == {tf.float32}
    computed = {
        layer.name: layer.compute_dtype
        for layer in model._flatten_layers()
        if isinstance(layer, tf.keras.layers.Conv2D)
    }
    short = precision.removeprefix("mixed_")
    assert computed["cfeat_conv_0"] == computed["conv_0"] == computed["conv2d"] == short
    # Those that give flows and the image.
    assert computed["conv_3"] == computed["conv2d_6"] == "float32"


def test_gradients_are_finite_float32_and_near_those_of_float32(model, exact_model, inputs):
    _, model = model
    scale = 2.0**10
    gradients = []
    for network in (model, exact_model):
        with tf.GradientTape() as tape:
            loss = scale * tf.reduce_mean(tf.square(network(inputs, training=True)["image"] - 0.5))
        gradients.append(tape.gradient(loss, network.trainable_variables))
    flat = [np.concatenate([np.ravel(g) for g in parts]) for parts in gradients]
    assert flat[0].dtype == np.float32 and np.isfinite(flat[0]).all()
    cosine = np.dot(*flat) / np.linalg.norm(flat[0]) / np.linalg.norm(flat[1])
    assert cosine > 0.99
