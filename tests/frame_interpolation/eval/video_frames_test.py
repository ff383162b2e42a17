"""Decoded frames against what was encoded."""

import cv2
import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import video_frames


def _drawn():
    """What was encoded as `sixteen_frames_h264.mp4`, by libx264 with -crf 10 -pix_fmt yuv420p."""
    frames = np.zeros((16, 320, 512, 3), np.uint8)
    frames[:, 16:304] = (200, 120, 30)
    for number, frame in enumerate(frames):
        frame[100:160, 40 + 20 * number : 100 + 20 * number] = (30, 60, 220)
    return frames


def test_frames_have_the_luma_that_was_encoded(golden_dir):
    path = golden_dir / "sixteen_frames_h264.mp4"
    frames = np.stack(video_frames.read_frames(path, most=99))
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    plain = np.stack([capture.read()[1][..., ::-1] for _ in range(16)])
    assert frames.shape == (16, 320, 512, 3) and frames.dtype == np.uint8

    def luma_bias(decoded):
        difference = (decoded.astype(float) - _drawn()) @ (0.299, 0.587, 0.114)
        return abs(difference[:, 20:300].mean())

    assert luma_bias(plain) > 1.5  # If OpenCV rounds one day, this module can go.
    assert luma_bias(frames) < 0.3
    assert np.abs(frames.astype(int) - _drawn()).mean() < 0.8
    assert frames[:, :12].max() <= 2  # The black bar.


@pytest.mark.parametrize("most", [1, 7])
def test_no_more_is_decoded_than_asked_for(golden_dir, most):
    assert len(video_frames.read_frames(golden_dir / "sixteen_frames_h264.mp4", most=most)) == most


def test_a_luma_that_contradicts_the_colours_is_not_believed():
    colour = np.full((4, 6, 3), (10, 100, 200), np.uint8)
    expected = colour[..., ::-1]
    for stored in (np.zeros((6, 6), np.uint8), np.zeros((4, 5), np.uint8), np.zeros(0, np.uint8)):
        np.testing.assert_array_equal(video_frames._with_luma(colour, stored), expected)


def test_what_is_no_video_is_refused(tmp_path, capfd):
    for content in (b"", b"text" * 100):
        (tmp_path / "x.mp4").write_bytes(content)
        with pytest.raises(InputError, match=r"x\.mp4"):
            video_frames.read_frames(tmp_path / "x.mp4", most=3)
