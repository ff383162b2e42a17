"""The network against what the reference implementation gave for the same weights."""

import ast

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.losses import reconstruction
from frame_interpolation.models.film_net.interpolator import create_model
from frame_interpolation.models.film_net.options import Options

_OUTPUT_TOLERANCE = 1e-5
# Of the warped inputs: a float32 coordinate above 128 is rounded to 1.5e-5 px, and another order of
# summation in the convolutions, which differs between processors, moves it by a rounding or two.
_WARPED_TOLERANCE = 5e-5
_GRADIENT_TOLERANCE = 1e-3


@pytest.fixture(scope="module")
def golden(golden_dir):
    with np.load(golden_dir / "film_small.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def options(golden):
    return Options(**ast.literal_eval(str(golden["options"])))


@pytest.fixture(scope="module")
def model(golden, options):
    model = create_model(options)
    for variable in model.variables:
        variable.assign(golden["weights/" + variable.name.removesuffix(":0")])
    return model


def _image(golden, key):
    return tf.constant(golden[key][None].astype(np.float32) / 255.0)


def _inputs(golden, case):
    return {
        "x0": _image(golden, f"case{case}/x0"),
        "x1": _image(golden, f"case{case}/x1"),
        "time": tf.fill([1, 1], 0.5),
    }


def _flatten(outputs):
    """Names tensors as the golden file does."""
    for name, value in outputs.items():
        if isinstance(value, (list, tuple)):
            yield from ((f"{name}/{level}", tensor) for level, tensor in enumerate(value))
        else:
            yield name, value


def _assert_equal_to_largest(actual, expected, tolerance, name):
    error = np.abs(np.asarray(actual) - expected).max() / np.abs(expected).max()
    assert error <= tolerance, f"{name}: {error:.2e} of the largest value"


@pytest.mark.parametrize("case", [0, 1])
def test_every_output_equals_the_reference(golden, model, case):
    outputs = dict(_flatten(model(_inputs(golden, case), training=False)))
    expected = {
        key.removeprefix(f"case{case}/") for key in golden if key.startswith(f"case{case}/")
    } - {"x0", "y", "x1", "clipped_share"}
    assert set(outputs) == expected
    for name, tensor in outputs.items():
        tolerance = _WARPED_TOLERANCE if name.endswith("_warped") else _OUTPUT_TOLERANCE
        _assert_equal_to_largest(tensor[0], golden[f"case{case}/{name}"], tolerance, name)


def test_variables_have_the_names_and_the_order_of_the_reference(golden, model):
    names = [key.removeprefix("weights/") for key in golden if key.startswith("weights/")]
    assert [variable.name for variable in model.variables] == [f"{name}:0" for name in names]


def test_every_gradient_equals_the_reference(golden, model):
    target = _image(golden, "case0/y")
    with tf.GradientTape() as tape:
        prediction = model(_inputs(golden, 0), training=True)
        loss = reconstruction.l1(prediction["image"], target)
    gradients = tape.gradient(loss, model.trainable_variables)
    np.testing.assert_allclose(loss, golden["train/l1"], rtol=1e-4)
    np.testing.assert_allclose(
        tf.linalg.global_norm(gradients), golden["train/global_norm"], rtol=_GRADIENT_TOLERANCE
    )
    stored = 0
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        name = variable.name.removesuffix(":0")
        np.testing.assert_allclose(
            tf.norm(gradient),
            golden[f"train/grad_norm/{name}"],
            rtol=_GRADIENT_TOLERANCE,
            err_msg=name,
        )
        if f"train/grad/{name}" in golden:
            stored += 1
            expected = golden[f"train/grad/{name}"]
            _assert_equal_to_largest(gradient, expected, _GRADIENT_TOLERANCE, name)
    assert stored > 30


def test_eager_equals_graph(golden, model):
    compiled = tf.function(lambda inputs: model(inputs, training=False)["image"])
    _assert_equal_to_largest(
        compiled(_inputs(golden, 1))[0], golden["case1/image"], _OUTPUT_TOLERANCE, "image"
    )


def test_unknown_sizes_in_a_graph(golden, model):
    image = tf.TensorSpec([None, None, None, 3])
    compiled = tf.function(
        lambda x0, x1, time: model({"x0": x0, "x1": x1, "time": time}, training=False)["image"],
        input_signature=[image, image, tf.TensorSpec([None, 1])],
    )
    for case in (0, 1):
        _assert_equal_to_largest(
            compiled(**_inputs(golden, case))[0],
            golden[f"case{case}/image"],
            _OUTPUT_TOLERANCE,
            "image",
        )
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least 16 x 16"):
        small = tf.zeros([1, 15, 32, 3])
        compiled(small, small, tf.fill([1, 1], 0.5))


def test_a_batch_of_three_equals_three_batches_of_one(golden, model):
    x0 = _image(golden, "case0/x0")
    x1 = _image(golden, "case0/x1")
    pairs = [(x0, x1), (x1, x0), (x0[:, ::-1], x1[:, ::-1])]

    def predict(x0, x1):
        inputs = {"x0": x0, "x1": x1, "time": tf.fill([x0.shape[0], 1], 0.5)}
        return model(inputs, training=False)["image"].numpy()

    batch = predict(*(tf.concat(images, axis=0) for images in zip(*pairs, strict=True)))
    for actual, pair in zip(batch, pairs, strict=True):
        _assert_equal_to_largest(actual, predict(*pair)[0], _OUTPUT_TOLERANCE, "image")


@pytest.mark.slow
def test_released_configuration_has_the_released_variables(golden_dir):
    options = Options(
        pyramid_levels=7,
        fusion_pyramid_levels=5,
        specialized_levels=3,
        flow_convs=[3, 3, 3, 3],
        flow_filters=[32, 64, 128, 256],
        sub_levels=4,
        filters=64,
    )
    model = create_model(options)
    lines = (golden_dir / "film_released_variables.tsv").read_text().splitlines()[1:]
    expected = [tuple(line.split("\t")[1:]) for line in lines]
    actual = [
        (variable.name.removesuffix(":0"), "x".join(map(str, variable.shape)))
        for variable in model.variables
    ]
    assert actual == expected
    assert model.count_params() == 34_436_667


def test_without_auxiliary_outputs_only_the_image_is_returned(golden, options):
    model = create_model(Options(filters=2, flow_filters=[4] * 4, use_aux_outputs=False))
    assert list(model(_inputs(golden, 1), training=False)) == ["image"]


def test_the_smallest_image_works_and_a_smaller_one_is_refused():
    model = create_model(Options(pyramid_levels=7, filters=2, flow_filters=[4] * 4))

    def predict(height, width):
        image = tf.zeros([1, height, width, 3])
        return model({"x0": image, "x1": image, "time": tf.fill([1, 1], 0.5)}, training=False)

    assert predict(64, 64)["image"].shape == (1, 64, 64, 3)
    with pytest.raises(ValueError, match=r"pyramid_levels = 7.*63"):
        predict(63, 80)


@pytest.mark.parametrize(
    "options",
    [
        {"pyramid_levels": 1, "fusion_pyramid_levels": 1, "specialized_levels": 1},
        {"pyramid_levels": 3, "fusion_pyramid_levels": 3, "specialized_levels": 3},
        {"pyramid_levels": 3, "fusion_pyramid_levels": 2, "specialized_levels": 0, "sub_levels": 1},
        {"pyramid_levels": 3, "fusion_pyramid_levels": 3, "specialized_levels": 2, "sub_levels": 7},
    ],
)
def test_unusual_shapes_of_the_network(options):
    options = Options(filters=2, flow_convs=[1, 0, 2], flow_filters=[4, 2, 6], **options)
    model = create_model(options)
    image = tf.random.stateless_uniform([1, 8, 9, 3], seed=(0, 1))
    outputs = model({"x0": image, "x1": image, "time": tf.fill([1, 1], 0.5)}, training=False)
    assert outputs["image"].shape == image.shape
    assert len(outputs["forward_residual_flow_pyramid"]) == options.pyramid_levels
    assert len(outputs["forward_flow_pyramid"]) == options.fusion_pyramid_levels
