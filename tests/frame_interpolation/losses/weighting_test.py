import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.losses import weighting
from frame_interpolation.losses.options import (
    StyleOptions,
    TestLosses,
    TrainingLosses,
    VggOptions,
)

_STEPWISE = tf.keras.optimizers.schedules.PiecewiseConstantDecay


@pytest.fixture
def vgg_file(golden_dir):
    return str(golden_dir / "vgg_tiny.mat")


def _released_style_losses(vgg_file):
    options = TrainingLosses(
        loss_names=["l1", "vgg", "style"],
        loss_weight_schedules=[_STEPWISE] * 3,
        loss_weight_parameters=[
            {"boundaries": [0], "values": [1.0, 1.0]},
            {"boundaries": [1500000], "values": [1.0, 0.25]},
            {"boundaries": [1500000], "values": [0.0, 40.0]},
        ],
    )
    return weighting.create_training_losses(
        options,
        vgg=VggOptions(vgg_model_file=vgg_file),
        style=StyleOptions(vgg_model_file=vgg_file),
    )


def _constant(names, weights):
    return weighting.create_training_losses(
        TrainingLosses(loss_names=names, loss_weights=weights),
        vgg=VggOptions(),
        style=StyleOptions(),
    )


@pytest.mark.parametrize(
    ("step", "weights"),
    [
        (0, [1.0, 1.0, 0.0]),
        (1_500_000, [1.0, 1.0, 0.0]),
        (1_500_001, [1.0, 0.25, 40.0]),
        (3_000_000, [1.0, 0.25, 40.0]),
    ],
)
def test_the_released_schedules_change_after_their_boundary(vgg_file, step, weights):
    step = tf.constant(step, tf.int64)
    losses = _released_style_losses(vgg_file)
    assert [float(loss.weight(step)) for loss in losses] == weights


def test_a_loss_that_is_not_always_weighted_one_is_called_k_times_itself(vgg_file):
    losses = _released_style_losses(vgg_file)
    assert [loss.summary_name for loss in losses] == ["l1", "k*vgg", "k*style"]
    assert [loss.summary_name for loss in _constant(["l1", "l2"], [1.0, 0.5])] == ["l1", "k*l2"]


def test_a_schedule_takes_integers_for_weights_and_bends_in_a_graph():
    schedules = tf.keras.optimizers.schedules
    options = TrainingLosses(
        loss_names=["l1", "l2"],
        loss_weight_schedules=[_STEPWISE, schedules.PolynomialDecay],
        loss_weight_parameters=[
            {"boundaries": [5], "values": [1, 0.25]},
            {"initial_learning_rate": 0, "decay_steps": 10, "end_learning_rate": 1},
        ],
    )
    losses = weighting.create_training_losses(options, vgg=VggOptions(), style=StyleOptions())
    weights = tf.function(lambda step: [loss.weight(step) for loss in losses])
    for step, expected in [(0, [1.0, 0.0]), (5, [1.0, 0.5]), (6, [0.25, 0.6])]:
        found = [float(weight) for weight in weights(tf.constant(step, tf.int64))]
        assert found == pytest.approx(expected)


def test_losses_take_the_example_and_the_prediction():
    example = {"x0": tf.ones([1, 12, 12, 3]), "y": tf.zeros([1, 12, 12, 3])}
    prediction = {
        "image": tf.fill([1, 12, 12, 3], 0.5),
        "x0_warped": tf.fill([1, 12, 12, 3], 0.25),
        "x1_warped": tf.fill([1, 12, 12, 3], 0.125),
    }
    losses = _constant(["l1", "l2", "l1_warped"], [1.0, 1.0, 1.0])
    values = [float(loss.function(example, prediction)) for loss in losses]
    np.testing.assert_allclose(values, [0.5, 0.25, 0.375])


@pytest.mark.parametrize(("name", "side"), [("ssim", 11), ("census", 7), ("laplacian", 9)])
def test_images_too_small_for_a_loss_are_refused(name, side):
    (loss,) = _constant([name], [1.0])

    def value(*size):
        image = tf.random.stateless_uniform([1, *size, 3], [1, 2])
        return float(loss.function({"y": image}, {"image": 0.5 * image}))

    assert np.isfinite(value(side, side))
    with pytest.raises(InputError, match=f"'{name}' got images of {side - 1}x{side}; .*{side}"):
        value(side, side - 1)


def test_test_losses_are_unweighted_by_default():
    losses = weighting.create_test_losses(TestLosses(), vgg=VggOptions(), style=StyleOptions())
    assert [(loss.name, float(loss.weight(0))) for loss in losses] == [("l1", 1.0), ("psnr", 1.0)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"loss_names": ["l3"]}, "holds 'l3'; expected some of l1, l2"),
        ({"loss_names": []}, "expected a list"),
        ({"loss_names": "l1"}, "expected a list"),
        ({"loss_names": 1}, "loss_names is 1; expected a list"),
        ({"loss_names": ["l1"], "loss_weights": 0.5}, "loss_weights is 0.5; expected a list"),
        ({"loss_names": ["l1"], "loss_weights": ["x"]}, "loss_weights has 'x'; expected numbers"),
        ({"loss_names": ["l1", "l1"]}, "twice"),
        ({"loss_names": ["l1"], "loss_weights": [1.0, 2.0]}, "2 entries"),
        ({"loss_names": ["l1"], "loss_weight_schedules": [_STEPWISE]}, "go together"),
        (
            {
                "loss_names": ["l1"],
                "loss_weights": [1.0],
                "loss_weight_schedules": [_STEPWISE],
                "loss_weight_parameters": [{}],
            },
            "both set",
        ),
    ],
)
def test_wrong_options_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        TrainingLosses(**arguments)


@pytest.mark.parametrize(
    ("schedule", "parameters", "message"),
    [
        (_STEPWISE, {"boundary": [0]}, "do not fit"),
        (_STEPWISE, [5], "expected a dict"),
        (_STEPWISE, {"boundaries": [5], "values": [1.0]}, "length of boundaries"),
        (_STEPWISE, {"boundaries": ["5"], "values": [1.0, 2.0]}, "do not fit"),
        (_STEPWISE, {"boundaries": [9, 5], "values": [1.0, 2.0, 3.0]}, "do not rise"),
        (_STEPWISE, {"boundaries": [], "values": [1.0]}, "do not fit"),
        (_STEPWISE, {"boundaries": [5], "values": [1.0, [2.0]]}, "do not fit"),
        (
            tf.keras.optimizers.schedules.CosineDecay,
            {"initial_learning_rate": 1.0, "decay_steps": 0},
            "step 0 would be nan",
        ),
        (TrainingLosses, {}, r"expected one of @tf\.keras\.optimizers\.schedules\.Piecewise"),
        ("PiecewiseConstantDecay", {}, "expected one of"),
    ],
)
def test_a_schedule_that_cannot_be_made_is_refused(schedule, parameters, message):
    options = TrainingLosses(
        loss_names=["l1"], loss_weight_schedules=[schedule], loss_weight_parameters=[parameters]
    )
    with pytest.raises(InputError, match=rf"training_losses.*of 'l1'.*{message}"):
        weighting.create_training_losses(options, vgg=VggOptions(), style=StyleOptions())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"vgg_model_file": 1}, "vgg.vgg_model_file is 1; expected a path"),
        ({"weights": [1.0]}, "vgg.weights has 1 entries; expected 5"),
        ({"weights": ["a"] * 5}, "vgg.weights has 'a'; expected numbers"),
    ],
)
def test_wrong_perceptual_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        VggOptions(**options)


def test_a_perceptual_loss_without_weights_file_says_what_to_bind():
    with pytest.raises(InputError, match=r"bind style\.vgg_model_file"):
        _constant(["style"], [1.0])


def test_warped_loss_needs_auxiliary_outputs():
    (loss,) = _constant(["l1_warped"], [1.0])
    with pytest.raises(InputError, match="use_aux_outputs"):
        loss.function({"y": tf.zeros([1, 2, 2, 3])}, {"image": tf.zeros([1, 2, 2, 3])})


@pytest.mark.parametrize("name", ["charbonnier", "laplacian", "census", "line"])
def test_the_slope_of_a_loss_along_its_gradient_is_that_of_its_values(name):
    (loss,) = _constant([name], [1.0])
    prediction, target, direction = tf.unstack(
        tf.random.stateless_uniform([3, 1, 40, 36, 3], [3, 4], dtype=tf.float32)
    )
    target = prediction + 0.1 * (target - 0.5)
    with tf.GradientTape() as tape:
        tape.watch(prediction)
        value = loss.function({"y": target}, {"image": prediction})
    gradient = tape.gradient(value, prediction)
    assert bool(tf.reduce_all(tf.math.is_finite(gradient)))
    step = 1e-3
    direction = step * (gradient / tf.reduce_max(tf.abs(gradient)) + 0.1 * (direction - 0.5))
    ends = [
        float(loss.function({"y": target}, {"image": prediction + sign * direction}))
        for sign in (-1.0, 1.0)
    ]
    slope = float(tf.reduce_sum(gradient * direction))
    assert 0.5 * (ends[1] - ends[0]) == pytest.approx(slope, rel=0.05)


def test_charbonnier_by_hand():
    (loss,) = _constant(["charbonnier"], [1.0])
    zeros = tf.zeros([1, 4, 4, 3])
    values = [
        float(loss.function({"y": zeros}, {"image": zeros + offset})) for offset in (0.0, 0.001)
    ]
    np.testing.assert_allclose(values, [0.001, 0.001 * np.sqrt(2.0)], rtol=1e-5)


def test_two_losses_share_the_features_and_have_the_gradient_of_both(vgg_file):
    losses = _released_style_losses(vgg_file)
    frames = tf.random.stateless_uniform([2, 1, 32, 32, 3], [1, 2])

    def value_and_gradient(image, target):
        with tf.GradientTape() as tape:
            tape.watch(image)
            value = tf.add_n([loss.function({"y": target}, {"image": image}) for loss in losses])
        return value, tape.gradient(value, image)

    compiled = tf.function(value_and_gradient)
    for actual, expected in zip(compiled(*frames), value_and_gradient(*frames), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-6)
    graph = compiled.get_concrete_function(*frames).graph.as_graph_def()
    # The 14 convolutions once for the prediction and once for the target.
    assert sum(node.op == "Conv2D" for node in graph.node) == 2 * 14
