import os
import pathlib
import subprocess
import sys
import time

import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import image_io, inference, interpolator_test

_ROOT = pathlib.Path(__file__).parents[3]


def _frame(seed, height=50, width=70):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def frames(tmp_path):
    """Two frames in a folder whose name needs quoting."""
    paths = [tmp_path / "Szene 1 ä" / f"frame{i}.png" for i in (1, 2)]
    for i, path in enumerate(paths):
        image_io.write_image(path, _frame(i))
    return [str(path) for path in paths]


def _expected(toy_middle):
    scaled = [_frame(seed).astype(np.float32) / 255 for seed in (0, 1)]
    return image_io.to_uint8(toy_middle(*scaled))


def _program(*arguments, cwd=_ROOT):
    # As a user has it: the tests' own setting of TensorFlow's log would hide what is printed.
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-m", "eval.interpolator_test", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
    )


def test_the_middle_is_written_beside_the_first_frame(frames, toy_model_path, toy_middle):
    output = interpolator_test.run(frame1=frames[0], frame2=frames[1], model_path=toy_model_path)
    assert output == pathlib.Path(frames[0]).parent / "output_frame.png"
    written = image_io.to_uint8(image_io.read_image(output))
    assert np.abs(written.astype(int) - _expected(toy_middle)).max() <= 1  # Rounding of halves.


@pytest.mark.parametrize("options", [{"align": 1}, {"align": 7}, {"block_height": 2}])
def test_alignment_and_tiles_do_not_change_the_picture(frames, toy_model_path, tmp_path, options):
    plain, other = tmp_path / "plain.png", tmp_path / "new" / "other.png"
    arguments = {"frame1": frames[0], "frame2": frames[1], "model_path": toy_model_path}
    interpolator_test.run(**arguments, output_frame=str(plain))
    interpolator_test.run(**arguments, output_frame=str(other), **options)
    difference = image_io.read_image(plain) - image_io.read_image(other)
    assert np.abs(difference).max() <= 1.01 / 255


def test_an_input_is_never_overwritten(frames, toy_model_path):
    with pytest.raises(InputError, match="is one of the input frames"):
        interpolator_test.run(
            frame1=frames[0], frame2=frames[1], model_path=toy_model_path, output_frame=frames[1]
        )


@pytest.mark.slow
def test_the_program_runs_from_the_root_on_relative_paths(
    frames, toy_model_path, toy_middle, tmp_path
):
    output = tmp_path / "out" / "middle.png"
    relative = [os.path.relpath(path, _ROOT) for path in [*frames, toy_model_path, output]]
    flags = ("--frame1", "--frame2", "--model_path", "--output_frame")
    result = _program(*(f"{flag}={path}" for flag, path in zip(flags, relative, strict=True)))
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"Wrote {relative[-1]}\n"
    written = image_io.to_uint8(image_io.read_image(output))
    assert np.abs(written.astype(int) - _expected(toy_middle)).max() <= 1


@pytest.mark.parametrize("folder", [_ROOT, _ROOT / "frame_interpolation"])
def test_help_answers_at_once(folder):
    start = time.monotonic()
    result = _program("--help", cwd=folder)
    assert time.monotonic() - start < 2
    assert result.returncode == 0
    for flag in ("frame1", "frame2", "model_path", "output_frame", "align", "block_height"):
        assert f"--{flag}" in result.stdout


def _missing(frames):
    pathlib.Path(frames[0]).unlink()


def _empty(frames):
    pathlib.Path(frames[1]).write_bytes(b"")


def _sizes(frames):
    image_io.write_image(frames[1], _frame(0, 50, 71))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_missing, r"There is no file .*frame1\.png"),
        (_empty, r"frame2\.png is empty"),
        (_sizes, r"frame2\.png has 71x50 pixels and .*frame1\.png has 70x50 pixels"),
    ],
)
def test_unfit_frames_are_found_before_the_model_is_loaded(
    frames, toy_model_path, monkeypatch, spoil, message
):
    monkeypatch.setattr(inference, "load_interpolator", lambda *_, **__: pytest.fail("too late"))
    spoil(frames)
    with pytest.raises(InputError, match=message):
        interpolator_test.run(frame1=frames[0], frame2=frames[1], model_path=toy_model_path)


@pytest.mark.parametrize(
    ("flag", "status", "message"),
    [("--model_path=/none", 1, "/none does not exist"), ("--align=0", 2, "align")],
)
def test_mistakes_are_one_line(frames, flag, status, message):
    result = _program(f"--frame1={frames[0]}", f"--frame2={frames[1]}", "--model_path=model", flag)
    assert result.returncode == status
    assert message in result.stderr
    assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1
