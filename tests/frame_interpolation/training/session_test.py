"""Runs that diverge, that are evaluated on the way, and that are stopped while they do so."""

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.training import checkpointing, preemption

# A rate that spoils the weights at once; after going back once it is 0.01.
_DIVERGING = [
    "training.learning_rate = 1e30",
    "training.rollback_rate_factor = 1e-32",
    "training.max_skipped_in_row = 2",
    "training.evaluation_frequency = 0",
]


@pytest.fixture
def stop_before(monkeypatch):
    """Lets a signal seem to come before the n-th time that the training asks for one."""

    def stop(count):
        asked = iter(range(1, 10_000))
        received = []

        def ask(self):
            received.append(next(asked) >= count)
            return received[-1]

        monkeypatch.setattr(preemption.StopSignal, "__call__", ask)

    return stop


def _steps(folder):
    prefixes = checkpointing.checkpoint_prefixes(str(folder))
    return [int(prefix.rpartition("-")[2]) for prefix in prefixes]


_END = "/.ATTRIBUTES/VARIABLE_VALUE"


@pytest.mark.slow
def test_a_run_that_diverges_goes_back_and_on_with_a_smaller_rate(
    tmp_path, run_training, read_state, caplog
):
    assert run_training(tmp_path / "small", "training.learning_rate = 0.01") == 0
    assert run_training(tmp_path, *_DIVERGING) == 0
    assert "goes back to step 0 with 1e-32 times the learning rate (time 1 of at most 3)" in (
        caplog.text
    )
    state = read_state(tmp_path / "run0" / "train", 6)
    for key, value in read_state(tmp_path / "small" / "run0" / "train", 6).items():
        if key.startswith(("model/", "optimizer/_variables")):
            np.testing.assert_allclose(state[key], value, rtol=1e-4, atol=1e-6)
    assert state[f"divergence/rollbacks{_END}"] == 1
    assert state[f"divergence/skipped_steps{_END}"] >= 2


@pytest.mark.slow
def test_a_run_that_diverges_may_be_stopped_at_any_step(
    tmp_path, run_training, read_state, assert_same_bits, stop_before, monkeypatch
):
    assert run_training(tmp_path / "whole", *_DIVERGING) == 0
    # While steps are skipped, and after going back.
    for count in (3, 6):
        stop_before(count)
        assert run_training(tmp_path, *_DIVERGING) == 143
    monkeypatch.undo()
    assert run_training(tmp_path, *_DIVERGING) == 0
    assert_same_bits(
        read_state(tmp_path / "run0" / "train", 6),
        read_state(tmp_path / "whole" / "run0" / "train", 6),
    )


def test_a_run_that_cannot_be_saved_names_the_records_of_its_batch(
    tmp_path, run_training, golden_dir, caplog
):
    # From step 4 on the weight of the loss makes it infinite, at any rate.
    bindings = [
        "training_losses.loss_names = ['l1']",
        "training_losses.loss_weight_schedules = "
        "[@tf.keras.optimizers.schedules.PiecewiseConstantDecay]",
        "training_losses.loss_weight_parameters = [{'boundaries': [3], 'values': [1.0, 3e38]}]",
        "optimizer.epsilon = 1e-3",
        "training.max_skipped_in_row = 2",
        "training.max_rollbacks = 1",
        "training.num_steps = 20",
    ]
    with pytest.raises(InputError, match=r"diverged.* 1 times .*holds the records .*") as error:
        run_training(tmp_path, *bindings)
    assert "reference_triplets" in str(error.value)
    assert "goes back to step 4 with 0.5 times the learning rate" in caplog.text
    for prefix in checkpointing.checkpoint_prefixes(str(tmp_path / "run0" / "train")):
        reader = tf.train.load_checkpoint(prefix)
        for key in reader.get_variable_to_shape_map():
            if key.startswith("model/"):
                assert np.isfinite(reader.get_tensor(key)).all()


@pytest.fixture
def evaluated(golden_dir):
    records = f"{golden_dir / 'reference_triplets.tfrecord'}@2"
    return [
        f"eval_datasets.files = [{records!r}, {records!r}]",
        "eval_datasets.names = ['drawn', 'natural']",
        "eval_datasets.natural_names = ['natural']",
        "eval_datasets.crop_size = 16",
        "eval_datasets.max_examples = 2",
        "training.evaluation_frequency = 2",
        "training.save_checkpoint_frequency = 4",
        "training.best_metric = 'drawn/psnr'",
    ]


def _curve(folder, tag):
    return {
        event.step: float(tf.make_ndarray(value.tensor))
        for file in folder.glob("events*")
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for value in event.summary.value
        if value.tag == tag
    }


@pytest.mark.slow
def test_the_best_checkpoint_and_what_was_forgotten_survive_every_stop(
    tmp_path,
    run_training,
    read_state,
    assert_same_bits,
    stop_before,
    monkeypatch,
    evaluated,
    caplog,
):
    caplog.set_level("INFO")
    run = tmp_path / "whole" / "run0"
    assert run_training(tmp_path / "whole", *evaluated) == 0
    assert caplog.text.count("evaluation on natural: l1 ") == 4
    psnr = _curve(run / "eval" / "natural", "losses/psnr")
    forgetting = _curve(run / "eval" / "natural", "forgetting")
    assert sorted(forgetting) == [0, 2, 4, 6]
    for step, drop in forgetting.items():
        assert drop == pytest.approx(psnr[0] - psnr[step], abs=1e-4)
    assert not _curve(run / "eval" / "drawn", "forgetting")
    drawn = _curve(run / "eval" / "drawn", "losses/psnr")
    (best_step,) = _steps(run / "best")
    assert best_step == max(drawn, key=drawn.get)
    assert {"examples_per_second", "data_wait_share", "skipped_steps"} <= {
        value.tag
        for file in (run / "train").glob("events*")
        for event in tf.compat.v1.train.summary_iterator(str(file))
        for value in event.summary.value
    }

    # Also inside of evaluations, whose batches ask too.
    stopped = tmp_path / "stopped"
    for count in (1, 3, 4, 7):
        stop_before(count)
        assert run_training(stopped, *evaluated) == 143
        monkeypatch.undo()
    assert run_training(stopped, *evaluated) == 0
    for folder, step in (("train", 6), ("best", best_step)):
        assert_same_bits(
            read_state(stopped / "run0" / folder, step), read_state(run / folder, step)
        )


def test_a_run_without_a_better_value_is_finished_early(tmp_path, run_training, evaluated, caplog):
    # With this rate nothing changes, so the first value stays the best one.
    patient = [*evaluated, "training.learning_rate = 1e-30", "training.num_steps = 50"]
    early = "training.early_stopping_patience = 2"
    caplog.set_level("INFO")
    assert run_training(tmp_path, *patient, early) == 0
    run = tmp_path / "run0"
    assert "Finished early, at step 4: 2 evaluations without a better drawn/psnr" in caplog.text
    assert _steps(run / "train") == [4]
    assert _steps(run / "best") == [0]
    assert (run / "saved_model").is_dir()
    assert run_training(tmp_path, *patient, early) == 0
    assert "is finished (step 4)" in caplog.text


def test_a_metric_or_set_that_is_not_there_is_refused(tmp_path, run_training, evaluated):
    with pytest.raises(InputError, match=r"best_metric is 'drawn/ssim'; expected one of drawn/l1"):
        run_training(tmp_path, *evaluated, "training.best_metric = 'drawn/ssim'")
    with pytest.raises(InputError, match="test_losses has no psnr"):
        run_training(tmp_path, *evaluated[:-1], "test_losses.loss_names = ['l1']")


@pytest.mark.slow
def test_a_run_goes_on_in_another_precision_and_keeps_its_state_in_float32(
    tmp_path, run_training, read_state
):
    run = tmp_path / "run0"
    for steps, precision in ((2, "mixed_bfloat16"), (4, "mixed_float16"), (6, "float32")):
        bindings = [f"training.num_steps = {steps}", f"training.precision = '{precision}'"]
        assert run_training(tmp_path, *bindings, allow_config_changes=True) == 0
        state = read_state(run / "train", steps)
        scaled = {key for key in state if key.startswith("loss_scale/")}
        assert bool(scaled) == (precision == "mixed_float16")
        for key, value in state.items():
            if key.startswith(("model/", "optimizer/_variables", "loss_scale/factor")):
                assert value.dtype == np.float32, key
                assert np.isfinite(value).all(), key
        stored = tf.saved_model.load(str(run / "saved_model"))
        assert {variable.dtype for variable in stored.variables} == {tf.float32}
    losses = _curve(run / "train", "losses/l1")
    assert sorted(losses) == [2, 4, 6]
    assert sorted(_curve(run / "train", "loss_scale")) == [4]
    assert run_training(tmp_path / "whole") == 0
    # 16 bits of the features change the loss a little.
    for step, value in _curve(tmp_path / "whole" / "run0" / "train", "losses/l1").items():
        assert losses[step] == pytest.approx(value, rel=0.05)


def test_out_of_memory_says_what_to_lower(tmp_path, run_training, monkeypatch):
    from frame_interpolation.training.train_step import TrainStep

    def fail(self, example):
        raise tf.errors.ResourceExhaustedError(
            None, None, "OOM when allocating tensor on /job:localhost/device:GPU:0 by allocator x"
        )

    monkeypatch.setattr(TrainStep, "__call__", fail)
    message = r"device:GPU:0 is full.*batch_size.*crop_size.*accumul.*precision"
    with pytest.raises(InputError, match=message):
        run_training(tmp_path)
