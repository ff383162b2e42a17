"""Weights from files: SavedModels and training checkpoints, of FILM and of this project.

A path may be

- a SavedModel folder (it holds `saved_model.pb`), read without executing anything in it;
- a training checkpoint `.../ckpt-N`, the path without `.index`;
- a folder with a `checkpoint` file, which stands for the newest checkpoint that it names.

Relative paths are looked for in the current directory, then in the repository root.
"""

import dataclasses
import os
import re

import numpy as np
import tensorflow as tf

from frame_interpolation import repository_paths
from frame_interpolation.errors import InputError
from frame_interpolation.models import checkpoint_reader, saved_model_reader, weight_matching
from frame_interpolation.models.film_net import architecture, options_file
from frame_interpolation.models.film_net.options import Options
from frame_interpolation.models.stored_weights import StoredVariable, StoredWeights

_EXPECTED = (
    "expected a SavedModel folder (with saved_model.pb), a checkpoint (such as "
    ".../train/ckpt-1000) or a folder of checkpoints (with a file named checkpoint)"
)
_CHECKPOINT_FILE_ENDING = re.compile(r"\.(index|data-\d+-of-\d+)$")


@dataclasses.dataclass(frozen=True)
class LoadedWeights:
    """What `load` did.

    Attributes:
      count: how many variables were loaded.
      source: the SavedModel folder or the checkpoint, as found.
      step: training step of the checkpoint, None for a SavedModel.
      left: names of the model's variables that were left as they were, given a pattern.
      unused: names of the file's variables that were not loaded, given a pattern.
      ignored: keys of what is in the file beside the model: optimizer state, counters, metrics.
    """

    count: int
    source: str
    step: int | None
    left: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = f"{self.count} variables from {self.source}"
        if self.step is not None:
            text += f", step {self.step}"
        if self.left:
            text += f"; {len(self.left)} left as they were"
        if self.unused:
            text += f"; {len(self.unused)} of the file not used"
        return text


def load(
    model: tf.keras.Model, path: str | os.PathLike[str], *, pattern: str | None = None
) -> LoadedWeights:
    """Loads weights into a model.

    Every variable is matched by name and shape, the fusion layers by their order and shape. The
    model is changed only when everything fits. Values of another floating-point type are converted
    to the type of the model's variable.

    Args:
      model: a FILM network as `create_model` builds it.
      path: of the weights, see above.
      pattern: regular expression; only variables are loaded in whose full name (such as
        `fusion/conv2d_1/kernel`, `fusion` counted from zero) it is found. All of these must match.

    Returns:
      What was loaded, and what was not.

    Raises:
      InputError: the path leads to no weights; they are damaged or not finite; or they do not fit,
        in which case all differences are listed.
    """
    stored = open_weights(path)
    targets = _by_name([v.name for v in model.variables], model.variables, source="The model")
    found = _by_name([v.name for v in stored.variables], stored.variables, source=stored.source)
    selected = _selector(pattern)
    wanted = {name: variable for name, variable in targets.items() if selected(name)}
    offered = {name: variable for name, variable in found.items() if selected(name)}
    if pattern is not None and not wanted:
        raise InputError(
            f"The pattern {pattern!r} is found in no variable name of the model; names are such as "
            f"{next(iter(targets), 'fusion/conv2d/kernel')}."
        )
    _check_match(wanted, offered, stored=stored)
    values = {name: _value(stored, offered[name], wanted[name].dtype) for name in wanted}
    for name, value in values.items():
        wanted[name].assign(value)
    return LoadedWeights(
        count=len(values),
        source=stored.source,
        step=stored.step,
        left=tuple(name for name in targets if name not in wanted),
        unused=tuple(name for name in found if name not in offered),
        ignored=stored.ignored,
    )


def open_weights(path: str | os.PathLike[str]) -> StoredWeights:
    """Finds out what a path leads to, and reads names, shapes and types of the weights there.

    Args:
      path: see above.

    Returns:
      The stored weights.

    Raises:
      InputError: the path leads to no weights, or to damaged ones.
    """
    given = os.fspath(path)
    if not given:
        raise InputError(f"The path of the weights is empty; {_EXPECTED}.")
    found = repository_paths.find(_CHECKPOINT_FILE_ENDING.sub("", given)).rstrip("/") or "/"
    if os.path.basename(found) == saved_model_reader.FILE_NAME:
        found = os.path.dirname(found) or "."
    if tf.io.gfile.exists(os.path.join(found, saved_model_reader.FILE_NAME)):
        return saved_model_reader.read(found)
    if tf.io.gfile.exists(f"{found}.index"):
        return checkpoint_reader.read(found)
    if tf.io.gfile.exists(os.path.join(found, "checkpoint")):
        return checkpoint_reader.read(_newest_checkpoint(found))
    raise InputError(_what_is_there_instead(found))


def read_options(path: str | os.PathLike[str]) -> Options:
    """Finds the options of the network that a SavedModel or a checkpoint holds.

    Args:
      path: see above.

    Returns:
      The options that this project recorded in the SavedModel; in files of others, those that
      follow from the shapes of the variables and from the stored list of flow predictors. Where a
      file has no such list, `pyramid_levels` is that of the released models, 7.

    Raises:
      InputError: the path leads to no weights, or to those of another network.
    """
    stored = open_weights(path)
    recorded = options_file.read(stored.source)
    shapes = dict(
        zip(
            weight_matching.canonical_names([v.name for v in stored.variables]),
            stored.shapes.values(),
            strict=True,
        )
    )
    try:
        inferred = architecture.infer_options(shapes, pyramid_levels=stored.pyramid_levels)
    except InputError as error:
        raise InputError(f"{stored.source}: {error}") from error
    if recorded is None:
        return inferred
    if architecture.variable_shapes(recorded) != architecture.variable_shapes(inferred):
        raise InputError(
            f"{os.path.join(stored.source, options_file.RELATIVE_PATH)} does not describe the "
            "variables beside it; save the model again, or remove the file."
        )
    return recorded


def _by_name(names: list[str], variables, *, source: str) -> dict:
    canonical = weight_matching.canonical_names(names)
    repeated = weight_matching.repeated(canonical)
    if repeated:
        raise InputError(
            f"{source} has several variables of one name ({', '.join(repeated)}), so they cannot "
            "be told apart; expected the names of FILM."
        )
    return dict(zip(canonical, variables, strict=True))


def _selector(pattern: str | None):
    if pattern is None:
        return lambda name: True
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise InputError(f"The pattern {pattern!r} is no regular expression: {error}.") from error
    return lambda name: expression.search(name) is not None


def _check_match(
    wanted: dict[str, tf.Variable], offered: dict[str, StoredVariable], *, stored: StoredWeights
) -> None:
    expected = {name: tuple(variable.shape) for name, variable in wanted.items()}
    found = {name: variable.shape for name, variable in offered.items()}
    lines = weight_matching.differences(expected, found)
    lines += [
        f"{name}: expected floating-point numbers, found {variable.dtype.name}"
        for name, variable in offered.items()
        if name in wanted and not variable.dtype.is_floating
    ]
    if lines:
        raise InputError(
            f"The weights in {stored.source} do not fit the model, and nothing was loaded. "
            f"{_advice(expected, found)} {len(lines)} differences:\n  " + "\n  ".join(lines)
        )


def _advice(expected: dict[str, tuple[int, ...]], found: dict[str, tuple[int, ...]]) -> str:
    """Says which options differ where both sides are FILM networks."""
    general = "Set film_net.* to what the weights were trained with, or load a part by a pattern."
    try:
        model = architecture.infer_options(expected)
        file = architecture.infer_options(found)
    except InputError:
        return general
    # The pyramid's levels are in no shape, so they are no difference.
    different = [
        f"film_net.{field.name} = {_gin_value(getattr(file, field.name))} (the model has "
        f"{_gin_value(getattr(model, field.name))})"
        for field in dataclasses.fields(Options)
        if field.name != "pyramid_levels"
        and getattr(file, field.name) != getattr(model, field.name)
    ]
    if not different:
        return general
    return f"They were trained with {', '.join(different)}: set that, or load a part by a pattern."


def _gin_value(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _value(stored: StoredWeights, variable: StoredVariable, dtype: tf.DType) -> np.ndarray:
    with np.errstate(over="ignore"):
        value = stored.table.value(variable.key).astype(dtype.as_numpy_dtype, copy=False)
    finite = np.isfinite(value)
    if not finite.all():
        raise InputError(
            f"{variable.name} in {stored.source} has {int((~finite).sum())} of {value.size} values "
            f"that are not finite as {dtype.name}; take weights from before the training diverged."
        )
    return value


def _newest_checkpoint(folder: str) -> str:
    try:
        state = tf.train.get_checkpoint_state(folder)
    except (tf.errors.OpError, ValueError):
        state = None  # TensorFlow also raises for a file that names none.
    newest = state.model_checkpoint_path if state else ""
    if not newest:
        raise InputError(
            f"{os.path.join(folder, 'checkpoint')} names no checkpoint; pass one by its path, such "
            f"as {os.path.join(folder, 'ckpt-1000')}."
        )
    # Absolute paths in the file are those of the machine that wrote it.
    for prefix in (newest, os.path.join(folder, os.path.basename(newest))):
        if tf.io.gfile.exists(f"{prefix}.index"):
            return prefix
    raise InputError(
        f"{os.path.join(folder, 'checkpoint')} names {os.path.basename(newest)}, of which there is "
        "no .index file; copy it there, or pass another checkpoint by its path."
    )


def _what_is_there_instead(path: str) -> str:
    if not tf.io.gfile.exists(path):
        return f"There are no weights at {path}; {_EXPECTED}."
    if not tf.io.gfile.isdir(path):
        return f"{path} is a file; {_EXPECTED}."
    content = tf.io.gfile.listdir(path)
    if not content:
        return f"The folder {path} is empty; {_EXPECTED}."
    within = [
        os.path.join(path, name.rstrip("/"))
        for name in content
        for marker in (saved_model_reader.FILE_NAME, "checkpoint")
        if not name.startswith(".") and tf.io.gfile.exists(os.path.join(path, name, marker))
    ]
    if within:
        return f"{path} holds no weights itself; did you mean {' or '.join(sorted(within))}?"
    return f"The folder {path} holds no weights; {_EXPECTED}."
