"""Where pictures go in frames of another shape, and that they come out again."""

import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import letterbox


@pytest.mark.parametrize(
    ("picture", "frame", "expected"),
    [
        ((960, 540), (512, 320), ((512, 288), 0, 16)),
        ((1920, 1080), (512, 320), ((512, 288), 0, 16)),
        ((640, 480), (512, 320), ((427, 320), 42, 0)),
        ((512, 320), (512, 320), ((512, 320), 0, 0)),
        ((300, 100), (30, 11), ((30, 10), 0, 0)),
        ((10_000, 1), (512, 320), ((512, 1), 0, 159)),
    ],
)
def test_places_by_hand(picture, frame, expected):
    box = letterbox.fit(picture, frame)
    assert (box.picture_size, box.left, box.top) == expected


@pytest.mark.parametrize("size", [(64, 36), (36, 64), (50, 50)])
def test_a_picture_comes_out_as_it_went_in(size):
    picture = np.random.default_rng(0).integers(1, 256, (size[1], size[0], 3), np.uint8)
    box = letterbox.fit(size, (96, 64))
    at_size = np.asarray(box.remove(box.add(picture)))
    frame = box.add(at_size)
    assert frame.shape == (64, 96, 3)
    np.testing.assert_array_equal(box.remove(frame), at_size)
    box.remove(frame)[...] = 0
    assert not frame.any()  # The bars are black.


def test_a_frame_of_another_size_is_refused():
    with pytest.raises(InputError, match="95x64 pixels, expected 96x64"):
        letterbox.fit((64, 36), (96, 64)).remove(np.zeros((64, 95, 3), np.uint8))
