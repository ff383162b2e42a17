"""Tests of curves and easing against values computed by hand."""

import math

import numpy as np
import pytest

from atd12k.cartoon import curves


def test_splines_pass_through_their_controls():
    controls = [(0.0, 0.0), (10.0, 2.0), (14.0, 9.0), (3.0, 12.0)]
    closed = curves.closed_spline(controls, samples=8)
    assert closed.shape == (32, 2)
    np.testing.assert_allclose(closed[::8], controls)
    opened = curves.open_spline(controls, samples=6)
    assert opened.shape == (19, 2)
    np.testing.assert_allclose(opened[::6], controls)


def test_ellipse_is_turned_around_its_middle():
    points = curves.ellipse(5, 7, 4, 2, angle=math.pi / 2, samples=4)
    np.testing.assert_allclose(points, [(5, 11), (3, 7), (5, 3), (7, 7)], atol=1e-12)


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_bend_keeps_the_lengths_of_the_bones(side):
    joint = curves.bend((1, 2), (4, 9), 5, 4, side)
    assert math.dist((1, 2), joint) == pytest.approx(5)
    assert math.dist((4, 9), joint) == pytest.approx(4)


def test_limbs_do_not_reach_farther_than_they_are_long():
    assert math.dist((0, 0), curves.within_reach((0, 0), (30, 40), 10)) == pytest.approx(
        10, rel=1e-3
    )
    assert curves.within_reach((0, 0), (3, 4), 10) == (3, 4)


def test_keys_are_eased_and_held_at_the_ends():
    keys = [(1.0, 10.0), (2.0, 20.0), (4.0, 0.0)]
    assert curves.keyed(0.0, keys) == 10
    assert curves.keyed(1.5, keys) == pytest.approx(15)
    assert curves.keyed(1.25, keys) == pytest.approx(10 + 10 * 0.15625)
    assert curves.keyed(3.0, keys) == pytest.approx(10)
    assert curves.keyed(9.0, keys) == 0
