import pytest
import tensorflow as tf

from frame_interpolation.training.learning_rate import create_schedule, full_rate
from frame_interpolation.training.options import TrainingOptions


def _rates(options, steps, **arguments):
    schedule = create_schedule(options, **arguments)
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


def test_a_cosine_falls_over_the_run_to_its_final_fraction():
    options = TrainingOptions(
        learning_rate=2.0,
        learning_rate_schedule="cosine",
        learning_rate_final_fraction=0.1,
        num_steps=60,
    )
    # 2 * (0.1 + 0.9 * (1 + cos(pi s / 60)) / 2), where cos(pi / 3) is a half.
    expected = [2.0, 2 * (0.1 + 0.9 * 0.75), 2 * (0.1 + 0.9 * 0.5), 0.2, 0.2]
    assert _rates(options, [0, 20, 30, 60, 90]) == pytest.approx(expected)


def test_a_constant_rate_stays():
    options = TrainingOptions(learning_rate=0.5, learning_rate_schedule="constant")
    assert _rates(options, [0, 10**6]) == [0.5, 0.5]


@pytest.mark.parametrize(
    ("initial_step", "falls"),
    [(0, [0, 0, 0]), (749_999, [0, 1, 1]), (750_000, [1, 1, 1]), (2_999_999, [3, 4, 4])],
)
def test_the_released_decay_goes_on_from_the_initial_step(initial_step, falls):
    expected = pytest.approx([1e-4 * 0.464158**fall for fall in falls], rel=1e-5)
    assert _rates(TrainingOptions(), [0, 1, 2], initial_step=initial_step) == expected


def test_the_initial_step_moves_neither_warm_up_nor_cosine():
    warming = TrainingOptions(learning_rate=2.0, learning_rate_warmup_steps=4)
    assert _rates(warming, [0, 1, 3], initial_step=10) == pytest.approx([0.5, 1.0, 2.0])
    assert full_rate(warming, step=0, initial_step=10) == pytest.approx(2.0)
    cosine = TrainingOptions(learning_rate=2.0, learning_rate_schedule="cosine", num_steps=10)
    assert _rates(cosine, [0, 5, 10], initial_step=5) == pytest.approx([2.0, 1.0, 0.0], abs=1e-6)
