"""From names and schedules to the losses that training sums up and evaluation reports.

A loss function takes the example (`x0`, `y`, `x1`: (B, H, W, 3) float32, RGB in [0, 1]) and the
prediction (the outputs of the network) and returns a scalar.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gin
import tensorflow as tf

from frame_interpolation.errors import InputError
from frame_interpolation.losses import census, laplacian, line_distance, perceptual, reconstruction
from frame_interpolation.losses.options import (
    StyleOptions,
    TestLosses,
    TrainingLosses,
    VggOptions,
)
from frame_interpolation.losses.vgg19 import SharedFeatures, Vgg19

LossFunction = Callable[[Mapping[str, tf.Tensor], Mapping[str, tf.Tensor]], tf.Tensor]

# The losses that need nothing but the two images.
_ON_IMAGE = {
    "l1": reconstruction.l1,
    "l2": reconstruction.l2,
    "psnr": reconstruction.psnr,
    "ssim": reconstruction.ssim,
    "charbonnier": reconstruction.charbonnier,
    "laplacian": laplacian.laplacian,
    "census": census.census,
    "line": line_distance.line_distance,
}

# Of the images, in pixels: a window, or a pyramid of five levels.
_SMALLEST_SIDE_PX = {"ssim": 11, "census": 7, "laplacian": 9}

# The released gin files name the schedules of the loss weights by this path.
_SCHEDULES = ("PiecewiseConstantDecay", "PolynomialDecay", "ExponentialDecay", "CosineDecay")
for _schedule in _SCHEDULES:
    gin.external_configurable(
        getattr(tf.keras.optimizers.schedules, _schedule),
        module="tf.keras.optimizers.schedules",
    )


@dataclasses.dataclass(frozen=True)
class WeightedLoss:
    """A loss and its weight over the training step.

    Attributes:
      name: name in the gin file.
      function: the loss, unweighted.
      weight: maps the step (int64 scalar) to the weight (float32 scalar).
      always_one: whether the weight is the constant 1.
    """

    name: str
    function: LossFunction
    weight: Callable[[tf.Tensor], tf.Tensor]
    always_one: bool

    @property
    def summary_name(self) -> str:
        """Name in the summaries: `k*<name>` when the weight is not always 1."""
        return self.name if self.always_one else f"k*{self.name}"


def create_training_losses(
    options: TrainingLosses, *, vgg: VggOptions, style: StyleOptions
) -> list[WeightedLoss]:
    """Builds the losses to minimise.

    Raises:
      InputError: a file is missing, or a schedule does not take its parameters.
    """
    if options.loss_weight_schedules is None:
        return _with_constant_weights(options, vgg=vgg, style=style)
    functions = _loss_functions(options.loss_names, vgg=vgg, style=style)
    losses = []
    for name, function, schedule, parameters in zip(
        options.loss_names,
        functions,
        options.loss_weight_schedules,
        options.loss_weight_parameters or (),
        strict=True,
    ):
        weight = _create_schedule(name, schedule, parameters)
        values = parameters.get("values", [])
        always_one = bool(values) and all(value == 1.0 for value in values)
        losses.append(WeightedLoss(name, function, weight, always_one))
    return losses


def _create_schedule(
    name: str, schedule: Callable[..., Any], parameters: Mapping[str, Any]
) -> Callable[[tf.Tensor], tf.Tensor]:
    if not (
        isinstance(schedule, type)
        and issubclass(schedule, tf.keras.optimizers.schedules.LearningRateSchedule)
    ):
        raise InputError(
            f"training_losses.loss_weight_schedules of {name!r} is {schedule!r}; expected one of "
            f"{', '.join(f'@tf.keras.optimizers.schedules.{known}' for known in _SCHEDULES)}."
        )
    problem = ""
    try:
        weight = schedule(**_with_floats(parameters))
        # What is wrong with numbers among them shows when they are used, in a graph as in training.
        in_graph = tf.function(lambda step: weight(step), autograph=False)
        first = float(in_graph(tf.constant(0, tf.int64)))
        boundaries = list(parameters.get("boundaries", ()))
        if not math.isfinite(first):
            problem = f"the weight at step 0 would be {first}"
        elif boundaries != sorted(boundaries):
            problem = "the boundaries do not rise"
        elif not all(isinstance(value, float) for value in weight.get_config().get("values", ())):
            problem = "the values are not all numbers"
    except (TypeError, ValueError, IndexError, AttributeError, tf.errors.OpError) as error:
        # gin adds a line with the place in Keras.
        problem = str(error).partition("\n")[0]
    if problem:
        raise InputError(
            f"training_losses.loss_weight_parameters of {name!r}, {parameters}, do not fit the "
            f"schedule; expected a dict of the arguments of {schedule.__name__}: {problem}"
        )
    return weight


def _with_floats(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Lets 1 stand for 1.0: Keras computes in the type of what it is given."""

    def as_float(value: Any) -> Any:
        is_integer = isinstance(value, int) and not isinstance(value, bool)
        return float(value) if is_integer else value

    return {
        name: [as_float(entry) for entry in value]
        if name == "values" and isinstance(value, Sequence)
        # Boundaries are compared with the step, an integer.
        else as_float(value)
        for name, value in parameters.items()
    }


def create_test_losses(
    options: TestLosses, *, vgg: VggOptions, style: StyleOptions
) -> list[WeightedLoss]:
    """Builds the losses and metrics of the periodic evaluation; errors as above."""
    return _with_constant_weights(options, vgg=vgg, style=style)


def _with_constant_weights(
    options: TrainingLosses | TestLosses, *, vgg: VggOptions, style: StyleOptions
) -> list[WeightedLoss]:
    weights = options.loss_weights or [1.0] * len(options.loss_names)
    functions = _loss_functions(options.loss_names, vgg=vgg, style=style)
    return [
        WeightedLoss(name, function, _constant(float(weight)), float(weight) == 1.0)
        for name, function, weight in zip(options.loss_names, functions, weights, strict=True)
    ]


def _constant(value: float) -> Callable[[tf.Tensor], tf.Tensor]:
    return lambda step: tf.constant(value, tf.float32)


def _loss_functions(
    names: Sequence[str], *, vgg: VggOptions, style: StyleOptions
) -> list[LossFunction]:
    networks: dict[str, SharedFeatures] = {}

    def network(selector: str, model_file: str) -> SharedFeatures:
        if not model_file:
            raise InputError(
                f"The loss {selector!r} needs the VGG-19 weights: bind {selector}.vgg_model_file "
                "to the path of imagenet-vgg-verydeep-19.mat (README says where to get it)."
            )
        if model_file not in networks:
            networks[model_file] = SharedFeatures(Vgg19(model_file))
        return networks[model_file]

    def create(name: str) -> LossFunction:
        match name:
            case "l1_warped":
                return _l1_warped
            case "vgg":
                return _on_image(
                    perceptual.vgg, network=network("vgg", vgg.vgg_model_file), weights=vgg.weights
                )
            case "style":
                return _on_image(
                    perceptual.style,
                    network=network("style", style.vgg_model_file),
                    weights=style.weights,
                )
            case _:
                smallest = _SMALLEST_SIDE_PX.get(name, 1)
                return _of_size(_on_image(_ON_IMAGE[name]), name, smallest_side_px=smallest)

    return [create(name) for name in names]


def _on_image(function: Callable[..., tf.Tensor], **arguments) -> LossFunction:
    return lambda example, prediction: function(prediction["image"], example["y"], **arguments)


def _of_size(function: LossFunction, name: str, *, smallest_side_px: int) -> LossFunction:
    def checked(example: Mapping[str, tf.Tensor], prediction: Mapping[str, tf.Tensor]) -> tf.Tensor:
        height, width = prediction["image"].shape[1:3]
        if any(side is not None and side < smallest_side_px for side in (height, width)):
            raise InputError(
                f"The loss {name!r} got images of {width}x{height}; expected sides of at least "
                f"{smallest_side_px}. Raise the crop_size, or leave the loss out."
            )
        return function(example, prediction)

    return checked


def _l1_warped(example: Mapping[str, tf.Tensor], prediction: Mapping[str, tf.Tensor]) -> tf.Tensor:
    if "x0_warped" not in prediction:
        raise InputError("The loss 'l1_warped' needs film_net.use_aux_outputs = True.")
    return reconstruction.l1_warped(prediction["x0_warped"], prediction["x1_warped"], example["y"])
