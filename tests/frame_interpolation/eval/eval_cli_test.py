"""The program: FILM's command line and files, from both start folders, and its errors."""

import csv
import pathlib
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from frame_interpolation import config
from frame_interpolation.datasets.tf_example import Annotation
from frame_interpolation.errors import InputError
from frame_interpolation.eval import eval_cli, evaluation_results, metrics
from frame_interpolation.eval.evaluation_example import RecordSource

_ROOT = pathlib.Path(__file__).parents[3]


@pytest.fixture
def workplace(tmp_path, toy_model_path, write_records):
    """A model, records and a gin file, in a folder of their own."""
    shutil.copytree(toy_model_path, tmp_path / "runs" / "run0" / "saved_model")
    write_records(
        tmp_path / "test.tfrecord",
        [
            {"name": f"triplet {i}", "annotation": Annotation(i, (2, 2, 20, 16), (32, 24))}
            for i in range(3)
        ],
    )
    # What a released evaluation config binds, and nothing else.
    (tmp_path / "eval.gin").write_text(
        "experiment.name = 'vimeo'\n"
        "evaluation.max_examples = -1\n"
        "evaluation.metrics = ['l1', 'l2', 'ssim', 'psnr']\n"
        f"evaluation.tfrecord = '{tmp_path / 'test.tfrecord'}'\n"
    )
    return tmp_path


def _run_program(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "eval.eval_cli", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def _arguments(workplace, **changes):
    arguments = {
        "gin_config": str(workplace / "eval.gin"),
        "model_path": str(workplace / "runs" / "run0" / "saved_model"),
    }
    return {**arguments, **changes}


@pytest.mark.slow
def test_the_command_line_from_both_start_folders(workplace, toy_middle):
    model = workplace / "runs" / "run0" / "saved_model"
    done = _run_program(
        f"--gin_config={workplace / 'eval.gin'}",
        f"--model_path={model}/",  # With a slash, as shells complete it.
        "--output_frames",
        "--mode=cpu",
        cwd=_ROOT,
    )
    assert done.returncode == 0, done.stderr
    assert "evaluating: 3/3" in done.stderr
    folder = workplace / "runs" / "run0" / "batch_eval" / "vimeo"
    assert str(folder) in done.stdout
    assert {path.name for path in folder.iterdir()} == {
        "results.csv",
        "results.json",
        "results.md",
        "results.tex",
        "readme.txt",
        "config.gin",
        "frames",
    }
    table = list(csv.reader((folder / "results.csv").read_text().splitlines()))
    assert table[0] == ["key", "l1", "l2", "ssim", "psnr"]
    assert [line[0] for line in table[1:]] == ["triplet 0", "triplet 1", "triplet 2", "mean"]
    example = next(RecordSource(str(workplace / "test.tfrecord")).read(0, 1))
    x0, y, x1 = (frame.astype(np.float32) / 255 for frame in (example.x0, example.y, example.x1))
    estimate = np.clip(toy_middle(x0, x1), 0, 1)
    expected = [metrics.find(name).measure(estimate, y) for name in table[0][1:]]
    np.testing.assert_allclose(np.array(table[1][1:], float), expected, rtol=1e-5)

    # The same evaluation by the name of its run, from the other folder, is complete.
    again = _run_program(
        f"--gin_config={workplace / 'eval.gin'}",
        f"--base_folder={workplace / 'runs'}",
        "--label=run0",
        cwd=_ROOT / "frame_interpolation",
    )
    assert again.returncode == 0, again.stderr
    assert "already complete" in again.stdout and table[-1][0] == "mean"
    assert "no GPU was found" in again.stderr  # --mode gpu is the default.
    printed = next(line for line in again.stdout.splitlines() if line.startswith("whole"))
    assert f"{float(table[-1][4]):.3f}" in printed


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--model_path=nowhere"], 2, "Missing --gin_config"),
        (["--gin_config=nowhere.gin"], 1, "names what is evaluated; got none of them"),
        (
            ["--gin_config=nowhere.gin", "--model_path=a", "--baseline=nearest"],
            1,
            "got --model_path and --baseline",
        ),
        (["--gin_config=nowhere.gin", "--baseline=nearest"], 1, "--baseline needs --output_dir"),
        (["--gin_config=nowhere.gin", "--model_path=nowhere"], 1, "nowhere does not exist"),
        (["--gin_config=x", "--model_path=x", "--mode=tpu"], 2, "--mode"),
    ],
)
def test_errors_of_the_command_line_come_at_once(arguments, status, message):
    started = time.monotonic()
    done = _run_program(*arguments, cwd=_ROOT)
    assert done.returncode == status
    assert done.stderr.startswith("error: ") and message in done.stderr
    assert "Traceback" not in done.stderr
    assert time.monotonic() - started < 10


def test_help_needs_no_tensorflow():
    code = (
        "import sys, frame_interpolation.eval.eval_cli; "
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'skimage')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=_ROOT, check=False).returncode == 0
    done = _run_program("--help", cwd=_ROOT)
    assert done.returncode == 0
    for flag in ("gin_config", "model_path", "base_folder", "label", "output_frames", "mode"):
        assert flag in done.stdout


def test_missing_training_records_are_an_error_before_anything_is_evaluated(workplace):
    done = _run_program(
        f"--gin_config={workplace / 'eval.gin'}",
        "--baseline=average",
        f"--output_dir={workplace / 'out'}",
        f"--training_records={workplace / 'nowhere'}@2",
        cwd=_ROOT,
    )
    assert done.returncode == 1 and "nowhere@2' lacks 2 of 2 shards" in done.stderr
    assert not (workplace / "out").exists()
    assert "no GPU" not in done.stderr  # A floor needs none.


def test_run_writes_what_it_returns(workplace):
    results, folder = eval_cli.run(**_arguments(workplace))
    assert evaluation_results.read_results(folder / "results.json") == results
    assert folder == workplace / "runs" / "run0" / "batch_eval" / "vimeo"
    saved = (folder / "config.gin").read_text()
    config.parse([folder / "config.gin"])
    assert config.flattened() == saved and "evaluation.metrics" in saved


def test_bindings_win_and_output_dir_moves_the_results(workplace, capsys):
    bindings = [
        "evaluation.protocol = 'atd12k'",
        "evaluation.metrics = ['psnr', 'ssim_atd12k', 'psnr_roi', 'ssim_atd12k_roi']",
        "evaluation.max_examples = 2",
        "experiment.name = 'other'",
    ]
    results, folder = eval_cli.run(
        **_arguments(workplace, gin_bindings=bindings, output_dir=str(workplace / "elsewhere"))
    )
    assert folder == workplace / "elsewhere" / "batch_eval" / "other"
    assert not (workplace / "runs" / "run0" / "batch_eval").exists()
    assert [triplet.frame_size for triplet in results.triplets] == [(960, 540)] * 2
    printed = capsys.readouterr().out
    assert [line.split()[0] for line in printed.splitlines()[1:5]] == [
        "whole",
        "RoI",
        "easy",
        "medium",
    ]


def test_another_model_in_the_same_place_is_refused_but_for_overwrite(workplace):
    eval_cli.run(**_arguments(workplace))
    variables = workplace / "runs/run0/saved_model/variables"
    with open(variables / "variables.data-00000-of-00001", "ab") as file:
        file.write(b"\0")
    with pytest.raises(InputError, match=r"model was .*--overwrite"):
        eval_cli.run(**_arguments(workplace))
    eval_cli.run(**_arguments(workplace, overwrite=True))


@pytest.mark.parametrize(
    ("bindings", "message"),
    [
        (["evaluation.tfrecord = ''"], r"evaluation.tfrecord is not bound"),
        (["evaluation.metrics = ['psnr', 'lpisp']"], r"no metric 'lpisp'"),
        (["evaluation.metrics = ['psnr', 'lpips']"], r"bind evaluation\.lpips_weights"),
        (["evaluation.metric = ['psnr']"], r"did you mean 'metrics'"),
        (["evaluation.tfrecord = '/nowhere/test@2'"], r"lacks 2 of 2 shards"),
        (["experiment.name = 'a/b'"], r"experiment: name is 'a/b'"),
    ],
)
def test_bad_configurations(workplace, bindings, message):
    with pytest.raises(InputError, match=message):
        eval_cli.run(**_arguments(workplace, gin_bindings=bindings))


def test_a_place_that_cannot_be_written_is_named_before_anything_is_loaded(workplace):
    (workplace / "runs" / "run0" / "batch_eval").write_text("a file where a folder should be")
    with pytest.raises(OSError, match="batch_eval"):
        eval_cli.run(**_arguments(workplace))


def test_test_frames_are_searched_for_in_the_training_records(workplace, capsys):
    records = str(workplace / "test.tfrecord")  # Trained on the test set.
    eval_cli.run(**_arguments(workplace, training_records=[records]))
    shown = capsys.readouterr().out
    assert "3 of 3 test triplets are found among the 3" in shown and "(3 same frame)" in shown
