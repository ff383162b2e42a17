"""A frame is known again after another file held it, and two different ones are told apart."""

import numpy as np
import pytest
from PIL import Image

from frame_interpolation.eval import frame_content


def _drawing(seed=0, size=(192, 108)):
    """Flat shapes on a ramp, as cartoons have them."""
    rng = np.random.default_rng(seed)
    frame = np.zeros((size[1], size[0], 3), np.uint8)
    frame += np.linspace(30, 200, size[0]).astype(np.uint8)[None, :, None]
    for _ in range(6):
        x, y = rng.integers(0, size[0] - 40), rng.integers(0, size[1] - 40)
        frame[y : y + 40, x : x + 40] = rng.integers(0, 255, 3)
    return frame


def test_equal_pixels_have_equal_marks_whatever_their_memory_order():
    frame = _drawing()
    assert frame_content.mark(frame) == frame_content.mark(np.asfortranarray(frame))
    assert frame_content.mark(frame) != frame_content.mark(frame[::-1])
    assert frame_content.is_mark(frame_content.mark(frame))
    assert not frame_content.is_mark(frame_content.mark(frame)[:-1])


def test_the_digest_knows_the_shape():
    frame = np.zeros((4, 6, 3), np.uint8)
    marks = [frame_content.mark(frame), frame_content.mark(frame.reshape(6, 4, 3))]
    assert len(set(map(frame_content.digest_of, marks))) == 2


@pytest.mark.parametrize("size", [(96, 54), (288, 162), (192, 108)])
def test_a_resized_or_compressed_frame_looks_alike(size, tmp_path):
    frame = _drawing()
    Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS).save(
        tmp_path / "frame.jpg", quality=85
    )
    other = np.asarray(Image.open(tmp_path / "frame.jpg"))
    marks = frame_content.mark(frame), frame_content.mark(other)
    assert frame_content.digest_of(marks[0]) != frame_content.digest_of(marks[1])
    assert frame_content.look_alike(*marks)


def test_another_frame_does_not_look_alike():
    marks = [frame_content.mark(_drawing(seed)) for seed in range(6)]
    alike = [frame_content.look_alike(a, b) for a in marks for b in marks if a is not b]
    assert not any(alike)


def test_plain_frames_have_no_contrast():
    plain = np.full((20, 30, 3), 77, np.uint8)
    cells = frame_content.thumbnails([frame_content.mark(plain), frame_content.mark(_drawing())])
    assert cells.shape == (2, 48)
    assert frame_content.have_contrast(cells).tolist() == [False, True]
