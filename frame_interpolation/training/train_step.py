"""One update of the weights by one global batch.

An example is a dict of `x0`, `y`, `x1` (B, H, W, 3) float32, RGB in [0, 1], and `time` (B, 1)
float32. Losses are means over the batch. With several replicas each gets an equal part of the
global batch, and the gradient is that of the whole: the mean over the replicas.
"""

from collections.abc import Mapping, Sequence

import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.losses.weighting import WeightedLoss

Example = Mapping[str, tf.Tensor]


class TrainStep:
    """A compiled training step. It keeps no state of its own but the compiled graph."""

    def __init__(
        self,
        *,
        model: tf.keras.Model,
        optimizer: tf.keras.optimizers.Optimizer,
        losses: Sequence[WeightedLoss],
        strategy: tf.distribute.Strategy,
        gradient_clip_norm: float | None = None,
    ):
        """Prepares the step.

        Args:
          model: the network, made in the scope of the strategy.
          optimizer: likewise; its `iterations` count the steps.
          losses: what to minimise: the sum of the losses times their weights.
          strategy: how the step is spread over the devices.
          gradient_clip_norm: limit of the global norm of the gradients, or None.
        """
        self._model = model
        self._optimizer = optimizer
        self._losses = list(losses)
        self._strategy = strategy
        self._gradient_clip_norm = gradient_clip_norm
        self._compiled = tf.function(self._strategy_step, autograph=False)

    def __call__(self, example: Example) -> dict[str, tf.Tensor]:
        """Updates the weights once.

        Args:
          example: a batch, or what the strategy's distributed dataset yields.

        Returns:
          Scalars, float32, means over the global batch and those of the step before the update:
          `loss` (the weighted sum), `losses/<name>` (each as it enters the sum, called `k*<name>`
          when its weight is not always 1), `unweighted_losses/<name>` and `loss_weights/<name>` of
          those, `gradient_norm` (global, before clipping), `learning_rate`, and of batches that
          count them `data/reflected` and `data/skipped_records` an example.
        """
        return self._compiled(example)

    def _strategy_step(self, example: Example) -> dict[str, tf.Tensor]:
        per_replica = self._strategy.run(self._replica_step, args=(example,))
        return {
            name: self._strategy.reduce(tf.distribute.ReduceOp.MEAN, value, axis=None)
            for name, value in per_replica.items()
        }

    def _replica_step(self, example: Example) -> dict[str, tf.Tensor]:
        optimizer = self._optimizer
        step = tf.identity(optimizer.iterations)
        variables = self._model.trainable_variables
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(variables)
            inputs = {name: example[name] for name in ("x0", "x1", "time")}
            prediction = self._model(inputs, training=True)
            loss, metrics = weighted_sum(self._losses, step, example, prediction)
            # The sum over the replicas of these parts is the loss of the global batch.
            replica_part = loss / self._strategy.num_replicas_in_sync
        gradients = tape.gradient(
            replica_part, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        gradients = self._summed_over_replicas(gradients)
        gradient_norm = tf.linalg.global_norm(gradients)
        if self._gradient_clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(
                gradients, self._gradient_clip_norm, use_norm=gradient_norm
            )
        optimizer.apply_gradients(
            zip(gradients, variables, strict=True), skip_gradients_aggregation=True
        )
        # Applying the gradients has set the optimiser's rate to that of this step.
        learning_rate = tf.identity(optimizer.learning_rate)
        return metrics | {
            "loss": loss,
            "gradient_norm": gradient_norm,
            "learning_rate": learning_rate,
            **_data_metrics(example),
        }

    def _summed_over_replicas(self, gradients: list[tf.Tensor]) -> list[tf.Tensor]:
        if self._strategy.num_replicas_in_sync == 1:
            return gradients
        context = tf.distribute.get_replica_context()
        return context.all_reduce(tf.distribute.ReduceOp.SUM, gradients)


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


def check_batch_size(batch_size: int, strategy: tf.distribute.Strategy) -> None:
    """Makes sure that every replica gets an equal part of the global batch.

    Raises:
      InputError: the batch cannot be parted evenly.
    """
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise InputError(
            f"training_dataset.batch_size is {batch_size}, which {replicas} devices cannot share "
            f"evenly; bind it to a multiple of {replicas}, or show the program fewer devices."
        )
