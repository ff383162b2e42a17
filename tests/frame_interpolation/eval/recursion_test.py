import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval.recursion import count_frames, interpolate_recursively


def _frame(value):
    return np.full((2, 3, 3), value, np.float32)


def _average(x0, x1):
    assert x0.shape == x1.shape == (1, 2, 3, 3)
    return (x0 + x1) / 2


@pytest.mark.parametrize("times", [0, 1, 2, 5])
def test_times_are_equidistant_and_in_order(times):
    frames = [_frame(value) for value in (0.0, 1.0, 3.0)]
    result = list(interpolate_recursively(frames, _average, times_to_interpolate=times))
    assert len(result) == count_frames(3, times) == 2 * 2**times + 1
    step = 2.0**-times
    expected = [*np.arange(0, 1, step), *np.arange(1, 3, 2 * step), 3.0]
    np.testing.assert_allclose([frame[0, 0, 0] for frame in result], expected)


def test_given_frames_pass_as_they_are():
    frames = [_frame(value) for value in (0.1, 0.7, 0.3)]
    result = list(interpolate_recursively(frames, _average, times_to_interpolate=2))
    for given, passed in zip(frames, result[::4], strict=True):
        assert passed is given


def test_the_earlier_frame_comes_first():
    def first(x0, x1):
        assert x0.max() < x1.min()
        return x0 + 0.25 * (x1 - x0)

    list(interpolate_recursively([_frame(0), _frame(1)], first, times_to_interpolate=4))


def test_frames_are_read_and_computed_as_needed():
    read, computed = [], []

    def frames():
        for value in range(4):
            read.append(value)
            yield _frame(value)

    def interpolation(x0, x1):
        computed.append(1)
        return _average(x0, x1)

    result = interpolate_recursively(frames(), interpolation, times_to_interpolate=3)
    next(result)
    assert (len(read), len(computed)) == (1, 0)
    next(result)
    assert (len(read), len(computed)) == (2, 3)
    next(result)
    assert (len(read), len(computed)) == (2, 3)


def test_one_frame_gives_itself():
    assert len(list(interpolate_recursively([_frame(0)], _average, times_to_interpolate=3))) == 1
    assert count_frames(1, 3) == 1


def test_negative_levels_are_refused():
    with pytest.raises(InputError, match="times_to_interpolate is -1"):
        count_frames(2, -1)
