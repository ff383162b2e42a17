"""Saves a trained network as a SavedModel that plain TensorFlow loads and calls like FILM's.

    model = tf.saved_model.load(path)
    image = model({'x0': x0, 'x1': x1, 'time': time}, training=False)['image']

for any batch and any size that the pyramid allows. What is saved is one traced graph of inference
with all outputs, the variables under FILM's names (`model.variables`), a signature
`serving_default`, and the network's options (`film_net.options_file`). A Keras SavedModel holds a
graph for every layer as well, which for the small networks weighs more than the weights. Not saved:
optimizer state, Keras configuration, and a call with `training=True` (the network has no layer that
differs in training; whoever wants to train on builds the Keras model and uses `pretrained.load`).
"""

import os
import pathlib
import shutil
import tempfile
from collections.abc import Mapping, Sequence

import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.models.film_net import interpolator, options_file
from frame_interpolation.models.film_net.options import Options

_IMAGE_SPEC = (None, None, None, 3)
_SAVED_MODEL_FILE = "saved_model.pb"


class _Interpolator(tf.Module):
    """The object that is saved: a call and a list of variables."""

    # In place of tf.Module's properties, which would not be saved.
    variables: Sequence[tf.Variable] = ()
    trainable_variables: Sequence[tf.Variable] = ()

    def __init__(self, model: tf.keras.Model):
        super().__init__(name="film_net")
        self.variables = list(model.variables)
        self.trainable_variables = list(model.trainable_variables)
        # As a function, since a Keras model below this object would be saved with it.
        self._call = lambda inputs, training: model(inputs, training=training)

    @tf.function
    def __call__(
        self, inputs: Mapping[str, tf.Tensor], training: bool = False
    ) -> dict[str, tf.Tensor | list[tf.Tensor]]:
        """FILM's call."""
        return self._call(inputs, training)

    @tf.function
    def serve(self, x0: tf.Tensor, x1: tf.Tensor, time: tf.Tensor) -> dict[str, tf.Tensor]:
        """The same with flat outputs: level 0 of `forward_flow_pyramid` has the suffix `_0`."""
        flat: dict[str, tf.Tensor] = {}
        for name, output in self({"x0": x0, "x1": x1, "time": time}, training=False).items():
            if isinstance(output, list | tuple):
                flat |= {f"{name}_{level}": value for level, value in enumerate(output)}
            else:
                flat[name] = output
        return flat


def save_model(
    model: tf.keras.Model, path: str | os.PathLike[str], *, options: Options
) -> pathlib.Path:
    """Writes a SavedModel, replacing the one that is there.

    A network that computes in 16 bits is saved as one that computes in float32.
    It is written beside `path` and renamed at the end, so that `path` never holds half of one.

    Args:
      model: a network that `film_net.interpolator.create_model` built.
      path: folder to write; its parents are created.
      options: those that `model` was built with; they are recorded beside the weights.

    Returns:
      The folder.

    Raises:
      InputError: `path` exists and is not a SavedModel.
      OSError: it cannot be written.
    """
    target = pathlib.Path(path)
    if target.exists() and not (target / _SAVED_MODEL_FILE).exists() and not _is_empty(target):
        raise InputError(
            f"{target} exists and is not a SavedModel; it is left as it is. Choose another path or "
            "move it away."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = pathlib.Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        _write(_in_float32(model, options), temporary)
        options_file.write(temporary, options)
        # mkdtemp makes folders that only their owner can read.
        temporary.chmod(0o777 & ~_umask())
        _replace(target, temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def remove_leftovers(path: str | os.PathLike[str]) -> None:
    """Removes what a process that was killed while it saved has left beside a SavedModel.

    Args:
      path: of the SavedModel; nothing else may be saving there now.
    """
    target = pathlib.Path(path)
    for folder in target.parent.glob(f".{target.name}.*"):
        shutil.rmtree(folder, ignore_errors=True)


def _in_float32(model: tf.keras.Model, options: Options) -> tf.keras.Model:
    """The network itself, or a twin that computes in float32 of one that does not."""
    if all(layer.compute_dtype == "float32" for layer in model._flatten_layers()):
        return model
    twin = interpolator.create_model(options)
    twin.set_weights(model.get_weights())
    return twin


def _write(model: tf.keras.Model, folder: pathlib.Path) -> None:
    module = _Interpolator(model)
    inputs = {
        "x0": tf.TensorSpec(_IMAGE_SPEC, tf.float32, name="x0"),
        "x1": tf.TensorSpec(_IMAGE_SPEC, tf.float32, name="x1"),
        "time": tf.TensorSpec((None, 1), tf.float32, name="time"),
    }
    module.__call__.get_concrete_function(inputs, training=False)
    signature = module.serve.get_concrete_function(**inputs)
    try:
        tf.saved_model.save(module, str(folder), signatures={"serving_default": signature})
    except tf.errors.OpError as error:
        raise OSError(
            f"the SavedModel could not be written to {folder}: {error.message}"
        ) from error


def _replace(target: pathlib.Path, new: pathlib.Path) -> None:
    """Puts a folder in the place of another; a folder that is not empty cannot be overwritten."""
    if not target.exists():
        os.replace(new, target)
        return
    old = pathlib.Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
    os.replace(target, old / target.name)
    try:
        os.replace(new, target)
    except OSError:
        os.replace(old / target.name, target)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _is_empty(path: pathlib.Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask
