"""One session of a run: restores what earlier sessions left, trains on, saves and exports.

This is where the parts are put together; each has its own module.
"""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Sequence

import tensorflow as tf

from frame_interpolation.datasets import record_collection
from frame_interpolation.losses import weighting
from frame_interpolation.training import (
    distribution,
    divergence,
    export,
    learning_rate,
    train_loop,
    training_data,
)
from frame_interpolation.training.checkpointing import (
    PeriodicCheckpoints,
    checkpoint_prefixes,
)
from frame_interpolation.training.divergence import DivergedError, DivergenceGuard
from frame_interpolation.training.experiment import Experiment
from frame_interpolation.training.hosts import Hosts
from frame_interpolation.training.periodic_evaluation import PeriodicEvaluation
from frame_interpolation.training.preemption import StopSignal
from frame_interpolation.training.progress import Progress
from frame_interpolation.training.run_folder import RunFolder
from frame_interpolation.training.run_record import RunRecord
from frame_interpolation.training.summaries import TrainingSummaries
from frame_interpolation.training.train_step import (
    Example,
    TrainStep,
    check_batch_size,
)
from frame_interpolation.training.training_state import TrainingState

_log = logging.getLogger(__name__)


def train(
    experiment: Experiment,
    *,
    folder: RunFolder,
    mode: str,
    tpu: str | None = None,
    command: Sequence[str] = (),
) -> int:
    """Trains until the run is finished, or until a signal asks to stop.

    Args:
      experiment: the options.
      folder: of the run; on the host that writes, locked, and its configuration claimed.
      mode: which devices train; see `distribution.create_strategy`.
      tpu: name of the TPU.
      command: the program and its arguments, for the record of the run.

    Returns:
      The exit status: 0 when the run is finished, 143 after SIGTERM and 130 after Ctrl-C, in which
      case the weights are saved and the same call goes on.

    Raises:
      InputError: something that the user can put right.
    """
    # Connecting to other hosts makes TensorFlow catch SIGTERM itself, so that comes first.
    strategy = distribution.create_strategy(mode, tpu=tpu)
    distribution.warn_of_slow_precision(experiment.training.precision, mode)
    with distribution.exhaustion_in_words(), StopSignal() as stop:
        session = Session(experiment, folder=folder, strategy=strategy)
        if session.is_finished():
            _log.info("The run in %s is finished (step %d).", folder.path, session.step)
        else:
            with _recorded(session, experiment, folder, command=command, mode=mode) as record:
                session, outcome = _run(session, stop)
                record.end(outcome.value, step=session.step)
            if outcome is train_loop.Outcome.STOPPED:
                _log.info("Stopped and saved at step %d; the same command goes on.", session.step)
                return stop.exit_status
        if session.hosts.is_chief and not session.is_exported():
            session.export()
        # Hosts that are done wait for the chief, which must not lose them while it writes.
        session.hosts.sum(0.0)
        if session.hosts.is_chief:
            _log.info("The trained network is in %s.", folder.saved_model)
    return 0


@contextlib.contextmanager
def _recorded(
    session: "Session",
    experiment: Experiment,
    folder: RunFolder,
    *,
    command: Sequence[str],
    mode: str,
) -> Iterator[RunRecord]:
    path = folder.record if session.hosts.is_chief else None
    record = RunRecord(path, experiment, command=command, mode=mode)
    record.begin(session.step)
    try:
        yield record
    except BaseException as error:
        record.end(f"failed: {error}" if str(error) else f"failed: {type(error).__name__}")
        raise


def _run(session: "Session", stop: StopSignal) -> tuple["Session", train_loop.Outcome]:
    """Trains to the end, goes back when the training diverges; returns the last session."""
    while True:
        try:
            return session, session.run(stop_requested=stop)
        except DivergedError as error:
            session = session.gone_back(error)
        except tf.errors.ResourceExhaustedError as error:
            raise distribution.exhausted(error) from error
        except (tf.errors.UnavailableError, tf.errors.AbortedError) as error:
            if session.hosts.count == 1:
                raise
            raise distribution.lost_host(error) from error


class Session:
    """The objects of a run, restored to where it stands.

    Attributes:
      hosts: those that train together.
    """

    def __init__(
        self, experiment: Experiment, *, folder: RunFolder, strategy: tf.distribute.Strategy
    ):
        """Builds the network and restores the newest checkpoint, or the pre-trained weights."""
        options = experiment.training
        check_batch_size(
            experiment.training_dataset.batch_size,
            strategy,
            accumulation_steps=options.accumulation_steps,
        )
        tf.keras.utils.set_random_seed(options.seed)
        if options.deterministic:
            tf.config.experimental.enable_op_determinism()
        self._experiment = experiment
        self._folder = folder
        self._strategy = strategy
        self.hosts = Hosts(strategy)
        self._state = TrainingState(experiment, folder=folder, strategy=strategy)
        with strategy.scope():
            self._losses = weighting.create_training_losses(
                experiment.training_losses, vgg=experiment.vgg, style=experiment.style
            )
            self._test_losses = weighting.create_test_losses(
                experiment.test_losses, vgg=experiment.vgg, style=experiment.style
            )
        self._state.restore(self.hosts)

    @property
    def step(self) -> int:
        """Updates that the weights have had."""
        return self._state.checkpointer.step

    def is_finished(self) -> bool:
        """Whether there is nothing left to train."""
        if not self._state.checkpointer.training_finished.numpy():
            return False
        return self.step >= self._experiment.training.num_steps or self._is_enough()

    def _is_enough(self) -> bool:
        patience = self._experiment.training.early_stopping_patience
        return bool(patience) and self._state.history.without_improvement >= patience

    def gone_back(self, error: DivergedError) -> "Session":
        """Goes back to the last good checkpoint, with a smaller learning rate.

        Args:
          error: why.

        Returns:
          The session to go on with.

        Raises:
          InputError: the run has gone back often enough.
        """
        options = self._experiment.training
        rollbacks = int(self._state.divergence.rollbacks.numpy())
        if rollbacks >= options.max_rollbacks:
            raise divergence.final_error(
                error, rollbacks=rollbacks, names=self._record_names(error.records)
            )
        if self.hosts.is_chief:
            self._state.checkpointer.forget_since_last_good(
                frequency=options.save_checkpoint_frequency
            )
        self.hosts.sum(0.0)
        session = Session(self._experiment, folder=self._folder, strategy=self._strategy)
        session._state.divergence.go_on_after(
            self._state.divergence, error, rate_factor=options.rollback_rate_factor
        )
        session._state.history.go_on_after(self._state.history)
        _log.warning(
            "%s; the run goes back to step %d with %g times the learning rate (time %d of at most "
            "%d).",
            error,
            session.step,
            float(session._state.divergence.rate_factor.numpy()),
            rollbacks + 1,
            options.max_rollbacks,
        )
        return session

    def _record_names(self, numbers: Sequence[int]) -> list[str]:
        options = self._experiment.training_dataset
        records = record_collection.open_records(
            options.paths,
            binding="training_dataset.files",
            tolerate_damage=options.damaged_records == "skip",
        )
        return [records.name(number) for number in numbers]

    def run(self, *, stop_requested: Callable[[], bool]) -> train_loop.Outcome:
        """Trains on, and saves the state at the end."""
        options = self._experiment.training
        data = training_data.create(
            self._experiment.training_dataset,
            self._experiment.data_augmentation,
            strategy=self._strategy,
            first_step=self.step,
        )
        # A finished run may be given more steps.
        self._state.checkpointer.training_finished.assign(False)
        train_step = self._create_train_step()
        _log.info("%s", self._describe_plan())
        guard = DivergenceGuard(
            max_in_row=options.max_skipped_in_row,
            local_values=self._strategy.experimental_local_results,
        )
        checkpoints = PeriodicCheckpoints(
            self._state.checkpointer,
            frequency=options.save_checkpoint_frequency,
            steps_per_epoch=data.steps_per_epoch,
            is_sound=guard.is_sound,
            writes=self.hosts.is_chief,
        )
        evaluation = self._create_evaluation(stop_requested)
        agreed = self.hosts.agreed(stop_requested)
        # Before the checkpoint of a step comes the evaluation, which becomes part of it.
        actions: list[train_loop.Action] = [guard, evaluation, checkpoints]
        displays: list[Progress | TrainingSummaries] = []
        if self.hosts.is_chief:
            displays = [
                Progress(first_step=self.step, num_steps=options.num_steps),
                self._create_summaries(),
            ]
            actions[1:1] = displays
        try:
            self._make_up_evaluation(evaluation)
            outcome = train_loop.run(
                train_step=train_step,
                batches=data.batches,
                first_step=self.step,
                num_steps=options.num_steps,
                actions=actions,
                stop_requested=lambda: evaluation.was_cut_short or agreed(),
                is_enough=self._is_enough,
            )
            if evaluation.was_cut_short:
                outcome = train_loop.Outcome.STOPPED
            self._save_at_end(outcome, guard, checkpoints)
            return outcome
        finally:
            for closing in (*displays, evaluation):
                closing.close()

    def _make_up_evaluation(self, evaluation: PeriodicEvaluation) -> None:
        """Makes the evaluation that belongs to the present step, if it was not made."""
        options = self._experiment.training
        due = (
            options.evaluate_at_start or bool(self._experiment.eval_datasets.natural_names)
            if self.step == 0
            else evaluation.is_due(self.step, options.num_steps)
        )
        if due and self._state.history.last_step != self.step:
            evaluation.evaluate(self.step)

    def _save_at_end(
        self,
        outcome: train_loop.Outcome,
        guard: DivergenceGuard,
        checkpoints: PeriodicCheckpoints,
    ) -> None:
        guard.check()
        finished = outcome is train_loop.Outcome.FINISHED
        if not finished or not self._state.checkpointer.training_finished.numpy():
            checkpoints.save(training_finished=finished)
        if finished and self.step < self._experiment.training.num_steps:
            _log.info(
                "Finished early, at step %d: %d evaluations without a better %s than that of step "
                "%d.",
                self.step,
                self._state.history.without_improvement,
                self._experiment.training.best_metric,
                self._state.history.best[0],
            )

    def _create_train_step(self) -> TrainStep:
        options = self._experiment.training
        return TrainStep(
            model=self._state.model,
            optimizer=self._state.optimizer,
            losses=self._losses,
            strategy=self._strategy,
            gradient_clip_norm=options.gradient_clip_norm,
            plan=self._state.plan,
            warmup_steps=options.learning_rate_warmup_steps,
            initial_step=self._experiment.fine_tuning.initial_step,
            accumulation_steps=options.accumulation_steps,
            pull=self._state.kept_weights.pull,
            average=self._state.kept_weights.average,
            divergence_state=self._state.divergence,
            loss_scale=self._state.loss_scale,
            xla=options.xla,
        )

    def _describe_plan(self) -> str:
        rate = learning_rate.full_rate(
            self._experiment.training,
            step=self.step,
            initial_step=self._experiment.fine_tuning.initial_step,
        )
        factor = float(self._state.divergence.rate_factor.numpy())
        return self._state.plan.table(learning_rate=rate * factor)

    def _create_summaries(self) -> TrainingSummaries:
        options = self._experiment.training

        def local_batch(example: Example) -> Example:
            return {
                name: self._strategy.experimental_local_results(value)[0]
                for name, value in example.items()
            }

        return TrainingSummaries(
            self._folder.train,
            model=self._state.model,
            frequency=options.summary_frequency,
            image_frequency=options.image_summary_frequency,
            first_step=self.step,
            batch_size=self._experiment.training_dataset.batch_size,
            local_batch=local_batch,
        )

    def _create_evaluation(self, stop_requested: Callable[[], bool]) -> PeriodicEvaluation:
        return PeriodicEvaluation(
            self._folder.eval,
            model=self._state.model,
            losses=self._test_losses,
            datasets=training_data.create_evaluation_sets(self._experiment.eval_datasets),
            frequency=self._experiment.training.evaluation_frequency,
            stop_requested=stop_requested,
            weights=self._state.kept_weights.evaluated,
            history=self._state.history,
            on_best=self._keep_best,
            hosts=self.hosts,
        )

    def _keep_best(self, step: int) -> None:
        if self.hosts.is_chief:
            self._state.checkpointer.save_alone(self._folder.best)
            metric = self._experiment.training.best_metric
            _log.info("step %d  the best %s so far", step, metric)

    def is_exported(self) -> bool:
        """Whether the SavedModel is there and not older than the newest checkpoint."""
        saved_model = os.path.join(self._folder.saved_model, "saved_model.pb")
        newest = checkpoint_prefixes(self._folder.train)[-1]
        return os.path.exists(saved_model) and (
            os.path.getmtime(saved_model) >= os.path.getmtime(f"{newest}.index")
        )

    def export(self) -> None:
        """Writes the network as a SavedModel, with the weights that `fine_tuning` asks for."""
        _log.info("Exporting %s.", self._state.kept_weights.description())
        with self._state.kept_weights.exported():
            export.save_model(
                self._state.model, self._folder.saved_model, options=self._experiment.film_net
            )
        # The run is locked, so no other process of it is saving.
        export.remove_leftovers(self._folder.saved_model)
