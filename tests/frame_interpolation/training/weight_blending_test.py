import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.training import weight_blending

_NEW = {0: np.float32([1.1, 2.0]), 1: np.float32([3.0])}
_OLD = {0: np.float32([0.1, 4.0])}


def test_a_blend_lies_between_and_keeps_what_has_no_old_value():
    blended = weight_blending.blend(_NEW, _OLD, factor=0.25)
    np.testing.assert_allclose(blended[0], [0.35, 3.5], rtol=1e-6)
    assert blended[0].dtype == np.float32
    np.testing.assert_array_equal(blended[1], _NEW[1])


@pytest.mark.parametrize(("factor", "expected"), [(0.0, _OLD), (1.0, _NEW)])
def test_the_ends_are_one_of_the_two_bit_for_bit(factor, expected):
    np.testing.assert_array_equal(weight_blending.blend(_NEW, _OLD, factor=factor)[0], expected[0])


@pytest.mark.parametrize("factor", [-0.1, 1.1, float("nan")])
def test_a_factor_beyond_the_ends_is_refused(factor):
    with pytest.raises(InputError, match=r"--blend is .*; expected a number from 0"):
        weight_blending.check_factor(factor, name="--blend")
