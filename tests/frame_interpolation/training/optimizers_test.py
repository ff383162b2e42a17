import os

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.training.fine_tuning import FineTuningOptions
from frame_interpolation.training.learning_rate import create_schedule
from frame_interpolation.training.optimizers import AdamByGroup
from frame_interpolation.training.options import OptimizerOptions, TrainingOptions
from frame_interpolation.training.train_step import named_shapes
from frame_interpolation.training.variable_groups import create_plan

_KERNEL, _BIAS = [1.0, -2.0], [0.5]


@pytest.fixture
def variables():
    return [tf.Variable(_KERNEL, name="layer/kernel"), tf.Variable(_BIAS, name="layer/bias")]


def _optimizer(variables, rate=0.1, *, warmup_steps=0, fine_tuning=None, **options):
    plan = create_plan(FineTuningOptions(**(fine_tuning or {})), named_shapes(variables))
    optimizer = AdamByGroup(
        rate, options=OptimizerOptions(**options), plan=plan, warmup_steps=warmup_steps
    )
    optimizer.build(variables)
    return optimizer


def _apply(optimizer, variables, gradients):
    values = [tf.constant(gradient) for gradient in gradients]
    optimizer.apply_gradients(zip(values, variables, strict=True))
    return [variable.numpy() for variable in variables]


def test_two_steps_of_adam_by_hand(variables):
    optimizer = _optimizer(variables, beta_1=0.9, beta_2=0.99, epsilon=1e-8)
    # Without its bias the mean is g in the first step, whatever g: the step is the rate.
    kernel, bias = _apply(optimizer, variables, [[3.0, -4.0], [0.0]])
    np.testing.assert_allclose(kernel, [0.9, -1.9], rtol=1e-6)
    np.testing.assert_allclose(bias, _BIAS)
    # m = 0.9 * 0.3 + 0.1 * 1, v = 0.99 * 0.09 + 0.01 * 1; corrected by 0.19 and 0.0199.
    kernel, _ = _apply(optimizer, variables, [[1.0, 0.0], [0.0]])
    expected = 0.9 - 0.1 * (0.37 / 0.19) / np.sqrt(0.0991 / 0.0199)
    assert kernel[0] == pytest.approx(expected, rel=1e-5)


def test_decoupled_decay_shrinks_kernels_and_not_biases_by_rate_times_decay(variables):
    optimizer = _optimizer(variables, name="adamw", weight_decay=0.5)
    kernel, bias = _apply(optimizer, variables, [[0.0, 2.0], [0.0]])
    # No gradient: the decay alone. With one: a step of the rate besides, not scaled by the decay.
    np.testing.assert_allclose(kernel, [1.0 * 0.95, -2.0 * 0.95 - 0.1], rtol=1e-6)
    np.testing.assert_allclose(bias, _BIAS)


def test_the_decay_follows_its_pattern_and_the_rate_of_the_group(variables):
    optimizer = _optimizer(
        variables,
        name="adamw",
        weight_decay=0.5,
        weight_decay_pattern="bias$",
        fine_tuning={"groups": {"b": "bias"}, "rate_multipliers": {"b": 0.1}},
    )
    kernel, bias = _apply(optimizer, variables, [[0.0, 0.0], [0.0]])
    np.testing.assert_allclose(kernel, _KERNEL)
    np.testing.assert_allclose(bias, [0.5 * 0.995], rtol=1e-6)


def test_a_pattern_of_decay_that_matches_nothing_is_refused(variables):
    with pytest.raises(InputError, match=r"weight_decay_pattern is 'weights'.*\n  layer/kernel"):
        _optimizer(variables, name="adamw", weight_decay=0.5, weight_decay_pattern="weights")


def test_without_groups_it_is_keras_adam_with_its_checkpoint_keys(tmp_path):
    gradients = np.random.default_rng(0).normal(size=(20, 3, 2)).astype(np.float32)
    ends, keys = [], []
    schedule = create_schedule(TrainingOptions(learning_rate=0.01, learning_rate_warmup_steps=5))
    for number in range(2):
        variable = tf.Variable(tf.ones((3, 2)), name="layer/kernel")
        optimizer = tf.keras.optimizers.Adam(schedule, jit_compile=False)
        if number:
            optimizer = _optimizer([variable], schedule, warmup_steps=5)
        for gradient in gradients:
            _apply(optimizer, [variable], [gradient])
        ends.append(variable.numpy())
        checkpoint = tf.train.Checkpoint(optimizer=optimizer)
        path = checkpoint.write(os.fspath(tmp_path / str(number)))
        keys.append(tf.train.load_checkpoint(path).get_variable_to_shape_map())
    np.testing.assert_array_equal(*ends)
    assert keys[0] == keys[1]


def test_a_frozen_variable_has_no_state_and_moves_the_keys_of_no_other(variables):
    whole = _optimizer(variables)
    part = _optimizer(variables, fine_tuning={"groups": {"k": "kernel"}, "frozen": ["k"]})
    # The step, m and v of the kernel, m and v of the bias; the last is the present rate.
    assert [tuple(v.shape) for v in whole.variables][:5] == [(), (2,), (2,), (1,), (1,)]
    assert [tuple(v.shape) for v in part.variables][:5] == [(), (0,), (0,), (1,), (1,)]
    part.apply_gradients([(tf.constant([1.0]), variables[1])])
    np.testing.assert_allclose(variables[0].numpy(), _KERNEL)
    np.testing.assert_allclose(variables[1].numpy(), [0.4], rtol=1e-5)


def test_a_group_that_begins_late_steps_by_its_rate_and_warms_up_anew(variables):
    options = TrainingOptions(
        learning_rate=0.1, learning_rate_schedule="constant", learning_rate_warmup_steps=4
    )
    fine_tuning = {"groups": {"b": "bias"}, "unfreeze_at": {"b": 10}}
    optimizer = _optimizer(
        variables, create_schedule(options), warmup_steps=4, fine_tuning=fine_tuning
    )
    for _ in range(10):
        _apply(optimizer, variables[:1], [[1.0, 1.0]])
    values = [variables[1].numpy()[0]]
    for _ in range(5):
        values.append(_apply(optimizer, variables, [[1.0, 1.0], [1.0]])[1][0])
    # With equal gradients every update of Adam is the rate.
    np.testing.assert_allclose(-np.diff(values), [0.025, 0.05, 0.075, 0.1, 0.1], rtol=1e-4)
    # The kernel's own warm-up has been in the first four of its 15 steps.
    steps = 0.025 + 0.05 + 0.075 + 12 * 0.1
    np.testing.assert_allclose(variables[0].numpy()[0], 1.0 - steps, rtol=1e-4)


@pytest.mark.parametrize("condition", [True, False])
def test_under_a_condition_it_says_how_far_each_variable_has_moved(variables, condition):
    optimizer = _optimizer(variables, name="adamw", weight_decay=0.1)
    slots = [*optimizer._momentums, *optimizer._velocities]
    # Where it does not hold, the gradients need not be numbers.
    gradients = [[0.5, 1.0], [3.0 if condition else float("nan")]]
    start = [variable.numpy() for variable in variables]

    @tf.function
    def apply(condition):
        with optimizer.applied_if(condition) as moves:
            pairs = zip([tf.constant(g) for g in gradients], variables, strict=True)
            optimizer.apply_gradients(pairs)
        return [moves[place] for place in range(2)]

    moves = apply(tf.constant(condition))
    for variable, old, move in zip(variables, start, moves, strict=True):
        assert float(move) == pytest.approx(0.5 * np.sum((variable.numpy() - old) ** 2))
        assert (float(move) > 0) == condition
    assert all(np.any(slot.numpy() != 0) == condition for slot in slots)
    twin = [tf.Variable(value, name=v.name[:-2]) for value, v in zip(start, variables, strict=True)]
    if condition:
        end = _apply(_optimizer(twin, name="adamw", weight_decay=0.1), twin, gradients)
        np.testing.assert_array_equal(np.concatenate(end), tf.concat(variables, 0))
