import logging
import os
import resource
import shutil
import signal

import numpy as np
import pytest
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.models import pretrained
from frame_interpolation.models.film_net.interpolator import create_model
from frame_interpolation.training import checkpointing
from frame_interpolation.training.checkpoint_retention import Retention
from frame_interpolation.training.checkpointing import Checkpointer, PeriodicCheckpoints
from frame_interpolation.training.divergence import DivergenceState
from frame_interpolation.training.train_loop import StepResult


@pytest.fixture
def create(tmp_path, create_one_convolution):
    """Makes a model with a fresh optimiser, and its checkpointer."""

    def create(*, seed=0, keep=3, folder=None, model=None):
        model = model or create_one_convolution(seed)
        optimizer = tf.keras.optimizers.Adam(1e-2)
        folder = str(folder or tmp_path / "train")
        return (
            model,
            optimizer,
            Checkpointer(
                folder, model=model, optimizer=optimizer, retention=Retention(newest=keep)
            ),
        )

    return create


def _advance(model, optimizer, steps=1):
    for _ in range(steps):
        gradients = [tf.ones_like(variable) for variable in model.trainable_variables]
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))


def _values(model, optimizer):
    return [variable.numpy() for variable in [*model.variables, *optimizer.variables]]


def _assert_equal(left, right):
    for one, other in zip(left, right, strict=True):
        np.testing.assert_array_equal(one, other)


def _damage(path):
    """Turns around the bits of a byte in the middle of the values."""
    data = f"{path}.data-00000-of-00001"
    with open(data, "r+b") as file:
        file.seek(os.path.getsize(data) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 0xFF]))


def test_what_is_restored_is_what_was_saved(create):
    model, optimizer, checkpointer = create()
    _advance(model, optimizer, 2)
    checkpointer.epoch.assign(5)
    saved = _values(model, optimizer)
    path = checkpointer.save()
    assert os.path.basename(path) == "ckpt-2"
    other_model, other_optimizer, other = create(seed=1)
    assert other.restore_latest() == path
    assert other.step == 2
    assert int(other.epoch) == 5
    _assert_equal(_values(other_model, other_optimizer), saved)


def test_an_empty_or_missing_folder_restores_nothing(create):
    _, _, checkpointer = create()
    assert checkpointer.restore_latest() is None
    assert checkpointer.step == 0


def test_the_keys_are_those_of_the_reference(create, create_tiny_model, golden_dir):
    model, optimizer, checkpointer = create(model=create_tiny_model())
    _advance(model, optimizer)
    ours = tf.train.load_checkpoint(checkpointer.save()).get_variable_to_shape_map()
    reference = tf.train.load_checkpoint(str(golden_dir / "reference_checkpoint"))

    def outside_of_the_levels(keys):
        # The reference's network has more levels; its optimiser more variables.
        return {key for key in keys if not key.startswith(("model/", "optimizer/_variables/"))}

    assert outside_of_the_levels(ours) == outside_of_the_levels(
        reference.get_variable_to_shape_map()
    )
    suffix = "kernel/.ATTRIBUTES/VARIABLE_VALUE"
    for key in (
        "layer_with_weights-0/extract_sublevels/convs/0",
        "layer_with_weights-1/_predictors/0/_convs/0",
        "layer_with_weights-2/convs/0/1",
        "layer_with_weights-2/output_conv",
    ):
        assert f"model/{key}/{suffix}" in ours
        assert reference.has_tensor(f"model/{key}/{suffix}")


def test_a_checkpoint_of_the_reference_goes_on_at_its_step(golden_dir, tmp_path):
    folder = tmp_path / "train"
    shutil.copytree(golden_dir / "reference_checkpoint", folder)
    model = create_model(pretrained.read_options(folder))
    optimizer = tf.keras.optimizers.Adam(1e-4)
    checkpointer = Checkpointer(
        str(folder), model=model, optimizer=optimizer, retention=Retention(newest=3)
    )
    assert os.path.basename(checkpointer.restore_latest()) == "ckpt-1234"
    assert checkpointer.step == 1234
    with np.load(golden_dir / "film_small.npz") as golden:
        for variable in model.variables:
            expected = golden["weights/" + variable.name.removesuffix(":0")]
            np.testing.assert_array_equal(variable.numpy(), expected)


def test_a_damaged_newest_checkpoint_falls_back_to_the_one_before(create, caplog):
    model, optimizer, checkpointer = create()
    _advance(model, optimizer)
    good_path, good = checkpointer.save(), _values(model, optimizer)
    _advance(model, optimizer)
    bad_path = checkpointer.save()
    _damage(bad_path)
    other_model, other_optimizer, other = create(seed=1)
    with caplog.at_level(logging.WARNING):
        assert other.restore_latest() == good_path
    assert f"{bad_path} is damaged" in caplog.text
    _assert_equal(_values(other_model, other_optimizer), good)
    # The run comes to the step again and saves it anew.
    _advance(other_model, other_optimizer)
    assert other.save() == bad_path
    assert checkpointing.damage(bad_path) is None


@pytest.mark.parametrize("ending", ["index", "data-00000-of-00001"])
def test_a_checkpoint_that_is_cut_is_damaged(create, ending):
    model, optimizer, checkpointer = create()
    _advance(model, optimizer)
    file = f"{checkpointer.save()}.{ending}"
    os.truncate(file, os.path.getsize(file) // 2)
    with pytest.raises(InputError, match=r"all 1 checkpoints in .* are damaged"):
        create()[2].restore_latest()


def test_values_without_an_index_are_no_checkpoint(create):
    model, optimizer, checkpointer = create()
    _advance(model, optimizer)
    first = checkpointer.save()
    _advance(model, optimizer)
    os.remove(f"{checkpointer.save()}.index")
    assert create()[2].restore_latest() == first


def test_a_checkpoint_of_another_network_is_refused(create, golden_dir):
    _, _, checkpointer = create(folder=golden_dir / "reference_checkpoint")
    with pytest.raises(InputError, match="does not fit the network of this configuration"):
        checkpointer.restore_latest()


def test_only_the_newest_are_kept_and_listed(create):
    model, optimizer, checkpointer = create(keep=2)
    for _ in range(4):
        _advance(model, optimizer)
        newest = checkpointer.save()
    folder = os.path.dirname(newest)
    assert sorted(os.listdir(folder)) == [
        "checkpoint",
        *(f"ckpt-{n}.{end}" for n in (3, 4) for end in ("data-00000-of-00001", "index")),
    ]
    assert tf.train.latest_checkpoint(folder) == newest
    state = tf.train.get_checkpoint_state(folder)
    assert [os.path.basename(p) for p in state.all_model_checkpoint_paths] == ["ckpt-3", "ckpt-4"]


def test_saving_that_is_interrupted_leaves_the_checkpoint_before(create, monkeypatch):
    model, optimizer, checkpointer = create()
    _advance(model, optimizer)
    first = checkpointer.save()
    _advance(model, optimizer)
    replace = os.replace
    for killed_at in range(3):
        calls = []

        def die(source, target, *, calls=calls, killed_at=killed_at):
            if len(calls) == killed_at:
                raise KeyboardInterrupt
            calls.append(target)
            replace(source, target)

        monkeypatch.setattr(os, "replace", die)
        with pytest.raises(KeyboardInterrupt):
            checkpointer.save()
        monkeypatch.undo()
        # The index comes second: after it the checkpoint is whole, whatever still fails.
        expected = first if killed_at < 2 else first.replace("ckpt-1", "ckpt-2")
        assert create()[2].restore_latest() == expected


def test_a_full_disk_leaves_the_checkpoint_before(create):
    model, optimizer, checkpointer = create()
    _advance(model, optimizer)
    first = checkpointer.save()
    _advance(model, optimizer)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    # A limit on the size of files stands for the disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(InputError, match="ckpt-2 cannot be written to"):
            checkpointer.save()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert create()[2].restore_latest() == first


def test_the_action_saves_when_due_and_at_the_end(create):
    model, optimizer, checkpointer = create()
    action = PeriodicCheckpoints(checkpointer, frequency=2, steps_per_epoch=1.5)
    for step in (1, 2, 3):
        _advance(model, optimizer)
        action(StepResult(step, 3, {}, {}))
        assert bool(checkpointer.training_finished) == (step == 3)
    assert int(checkpointer.epoch) == 2
    assert _steps(checkpointer) == [2, 3]


def _steps(checkpointer):
    prefixes = checkpointing.checkpoint_prefixes(checkpointer._folder)
    return [int(prefix.rpartition("-")[2]) for prefix in prefixes]


@pytest.mark.parametrize(
    ("sound", "writes", "steps"),
    [
        ([True, False, True, True], True, [1, 3, 4]),
        # The last step is saved whatever it was: its weights are those before it.
        ([True, False, True, False], True, [1, 3, 4]),
        ([True, True, True, True], False, []),
    ],
)
def test_no_regular_checkpoint_is_saved_while_steps_are_skipped(create, sound, writes, steps):
    model, optimizer, checkpointer = create(keep=9)
    answers = iter(sound)
    action = PeriodicCheckpoints(
        checkpointer,
        frequency=1,
        steps_per_epoch=1,
        is_sound=lambda: next(answers),
        writes=writes,
    )
    for step in (1, 2, 3, 4):
        _advance(model, optimizer)
        action(StepResult(step, 4, {}, {}))
    assert _steps(checkpointer) == steps


def test_going_back_takes_the_last_regular_checkpoint_outside_of_a_row(
    tmp_path, create_one_convolution
):
    model, optimizer = create_one_convolution(), tf.keras.optimizers.Adam()
    divergence = DivergenceState()
    checkpointer = Checkpointer(
        str(tmp_path),
        model=model,
        optimizer=optimizer,
        retention=Retention(newest=9),
        divergence=divergence,
    )
    # A stop saves at any step: 3 and 5 are not regular, and 4 was saved while steps were skipped.
    for in_row in (0, 0, 0, 1, 2):
        _advance(model, optimizer)
        divergence.skipped_in_row.assign(in_row)
        checkpointer.save()
    assert checkpointer.forget_since_last_good(frequency=2) == str(tmp_path / "ckpt-2")
    assert _steps(checkpointer) == [1, 2]
    assert checkpointer.forget_since_last_good(frequency=0) is None
    assert _steps(checkpointer) == []


def test_a_checkpoint_that_is_kept_apart_is_the_only_one_there(create, tmp_path):
    model, optimizer, checkpointer = create()
    best = str(tmp_path / "best")
    for _ in range(2):
        _advance(model, optimizer)
        newest = checkpointer.save_alone(best)
    assert checkpointing.checkpoint_prefixes(best) == [newest]
    assert checkpointing.damage(newest) is None
    assert tf.train.latest_checkpoint(best) == newest
    assert _steps(checkpointer) == []
