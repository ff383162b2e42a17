"""One session of a run: restores what earlier sessions left, trains on, saves and exports.

This is where the parts are put together; each has its own module.
"""

import logging
import os
from collections.abc import Callable

import tensorflow as tf

from frame_interpolation.losses import weighting
from frame_interpolation.models import pretrained, registry
from frame_interpolation.training import (
    distribution,
    export,
    learning_rate,
    train_loop,
    training_data,
)
from frame_interpolation.training.checkpointing import (
    Checkpointer,
    PeriodicCheckpoints,
    checkpoint_prefixes,
)
from frame_interpolation.training.divergence import DivergenceGuard
from frame_interpolation.training.experiment import Experiment
from frame_interpolation.training.kept_weights import KeptWeights
from frame_interpolation.training.optimizers import AdamByGroup
from frame_interpolation.training.periodic_evaluation import PeriodicEvaluation
from frame_interpolation.training.preemption import StopSignal
from frame_interpolation.training.progress import Progress
from frame_interpolation.training.run_folder import RunFolder
from frame_interpolation.training.summaries import TrainingSummaries
from frame_interpolation.training.train_step import (
    Example,
    TrainStep,
    check_batch_size,
    named_shapes,
)
from frame_interpolation.training.variable_groups import create_plan

_log = logging.getLogger(__name__)


def train(experiment: Experiment, *, folder: RunFolder, mode: str) -> int:
    """Trains until the run is finished, or until a signal asks to stop.

    Args:
      experiment: the options.
      folder: of the run, locked, its configuration claimed.
      mode: `cpu` or `gpu`; see `distribution.create_strategy`.

    Returns:
      The exit status: 0 when the run is finished, 143 after SIGTERM and 130 after Ctrl-C, in which
      case the weights are saved and the same call goes on.

    Raises:
      InputError: something that the user can put right.
    """
    with StopSignal() as stop:
        strategy = distribution.create_strategy(mode)
        session = Session(experiment, folder=folder, strategy=strategy)
        if session.is_finished():
            _log.info("The run in %s is finished (step %d).", folder.path, session.step)
        elif session.run(stop_requested=stop) is train_loop.Outcome.STOPPED:
            _log.info("Stopped and saved at step %d; the same command goes on.", session.step)
            return stop.exit_status
        if not session.is_exported():
            session.export()
        _log.info("The trained network is in %s.", folder.saved_model)
    return 0


class Session:
    """The objects of a run, restored to where it stands."""

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
        with strategy.scope():
            self._model = registry.create_model(experiment.model, film_net=experiment.film_net)
            variables = self._model.trainable_variables
            self._plan = create_plan(experiment.fine_tuning, named_shapes(variables))
            self._optimizer = AdamByGroup(
                learning_rate.create_schedule(
                    options, initial_step=experiment.fine_tuning.initial_step
                ),
                options=experiment.optimizer,
                plan=self._plan,
                warmup_steps=options.learning_rate_warmup_steps,
            )
            self._kept_weights = KeptWeights(
                experiment.fine_tuning, variables, self._plan.ever_trained
            )
            self._checkpointer = Checkpointer(
                folder.train,
                model=self._model,
                optimizer=self._optimizer,
                keep=options.keep_checkpoints,
                **self._kept_weights.state,
            )
            self._losses = weighting.create_training_losses(
                experiment.training_losses, vgg=experiment.vgg, style=experiment.style
            )
            self._test_losses = weighting.create_test_losses(
                experiment.test_losses, vgg=experiment.vgg, style=experiment.style
            )
        self._restore()

    @property
    def step(self) -> int:
        """Updates that the weights have had."""
        return self._checkpointer.step

    def is_finished(self) -> bool:
        """Whether all steps were made already."""
        return self.step >= self._experiment.training.num_steps

    def _restore(self) -> None:
        restored = self._checkpointer.restore_latest()
        if restored is not None:
            _log.info("Going on from %s.", restored)
            self._kept_weights.check_restored(restored)
            return
        options = self._experiment.pretrained
        if options.path:
            loaded = pretrained.load(self._model, options.path, pattern=options.pattern)
            _log.info("Starting from %s.", loaded)
        self._kept_weights.begin()

    def run(self, *, stop_requested: Callable[[], bool]) -> train_loop.Outcome:
        """Trains on, and saves the state at the end."""
        options = self._experiment.training
        data = training_data.create(
            self._experiment.training_dataset,
            self._experiment.data_augmentation,
            strategy=self._strategy,
            first_step=self.step,
        )
        train_step = self._create_train_step()
        _log.info("%s", self._describe_plan())
        guard = DivergenceGuard()
        checkpoints = PeriodicCheckpoints(
            self._checkpointer,
            frequency=options.save_checkpoint_frequency,
            steps_per_epoch=data.steps_per_epoch,
            before_saving=guard.check,
        )
        evaluation = self._create_evaluation(stop_requested)
        summaries = self._create_summaries()
        progress = Progress(first_step=self.step, num_steps=options.num_steps)
        if options.evaluate_at_start and self.step == 0:
            evaluation.evaluate(0)
        try:
            outcome = train_loop.run(
                train_step=train_step,
                batches=data.batches,
                first_step=self.step,
                num_steps=options.num_steps,
                actions=[guard, progress, summaries, checkpoints, evaluation],
                stop_requested=stop_requested,
            )
            if outcome is train_loop.Outcome.STOPPED:
                checkpoints.save(training_finished=False)
            return outcome
        finally:
            for closing in (progress, summaries, evaluation):
                closing.close()

    def _create_train_step(self) -> TrainStep:
        options = self._experiment.training
        return TrainStep(
            model=self._model,
            optimizer=self._optimizer,
            losses=self._losses,
            strategy=self._strategy,
            gradient_clip_norm=options.gradient_clip_norm,
            plan=self._plan,
            warmup_steps=options.learning_rate_warmup_steps,
            initial_step=self._experiment.fine_tuning.initial_step,
            accumulation_steps=options.accumulation_steps,
            pull=self._kept_weights.pull,
            average=self._kept_weights.average,
        )

    def _describe_plan(self) -> str:
        rate = learning_rate.full_rate(
            self._experiment.training,
            step=self.step,
            initial_step=self._experiment.fine_tuning.initial_step,
        )
        return self._plan.table(learning_rate=rate)

    def _create_summaries(self) -> TrainingSummaries:
        options = self._experiment.training

        def local_batch(example: Example) -> Example:
            return {
                name: self._strategy.experimental_local_results(value)[0]
                for name, value in example.items()
            }

        return TrainingSummaries(
            self._folder.train,
            model=self._model,
            frequency=options.summary_frequency,
            image_frequency=options.image_summary_frequency,
            first_step=self.step,
            local_batch=local_batch,
        )

    def _create_evaluation(self, stop_requested: Callable[[], bool]) -> PeriodicEvaluation:
        return PeriodicEvaluation(
            self._folder.eval,
            model=self._model,
            losses=self._test_losses,
            datasets=training_data.create_evaluation_sets(self._experiment.eval_datasets),
            frequency=self._experiment.training.evaluation_frequency,
            stop_requested=stop_requested,
            weights=self._kept_weights.evaluated,
        )

    def is_exported(self) -> bool:
        """Whether the SavedModel is there and not older than the newest checkpoint."""
        saved_model = os.path.join(self._folder.saved_model, "saved_model.pb")
        newest = checkpoint_prefixes(self._folder.train)[-1]
        return os.path.exists(saved_model) and (
            os.path.getmtime(saved_model) >= os.path.getmtime(f"{newest}.index")
        )

    def export(self) -> None:
        """Writes the network as a SavedModel, with the weights that `fine_tuning` asks for."""
        _log.info("Exporting %s.", self._kept_weights.description())
        with self._kept_weights.exported():
            export.save_model(
                self._model, self._folder.saved_model, options=self._experiment.film_net
            )
