"""The command lines, from the repository root and from inside `frame_interpolation/`."""

import pathlib
import subprocess
import sys
import time

import pytest

_ROOT = pathlib.Path(__file__).parents[1]
_FOLDERS = {"root": _ROOT, "package": _ROOT / "frame_interpolation"}
_FILM_PROGRAMS = (
    "training.train",
    "training.build_saved_model_cli",
    "eval.eval_cli",
    "eval.interpolator_test",
    "eval.interpolator_cli",
)
_OTHER_PROGRAMS = (
    "atd12k.integrity",
    "atd12k.sample",
    "beam_jobs.build_tfrecord",
    "eval.compare_cli",
    "eval.external",
    "eval.preference_study",
    "examples.main_job",
    "frame_interpolation.datasets.natural_motion",
    "training.study",
)
_COMMANDS = [(folder, program) for folder in _FOLDERS for program in _FILM_PROGRAMS]
_COMMANDS += [("root", program) for program in _OTHER_PROGRAMS]


def _run(folder, program, *arguments):
    return subprocess.run(
        [sys.executable, "-m", program, *arguments],
        cwd=_FOLDERS[folder],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(("folder", "program"), _COMMANDS)
def test_help_lists_the_flags_without_waiting_for_tensorflow(folder, program):
    start = time.monotonic()
    done = _run(folder, program, "--help")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "--" in done.stdout
    # A few tenths of a second on an idle machine; the limit is for a busy one.
    assert time.monotonic() - start < 20


@pytest.mark.parametrize("program", _FILM_PROGRAMS)
def test_help_does_not_import_tensorflow(program):
    code = (
        f"import runpy, sys; sys.argv = ['x', '--help']\n"
        f"try: runpy.run_module({program!r}, run_name='__main__')\n"
        f"except SystemExit: pass\n"
        f"sys.exit('tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=_ROOT, capture_output=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"{program} imports TensorFlow before it reads its flags"


@pytest.mark.slow
@pytest.mark.parametrize("folder", _FOLDERS)
def test_a_configuration_is_read_in_either_folder(folder, tmp_path):
    # Reading it needs every selector registered once: a module that is loaded under two names
    # would make them ambiguous.
    done = _run(
        folder,
        "training.train",
        "--gin_config=gin_configs/experiments/finetune_atd12k_cpu.gin",
        f"--base_folder={tmp_path}",
        "--mode=cpu",
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert "training_dataset.files" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("folder", _FOLDERS)
def test_a_misspelt_flag_is_named(folder):
    done = _run(folder, "eval.eval_cli", "--gin_confg=x")
    assert done.returncode == 2
    assert "gin_confg" in done.stderr and "gin_config" in done.stderr
