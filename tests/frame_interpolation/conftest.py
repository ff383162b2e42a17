"""SavedModels such as other people's: of the format of FILM's released ones."""

import dataclasses
import pathlib
from collections.abc import Callable

import numpy as np
import pytest


@dataclasses.dataclass(frozen=True)
class ForeignSavedModel:
    """A SavedModel on disk, and what is in it, by the names that a reader should find."""

    folder: pathlib.Path
    values: dict[str, np.ndarray]


@pytest.fixture(scope="session")
def write_foreign_saved_model() -> Callable[..., ForeignSavedModel]:
    """Writes a Keras SavedModel with FILM's variables, Lambda layers, and any counter in `fusion`.

    It computes nothing of use: what a reader of weights sees of it is that of the released models.
    """
    return _write


def _write(
    folder: pathlib.Path,
    shapes: dict[str, tuple[int, ...]],
    *,
    first_fusion_number: int = 0,
    compiled: bool = False,
    seed: int = 0,
) -> ForeignSavedModel:
    import tensorflow as tf

    class Part(tf.keras.layers.Layer):
        """Holds variables below its name."""

        def __init__(self, name, shapes):
            super().__init__(name=name)
            self._shapes = shapes

        def build(self, input_shape):
            # Keras has entered this layer's name scope.
            self.convs = []
            for layer, kernel_shape in self._shapes.items():
                conv = tf.keras.layers.Conv2D(kernel_shape[-1], kernel_shape[0], name=layer)
                with tf.name_scope(layer):
                    conv.build((None, None, None, kernel_shape[2]))
                self.convs.append(conv)

        def call(self, image):
            return image * tf.reduce_mean(self.convs[-1].bias)

    def part(name):
        kernels = {
            key.removeprefix(f"{name}/").removesuffix("/kernel"): shape
            for key, shape in shapes.items()
            if key.startswith(f"{name}/") and key.endswith("/kernel")
        }
        if name == "fusion":
            kernels = {
                _conv2d(first_fusion_number + index): shape
                for index, shape in enumerate(kernels.values())
            }
        return Part(name, kernels)

    x0 = tf.keras.Input(shape=(None, None, 3), name="x0")
    x1 = tf.keras.Input(shape=(None, None, 3), name="x1")
    time = tf.keras.Input(shape=(1,), name="time")
    net = tf.keras.layers.Lambda(lambda pair: pair[0] + pair[1], name="join")([x0, x1])
    for name in ("feat_net", "predict_flow", "fusion"):
        net = part(name)(net)
    image = tf.keras.layers.Lambda(lambda x: x * 1.0, name="image")(net)
    model = tf.keras.Model({"x0": x0, "x1": x1, "time": time}, {"image": image})

    random = np.random.default_rng(seed)
    values = {}
    for variable, (name, shape) in zip(model.variables, shapes.items(), strict=True):
        values[name] = random.standard_normal(shape, dtype=np.float32)
        variable.assign(values[name])
    if compiled:
        _train_one_step(model)
        values = {
            name: variable.numpy()
            for name, variable in zip(shapes, model.variables[: len(shapes)], strict=True)
        }
    model.save(folder, save_format="tf", include_optimizer=compiled)
    return ForeignSavedModel(folder, values)


def _conv2d(number: int) -> str:
    return f"conv2d_{number}" if number else "conv2d"


def _train_one_step(model) -> None:
    import tensorflow as tf

    model.compile(tf.keras.optimizers.legacy.Adam(), loss="mse", metrics=["mae"])
    frame = tf.ones((1, 4, 4, 3))
    model.train_on_batch({"x0": frame, "x1": frame, "time": tf.ones((1, 1))}, {"image": frame})
