"""The weights that a checkpoint gives for export: the last or the averaged ones, or a blend."""

import numpy as np
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.models import pretrained, weight_matching
from frame_interpolation.models.options import PretrainedOptions
from frame_interpolation.training import kept_weights, weight_blending, weight_copies
from frame_interpolation.training.fine_tuning import FineTuningOptions


def choose(
    model: tf.keras.Model,
    checkpoint: str,
    *,
    options: FineTuningOptions,
    pretrained_options: PretrainedOptions,
    average: bool | None = None,
    blend: float | None = None,
    blend_with: str = "",
) -> str:
    """Gives a model the weights to export.

    Args:
      model: it has the last weights of the checkpoint.
      checkpoint: its prefix.
      options: of the run; they count where the next arguments are None.
      pretrained_options: where the run started from.
      average: whether to take the averaged weights.
      blend: share of the trained weights, in [0, 1].
      blend_with: path of the others; empty for those that the run started from.

    Returns:
      What was done besides taking the last weights, to go on with a sentence; empty for nothing.

    Raises:
      InputError: weights are asked for that are not there.
    """
    variables = model.trainable_variables
    text = ""
    has_average = weight_copies.are_stored(checkpoint, kept_weights.AVERAGED)
    if average and not has_average:
        raise InputError(
            f"{checkpoint} holds no averaged weights; leave --average out, or train with "
            "fine_tuning.average_decay above 0."
        )
    if has_average and (options.export_average if average is None else average):
        _assign(variables, _stored(variables, checkpoint, kept_weights.AVERAGED))
        text += ", averaged"
    factor = options.blend_factor if blend is None else blend
    weight_blending.check_factor(factor, name="--blend")
    if blend_with and factor == 1.0:
        raise InputError(f"--blend_with is {blend_with!r}; give the share of the run by --blend.")
    if factor < 1.0:
        old, source = _old_weights(model, checkpoint, blend_with, pretrained_options)
        new = {place: variable.numpy() for place, variable in enumerate(variables)}
        _assign(variables, weight_blending.blend(new, old, factor=factor))
        text += f", {factor:g} of them and {1.0 - factor:g} of {source}"
    return text


def _old_weights(
    model: tf.keras.Model, checkpoint: str, path: str, started_from: PretrainedOptions
) -> tuple[dict[int, np.ndarray], str]:
    """The weights to blend with, and where they come from."""
    variables = model.trainable_variables
    if not path and weight_copies.are_stored(checkpoint, kept_weights.STARTING):
        return _stored(variables, checkpoint, kept_weights.STARTING), "the starting weights"
    pattern = None if path else started_from.pattern
    path = path or started_from.path
    if not path:
        raise InputError(
            "There are no weights to blend with: the run started from random ones "
            "(pretrained.path is empty), and its checkpoint holds no others; pass a SavedModel by "
            "--blend_with."
        )
    with weight_copies.replaced(variables, dict(enumerate(v.numpy() for v in variables))):
        # What a pattern leaves out is left as it is, which blends it with itself.
        pretrained.load(model, path, pattern=pattern)
        return {place: variable.numpy() for place, variable in enumerate(variables)}, path


def _stored(variables, checkpoint: str, key: str) -> dict[int, np.ndarray]:
    """Reads copies out of a checkpoint, by place in the model's list."""
    names = weight_matching.canonical_names([variable.name for variable in variables])
    stored = weight_copies.read(checkpoint, key)
    unknown = sorted(stored.keys() - set(names))
    if unknown:
        raise InputError(
            f"{checkpoint} holds {key} of variables that the network does not have "
            f"({', '.join(unknown[:3])}); pass the configuration that the run was trained with."
        )
    return {place: stored[name] for place, name in enumerate(names) if name in stored}


def _assign(variables, values: dict[int, np.ndarray]) -> None:
    for place, value in values.items():
        variables[place].assign(value)
