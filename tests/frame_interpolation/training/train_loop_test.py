import itertools
import time

import pytest

from frame_interpolation.training import train_loop
from frame_interpolation.training.train_loop import Outcome, StepResult


def _run(first_step, num_steps, **arguments):
    seen = []
    outcome = train_loop.run(
        train_step=lambda batch: {"loss": batch["number"]},
        batches=({"number": number} for number in itertools.count(first_step)),
        first_step=first_step,
        num_steps=num_steps,
        actions=[seen.append],
        **arguments,
    )
    return outcome, seen


def test_every_step_takes_one_batch_and_tells_the_actions():
    outcome, seen = _run(0, 3)
    assert outcome is Outcome.FINISHED
    assert [result.step for result in seen] == [1, 2, 3]
    assert [result.metrics["loss"] for result in seen] == [0, 1, 2]
    assert [result.is_last for result in seen] == [False, False, True]


def test_going_on_makes_only_the_steps_that_are_left():
    _, seen = _run(2, 4)
    assert [(result.step, result.metrics["loss"]) for result in seen] == [(3, 2), (4, 3)]


def test_a_requested_stop_ends_the_loop_between_two_steps():
    requests = iter([False, False, True])
    outcome, seen = _run(0, 10, stop_requested=lambda: next(requests))
    assert outcome is Outcome.STOPPED
    assert [result.step for result in seen] == [1, 2]


def test_enough_ends_the_loop_as_finished():
    answers = iter([False, True])
    outcome, seen = _run(0, 10, is_enough=lambda: next(answers), stop_requested=lambda: False)
    assert outcome is Outcome.FINISHED
    assert len(seen) == 1


def test_the_time_of_waiting_for_data_is_measured():
    def slow_batches():
        while True:
            time.sleep(0.05)
            yield {"number": 0}

    seen = []
    train_loop.run(
        train_step=lambda batch: time.sleep(0.05) or {},
        batches=slow_batches(),
        first_step=0,
        num_steps=2,
        actions=[seen.append],
    )
    assert all(0.05 <= result.waited_s < 0.09 for result in seen)


@pytest.mark.parametrize(("step", "frequency", "due"), [(4, 2, True), (5, 2, False), (4, 0, False)])
def test_frequencies_are_counted_in_steps_and_zero_is_never(step, frequency, due):
    assert train_loop.is_due(StepResult(step, 10, {}, {}), frequency) is due
