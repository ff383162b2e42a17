"""Error maps and thumbnails."""

import numpy as np
import pytest

from frame_interpolation.eval import pictures


def test_the_error_map_follows_its_ramp():
    truth = np.full((2, 4, 3), 100, np.uint8)
    estimate = truth.copy()
    # Mean differences of 0, 16, 64, and more than 64 grey levels.
    estimate[0, 1] = (148, 100, 100)
    estimate[0, 2] = (164, 36, 164)
    estimate[0, 3] = (255, 255, 0)
    drawn = pictures.error_map(estimate, truth)
    assert drawn.dtype == np.uint8 and drawn.shape == truth.shape
    assert tuple(drawn[0, 0]) == pictures.ERROR_RAMP[0]
    assert tuple(drawn[0, 1]) == pictures.ERROR_RAMP[1]
    assert tuple(drawn[0, 2]) == tuple(drawn[0, 3]) == pictures.ERROR_RAMP[-1]
    assert not drawn[1].any()


def test_the_ramp_grows_brighter():
    truth = np.zeros((1, 70, 3), np.uint8)
    estimate = np.arange(70, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
    brightness = pictures.error_map(estimate, truth).astype(int) @ (299, 587, 114)
    assert (np.diff(brightness[0, : pictures.FULL_ERROR + 1]) > 0).all()


def test_frames_of_different_size_are_refused():
    with pytest.raises(ValueError, match="Cannot compare"):
        pictures.error_map(np.zeros((2, 2, 3), np.uint8), np.zeros((2, 3, 3), np.uint8))


@pytest.mark.parametrize(
    ("size", "expected"),
    [((960, 540), (480, 270)), ((300, 200), (300, 200)), ((5000, 2), (480, 1))],
)
def test_thumbnails_keep_their_proportions(size, expected):
    frame = np.zeros((size[1], size[0], 3), np.uint8)
    assert pictures.thumbnail(frame, 480).size == expected
