"""The program, from inside the process and once from the command line."""

import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation import repository_paths
from frame_interpolation.errors import InputError
from frame_interpolation.models import pretrained
from frame_interpolation.models.film_net.interpolator import create_model
from frame_interpolation.training import build_saved_model_cli, export

_GIN = """
model.name = 'film_net'
film_net.pyramid_levels = 5
film_net.fusion_pyramid_levels = 4
film_net.specialized_levels = 3
film_net.sub_levels = 4
film_net.flow_convs = [3, 3, 3, 3]
film_net.flow_filters = [8, 12, 16, 16]
film_net.filters = 6
training.num_steps = 2000
training_losses.loss_names = ['l1']
training_losses.loss_weight_schedules = [@tf.keras.optimizers.schedules.PiecewiseConstantDecay]
training_losses.loss_weight_parameters = [{'boundaries': [0], 'values': [1.0, 1.0]}]
"""


@pytest.fixture
def run_folder(golden_dir, tmp_path):
    """A run that the reference has left, under the label `run0`."""
    folder = tmp_path / "runs" / "run0"
    shutil.copytree(golden_dir / "reference_checkpoint", folder / "train")
    (folder / "config.gin").write_text(_GIN)
    return folder


@pytest.fixture
def saved(monkeypatch):
    """What would be saved, instead of saving it, which takes seconds."""
    calls = []
    monkeypatch.setattr(
        export, "save_model", lambda model, path, *, options: calls.append((model, path, options))
    )
    return calls


def _model_of(run_folder):
    model = create_model(pretrained.read_options(run_folder / "train"))
    pretrained.load(model, run_folder / "train")
    return model


@pytest.mark.slow
def test_the_command_line_builds_a_saved_model(run_folder, golden_dir):
    program = [sys.executable, "-m", "training.build_saved_model_cli"]
    flags = ["--gin_config", "film_net.gin", "--base_folder", run_folder.parent, "--label", "run0"]
    done = subprocess.run(
        [*program, *flags, "--mode", "cpu"],
        cwd=repository_paths.REPOSITORY_ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{run_folder / 'saved_model'}: 76 variables from ")
    assert "step 1234" in done.stdout
    assert "There is no gin file 'film_net.gin'; taking" in done.stderr
    loaded = tf.saved_model.load(str(run_folder / "saved_model"))
    with np.load(golden_dir / "film_small.npz") as file:
        inputs = {name: file[f"case0/{name}"][None] / np.float32(255) for name in ("x0", "x1")}
        reference = file["case0/image"]
    image = loaded({**inputs, "time": np.full((1, 1), 0.5, np.float32)}, training=False)["image"]
    tolerance = 1e-5 * np.abs(reference).max()
    np.testing.assert_allclose(image, reference.reshape(image.shape), rtol=0, atol=tolerance)


def test_help_and_flags(run_folder):
    program = [sys.executable, "-m", "frame_interpolation.training.build_saved_model_cli"]
    shown = subprocess.run([*program, "--help"], capture_output=True, text=True)
    assert shown.returncode == 0
    flags = ("gin_config", "gin_bindings", "base_folder", "label", "average", "blend", "mode")
    for flag in flags:
        assert f"--{flag}" in shown.stdout.replace("--[no]", "--")
    missing = subprocess.run(program, capture_output=True, text=True)
    assert missing.returncode == 2
    assert missing.stderr.startswith("error: ")
    assert "base_folder" in missing.stderr


@pytest.mark.slow
def test_an_error_on_the_command_line_is_one_line(tmp_path):
    program = [sys.executable, "-m", "frame_interpolation.training.build_saved_model_cli"]
    # Without what the tests themselves ask of TensorFlow's log.
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    failed = subprocess.run(
        [*program, "--base_folder", tmp_path], capture_output=True, text=True, env=environment
    )
    assert failed.returncode == 1
    assert failed.stderr.startswith("error: There is no checkpoint in ")
    assert failed.stderr.count("\n") == 1


def test_takes_the_runs_own_configuration_without_a_gin_file(run_folder, saved):
    build_saved_model_cli.run(base_folder=str(run_folder.parent), mode="cpu")
    ((model, path, options),) = saved
    assert path == str(run_folder / "saved_model")
    assert options == pretrained.read_options(run_folder / "train")
    assert len(model.variables) == 76


def test_takes_a_gin_file_that_exists(run_folder, saved, tmp_path, capsys):
    elsewhere = tmp_path / "film.gin"
    (run_folder / "config.gin").rename(elsewhere)
    build_saved_model_cli.run(
        base_folder=str(run_folder.parent), gin_files=[str(elsewhere)], mode="cpu"
    )
    assert saved
    assert "There is no gin file" not in capsys.readouterr().err


@pytest.mark.parametrize("name", ["film.gin", "configs/film.gin"])
def test_finds_a_gin_file_of_that_name_in_the_runs_folder(run_folder, saved, capsys, name):
    (run_folder / "film.gin").write_text(_GIN)
    (run_folder / "config.gin").write_text("film_net.filters = 99")
    build_saved_model_cli.run(base_folder=str(run_folder.parent), gin_files=[name], mode="cpu")
    assert saved[0][2].filters == 6
    assert str(run_folder / "film.gin") in capsys.readouterr().err


@pytest.mark.slow
def test_blends_with_other_weights(run_folder, saved, golden_dir, capsys):
    weights = [v.numpy() for v in _model_of(run_folder).trainable_variables]
    build_saved_model_cli.run(
        base_folder=str(run_folder.parent),
        blend=0.5,
        blend_with=str(golden_dir / "reference_checkpoint"),
        mode="cpu",
    )
    assert "0.5 of them and 0.5 of" in capsys.readouterr().out
    for variable, value in zip(saved[0][0].trainable_variables, weights, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_a_damaged_newest_checkpoint_is_passed_over(run_folder, saved, capsys):
    train = run_folder / "train"
    for ending in (".index", ".data-00000-of-00001"):
        shutil.copy(train / f"ckpt-1234{ending}", train / f"ckpt-2000{ending}")
    with open(train / "ckpt-2000.data-00000-of-00001", "r+b") as file:
        file.truncate(5000)
    build_saved_model_cli.run(base_folder=str(run_folder.parent), mode="cpu")
    assert saved
    printed = capsys.readouterr()
    assert "ckpt-2000 is damaged" in printed.err
    assert "ckpt-1234, step 1234" in printed.out


def test_the_best_checkpoint_is_taken_where_it_is_asked_for(run_folder, saved, capsys):
    with pytest.raises(InputError, match=r"no checkpoint in .*best; .*leave --best out"):
        build_saved_model_cli.run(base_folder=str(run_folder.parent), best=True, mode="cpu")
    (run_folder / "best").mkdir()
    for ending in (".index", ".data-00000-of-00001"):
        (run_folder / "train" / f"ckpt-1234{ending}").rename(
            run_folder / "best" / f"ckpt-1234{ending}"
        )
    build_saved_model_cli.run(base_folder=str(run_folder.parent), best=True, mode="cpu")
    assert saved
    assert str(run_folder / "best") in capsys.readouterr().out


def _no_run(folder):
    shutil.rmtree(folder)


def _no_checkpoint(folder):
    shutil.rmtree(folder / "train")
    (folder / "train").mkdir()


def _damaged(folder):
    (folder / "train" / "ckpt-1234.data-00000-of-00001").write_bytes(b"")


def _no_config(folder):
    (folder / "config.gin").unlink()


def _another_network(folder):
    text = (folder / "config.gin").read_text()
    (folder / "config.gin").write_text(text.replace("filters = 6", "filters = 8"))


def _other_levels(folder):
    text = (folder / "config.gin").read_text()
    (folder / "config.gin").write_text(text.replace("pyramid_levels = 5", "pyramid_levels = 6"))


def _misspelt(folder):
    (folder / "config.gin").write_text(_GIN + "film_net.filter = 3\n")


def _something_else_in_the_way(folder):
    (folder / "saved_model").mkdir()
    (folder / "saved_model" / "notes.txt").touch()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_no_run, "There is no checkpoint in "),
        (_no_checkpoint, "There is no checkpoint in "),
        (_damaged, "All 1 checkpoints in .* are damaged"),
        (_no_config, "There is no gin file of the run: looked for"),
        (_another_network, r"film_net\.filters = 6 \(the model has 8\)"),
        (_other_levels, r"film_net\.pyramid_levels = 5, and the configuration says 6"),
        (_misspelt, "'filters'"),
        (_something_else_in_the_way, "is not a SavedModel"),
    ],
)
def test_what_the_user_can_put_right(run_folder, change, message):
    change(run_folder)
    with pytest.raises(InputError, match=message):
        build_saved_model_cli.run(base_folder=str(run_folder.parent), mode="cpu")
    if change is not _something_else_in_the_way:
        assert not (run_folder / "saved_model").exists()


def test_bindings_come_after_the_files(run_folder):
    with pytest.raises(InputError, match=r"film_net\.filters"):
        build_saved_model_cli.run(
            base_folder=str(run_folder.parent), gin_bindings=["film_net.filters = 7"], mode="cpu"
        )


def test_the_label_is_a_plain_name(run_folder):
    with pytest.raises(InputError, match="--label"):
        build_saved_model_cli.run(base_folder=str(run_folder), label="a/b", mode="cpu")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(run_folder):
    run_folder.chmod(0o555)
    try:
        with pytest.raises(PermissionError):
            build_saved_model_cli.run(base_folder=str(run_folder.parent), mode="cpu")
    finally:
        pathlib.Path(run_folder).chmod(0o755)
