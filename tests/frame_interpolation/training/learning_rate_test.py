import pytest
import tensorflow as tf

from frame_interpolation.training.learning_rate import create_schedule
from frame_interpolation.training.options import TrainingOptions


def _rates(options, steps):
    schedule = create_schedule(options)
    return [float(schedule(tf.constant(step, tf.int64))) for step in steps]


def test_released_schedule_falls_in_stairs():
    rates = _rates(TrainingOptions(), [0, 749_999, 750_000, 1_500_000, 2_999_999])
    falls = [0, 0, 1, 2, 3]
    assert rates == pytest.approx([1e-4 * 0.464158**fall for fall in falls], rel=1e-5)


def test_without_a_staircase_the_rate_falls_all_the_time():
    options = TrainingOptions(
        learning_rate=1.0,
        learning_rate_decay_steps=10,
        learning_rate_decay_rate=0.25,
        learning_rate_staircase=False,
    )
    assert _rates(options, [0, 5, 10]) == pytest.approx([1.0, 0.5, 0.25])


def test_warm_up_rises_linearly_from_the_first_step_and_ends_at_the_schedule():
    options = TrainingOptions(
        learning_rate=2.0, learning_rate_decay_steps=1000, learning_rate_warmup_steps=4
    )
    assert _rates(options, [0, 1, 2, 3, 4, 999]) == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0, 2.0])
