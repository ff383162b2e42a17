import pathlib
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import image_io, inference, interpolator_cli

_ROOT = pathlib.Path(__file__).parents[3]


def _frame(seed):
    return np.random.default_rng(seed).integers(0, 256, (20, 30, 3), dtype=np.uint8)


def _make_sequence(folder, count=3):
    """Frames whose natural order is not that of their names as text."""
    for i in range(count):
        image_io.write_image(folder / f"cel{8 + i}.png", _frame(i))
    return folder


def _read(path):
    return image_io.to_uint8(image_io.read_image(path))


def _entries(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def stand_in_ffmpeg(tmp_path, monkeypatch):
    """A program in ffmpeg's place that writes what it is given, or fails if `broken` exists."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "ffmpeg"
    program.write_text(
        f'#!/bin/sh\nfor last; do :; done; cat > "$last"\n'
        f'case "$last" in *trial*) exit 0;; esac; test ! -e "{folder}/broken"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def test_each_folder_gets_its_frames(tmp_path, toy_model_path, toy_middle):
    folders = [_make_sequence(tmp_path / name) for name in ("shot 1 ä", "shot2")]
    written = interpolator_cli.run(
        pattern=f"{tmp_path}/shot*", model_path=toy_model_path, times_to_interpolate=2
    )
    outputs = [folder / "interpolated_frames" for folder in folders]
    assert sorted(written) == sorted(outputs)
    for output in outputs:
        assert _entries(output) == [f"frame_{i:03d}.png" for i in range(9)]
        for i in range(3):
            np.testing.assert_array_equal(_read(output / f"frame_{4 * i:03d}.png"), _frame(i))
        middle = toy_middle(*(_frame(i).astype(np.float32) / 255 for i in (0, 1)))
        difference = _read(output / "frame_002.png").astype(int) - image_io.to_uint8(middle)
        assert np.abs(difference).max() <= 1
    assert _entries(folders[0]) == ["cel10.png", "cel8.png", "cel9.png", "interpolated_frames"]


def test_a_second_run_replaces_the_first_and_does_not_read_it(tmp_path, toy_model_path):
    folder = _make_sequence(tmp_path / "shot")
    arguments = {"model_path": toy_model_path}
    interpolator_cli.run(pattern=str(folder), times_to_interpolate=3, **arguments)
    (folder / "output_frame.png").write_bytes((folder / "cel8.png").read_bytes())
    # The pattern matches the folder and the outputs in it.
    interpolator_cli.run(pattern=f"{tmp_path}/shot/**", times_to_interpolate=1, **arguments)
    assert _entries(folder / "interpolated_frames") == [f"frame_{i:03d}.png" for i in range(5)]


def test_a_failure_leaves_the_earlier_frames(tmp_path, toy_model_path, monkeypatch):
    folder = _make_sequence(tmp_path / "shot")
    interpolator_cli.run(pattern=str(folder), model_path=toy_model_path, times_to_interpolate=0)
    before = _entries(folder)

    def fail(*_):
        raise InputError("no more memory")

    monkeypatch.setattr(inference.Interpolator, "__call__", fail)
    with pytest.raises(InputError, match="no more memory"):
        interpolator_cli.run(pattern=str(folder), model_path=toy_model_path)
    assert _entries(folder) == before
    assert len(_entries(folder / "interpolated_frames")) == 3


def test_videos_hold_the_written_frames(tmp_path, toy_model_path, stand_in_ffmpeg):
    folder = _make_sequence(tmp_path / "shot")
    written = interpolator_cli.run(
        pattern=str(folder), model_path=toy_model_path, times_to_interpolate=1, output_video=True
    )
    assert written == [folder / "interpolated_frames", folder / "interpolated.mp4"]
    frames = [_read(path) for path in sorted(written[0].iterdir())]
    assert written[1].read_bytes() == np.stack(frames).tobytes()


def test_frames_stay_when_the_video_fails(tmp_path, toy_model_path, stand_in_ffmpeg):
    folder = _make_sequence(tmp_path / "shot")
    (stand_in_ffmpeg / "broken").touch()
    with pytest.raises(InputError, match=r"interpolated\.mp4 could not be written"):
        interpolator_cli.run(
            pattern=str(folder),
            model_path=toy_model_path,
            times_to_interpolate=1,
            output_video=True,
        )
    assert len(_entries(folder / "interpolated_frames")) == 5
    assert not (folder / "interpolated.mp4").exists()


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
def test_videos_are_written_by_ffmpeg(tmp_path, toy_model_path, read_video):
    folder = _make_sequence(tmp_path / "shot")
    interpolator_cli.run(
        pattern=str(folder), model_path=toy_model_path, times_to_interpolate=1, output_video=True
    )
    video, fps = read_video(folder / "interpolated.mp4")
    assert video.shape == (5, 20, 30, 3)
    assert fps == 30


def _empty_frame(folder):
    (folder / "cel9.png").write_bytes(b"")


def _other_size(folder):
    image_io.write_image(folder / "cel9.png", np.zeros((20, 31, 3), np.uint8))


def _one_frame(folder):
    (folder / "cel8.png").unlink()
    (folder / "cel9.png").unlink()


def _foreign_output(folder):
    (folder / "interpolated_frames").mkdir()
    (folder / "interpolated_frames" / "notes.txt").touch()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_empty_frame, r"cel9\.png is empty"),
        (_other_size, r"cel9\.png has 31x20 pixels"),
        (_one_frame, "shot2 holds one frame"),
        (_foreign_output, r"holds notes\.txt"),
    ],
)
def test_mistakes_in_any_folder_are_found_before_the_work(tmp_path, monkeypatch, spoil, message):
    for name in ("shot1", "shot2"):
        _make_sequence(tmp_path / name)
    spoil(tmp_path / "shot2")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "saved_model.pb").touch()
    monkeypatch.setattr(inference, "load_interpolator", lambda *_, **__: pytest.fail("too late"))
    with pytest.raises(InputError, match=message):
        interpolator_cli.run(pattern=f"{tmp_path}/shot*", model_path=str(tmp_path / "model"))


def test_a_missing_ffmpeg_is_found_before_the_work(tmp_path, toy_model_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(inference, "load_interpolator", lambda *_, **__: pytest.fail("too late"))
    _make_sequence(tmp_path / "shot")
    with pytest.raises(InputError, match="ffmpeg"):
        interpolator_cli.run(
            pattern=f"{tmp_path}/shot", model_path=toy_model_path, output_video=True
        )


def _program(*arguments, cwd=_ROOT):
    return subprocess.run(
        [sys.executable, "-m", "eval.interpolator_cli", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.slow
def test_the_program_runs_from_inside_the_package(tmp_path, toy_model_path):
    folder = _make_sequence(tmp_path / "Szene ä 1")
    result = _program(
        "--pattern", f"{tmp_path}/Szene*", "--model_path", toy_model_path,
        "--times_to_interpolate", "2", "--fps", "24", "--block_width", "2",
        cwd=_ROOT / "frame_interpolation",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"Wrote {folder / 'interpolated_frames'}\n"
    assert "9/9" in result.stderr and "WARNING" not in result.stderr
    assert len(_entries(folder / "interpolated_frames")) == 9


def test_help_answers_at_once():
    start = time.monotonic()
    result = _program("--help")
    assert time.monotonic() - start < 2
    assert result.returncode == 0
    assert "--times_to_interpolate" in result.stdout


@pytest.mark.parametrize(
    ("flag", "status", "message"),
    [
        ("--pattern=/none/*", 1, "matches no folder"),
        ("--times_to_interpolate=-1", 2, "times_to_interpolate"),
    ],
)
def test_mistakes_are_one_line(tmp_path, toy_model_path, flag, status, message):
    _make_sequence(tmp_path)
    result = _program(f"--pattern={tmp_path}", f"--model_path={toy_model_path}", flag)
    assert result.returncode == status
    assert message in result.stderr
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1
