import math

import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.training.divergence import DivergenceGuard
from frame_interpolation.training.train_loop import StepResult


def _result(step, *, loss=0.5, gradient_norm=1.0):
    return StepResult(step, 10, {"loss": loss, "gradient_norm": gradient_norm}, {})


def test_finite_steps_pass():
    guard = DivergenceGuard()
    for step in (1, 2, 3):
        guard(_result(step))
    guard.check()


@pytest.mark.parametrize("name", ["loss", "gradient_norm"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_value_that_is_not_finite_names_its_step(name, value):
    guard = DivergenceGuard()
    guard(_result(1))
    guard(_result(2, **{name: value}))
    with pytest.raises(InputError, match=f"{name.replace('_', ' ')} of step 2 is"):
        guard(_result(3))


def test_check_reads_the_newest_step_so_that_it_is_not_saved():
    guard = DivergenceGuard()
    guard(_result(7, loss=math.nan))
    with pytest.raises(InputError, match="step 7"):
        guard.check()
