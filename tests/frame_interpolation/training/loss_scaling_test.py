import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.losses.weighting import WeightedLoss
from frame_interpolation.training import loss_scaling
from frame_interpolation.training.divergence import DivergenceState
from frame_interpolation.training.loss_scaling import LossScale
from frame_interpolation.training.train_step import TrainStep


def _count(scale, skipped):
    return float(scale.count(tf.constant(skipped))["loss_scale"])


def test_it_halves_after_an_overflow_and_doubles_after_many_good_steps(monkeypatch):
    monkeypatch.setattr(loss_scaling, "_STEPS_UNTIL_DOUBLED", 2)
    scale = LossScale()
    used = [_count(scale, skipped) / 2**15 for skipped in (1.0, 0.0, 1.0, 0.0, 0.0, 0.0)]
    assert used == [1.0, 0.5, 0.5, 0.25, 0.25, 0.5]


def test_it_stays_within_its_limits(monkeypatch):
    monkeypatch.setattr(loss_scaling, "_STEPS_UNTIL_DOUBLED", 1)
    scale = LossScale()
    for _ in range(20):
        _count(scale, 1.0)
    assert float(scale.factor) == 1.0 and not bool(scale.explains_overflow())
    for _ in range(30):
        _count(scale, 0.0)
    assert float(scale.factor) == 2.0**24


def _step(model, *, loss_scale=None, **arguments):
    def loss(example, prediction):
        return tf.reduce_mean(tf.square(prediction["image"] - example["y"]))

    return TrainStep(
        model=model,
        optimizer=tf.keras.optimizers.SGD(1.0),
        losses=[WeightedLoss("l2", loss, lambda step: tf.constant(1.0), True)],
        strategy=tf.distribute.get_strategy(),
        loss_scale=loss_scale,
        **arguments,
    )


@pytest.mark.parametrize("arguments", [{}, {"gradient_clip_norm": 1e-3}, {"accumulation_steps": 2}])
def test_the_update_and_the_norm_are_those_without_scaling(
    create_one_convolution, create_batch, arguments
):
    weights, norms = [], []
    for loss_scale in (None, LossScale()):
        model = create_one_convolution()
        metrics = _step(model, loss_scale=loss_scale, **arguments)(create_batch())
        weights.append(model.get_weights())
        norms.append(float(metrics["gradient_norm"]))
    for scaled, plain in zip(*weights, strict=True):
        np.testing.assert_allclose(scaled, plain, rtol=1e-5, atol=1e-7)
    assert norms[0] == pytest.approx(norms[1], rel=1e-5)


def test_an_overflow_skips_the_step_and_is_no_divergence(create_one_convolution, create_batch):
    model, scale, state = create_one_convolution(), LossScale(), DivergenceState()
    step = _step(model, loss_scale=scale, divergence_state=state)
    scale.factor.assign(3e38)  # The gradient overflows, the loss does not.
    before = model.get_weights()
    example = create_batch()
    example["y"] += 100.0
    metrics = step(example)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert float(scale.factor) == pytest.approx(1.5e38)
    assert float(metrics["skipped_steps"]) == 0.0
    example["y"] += np.nan
    assert float(step(example)["skipped_steps"]) == 1.0
