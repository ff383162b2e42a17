"""What a run trains, and all that its checkpoints hold."""

import logging

import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.models import pretrained, registry
from frame_interpolation.training import divergence, evaluation_history, learning_rate
from frame_interpolation.training.checkpoint_retention import Retention
from frame_interpolation.training.checkpointing import Checkpointer
from frame_interpolation.training.evaluation_history import BestMetric, EvaluationHistory
from frame_interpolation.training.experiment import Experiment
from frame_interpolation.training.hosts import Hosts
from frame_interpolation.training.kept_weights import KeptWeights
from frame_interpolation.training.loss_scaling import LossScale
from frame_interpolation.training.optimizers import AdamByGroup
from frame_interpolation.training.run_folder import RunFolder
from frame_interpolation.training.train_step import named_shapes
from frame_interpolation.training.variable_groups import create_plan

_log = logging.getLogger(__name__)


class TrainingState:
    """The network, and everything about its training that goes on after an interruption.

    Attributes:
      model: the network.
      plan: which of its variables train, from when on and at what rate.
      optimizer: by that plan.
      divergence: the skipped steps, and what they have changed.
      loss_scale: with `mixed_float16`, else None.
      kept_weights: starting weights and averages.
      history: what the periodic evaluations have found.
      checkpointer: saves and restores all of these.
    """

    def __init__(
        self, experiment: Experiment, *, folder: RunFolder, strategy: tf.distribute.Strategy
    ):
        """Builds everything with its first values.

        Args:
          experiment: the options.
          folder: of the run.
          strategy: on whose devices the variables are to be.

        Raises:
          InputError: options that do not fit the network or one another.
        """
        options = experiment.training
        self._pretrained = experiment.pretrained
        self._folder = folder
        # On the host, whatever trains.
        self.history = _create_history(experiment)
        with strategy.scope():
            self.model = registry.create_model(
                experiment.model, film_net=experiment.film_net, precision=options.precision
            )
            variables = self.model.trainable_variables
            self.plan = create_plan(experiment.fine_tuning, named_shapes(variables))
            self.divergence = divergence.DivergenceState()
            self.loss_scale = LossScale() if options.precision == "mixed_float16" else None
            schedule = learning_rate.create_schedule(
                options, initial_step=experiment.fine_tuning.initial_step
            )
            self.optimizer = AdamByGroup(
                learning_rate.Scaled(schedule, self.divergence.rate_factor),
                options=experiment.optimizer,
                plan=self.plan,
                warmup_steps=options.learning_rate_warmup_steps,
            )
            self.kept_weights = KeptWeights(
                experiment.fine_tuning, variables, self.plan.ever_trained
            )
            self.checkpointer = Checkpointer(
                folder.train,
                model=self.model,
                optimizer=self.optimizer,
                retention=Retention(
                    newest=options.keep_checkpoints,
                    every_hours=options.keep_checkpoint_every_hours,
                    regular_frequency=options.save_checkpoint_frequency,
                ),
                **self._further_state(),
            )

    def _further_state(self) -> dict[str, tf.Module]:
        state = self.kept_weights.state | {
            divergence.STATE_KEY: self.divergence,
            evaluation_history.STATE_KEY: self.history.state,
        }
        return state if self.loss_scale is None else state | {"loss_scale": self.loss_scale}

    def restore(self, hosts: Hosts) -> None:
        """Restores the newest checkpoint, or begins with the pre-trained weights.

        Args:
          hosts: those that train together.

        Raises:
          InputError: the hosts see different checkpoints; what was found does not fit.
        """
        restored = self.checkpointer.restore_latest()
        step = self.checkpointer.step
        if hosts.sum(step) != hosts.count * step:
            raise InputError(
                f"the hosts have found different checkpoints in {self._folder.train} (this one "
                f"that of step {step}); --base_folder must be on a disk that all share."
            )
        if restored is not None:
            _log.info("Going on from %s.", restored)
            self.kept_weights.check_restored(restored)
            self.history.check_restored()
            return
        if self._pretrained.path:
            loaded = pretrained.load(
                self.model, self._pretrained.path, pattern=self._pretrained.pattern
            )
            _log.info("Starting from %s.", loaded)
        self.kept_weights.begin()


def _create_history(experiment: Experiment) -> EvaluationHistory:
    options, test_losses = experiment.eval_datasets, experiment.test_losses
    names = evaluation_history.reported_names(test_losses.loss_names, test_losses.loss_weights)
    natural_names = options.natural_names if options.files else ()
    if natural_names and evaluation_history.PSNR not in names:
        raise InputError(
            "eval_datasets.natural_names asks for the drop of PSNR, and test_losses has no "
            "psnr of weight 1; add it to test_losses.loss_names, or bind natural_names to []."
        )
    return EvaluationHistory(
        best_metric=BestMetric.parse(
            experiment.training.best_metric,
            datasets=options.names if options.files else (),
            losses=names,
        ),
        natural_names=natural_names,
    )
