"""One update of the weights by one global batch.

An example is a dict of `x0`, `y`, `x1` (B, H, W, 3) float32, RGB in [0, 1], and `time` (B, 1)
float32. Losses are means over the batch. With several replicas each gets an equal part of the
global batch, and the gradient is that of the whole: the mean over the replicas.
"""

from collections.abc import Callable, Mapping, Sequence

import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.losses.weighting import WeightedLoss
from frame_interpolation.models import weight_matching
from frame_interpolation.training import divergence
from frame_interpolation.training.fine_tuning import FineTuningOptions
from frame_interpolation.training.loss_scaling import LossScale
from frame_interpolation.training.optimizers import AdamByGroup, relative_rate
from frame_interpolation.training.variable_groups import Group, TrainingPlan, create_plan
from frame_interpolation.training.weight_averaging import AveragedWeights
from frame_interpolation.training.weight_pull import WeightPull

Example = Mapping[str, tf.Tensor]


class TrainStep:
    """A compiled training step, one for each set of variables that trains in turn.

    It keeps no state of its own but the compiled graphs.
    """

    def __init__(
        self,
        *,
        model: tf.keras.Model,
        optimizer: tf.keras.optimizers.Optimizer,
        losses: Sequence[WeightedLoss],
        strategy: tf.distribute.Strategy,
        gradient_clip_norm: float | None = None,
        plan: TrainingPlan | None = None,
        warmup_steps: int = 0,
        initial_step: int = 0,
        accumulation_steps: int = 1,
        pull: WeightPull | None = None,
        average: AveragedWeights | None = None,
        divergence_state: divergence.DivergenceState | None = None,
        loss_scale: LossScale | None = None,
        xla: bool = False,
    ):
        """Prepares the step.

        Args:
          model: the network, made in the scope of the strategy.
          optimizer: likewise; its `iterations` count the steps. At a step that is skipped
            `AdamByGroup` leaves weights and state alone; any other one gets gradients of zero.
          losses: what to minimise: the sum of the losses times their weights.
          strategy: how the step is spread over the devices.
          gradient_clip_norm: limit of the global norm of the gradients, or None.
          plan: which of the model's trainable variables train at which step; by default all of
            them at every step.
          warmup_steps: length of the warm-up, for the rates that are reported.
          initial_step: what the weights of the losses regard as done before step 0.
          accumulation_steps: parts of a replica's batch that are computed one after another.
          pull: penalty on the distance from the starting weights, or None.
          average: running average of the weights, or None.
          divergence_state: counts the steps that are skipped; by default from zero.
          loss_scale: factor of the loss while the gradient is computed, or None.
          xla: compile the step with XLA; for a single device.

        Raises:
          InputError: XLA is asked for with several devices.
        """
        if xla and strategy.num_replicas_in_sync > 1:
            raise InputError(
                f"training.xla is True with {strategy.num_replicas_in_sync} devices; it compiles "
                "the step for a single one. Bind it to False (a TPU always compiles), or show the "
                "program one device."
            )
        self._model = model
        self._optimizer = optimizer
        self._losses = list(losses)
        self._strategy = strategy
        self._gradient_clip_norm = gradient_clip_norm
        self._variables = list(model.trainable_variables)
        self._plan = plan or create_plan(FineTuningOptions(), named_shapes(self._variables))
        self._warmup_steps = warmup_steps
        self._initial_step = initial_step
        self._accumulation_steps = accumulation_steps
        self._pull = pull
        self._average = average
        if divergence_state is None:
            with strategy.scope():
                divergence_state = divergence.DivergenceState()
        self._divergence = divergence_state
        self._loss_scale = loss_scale
        self._xla = xla
        self._compiled: dict[int, Callable[[Example], dict[str, tf.Tensor]]] = {}

    def __call__(self, example: Example) -> dict[str, tf.Tensor]:
        """Updates the weights once, unless the loss or the gradient is not finite.

        Args:
          example: a batch, or what the strategy's distributed dataset yields.

        Returns:
          Scalars, float32, means over the global batch and those of the step before the update:
          `loss` (the weighted sum), `losses/<name>` (each as it enters the sum, called `k*<name>`
          when its weight is not always 1), `unweighted_losses/<name>` and `loss_weights/<name>` of
          those, `losses/weight_pull` where there is a pull, `gradient_norm` (global, before
          clipping), `update_norm` (how far the weights moved), `learning_rate` (of a group with the
          factor 1), of every group that the step trains `gradient_norm/<group>` (before clipping),
          `update_norm/<group>` and `learning_rate/<group>`, `skipped_steps` so far and
          `skipped_in_row`, those since the last good one, `loss_scale` where there is one, and of
          batches that count them `data/reflected` and `data/skipped_records` an example.
        """
        # Reading the count waits for the step before; only runs that unfreeze groups pay for it.
        has_phases = len(self._plan.first_steps) > 1
        step = int(self._optimizer.iterations.numpy()) if has_phases else 0
        return self.compiled_at(step)(example)

    def compiled_at(self, step: int) -> Callable[[Example], dict[str, tf.Tensor]]:
        """The compiled step that trains what trains at a step, counted from 0."""
        phase = self._plan.phase(step)
        if phase not in self._compiled:
            groups = self._plan.groups_at(step)
            self._compiled[phase] = tf.function(
                lambda example: self._strategy_step(example, groups),
                autograph=False,
                jit_compile=self._xla or None,
            )
        return self._compiled[phase]

    def _strategy_step(self, example: Example, groups: Sequence[Group]) -> dict[str, tf.Tensor]:
        step = tf.identity(self._optimizer.iterations)
        places = sorted(place for group in groups for place in group.indices)
        per_replica = self._strategy.run(
            lambda part: self._replica_step(part, groups, places), args=(example,)
        )
        metrics = {
            name: self._strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None)
            for name, value in per_replica.items()
        }
        skipped = metrics.pop("skipped")
        if self._average is not None:
            self._average.update(step, places, strategy=self._strategy, skipped=skipped)
        diverging = skipped
        if self._loss_scale is not None:
            diverging = skipped - metrics.pop("overflow")
            metrics |= self._loss_scale.count(skipped)
        return metrics | self._divergence.count(diverging)

    def _replica_step(
        self, example: Example, groups: Sequence[Group], places: Sequence[int]
    ) -> dict[str, tf.Tensor]:
        optimizer = self._optimizer
        step = tf.identity(optimizer.iterations)
        variables = [self._variables[place] for place in places]
        gradients, metrics = self._mean_gradients(example, variables, step)
        gradients = self._summed_over_replicas(gradients)
        if self._pull is not None:
            pulls = self._pull.gradients(places)
            gradients = [g + pull for g, pull in zip(gradients, pulls, strict=True)]
            metrics["losses/weight_pull"] = self._pull.penalty(places)
            metrics["loss"] += metrics["losses/weight_pull"]
        halves = [tf.cast(tf.nn.l2_loss(gradient), tf.float32) for gradient in gradients]
        gradient_norm = _norm(halves)
        metrics |= self._group_norms("gradient_norm", groups, places, halves)
        if self._gradient_clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(
                gradients, self._gradient_clip_norm, use_norm=gradient_norm
            )
        finite = divergence.are_finite([metrics["loss"], gradient_norm])
        metrics["skipped"] = 1.0 - tf.cast(finite, tf.float32)
        if self._loss_scale is not None:
            sound = divergence.are_finite([metrics["loss"]])
            explained = sound & self._loss_scale.explains_overflow()
            metrics["overflow"] = metrics["skipped"] * tf.cast(explained, tf.float32)
        moves = self._apply(gradients, places, finite)
        metrics["update_norm"] = _norm(moves)
        metrics |= self._group_norms("update_norm", groups, places, moves)
        # Applying the gradients has set the optimiser's rate to that of this step.
        learning_rate = tf.identity(optimizer.learning_rate)
        for group in groups:
            metrics[f"learning_rate/{group.name}"] = learning_rate * relative_rate(
                group, step, warmup_steps=self._warmup_steps
            )
        return metrics | {
            "gradient_norm": gradient_norm,
            "learning_rate": learning_rate,
            **_data_metrics(example),
        }

    def _mean_gradients(
        self, example: Example, variables: Sequence[tf.Variable], step: tf.Tensor
    ) -> tuple[list[tf.Tensor], dict[str, tf.Tensor]]:
        """Computes this replica's part of the gradient of the global batch, and its losses."""
        if self._accumulation_steps == 1:
            return self._gradients(example, variables, step)
        names = ("x0", "y", "x1", "time")
        parts = self._accumulation_steps
        split = {name: _split(example[name], parts) for name in names}
        metric_names = ["loss", *metric_names_of(self._losses)]

        def add_part(part, sums, totals):
            micro_batch = {name: value[part] for name, value in split.items()}
            gradients, metrics = self._gradients(micro_batch, variables, step)
            new_sums = [total + gradient for total, gradient in zip(sums, gradients, strict=True)]
            return part + 1, new_sums, totals + tf.stack([metrics[name] for name in metric_names])

        # One part at a time, so that the memory is that of one part.
        _, sums, totals = tf.while_loop(
            lambda part, sums, totals: part < parts,
            add_part,
            (
                tf.constant(0),
                [tf.zeros(variable.shape, variable.dtype) for variable in variables],
                tf.zeros([len(metric_names)]),
            ),
            parallel_iterations=1,
            maximum_iterations=parts,
        )
        means = tf.unstack(totals / parts)
        return [total / parts for total in sums], dict(zip(metric_names, means, strict=True))

    def _gradients(
        self, example: Example, variables: Sequence[tf.Variable], step: tf.Tensor
    ) -> tuple[list[tf.Tensor], dict[str, tf.Tensor]]:
        # Only what trains is watched: nothing before the first such layer is differentiated.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            inputs = {name: example[name] for name in ("x0", "x1", "time")}
            prediction = self._model(inputs, training=True)
            loss, metrics = weighted_sum(
                self._losses, step + self._initial_step, example, prediction
            )
            # The sum over the replicas of these parts is the loss of the global batch.
            replica_part = loss / self._strategy.num_replicas_in_sync
            if self._loss_scale is not None:
                replica_part *= self._loss_scale.factor
        gradients = tape.gradient(
            replica_part, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        if self._loss_scale is not None:
            gradients = [gradient / self._loss_scale.factor for gradient in gradients]
        return gradients, metrics | {"loss": loss}

    def _group_norms(
        self,
        title: str,
        groups: Sequence[Group],
        places: Sequence[int],
        halves: Sequence[tf.Tensor],
    ) -> dict[str, tf.Tensor]:
        at = dict(zip(places, halves, strict=True))
        return {
            f"{title}/{group.name}": _norm([at[place] for place in group.indices])
            for group in groups
        }

    def _apply(
        self, gradients: Sequence[tf.Tensor], places: Sequence[int], finite: tf.Tensor
    ) -> list[tf.Tensor]:
        """Updates variables, and returns half of the square of how far each has moved."""
        optimizer = self._optimizer
        variables = [self._variables[place] for place in places]
        if isinstance(optimizer, AdamByGroup):
            with optimizer.applied_if(finite) as moves:
                optimizer.apply_gradients(
                    zip(gradients, variables, strict=True), skip_gradients_aggregation=True
                )
            return [moves[place] for place in places]
        gradients = [tf.where(finite, gradient, tf.zeros_like(gradient)) for gradient in gradients]
        before = [tf.identity(variable) for variable in variables]
        optimizer.apply_gradients(
            zip(gradients, variables, strict=True), skip_gradients_aggregation=True
        )
        return [tf.nn.l2_loss(now - old) for now, old in zip(variables, before, strict=True)]

    def _summed_over_replicas(self, gradients: list[tf.Tensor]) -> list[tf.Tensor]:
        if self._strategy.num_replicas_in_sync == 1:
            return gradients
        context = tf.distribute.get_replica_context()
        return context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)


def _norm(halves: Sequence[tf.Tensor]) -> tf.Tensor:
    """The global norm of tensors from half of the sum of the squares of each."""
    return tf.sqrt(2.0 * tf.add_n(list(halves)))


def named_shapes(variables: Sequence[tf.Variable]) -> list[tuple[str, tuple[int, ...]]]:
    """Lists names, `fusion` counted from zero, and shapes of variables, for `create_plan`."""
    names = weight_matching.canonical_names([variable.name for variable in variables])
    return [(name, tuple(v.shape)) for name, v in zip(names, variables, strict=True)]


def _split(value: tf.Tensor, parts: int) -> tf.Tensor:
    """Maps (parts * B, ...) to (parts, B, ...)."""
    size = value.shape[0]
    if size is None:
        return tf.reshape(value, tf.concat([[parts, -1], tf.shape(value)[1:]], axis=0))
    return tf.reshape(value, [parts, size // parts, *value.shape[1:]])


def _data_metrics(example: Example) -> dict[str, tf.Tensor]:
    """Means over the batch of what `datasets.input_pipeline` counts, where it is there."""
    names = {"data/reflected": "reflected", "data/skipped_records": "skipped"}
    return {
        name: tf.reduce_mean(tf.cast(example[key], tf.float32))
        for name, key in names.items()
        if key in example
    }


def weighted_sum(
    losses: Sequence[WeightedLoss],
    step: tf.Tensor,
    example: Example,
    prediction: Mapping[str, tf.Tensor],
) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Adds up losses.

    Args:
      losses: the losses and their weights.
      step: integer scalar, at which the weights are taken.
      example: the batch.
      prediction: outputs of the network for it.

    Returns:
      The weighted sum, a float32 scalar, and its parts by the names in `TrainStep.__call__`.
    """
    parts, metrics = [], {}
    for loss in losses:
        value = loss.function(example, prediction)
        weight = tf.cast(loss.weight(step), tf.float32)
        parts.append(weight * value)
        metrics[f"losses/{loss.summary_name}"] = parts[-1]
        if loss.summary_name != loss.name:
            metrics[f"unweighted_losses/{loss.name}"] = value
            metrics[f"loss_weights/{loss.name}"] = weight
    return tf.add_n(parts), metrics


def metric_names_of(losses: Sequence[WeightedLoss]) -> list[str]:
    """Lists the names of what `weighted_sum` reports, in its order."""
    names = []
    for loss in losses:
        names.append(f"losses/{loss.summary_name}")
        if loss.summary_name != loss.name:
            names += [f"unweighted_losses/{loss.name}", f"loss_weights/{loss.name}"]
    return names


def check_batch_size(
    batch_size: int, strategy: tf.distribute.Strategy, *, accumulation_steps: int = 1
) -> None:
    """Makes sure that every replica gets an equal part of the global batch, in equal parts.

    Args:
      batch_size: of the global batch.
      strategy: with the replicas.
      accumulation_steps: parts of what a replica gets.

    Raises:
      InputError: the batch cannot be parted evenly.
    """
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise InputError(
            f"training_dataset.batch_size is {batch_size}, which {replicas} devices cannot share "
            f"evenly; bind it to a multiple of {replicas}, or show the program fewer devices."
        )
    if batch_size // replicas % accumulation_steps:
        on_each = f", {batch_size // replicas} on each of {replicas} devices" * (replicas > 1)
        raise InputError(
            f"training_dataset.batch_size is {batch_size}{on_each}, which "
            f"training.accumulation_steps = {accumulation_steps} does not split evenly; expected a "
            f"multiple of {replicas * accumulation_steps}."
        )
