import math

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.training import divergence
from frame_interpolation.training.divergence import (
    DivergedError,
    DivergenceGuard,
    DivergenceState,
)
from frame_interpolation.training.train_loop import StepResult


def _result(step, *, in_row=0, total=None, loss=None, gradient_norm=1.0, update_norm=0.1):
    metrics = {
        "loss": loss if loss is not None else (math.nan if in_row else 0.5),
        "gradient_norm": gradient_norm,
        "update_norm": update_norm,
        "skipped_in_row": float(in_row),
        "skipped_steps": float(in_row if total is None else total),
    }
    return StepResult(step, 10, metrics, {"record": np.array([step, 100 + step])})


def test_good_steps_pass():
    guard = DivergenceGuard(max_in_row=1)
    for step in (1, 2, 3):
        guard(_result(step))
    assert guard.is_sound()


def test_weights_that_a_step_has_spoilt_are_not_sound():
    guard = DivergenceGuard(max_in_row=1)
    guard(_result(1, update_norm=math.inf))
    assert not guard.is_sound()


@pytest.mark.parametrize("name", ["loss", "gradient_norm"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_skipped_step_is_warned_of_with_its_reason(name, value, caplog):
    guard = DivergenceGuard(max_in_row=2)
    guard(_result(4, in_row=1, **({"loss": 0.5} | {name: value})))
    assert not guard.is_sound()
    assert f"Step 4 is skipped: the {name.replace('_', ' ')} is {value:g} (1 so far)" in caplog.text
    guard(_result(5))
    assert guard.is_sound()


def test_too_many_in_a_row_name_the_last_batch():
    guard = DivergenceGuard(max_in_row=2)
    guard(_result(6, in_row=1, total=7))
    guard(_result(7, in_row=2, total=8))
    with pytest.raises(DivergedError) as caught:
        guard(_result(8))
    error = caught.value
    assert (error.step, error.in_row, error.skipped_steps) == (7, 2, 8)
    assert error.records == (7, 107)
    message = str(divergence.final_error(error, rollbacks=3, names=["a/1", "b/2"]))
    for part in ("step 7, where the loss is nan", "3 times", "a/1, b/2", "training.learning_rate"):
        assert part in message


def test_steps_are_counted_in_all_and_in_a_row():
    state = DivergenceState()
    counts = [state.count(tf.constant(skipped)) for skipped in (0.0, 1.0, 1.0, 0.0, 1.0)]
    assert [int(count["skipped_steps"]) for count in counts] == [0, 1, 2, 2, 3]
    assert [int(count["skipped_in_row"]) for count in counts] == [0, 1, 2, 0, 1]


def test_going_back_lowers_the_rate_each_time_and_forgets_no_count():
    former = DivergenceState()
    for rollbacks, factor in ((1, 0.25), (2, 0.0625)):
        state = DivergenceState()
        error = DivergedError(step=9, in_row=3, skipped_steps=5, what="", records=[])
        state.go_on_after(former, error, rate_factor=0.25)
        assert (int(state.rollbacks), float(state.rate_factor)) == (rollbacks, factor)
        assert (int(state.skipped_steps), int(state.skipped_in_row)) == (5, 0)
        former = state
