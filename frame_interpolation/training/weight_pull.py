"""The pull back to the starting weights: L2-SP (Li, Grandvalet and Davoine, ICML 2018).

The penalty a / 2 * |w - w0|^2 (arXiv 1802.01483, equation 2) is part of the loss, its gradient
a * (w - w0) is added in closed form.
"""

from collections.abc import Sequence

import tensorflow as tf

from frame_interpolation.training.weight_copies import WeightCopies


class WeightPull:
    """The penalty on the distance from the starting weights, of those that ever train."""

    def __init__(
        self,
        variables: Sequence[tf.Variable],
        starting_weights: WeightCopies,
        *,
        weight: float,
    ):
        """Prepares the penalty.

        Args:
          variables: all of the model's trainable variables.
          starting_weights: w0 of those that ever train.
          weight: a above.
        """
        self._variables = variables
        self._starting_weights = starting_weights
        self._weight = weight

    def penalty(self, places: Sequence[int]) -> tf.Tensor:
        """Computes the penalty of some variables, a float32 scalar."""
        halves = [tf.nn.l2_loss(difference) for difference in self._differences(places)]
        return self._weight * tf.cast(tf.add_n(halves), tf.float32)

    def gradients(self, places: Sequence[int]) -> list[tf.Tensor]:
        """Computes the gradient of the penalty with respect to each of some variables."""
        return [self._weight * difference for difference in self._differences(places)]

    def _differences(self, places: Sequence[int]) -> list[tf.Tensor]:
        return [self._variables[place] - self._starting_weights[place] for place in places]
