import dataclasses

import numpy as np
import pytest

from frame_interpolation.datasets import smooth_motion

_PIVOT = (50.0, 40.0)
_WAVE = smooth_motion.Wave(amplitude_px=(2.0, -1.0), frequency=(0.03, 0.02), phase=0.4)


def _frame_from_layer(motion, point, time):
    """Inverts the backward map by fixed-point iteration."""
    target = np.asarray(point, float)
    guess = target + motion.pivot_px
    for _ in range(200):
        guess = guess + target - motion.layer_from_frame(guess, time)
    np.testing.assert_allclose(motion.layer_from_frame(guess, time), target, atol=1e-9)
    return guess


def test_the_middle_pose_is_the_layer_shifted_to_the_pivot():
    motion = smooth_motion.Motion(
        pivot_px=_PIVOT,
        displacement_px=(8.0, 3.0),
        rotation=0.3,
        log_zoom=0.2,
        shear=0.1,
        perspective=(1e-3, 0.0),
        waves=(_WAVE,),
    )
    points = np.random.default_rng(0).uniform(0, 100, (20, 2))
    np.testing.assert_allclose(motion.layer_from_frame(points, 0.0), points - _PIVOT)


def test_a_translation_is_halved_in_the_middle_frame():
    motion = smooth_motion.Motion(pivot_px=_PIVOT, displacement_px=(20.0, -6.0))
    first, middle, last = (_frame_from_layer(motion, (3.0, 4.0), t) for t in (-1, 0, 1))
    np.testing.assert_allclose(last - first, (20.0, -6.0))
    np.testing.assert_allclose(middle, (first + last) / 2)


def test_a_rotation_turns_clockwise_on_screen_about_the_pivot_and_is_halved():
    motion = smooth_motion.Motion(pivot_px=_PIVOT, rotation=np.pi / 4)
    angles = []
    for time in (-1, 0, 1):
        x, y = _frame_from_layer(motion, (10.0, 0.0), time) - _PIVOT
        assert np.hypot(x, y) == pytest.approx(10.0)
        angles.append(np.arctan2(y, x))
    np.testing.assert_allclose(angles, [-np.pi / 8, 0, np.pi / 8], atol=1e-9)


def test_a_zoom_is_geometric():
    motion = smooth_motion.Motion(pivot_px=_PIVOT, log_zoom=np.log(1.44))
    sizes = [_frame_from_layer(motion, (10.0, 0.0), t)[0] - _PIVOT[0] for t in (-1, 0, 1)]
    np.testing.assert_allclose(sizes, [10 / 1.2, 10, 10 * 1.2])


def test_acceleration_moves_the_middle_pose_and_not_the_outer_ones():
    steady = smooth_motion.Motion(pivot_px=_PIVOT, displacement_px=(20.0, 0.0))
    eased = dataclasses.replace(steady, acceleration=0.1)
    x = [[_frame_from_layer(m, (0.0, 0.0), t)[0] for t in (-1, 0, 1)] for m in (steady, eased)]
    np.testing.assert_allclose(x[0], [40, 50, 60])
    np.testing.assert_allclose(x[1], [40, 51, 60])


def test_only_translation_rotation_zoom_and_shear_are_affine():
    motion = smooth_motion.Motion(pivot_px=_PIVOT, rotation=0.1, log_zoom=0.1, shear=0.1)
    assert motion.is_affine
    assert not dataclasses.replace(motion, waves=(_WAVE,)).is_affine
    assert not dataclasses.replace(motion, perspective=(0.0, 1e-4)).is_affine


def test_motions_have_the_shares_and_sizes_of_the_bands():
    rng = np.random.default_rng(0)
    motions = [smooth_motion.draw(rng, pivot_px=_PIVOT, frame_side_px=160) for _ in range(2000)]
    length = np.array([np.hypot(*m.displacement_px) for m in motions])
    assert length.max() <= 60
    shares = [np.mean(length < 4), np.mean((length >= 4) & (length < 16)), np.mean(length >= 16)]
    np.testing.assert_allclose(shares, [b.share for b in smooth_motion.BANDS], atol=0.04)
    assert 0.86 < np.mean([m.acceleration == 0 for m in motions]) < 0.94
    assert 0.3 < np.mean([m.is_affine for m in motions]) < 0.8


def test_what_carries_a_layer_adds_its_displacement():
    drawn = [
        smooth_motion.draw(
            np.random.default_rng(3), pivot_px=_PIVOT, frame_side_px=160, carried_px=carried
        )
        for carried in ((0.0, 0.0), (7.0, -5.0))
    ]
    difference = np.subtract(drawn[1].displacement_px, drawn[0].displacement_px)
    np.testing.assert_allclose(difference, (7.0, -5.0))


def test_drawn_motions_never_fold_the_frame():
    rng = np.random.default_rng(1)
    grid = np.stack(np.meshgrid(np.arange(0, 161, 4.0), np.arange(0, 161, 4.0)), axis=-1)
    for _ in range(300):
        motion = smooth_motion.draw(rng, pivot_px=(80.0, 80.0), frame_side_px=160)
        for time in (-1.0, 1.0):
            mapped = motion.layer_from_frame(grid, time)
            right = np.diff(mapped, axis=1)[:-1]
            below = np.diff(mapped, axis=0)[:, :-1]
            area = right[..., 0] * below[..., 1] - right[..., 1] * below[..., 0]
            assert area.min() > 0
