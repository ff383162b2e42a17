import shutil
import stat

import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import video_io

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


def _frames(height, width, count=5):
    # Strong, smooth colours: the matrix of the colour conversion shows, chroma subsampling less.
    columns = np.linspace(0, 200, width, dtype=np.uint8)
    image = np.stack(
        [
            np.broadcast_to(columns, (height, width)),
            np.broadcast_to(columns[::-1], (height, width)),
            np.full((height, width), 20, np.uint8),
        ],
        axis=-1,
    )
    return [image + np.uint8(4 * i) for i in range(count)]


@pytest.fixture
def stand_in_ffmpeg(tmp_path, monkeypatch):
    """Puts a program of this shell code in ffmpeg's place."""

    def install(code):
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / "ffmpeg"
        program.write_text(f"#!/bin/sh\n{code}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    return install


@needs_ffmpeg
@pytest.mark.parametrize("size", [(64, 96), (63, 97)])
def test_videos_hold_the_frames_at_the_rate(tmp_path, read_video, size):
    path = tmp_path / "a ü.mp4"
    frames = _frames(*size)
    video_io.write_video(path, iter(frames), fps=12)
    video, fps = read_video(path)
    assert video.shape == (5, size[0] + size[0] % 2, size[1] + size[1] % 2, 3)
    assert fps == 12
    difference = video[:, : size[0], : size[1]].astype(int) - np.stack(frames)
    assert np.abs(difference).mean() < 2
    assert list(tmp_path.iterdir()) == [path]


@needs_ffmpeg
def test_a_working_encoder_passes_the_check():
    video_io.check_encoder(fps=23.976)


def test_an_older_video_is_replaced_when_the_new_one_is_complete(tmp_path, stand_in_ffmpeg):
    # The last argument is the file to write; its input is passed on to it.
    stand_in_ffmpeg('for last; do :; done; cat > "$last"')
    path = tmp_path / "a.mp4"
    path.write_text("older")
    frames = _frames(4, 6)
    video_io.write_video(path, frames, fps=12)
    assert path.read_bytes() == np.stack(frames).tobytes()


def test_a_failing_encoder_leaves_the_older_video(tmp_path, stand_in_ffmpeg):
    stand_in_ffmpeg('for last; do :; done; cat > "$last"; echo "out of film" >&2; exit 1')
    path = tmp_path / "a.mp4"
    path.write_text("older")
    with pytest.raises(InputError, match=r"a\.mp4 could not be written by ffmpeg: .*out of film"):
        video_io.write_video(path, _frames(4, 6), fps=12)
    assert path.read_text() == "older"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a.mp4", "bin"]


def test_the_check_finds_an_encoder_without_h264(stand_in_ffmpeg):
    stand_in_ffmpeg('cat > /dev/null; echo "Unknown encoder" >&2; exit 1')
    with pytest.raises(InputError, match="Unknown encoder"):
        video_io.check_encoder(fps=30)


def test_a_missing_ffmpeg_is_said_with_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="needs the program ffmpeg, which was not found: install"):
        video_io.check_encoder(fps=30)


@pytest.mark.parametrize("fps", [0, -1, float("nan")])
def test_unfit_rates_are_refused(tmp_path, fps):
    with pytest.raises(InputError, match="fps is"):
        video_io.write_video(tmp_path / "a.mp4", _frames(4, 6), fps=fps)


def test_no_frames_are_refused(tmp_path):
    with pytest.raises(InputError, match="at least one frame"):
        video_io.write_video(tmp_path / "a.mp4", [], fps=30)
