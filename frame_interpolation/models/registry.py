"""The networks by the name under which a gin file asks for them (`model.name`)."""

import dataclasses

import gin

from frame_interpolation.errors import InputError
from frame_interpolation.models.film_net.options import Options as FilmNetOptions

MODEL_NAMES = ("film_net",)


@gin.register("model")
@dataclasses.dataclass(frozen=True)
class ModelOptions:
    """Which network to build.

    Attributes:
      name: `film_net` is the only one so far.
    """

    name: str = "film_net"

    def __post_init__(self):
        if self.name not in MODEL_NAMES:
            raise InputError(
                f"model.name is {self.name!r}; expected one of {', '.join(MODEL_NAMES)}."
            )


def create_model(model: ModelOptions, *, film_net: FilmNetOptions, precision: str = "float32"):
    """Builds the network that `model.name` asks for.

    Args:
      model: the choice.
      film_net: options of the FILM network.
      precision: Keras policy that it computes in: `float32`, `mixed_bfloat16`, `mixed_float16`.

    Returns:
      A `tf.keras.Model`; see `film_net.interpolator.create_model` for its inputs and outputs.
    """
    # TensorFlow comes with the network, not with the options.
    from frame_interpolation.models.film_net import interpolator

    factories = {"film_net": lambda: interpolator.create_model(film_net, precision=precision)}
    return factories[model.name]()
