import ast
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.losses import weighting
from frame_interpolation.losses.options import StyleOptions, TrainingLosses, VggOptions
from frame_interpolation.models import pretrained
from frame_interpolation.models.film_net.interpolator import create_model
from frame_interpolation.models.film_net.options import Options
from frame_interpolation.training.fine_tuning import FineTuningOptions
from frame_interpolation.training.optimizers import AdamByGroup
from frame_interpolation.training.options import OptimizerOptions
from frame_interpolation.training.train_step import TrainStep, check_batch_size, named_shapes
from frame_interpolation.training.variable_groups import create_plan
from frame_interpolation.training.weight_averaging import AveragedWeights
from frame_interpolation.training.weight_copies import WeightCopies
from frame_interpolation.training.weight_pull import WeightPull

_TWO_GROUPS = {"kernels": "kernel", "biases": "bias"}
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
        "update_norm",
        "skipped_steps",
        "skipped_in_row",
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


def _plan(model, **options):
    return create_plan(FineTuningOptions(**options), named_shapes(model.trainable_variables))


def test_the_parts_of_a_batch_make_the_step_of_the_whole(create_one_convolution, create_batch):
    example = create_batch(batch_size=4)
    losses = _losses(loss_names=["l1", "l2", "ssim"], loss_weights=[0.5, 2.0, 0.1])
    results = []
    for parts in (1, 2, 4):
        model = create_one_convolution()
        step = _step(model, losses=losses, accumulation_steps=parts)
        results.append(_updates(step, model, example))
    whole, metrics = results[0]
    for updates, metrics_of_parts in results[1:]:
        for update, expected in zip(updates, whole, strict=True):
            np.testing.assert_allclose(update, expected, rtol=0, atol=1e-6)
        assert metrics_of_parts == pytest.approx(metrics, rel=1e-4)


def test_norms_of_the_groups_make_up_the_norm_of_the_whole(create_one_convolution, create_batch):
    model = create_one_convolution()
    plan = _plan(model, groups=_TWO_GROUPS)
    updates, metrics = _updates(_step(model, plan=plan), model, create_batch())
    for group, update in zip(("kernels", "biases"), updates, strict=True):
        # Plain descent at rate 1.
        assert metrics[f"gradient_norm/{group}"] == pytest.approx(_norm([update]), rel=1e-3)
        assert metrics[f"update_norm/{group}"] == pytest.approx(_norm([update]), rel=1e-3)
    assert metrics["gradient_norm"] == pytest.approx(_norm(updates), rel=1e-3)


def test_a_group_moves_from_its_step_on_and_not_one_before(create_one_convolution, create_batch):
    model = create_one_convolution()
    plan = _plan(model, groups=_TWO_GROUPS, unfreeze_at={"biases": 2})
    optimizer = AdamByGroup(0.01, options=OptimizerOptions(), plan=plan)
    optimizer.build(model.trainable_variables)
    step = _step(model, optimizer=optimizer, plan=plan)
    moved = []
    for number in range(4):
        before = _values(model)
        metrics = step(create_batch(number))
        pairs = zip(("kernels", "biases"), before, _values(model), strict=True)
        moved.append([name for name, old, new in pairs if not np.array_equal(old, new)])
        assert {f"learning_rate/{name}" for name in moved[-1]} == {
            name for name in metrics if name.startswith("learning_rate/")
        }
    assert moved == [["kernels"], ["kernels"], ["kernels", "biases"], ["kernels", "biases"]]


def _executed(graph):
    """The operations on which results or side effects depend; TensorFlow leaves out the others."""
    found, waiting = {}, [output.op for output in graph.outputs] + list(graph.control_outputs)
    while waiting:
        operation = waiting.pop()
        if operation.name not in found:
            found[operation.name] = operation
            waiting += [tensor.op for tensor in operation.inputs] + operation.control_inputs
    return found.values()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("frozen", "layers"),
    [
        ([], ["feat_net", "predict_flow", "fusion"]),
        (["features"], ["predict_flow", "fusion"]),
        (["features", "flow_0", "flow_shared"], ["fusion"]),
        (["features", "flow_0", "flow_shared", "fusion"], []),
    ],
)
def test_nothing_before_the_first_layer_that_trains_is_differentiated(
    create_tiny_model, create_batch, frozen, layers
):
    model = create_tiny_model()
    plan = _plan(model, frozen=frozen)
    optimizer = AdamByGroup(0.01, options=OptimizerOptions(), plan=plan)
    optimizer.build(model.trainable_variables)
    step = _step(model, optimizer=optimizer, plan=plan)
    graph = step.compiled_at(0).get_concrete_function(create_batch()).graph
    backward = [op for op in _executed(graph) if "Conv2DBackprop" in op.type]
    for layer in ("feat_net", "predict_flow", "fusion"):
        # The last convolution, which always trains here, belongs to fusion.
        expected = layer in layers or layer == "fusion"
        assert any(f"/{layer}/" in op.name for op in backward) == expected
    if not layers:
        # Only the last convolution trains: one gradient of a kernel, none of an image.
        assert [op.type for op in backward] == ["Conv2DBackpropFilter"]


def test_the_pull_adds_its_gradient_and_its_penalty(create_one_convolution, create_batch):
    example, pulled = create_batch(), create_one_convolution()
    pull = WeightPull(
        pulled.trainable_variables, WeightCopies(pulled.trainable_variables, [0, 1]), weight=0.5
    )
    plain = create_one_convolution()
    for model in (plain, pulled):
        for variable in model.trainable_variables:
            variable.assign_add(tf.fill(variable.shape, 2.0))
    expected, metrics = _updates(_step(plain), plain, example)
    updates, metrics_with_pull = _updates(_step(pulled, pull=pull), pulled, example)
    for update, without in zip(updates, expected, strict=True):
        # 0.5 * (w - w0) = 0.5 * 2
        np.testing.assert_allclose(update, without + 1.0, atol=1e-5)
    penalty = 0.5 / 2 * sum(4.0 * update.size for update in updates)
    assert metrics_with_pull["losses/weight_pull"] == pytest.approx(penalty, rel=1e-5)
    assert metrics_with_pull["loss"] == pytest.approx(metrics["loss"] + penalty, rel=1e-5)


def test_the_average_follows_the_weights_after_the_step(create_one_convolution, create_batch):
    model = create_one_convolution()
    average = AveragedWeights(model.trainable_variables, [0, 1], decay=0.75, warmup=False)
    step = _step(model, average=average)
    expected = _values(model)
    for number in range(2):
        step(create_batch(number))
        expected = [0.75 * a + 0.25 * w for a, w in zip(expected, _values(model), strict=True)]
    for place, value in enumerate(expected):
        np.testing.assert_allclose(average.copies[place], value, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("accumulation_steps", [1, 2])
def test_a_step_that_is_not_finite_changes_nothing_but_the_count(
    create_one_convolution, create_batch, accumulation_steps
):
    model = create_one_convolution()
    plan = _plan(model)
    optimizer = AdamByGroup(
        0.01,
        options=OptimizerOptions(name="adamw", weight_decay=0.1, weight_decay_pattern="kernel"),
        plan=plan,
    )
    optimizer.build(model.trainable_variables)
    average = AveragedWeights(model.trainable_variables, [0, 1], decay=0.75)
    step = _step(
        model,
        optimizer=optimizer,
        plan=plan,
        average=average,
        gradient_clip_norm=1.0,
        accumulation_steps=accumulation_steps,
    )

    def values():
        slots = [v for v in optimizer.variables if v.dtype != tf.int64 and v.shape.rank]
        variables = [*model.trainable_variables, *slots]
        return [v.numpy() for v in variables] + list(average.copies.by_place().values())

    good, bad = create_batch(1), create_batch(2)
    y = bad["y"].numpy()
    y[0, 3, 3, 0] = np.nan
    bad["y"] = tf.constant(y)
    counts = []
    for example, changes in ((good, True), (bad, False), (bad, False), (good, True)):
        before = values()
        metrics = step(example)
        same = [np.array_equal(old, new) for old, new in zip(before, values(), strict=True)]
        assert not any(same) if changes else all(same)
        assert np.isfinite(float(metrics["loss"])) == changes
        counts.append((int(metrics["skipped_steps"]), int(metrics["skipped_in_row"])))
    assert counts == [(0, 0), (1, 1), (2, 2), (2, 0)]
    assert int(optimizer.iterations) == 4
    # The order of the examples is the only thing that the host has to know of: nothing is asked.
    graph = step.compiled_at(0).get_concrete_function(good).graph
    assert not {op.type for op in _executed(graph)} & {"If", "PyFunc", "EagerPyFunc"}


@pytest.mark.slow
def test_the_weights_of_the_losses_go_on_from_the_initial_step(
    create_one_convolution, create_batch
):
    released = {"boundaries": [1_500_000], "values": [0.0, 40.0]}
    losses = _losses(
        loss_names=["l2"], loss_weight_schedules=[_Decay], loss_weight_parameters=[released]
    )
    weights = {}
    for initial_step in (0, 1_499_999, 1_500_000, 3_000_000):
        step = _step(create_one_convolution(), losses=losses, initial_step=initial_step)
        weights[initial_step] = [float(step(create_batch())["loss_weights/l2"]) for _ in range(3)]
    # The old weight still holds at the boundary itself.
    assert weights == {
        0: [0.0, 0.0, 0.0],
        1_499_999: [0.0, 0.0, 40.0],
        1_500_000: [0.0, 40.0, 40.0],
        3_000_000: [40.0, 40.0, 40.0],
    }


@pytest.mark.slow
def test_a_step_with_frozen_groups_takes_less_time(create_batch):
    options = Options(filters=8, flow_convs=[2] * 4, flow_filters=[16] * 4, use_aux_outputs=False)
    example = create_batch(side=128)
    steps = []
    for trained in (None, ["fusion", "output"]):
        model = create_model(options)
        plan = _plan(model, trained=trained)
        optimizer = AdamByGroup(1e-4, options=OptimizerOptions(), plan=plan)
        optimizer.build(model.trainable_variables)
        steps.append(_step(model, optimizer=optimizer, plan=plan))
    times: list[list[float]] = [[], []]
    for _ in range(8):
        # In turns, so that whatever else the machine does befalls both.
        for step, spent in zip(steps, times, strict=True):
            start = time.process_time()
            float(step(example)["loss"])
            spent.append(time.process_time() - start)
    whole, part = (min(spent[2:]) for spent in times)
    assert part < 0.8 * whole


def test_a_batch_that_the_devices_cannot_share_is_refused():
    class _TwoReplicas:
        num_replicas_in_sync = 2

    check_batch_size(4, _TwoReplicas())
    check_batch_size(12, _TwoReplicas(), accumulation_steps=3)
    with pytest.raises(
        InputError, match=r"8, 4 on each of 2 devices, which training\.accum.* of 6"
    ):
        check_batch_size(8, _TwoReplicas(), accumulation_steps=3)
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
from frame_interpolation.training.fine_tuning import FineTuningOptions
from frame_interpolation.training.optimizers import AdamByGroup
from frame_interpolation.training.options import OptimizerOptions
from frame_interpolation.training.train_step import TrainStep, named_shapes
from frame_interpolation.training.variable_groups import create_plan
from frame_interpolation.training.weight_averaging import AveragedWeights
from frame_interpolation.training.weight_copies import WeightCopies
from frame_interpolation.training.weight_pull import WeightPull

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
frames = tf.random.stateless_uniform((3, 4, 16, 16, 3), [1, 2])
example = dict(zip(("x0", "y", "x1"), tf.unstack(frames))) | {"time": tf.fill([4, 1], 0.5)}
# A value that is not finite, in the part of one device, makes both skip the step.
spoilt = example | {"y": tf.concat([example["y"][:3], example["y"][3:] * np.nan], axis=0)}
results = []
for strategy in (tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])):
    tf.keras.utils.set_random_seed(0)
    with strategy.scope():
        model = create_model(Options(
            pyramid_levels=2, fusion_pyramid_levels=2, specialized_levels=1, sub_levels=2,
            filters=2, flow_convs=[1, 1], flow_filters=[2, 2]))
        variables = model.trainable_variables
        plan = create_plan(FineTuningOptions(frozen=["flow_0"], unfreeze_at={"features": 1}),
                           named_shapes(variables))
        optimizer = AdamByGroup(
            0.01, options=OptimizerOptions(name="adamw", weight_decay=0.1), plan=plan)
        optimizer.build(variables)
        pull = WeightPull(variables, WeightCopies(variables, plan.ever_trained), weight=0.1)
        average = AveragedWeights(variables, plan.ever_trained, decay=0.5)
        losses = weighting.create_training_losses(
            TrainingLosses(), vgg=VggOptions(), style=StyleOptions())
    step = TrainStep(model=model, optimizer=optimizer, losses=losses, strategy=strategy,
                     gradient_clip_norm=0.1, plan=plan, accumulation_steps=2, pull=pull,
                     average=average)
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
    good, bad = (tf.data.Dataset.from_tensors(e) for e in (example, spoilt))
    batches = good.concatenate(bad).concatenate(good).repeat().with_options(options)
    batches = iter(strategy.experimental_distribute_dataset(batches))
    for _ in range(4):
        metrics = step(next(batches))
    assert float(metrics["skipped_steps"]) == 1.0
    results.append((
        [v.numpy() for v in variables] + list(average.copies.by_place().values()),
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
