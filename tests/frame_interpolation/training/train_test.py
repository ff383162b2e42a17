"""The program: what a run leaves, and going on after whatever ended it."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation import config, program
from frame_interpolation.errors import InputError
from frame_interpolation.models import pretrained
from frame_interpolation.training import checkpointing, train
from frame_interpolation.training.experiment import Experiment

_ROOT = pathlib.Path(__file__).parents[3]
# Generous, for machines that are busy.
_DEADLINE_SECONDS = 600


def _train(gin_file, base_folder, *bindings, **arguments):
    return train.run(
        gin_files=[gin_file],
        gin_bindings=list(bindings),
        base_folder=str(base_folder),
        mode="cpu",
        **arguments,
    )


def _state(folder, step):
    """All values of a checkpoint that the training depends on."""
    reader = tf.train.load_checkpoint(str(folder / "run0" / "train" / f"ckpt-{step}"))
    return {
        key: reader.get_tensor(key)
        for key in reader.get_variable_to_shape_map()
        if key.startswith(
            ("model/", "optimizer/", "step/", "epoch/", "averaged_weights/", "starting_weights/")
        )
    }


def _assert_same_state(one, other):
    assert one.keys() == other.keys()
    for key, value in one.items():
        np.testing.assert_array_equal(value, other[key], err_msg=key)


def _call(saved_model, frames):
    inputs = {"x0": frames, "x1": frames[:, ::-1], "time": tf.fill([1, 1], 0.5)}
    return tf.saved_model.load(str(saved_model))(inputs, training=False)["image"].numpy()


@pytest.mark.slow
def test_a_run_leaves_its_folder_and_goes_on_only_as_it_began(gin_file, tmp_path, caplog):
    frames = tf.random.stateless_uniform((1, 24, 24, 3), [1, 2])
    run = tmp_path / "run0"
    assert _train(gin_file, tmp_path) == 0
    assert {path.name for path in run.iterdir()} == {
        "config.gin",
        "operative_config.gin",
        "run.json",
        "train",
        "saved_model",
    }
    config.parse([run / "operative_config.gin"])
    operative = Experiment.create(config.make).as_gin()
    config.parse([run / "config.gin"])
    assert operative == Experiment.create(config.make).as_gin()
    after_six = _call(run / "saved_model", frames)

    # Again: nothing is left to do.
    with caplog.at_level("INFO"):
        assert _train(gin_file, tmp_path) == 0
    assert "is finished (step 6)" in caplog.text

    # Another configuration: refused, unless it is asked for.
    longer = "training.num_steps = 8"
    with pytest.raises(InputError, match=r"training\.num_steps: 6 before, 8 now"):
        _train(gin_file, tmp_path, longer)
    assert _train(gin_file, tmp_path, longer, allow_config_changes=True) == 0
    assert bool(
        tf.train.load_variable(str(run / "train"), "training_finished/.ATTRIBUTES/VARIABLE_VALUE")
    )
    assert not np.array_equal(_call(run / "saved_model", frames), after_six)

    # The two sessions made the run of one.
    assert _train(gin_file, tmp_path / "whole", longer) == 0
    _assert_same_state(_state(tmp_path, 8), _state(tmp_path / "whole", 8))


_FINE_TUNING = [
    "fine_tuning.unfreeze_at = {'features': 3}",
    "fine_tuning.rate_multipliers = {'output': 0.5}",
    "fine_tuning.pull_weight = 0.1",
    "fine_tuning.average_decay = 0.9",
    "fine_tuning.blend_factor = 0.5",
    "optimizer.name = 'adamw'",
    "optimizer.weight_decay = 0.1",
    "training.accumulation_steps = 2",
    "training.deterministic = True",
]


@pytest.mark.slow
def test_a_fine_tuning_stopped_around_an_unfreezing_ends_with_the_same_bits(
    gin_file, tmp_path, caplog
):
    with caplog.at_level("INFO"):
        assert _train(gin_file, tmp_path / "whole", *_FINE_TUNING) == 0
    assert "from step 3" in caplog.text
    assert "Exporting the averaged weights, 0.5 of them and 0.5 of the starting weights" in (
        caplog.text
    )
    for steps in (3, 4, 6):
        stop = f"training.num_steps = {steps}"
        assert _train(gin_file, tmp_path, *_FINE_TUNING, stop, allow_config_changes=True) == 0
    whole = _state(tmp_path / "whole", 6)
    _assert_same_state(_state(tmp_path, 6), whole)
    for key in ("averaged_weights", "starting_weights"):
        (values,) = (v for k, v in whole.items() if k.startswith(key) and "conv2d.Skernel" in k)
        (last,) = (
            v for k, v in whole.items() if k.startswith("model/") and v.shape == values.shape
        )
        assert not np.array_equal(values, last)

    # What was exported lies half way between the average and the start.
    stored = pretrained.open_weights(tmp_path / "run0" / "saved_model")
    (variable,) = (v for v in stored.variables if v.name == "fusion/conv2d/kernel")
    ends = [
        value
        for key, value in whole.items()
        if key.startswith(("averaged_weights", "starting_weights")) and "conv2d.Skernel" in key
    ]
    np.testing.assert_allclose(stored.table.value(variable.key), np.mean(ends, axis=0), atol=1e-6)

    # The features cannot leave the run's set of trained variables half way.
    frozen = [*_FINE_TUNING[1:], "fine_tuning.frozen = ['features']", "training.num_steps = 8"]
    with pytest.raises(InputError, match="trains other groups of variables"):
        _train(gin_file, tmp_path, *frozen, allow_config_changes=True)


@pytest.mark.slow
def test_the_pull_needs_the_weights_that_the_run_began_with(gin_file, tmp_path, caplog):
    assert _train(gin_file, tmp_path, "training.num_steps = 1") == 0
    longer = "training.num_steps = 2"
    with pytest.raises(InputError, match="holds no starting weights"):
        pull = "fine_tuning.pull_weight = 0.1"
        _train(gin_file, tmp_path, longer, pull, allow_config_changes=True)
    average = "fine_tuning.average_decay = 0.9"
    assert _train(gin_file, tmp_path, longer, average, allow_config_changes=True) == 0
    assert "holds no averaged weights; the average begins with its weights" in caplog.text


def test_a_batch_that_does_not_split_is_refused(gin_file, tmp_path):
    with pytest.raises(InputError, match=r"training\.accumulation_steps = 3"):
        _train(gin_file, tmp_path, "training.accumulation_steps = 3")


@pytest.mark.slow
def test_training_goes_on_from_pretrained_weights(gin_file, tmp_path):
    assert _train(gin_file, tmp_path / "first", "training.num_steps = 1") == 0
    saved_model = tmp_path / "first" / "run0" / "saved_model"
    still = [f"pretrained.path = {str(saved_model)!r}", "training.learning_rate = 1e-12"]
    assert _train(gin_file, tmp_path / "second", "training.num_steps = 1", *still) == 0
    first, second = _state(tmp_path / "first", 1), _state(tmp_path / "second", 1)
    for key, value in first.items():
        if key.startswith("model/"):
            np.testing.assert_allclose(second[key], value, atol=1e-9)


@pytest.mark.slow
def test_an_attempt_that_failed_can_be_put_right(gin_file, tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        _train(gin_file, tmp_path, "pretrained.path = 'nowhere'")
    assert _train(gin_file, tmp_path, "training.num_steps = 1") == 0


def test_weights_of_another_network_are_refused(gin_file, golden_dir, tmp_path):
    path = str(golden_dir / "reference_checkpoint")
    with pytest.raises(InputError, match="do not fit the model"):
        _train(gin_file, tmp_path, f"pretrained.path = {path!r}")


def test_a_base_folder_that_is_a_file_is_told_in_one_sentence(gin_file, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError) as error:
        _train(gin_file, tmp_path / "file")
    assert str(tmp_path / "file") in program.user_message(error.value)


def test_a_misspelt_binding_is_refused_with_the_right_name(gin_file, tmp_path):
    with pytest.raises(InputError, match=r"num_step.*did you mean 'num_steps'"):
        _train(gin_file, tmp_path, "training.num_step = 1")
    assert not list(tmp_path.iterdir())


def test_tensorflow_is_not_imported_for_help():
    program = (
        "import sys, frame_interpolation.training.train; sys.exit('tensorflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.fixture
def start(gin_file):
    """Starts the program; what still runs at the end of the test is killed."""
    processes = []

    def start(base_folder, *bindings):
        # What a former process was writing when it was killed would look like this one's.
        shutil.rmtree(_writing_folder(base_folder), ignore_errors=True)
        command = [sys.executable, "-m", "training.train", "--mode", "cpu"]
        command += ["--gin_config", gin_file, "--base_folder", str(base_folder)]
        command += [f"--gin_bindings={binding}" for binding in bindings]
        processes.append(subprocess.Popen(command, cwd=_ROOT))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


def _writing_folder(base_folder):
    return base_folder / "run0" / "train" / "writing"


def _newest_step(base_folder):
    prefixes = checkpointing.checkpoint_prefixes(str(base_folder / "run0" / "train"))
    return int(prefixes[-1].rpartition("-")[2]) if prefixes else 0


def _wait_for_step(process, base_folder, step):
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while _newest_step(base_folder) < step:
        assert process.poll() is None, "the training ended too early"
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _wait_until_saving(process, base_folder):
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while not _writing_folder(base_folder).exists():
        assert process.poll() is None, "the training ended too early"
        assert time.monotonic() < deadline


def _kill(process):
    process.kill()
    process.wait(timeout=_DEADLINE_SECONDS)


@pytest.fixture
def everything(golden_dir):
    """Bindings with which a run has all the state that it can have."""
    return [
        f"eval_datasets.files = ['{golden_dir}/reference_triplets.tfrecord@2']",
        "eval_datasets.names = ['drawn']",
        "eval_datasets.natural_names = ['drawn']",
        "eval_datasets.crop_size = 16",
        "eval_datasets.max_examples = 1",
        "training.best_metric = 'drawn/psnr'",
        "fine_tuning.average_decay = 0.9",
        "fine_tuning.pull_weight = 0.01",
        "training.image_summary_frequency = 0",
    ]


def _assert_same_runs(one, other, step, *, read_state, assert_same_bits):
    state = read_state(one / "run0" / "train", step)
    assert {key.partition("/")[0] for key in state} >= {
        *("model", "optimizer", "step", "epoch", "training_finished"),
        *("averaged_weights", "starting_weights", "divergence", "evaluations"),
    }
    assert_same_bits(state, read_state(other / "run0" / "train", step))
    best = int(state["evaluations/best_step/.ATTRIBUTES/VARIABLE_VALUE"])
    assert_same_bits(
        read_state(one / "run0" / "best", best), read_state(other / "run0" / "best", best)
    )


def test_a_run_that_was_terminated_and_killed_twice_ends_with_the_same_bits(
    gin_file, start, tmp_path, everything, read_state, assert_same_bits
):
    bindings = [
        *everything,
        "training.num_steps = 200",
        "training.save_checkpoint_frequency = 5",
        "training.evaluation_frequency = 40",
    ]
    process = start(tmp_path, *bindings)
    _wait_for_step(process, tmp_path, 5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=_DEADLINE_SECONDS) == 143
    stopped_at = _newest_step(tmp_path)

    process = start(tmp_path, *bindings)
    _wait_for_step(process, tmp_path, stopped_at + 10)
    _kill(process)
    assert stopped_at < _newest_step(tmp_path) < 200

    process = start(tmp_path, *bindings)
    _wait_until_saving(process, tmp_path)
    # In the midst of saving.
    _kill(process)
    assert _newest_step(tmp_path) < 200

    assert _train(gin_file, tmp_path, *bindings) == 0
    assert _train(gin_file, tmp_path / "whole", *bindings) == 0
    _assert_same_runs(
        tmp_path, tmp_path / "whole", 200, read_state=read_state, assert_same_bits=assert_same_bits
    )
    record = json.loads((tmp_path / "run0" / "run.json").read_text(encoding="utf-8"))
    outcomes = [session.get("outcome") for session in record["sessions"]]
    assert outcomes == ["stopped", None, None, "finished"]


@pytest.mark.slow
def test_a_run_killed_at_ten_random_moments_ends_with_the_same_bits(
    gin_file, start, tmp_path, everything, read_state, assert_same_bits
):
    steps = 800
    bindings = [
        *everything,
        f"training.num_steps = {steps}",
        "training.save_checkpoint_frequency = 1",
        "training.evaluation_frequency = 10",
        "training.summary_frequency = 0",
    ]
    random = np.random.default_rng(0)
    killed_inside_saving = 0
    for number in range(10):
        process = start(tmp_path, *bindings)
        _wait_for_step(process, tmp_path, _newest_step(tmp_path) + 1)
        time.sleep(random.uniform(0.0, 0.5))
        if number % 2:
            # A moment later, somewhere in what is written then.
            _wait_until_saving(process, tmp_path)
            time.sleep(random.uniform(0.0, 0.01))
        _kill(process)
        killed_inside_saving += _writing_folder(tmp_path).exists()
    assert killed_inside_saving >= 1
    assert _newest_step(tmp_path) < steps
    assert _train(gin_file, tmp_path, *bindings) == 0
    assert _train(gin_file, tmp_path / "whole", *bindings) == 0
    _assert_same_runs(
        tmp_path,
        tmp_path / "whole",
        steps,
        read_state=read_state,
        assert_same_bits=assert_same_bits,
    )


@pytest.mark.parametrize("folder", [_ROOT, _ROOT / "frame_interpolation"])
@pytest.mark.slow
def test_the_program_starts_from_both_folders(folder, tmp_path):
    command = [sys.executable, "-m", "training.train", "--mode", "cpu"]
    command += ["--gin_config", "gin_configs/experiments/film_small.gin"]
    # As in a user's shell: the program itself has to keep TensorFlow quiet.
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    result = subprocess.run(
        [*command, "--base_folder", str(tmp_path)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_DEADLINE_SECONDS,
        check=False,
        env=environment,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert "training_dataset.files" in result.stderr
    assert "Traceback" not in result.stderr
