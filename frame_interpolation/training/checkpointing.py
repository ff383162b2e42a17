"""Checkpoints of a run: `<folder>/ckpt-N`, N being the step.

They are TensorFlow object checkpoints with FILM's keys (arXiv 2202.04901): `model`, `optimizer`,
`step` (the optimiser's count of updates, int64), `epoch` (int64) and `training_finished` (bool),
and what the modules of this package add. The order of the examples and every schedule are functions
of the step.

A checkpoint is written in a folder beside and renamed, the index last: whatever has an index is
complete. Should the newest one be damaged all the same, the one before is taken.
"""

import logging
import os
import re
import shutil
from collections.abc import Callable

import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.training.checkpoint_retention import Retention
from frame_interpolation.training.divergence import STATE_KEY
from frame_interpolation.training.run_folder import write_text
from frame_interpolation.training.train_loop import StepResult, is_due

_NAME = re.compile(r"ckpt-(\d+)\.index")
_WRITING_FOLDER = "writing"
_VALUE_SUFFIX = "/.ATTRIBUTES/VARIABLE_VALUE"
# Keras 2.15 numbers the optimiser's variables; 0 is the step, which has its own key.
_OPTIMIZER_STATE_KEY = f"optimizer/_variables/1{_VALUE_SUFFIX}"

_log = logging.getLogger(__name__)


class Checkpointer:
    """Saves and restores a run."""

    def __init__(
        self,
        folder: str,
        *,
        model: tf.keras.Model,
        optimizer: tf.keras.optimizers.Optimizer,
        retention: Retention,
        **further_state: tf.Module,
    ):
        """Prepares the folder's checkpoints. Call it in the scope of the strategy.

        Args:
          folder: where they lie; made when the first is saved.
          model: the network.
          optimizer: its optimiser; its variables are made here, so that they can be restored.
          retention: which checkpoints stay.
          **further_state: more objects with variables, by the key under which they are stored.
        """
        self._folder = folder
        self._retention = retention
        self._model = model
        self._optimizer = optimizer
        optimizer.build(model.trainable_variables)
        self.epoch = tf.Variable(0, dtype=tf.int64, trainable=False, name="epoch")
        self.training_finished = tf.Variable(False, trainable=False, name="training_finished")
        self._checkpoint = tf.train.Checkpoint(
            model=model,
            optimizer=optimizer,
            step=optimizer.iterations,
            epoch=self.epoch,
            training_finished=self.training_finished,
            **further_state,
        )

    @property
    def step(self) -> int:
        """How many updates the weights have had."""
        return int(self._optimizer.iterations.numpy())

    def restore_latest(self) -> str | None:
        """Restores the newest checkpoint that is whole.

        Returns:
          Its path, or None when the folder holds no checkpoint.

        Raises:
          InputError: every checkpoint is damaged, or the newest whole one is of another network.
        """
        prefixes = checkpoint_prefixes(self._folder)
        for prefix in reversed(prefixes):
            problem = damage(prefix)
            if problem is None:
                self._restore(prefix)
                return prefix
            _log.warning(
                "The checkpoint %s is damaged (%s); taking the one before.", prefix, problem
            )
        if prefixes:
            raise InputError(
                f"all {len(prefixes)} checkpoints in {self._folder} are damaged; restore the files "
                "from a backup, or start again under another --label."
            )
        return None

    def _restore(self, prefix: str) -> None:
        weights_and_step = tf.train.Checkpoint(model=self._model, step=self._optimizer.iterations)
        try:
            weights_and_step.restore(prefix).assert_existing_objects_matched().expect_partial()
        except (AssertionError, ValueError) as error:
            raise InputError(
                f"the checkpoint {prefix} does not fit the network of this configuration "
                f"({_first_line(error)}); use the film_net options that it was trained with, or "
                "another --label."
            ) from error
        try:
            self._checkpoint.restore(prefix).expect_partial()
        except ValueError as error:
            raise InputError(
                f"the state of the optimiser in {prefix} is of a run that trains other groups of "
                f"variables ({_first_line(error)}); go on with the fine_tuning options of that "
                "run, or choose another --label and bind pretrained.path to this checkpoint."
            ) from error
        if not tf.train.load_checkpoint(prefix).has_tensor(_OPTIMIZER_STATE_KEY):
            _log.warning(
                "The checkpoint %s holds no state of the optimiser that can be read (another Keras "
                "wrote it): weights and step are restored, the optimiser starts cold.",
                prefix,
            )

    def save(self) -> str:
        """Saves the present state as `ckpt-<step>` and deletes what need not stay.

        Returns:
          The path of the checkpoint.

        Raises:
          InputError: the disk is full, or the folder cannot be written to.
        """
        return self._save(self._folder, self._retention)

    def save_alone(self, folder: str) -> str:
        """Saves the present state in another folder, where no other checkpoint stays.

        Args:
          folder: that folder, made if need be.

        Returns:
          The path of the checkpoint; errors as above.
        """
        return self._save(folder, Retention(newest=1))

    def _save(self, folder: str, retention: Retention) -> str:
        name = f"ckpt-{self.step}"
        writing = os.path.join(folder, _WRITING_FOLDER)
        # A process that was killed may have left something.
        shutil.rmtree(writing, ignore_errors=True)
        os.makedirs(writing)
        self._checkpoint.save_counter.assign_add(1)
        try:
            self._checkpoint.write(os.path.join(writing, name))
        except tf.errors.OpError as error:
            raise InputError(
                f"the checkpoint {name} cannot be written to {folder} "
                f"({_first_line(error)}); make room or give the right to write, and run the same "
                "command again: it goes on from the checkpoint before."
            ) from error
        prefix = os.path.join(folder, name)
        # An older checkpoint of this step must not be left with an index and other data.
        _remove(prefix)
        files = sorted(os.listdir(writing), key=lambda file: file.endswith(".index"))
        for file in files:
            if file.startswith(f"{name}."):
                os.replace(os.path.join(writing, file), os.path.join(folder, file))
        shutil.rmtree(writing, ignore_errors=True)
        _forget_old(folder, self.step, retention)
        return prefix

    def forget_since_last_good(self, *, frequency: int) -> str | None:
        """Deletes what was saved after the last good checkpoint, so that the run goes on from that.

        Args:
          frequency: steps between two regular checkpoints; only these can be good.

        Returns:
          The path of that checkpoint, or None where the run has to begin anew.
        """
        for prefix in reversed(checkpoint_prefixes(self._folder)):
            regular = frequency and _step_of(prefix) % frequency == 0
            if regular and damage(prefix) is None and not _skipped_in_row(prefix):
                return prefix
            _remove(prefix)
        return None


def _forget_old(folder: str, newest_step: int, retention: Retention) -> None:
    prefixes = {_step_of(prefix): prefix for prefix in checkpoint_prefixes(folder)}
    # What is newer than the one just saved is of a run that had to go back.
    others = {step: prefix for step, prefix in prefixes.items() if step < newest_step}
    times = [(step, os.path.getmtime(f"{p}.index")) for step, p in others.items()]
    kept = retention.kept(
        [*times, (newest_step, os.path.getmtime(f"{prefixes[newest_step]}.index"))]
    )
    # TensorFlow's own tools find the newest checkpoint by this file (a text protocol buffer).
    lines = [f'model_checkpoint_path: "ckpt-{newest_step}"']
    lines += [f'all_model_checkpoint_paths: "ckpt-{step}"' for step in sorted(kept)]
    write_text(os.path.join(folder, "checkpoint"), "\n".join(lines) + "\n")
    for step in set(prefixes) - kept:
        _remove(prefixes[step])


class PeriodicCheckpoints:
    """Saves now and then, and when the training is finished: an action of the training loop."""

    def __init__(
        self,
        checkpointer: Checkpointer,
        *,
        frequency: int,
        steps_per_epoch: float,
        is_sound: Callable[[], bool] = lambda: True,
        writes: bool = True,
    ):
        """Prepares the action.

        Args:
          checkpointer: saves the run.
          frequency: steps between two checkpoints; 0 for the last step alone.
          steps_per_epoch: steps in which every record comes once.
          is_sound: asked before each saving that is due; where it is not, none is done.
          writes: whether this host is the one that writes; the others only keep in step with it.
        """
        self._checkpointer = checkpointer
        self._frequency = frequency
        self._steps_per_epoch = steps_per_epoch
        self._is_sound = is_sound
        self._writes = writes

    def __call__(self, result: StepResult) -> None:
        """Saves when it is due after a step."""
        if not result.is_last and not is_due(result, self._frequency):
            return
        if self._is_sound() or result.is_last:
            self.save(training_finished=result.is_last)

    def save(self, *, training_finished: bool) -> None:
        """Saves now."""
        checkpointer = self._checkpointer
        checkpointer.epoch.assign(int(checkpointer.step / self._steps_per_epoch))
        checkpointer.training_finished.assign(training_finished)
        if self._writes:
            checkpointer.save()


def checkpoint_prefixes(folder: str) -> list[str]:
    """Lists the checkpoints of a folder, by step, whole or not; [] when there is no such folder."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    steps = sorted(int(match[1]) for match in map(_NAME.fullmatch, names) if match)
    return [os.path.join(folder, f"ckpt-{step}") for step in steps]


def _step_of(prefix: str) -> int:
    return int(prefix.rpartition("-")[2])


def _skipped_in_row(prefix: str) -> int:
    reader = tf.train.load_checkpoint(prefix)
    key = f"{STATE_KEY}/skipped_in_row{_VALUE_SUFFIX}"
    return int(reader.get_tensor(key)) if reader.has_tensor(key) else 0


def damage(prefix: str) -> str | None:
    """Reads a checkpoint through; its values carry checksums.

    Args:
      prefix: path of the checkpoint, without `.index`.

    Returns:
      What is wrong with it in a few words, or None when it is whole.
    """
    try:
        reader = tf.train.load_checkpoint(prefix)
        for key in reader.get_variable_to_shape_map():
            reader.get_tensor(key)
        if not reader.has_tensor(f"step{_VALUE_SUFFIX}"):
            return "it has no step"
    except (tf.errors.OpError, ValueError, RuntimeError, IndexError) as error:
        return _first_line(error)
    return None


def _remove(prefix: str) -> None:
    folder, name = os.path.split(prefix)
    # The index goes first: without it the rest is not taken for a checkpoint.
    files = sorted(os.listdir(folder), key=lambda file: not file.endswith(".index"))
    for file in files:
        if file == f"{name}.index" or file.startswith(f"{name}.data-"):
            os.remove(os.path.join(folder, file))


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
