"""The weights that a run keeps beside the present ones: starting weights and running averages.

Both are variables and part of the checkpoints (`starting_weights`, `averaged_weights`), so a run
that goes on has them bit for bit, whatever has become of the files that it started from. They hold
only what trains at some step; all else is as it was.
"""

import contextlib
import logging
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.training import weight_blending, weight_copies
from frame_interpolation.training.fine_tuning import FineTuningOptions
from frame_interpolation.training.weight_averaging import AveragedWeights
from frame_interpolation.training.weight_copies import WeightCopies
from frame_interpolation.training.weight_pull import WeightPull

STARTING = "starting_weights"
AVERAGED = "averaged_weights"

_log = logging.getLogger(__name__)


class KeptWeights:
    """What `fine_tuning` wants kept.

    Attributes:
      pull: the penalty on the distance from the starting weights, or None.
      average: the running average of the weights, or None.
      starting_weights: those at step 0, where the pull or the export needs them, or None.
    """

    def __init__(
        self,
        options: FineTuningOptions,
        variables: Sequence[tf.Variable],
        places: Sequence[int],
    ):
        """Makes the copies, of the present values. Call it in the scope of the strategy.

        Args:
          options: what to keep.
          variables: all of the model's trainable variables.
          places: of those that ever train.
        """
        self._options = options
        self._variables = variables
        self._places = tuple(places)
        self.pull: WeightPull | None = None
        self.average: AveragedWeights | None = None
        self.starting_weights: WeightCopies | None = None
        if options.pull_weight or options.blend_factor < 1.0:
            self.starting_weights = WeightCopies(variables, places)
        if options.pull_weight and self.starting_weights:
            self.pull = WeightPull(variables, self.starting_weights, weight=options.pull_weight)
        if options.average_decay:
            self.average = AveragedWeights(
                variables, places, decay=options.average_decay, warmup=options.average_warmup
            )

    @property
    def state(self) -> dict[str, tf.Module]:
        """What checkpoints have to hold, by key."""
        return {key: copies.state for key, copies in self._copies().items()}

    def _copies(self) -> dict[str, WeightCopies]:
        copies = {}
        if self.starting_weights is not None:
            copies[STARTING] = self.starting_weights
        if self.average is not None:
            copies[AVERAGED] = self.average.copies
        return copies

    def begin(self) -> None:
        """Takes over the weights that a new run starts from."""
        for copies in self._copies().values():
            copies.copy_from_model()

    def check_restored(self, prefix: str) -> None:
        """Deals with what a restored checkpoint did not hold.

        Args:
          prefix: of the checkpoint.

        Raises:
          InputError: starting weights are asked for, and the run was begun without.
        """
        if self.starting_weights is not None and not weight_copies.are_stored(prefix, STARTING):
            raise InputError(
                f"the checkpoint {prefix} holds no starting weights: the run was begun with "
                "fine_tuning.pull_weight = 0 and fine_tuning.blend_factor = 1. Go on so, or begin "
                "a run under another --label; for a blend afterwards see "
                "training.build_saved_model_cli --blend."
            )
        if self.average is not None and not weight_copies.are_stored(prefix, AVERAGED):
            _log.warning(
                "The checkpoint %s holds no averaged weights; the average begins with its weights.",
                prefix,
            )
            self.average.copies.copy_from_model()

    def evaluated(self) -> contextlib.AbstractContextManager[None]:
        """Lets the model have the weights to evaluate for a while."""
        if self.average is None or not self._options.evaluate_average:
            return contextlib.nullcontext()
        return self.average.in_place()

    def exported(self) -> contextlib.AbstractContextManager[None]:
        """Lets the model have the weights to export for a while."""
        if self.average is not None and self._options.export_average:
            new: Mapping[int, np.ndarray] = self.average.copies.by_place()
        else:
            new = {place: self._variables[place].numpy() for place in self._places}
        if self.starting_weights is not None:
            new = weight_blending.blend(
                new, self.starting_weights.by_place(), factor=self._options.blend_factor
            )
        return weight_copies.replaced(self._variables, new)

    def description(self) -> str:
        """Says in a few words which weights are exported."""
        averaged = self.average is not None and self._options.export_average
        text = "the averaged weights" if averaged else "the last weights"
        factor = self._options.blend_factor
        if factor < 1.0:
            text += f", {factor:g} of them and {1.0 - factor:g} of the starting weights"
        return text
