import ast
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.losses import weighting
from frame_interpolation.losses.options import StyleOptions, TrainingLosses, VggOptions
from frame_interpolation.models import pretrained
from frame_interpolation.models.film_net.interpolator import create_model
from frame_interpolation.models.film_net.options import Options
from frame_interpolation.training.train_step import TrainStep, check_batch_size

_Decay = tf.keras.optimizers.schedules.PiecewiseConstantDecay


def _losses(**arguments):
    return weighting.create_training_losses(
        TrainingLosses(**arguments), vgg=VggOptions(), style=StyleOptions()
    )


def _step(model, *, optimizer=None, losses=None, **arguments):
    return TrainStep(
        model=model,
        # With plain descent at rate 1 the update of the weights is the gradient.
        optimizer=optimizer or tf.keras.optimizers.SGD(1.0),
        losses=losses or _losses(),
        strategy=tf.distribute.get_strategy(),
        **arguments,
    )


def _values(model):
    return [variable.numpy() for variable in model.trainable_variables]


def _updates(step, model, example):
    before = _values(model)
    metrics = step(example)
    updates = [old - new for old, new in zip(before, _values(model), strict=True)]
    return updates, {name: float(value) for name, value in metrics.items()}


def _norm(arrays):
    return np.sqrt(sum(np.sum(array.astype(np.float64) ** 2) for array in arrays))


def test_the_update_is_the_gradient_of_the_weighted_sum(create_one_convolution, create_batch):
    model, example = create_one_convolution(), create_batch()
    with tf.GradientTape() as tape:
        image = model({name: example[name] for name in ("x0", "x1", "time")})["image"]
        error = image - example["y"]
        loss = 0.5 * tf.reduce_mean(tf.abs(error)) + 2.0 * tf.reduce_mean(error**2)
    expected = tape.gradient(
        loss, model.trainable_variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )
    step = _step(model, losses=_losses(loss_names=["l1", "l2"], loss_weights=[0.5, 2.0]))
    updates, metrics = _updates(step, model, example)
    for update, gradient in zip(updates, expected, strict=True):
        np.testing.assert_allclose(update, gradient, rtol=1e-3, atol=1e-6)
    assert metrics["loss"] == pytest.approx(float(loss), rel=1e-5)
    assert metrics["gradient_norm"] == pytest.approx(float(tf.linalg.global_norm(expected)), 1e-4)


@pytest.mark.slow
def test_loss_and_gradient_are_those_of_the_reference(golden_dir):
    with np.load(golden_dir / "film_small.npz") as golden:
        options = Options(**ast.literal_eval(str(golden["options"])))
        names = {"x0": "case0/x0", "y": "case0/y", "x1": "case0/x1"}
        example = {
            name: tf.constant(golden[key][None].astype(np.float32) / 255.0)
            for name, key in names.items()
        }
        loss, norm = float(golden["train/l1"]), float(golden["train/global_norm"])
    model = create_model(options)
    pretrained.load(model, golden_dir / "reference_checkpoint")
    metrics = _step(model)(example | {"time": tf.fill([1, 1], 0.5)})
    assert float(metrics["loss"]) == pytest.approx(loss, rel=1e-4)
    assert float(metrics["gradient_norm"]) == pytest.approx(norm, rel=1e-3)


def test_clipping_scales_the_gradient_to_its_limit_and_reports_it_before(
    create_one_convolution, create_batch
):
    example = create_batch()
    model = create_one_convolution()
    plain, plain_metrics = _updates(_step(model), model, example)
    model = create_one_convolution()
    limit = 0.5 * plain_metrics["gradient_norm"]
    clipped, metrics = _updates(_step(model, gradient_clip_norm=limit), model, example)
    assert metrics["gradient_norm"] == pytest.approx(plain_metrics["gradient_norm"])
    assert _norm(clipped) == pytest.approx(limit, rel=1e-3)
    for small, large in zip(clipped, plain, strict=True):
        np.testing.assert_allclose(2 * small, large, rtol=1e-2, atol=1e-5)


def test_weights_follow_their_schedules_and_keep_the_old_value_at_the_boundary(
    create_one_convolution, create_batch
):
    losses = _losses(
        loss_names=["l1", "l2"],
        loss_weight_schedules=[_Decay, _Decay],
        loss_weight_parameters=[
            {"boundaries": [0], "values": [1.0, 1.0]},
            {"boundaries": [1], "values": [0.0, 40.0]},
        ],
    )
    step = _step(create_one_convolution(), optimizer=tf.keras.optimizers.Adam(1e-4), losses=losses)
    weights, names = [], set()
    for _ in range(3):
        metrics = step(create_batch())
        names |= metrics.keys()
        weights.append(float(metrics["loss_weights/l2"]))
        parts = float(metrics["losses/l1"]) + float(metrics["losses/k*l2"])
        assert float(metrics["loss"]) == pytest.approx(parts, rel=1e-5)
    assert weights == [0.0, 0.0, 40.0]
    assert names == {
        "loss",
        "losses/l1",
        "losses/k*l2",
        "unweighted_losses/l2",
        "loss_weights/l2",
        "gradient_norm",
        "learning_rate",
        # The one group of this network.
        "gradient_norm/other",
        "update_norm/other",
        "learning_rate/other",
    }


def test_the_rate_reported_is_that_of_the_step(create_one_convolution, create_batch):
    optimizer = tf.keras.optimizers.Adam(_Decay([0], [0.25, 0.125]))
    step = _step(create_one_convolution(), optimizer=optimizer)
    rates = [float(step(create_batch())["learning_rate"]) for _ in range(2)]
    assert rates == [0.25, 0.125]
    assert int(optimizer.iterations) == 2


def test_a_batch_that_the_devices_cannot_share_is_refused():
    class _TwoReplicas:
        num_replicas_in_sync = 2

    check_batch_size(4, _TwoReplicas())
    with pytest.raises(InputError, match=r"training_dataset\.batch_size is 3, which 2 devices"):
        check_batch_size(3, _TwoReplicas())


_TWO_DEVICES_PROGRAM = """
import sys
import numpy as np
import tensorflow as tf
from frame_interpolation.losses import weighting
from frame_interpolation.losses.options import StyleOptions, TrainingLosses, VggOptions
from frame_interpolation.models.film_net.interpolator import create_model
from frame_interpolation.models.film_net.options import Options
from frame_interpolation.training.train_step import TrainStep

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
frames = tf.random.stateless_uniform((3, 4, 16, 16, 3), [1, 2])
example = dict(zip(("x0", "y", "x1"), tf.unstack(frames))) | {"time": tf.fill([4, 1], 0.5)}
results = []
for strategy in (tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])):
    tf.keras.utils.set_random_seed(0)
    with strategy.scope():
        model = create_model(Options(
            pyramid_levels=2, fusion_pyramid_levels=2, specialized_levels=1, sub_levels=2,
            filters=2, flow_convs=[1, 1], flow_filters=[2, 2]))
        optimizer = tf.keras.optimizers.SGD(1.0)
        optimizer.build(model.trainable_variables)
        losses = weighting.create_training_losses(
            TrainingLosses(), vgg=VggOptions(), style=StyleOptions())
    step = TrainStep(model=model, optimizer=optimizer, losses=losses, strategy=strategy,
                     gradient_clip_norm=0.1)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    batches = tf.data.Dataset.from_tensors(example).repeat().with_options(options)
    batches = iter(strategy.experimental_distribute_dataset(batches))
    for _ in range(2):
        metrics = step(next(batches))
    results.append((
        [v.numpy() for v in model.trainable_variables],
        {name: float(value) for name, value in metrics.items()},
    ))
(weights, metrics), (weights_of_two, metrics_of_two) = results
for one, two in zip(weights, weights_of_two, strict=True):
    np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-6)
for name, value in metrics.items():
    np.testing.assert_allclose(value, metrics_of_two[name], rtol=1e-4)
"""


@pytest.mark.slow
def test_two_devices_with_half_of_the_batch_each_make_the_step_of_one():
    # Devices can be parted only before TensorFlow has used them, hence another process.
    subprocess.run([sys.executable, "-c", _TWO_DEVICES_PROGRAM], check=True, timeout=300)
