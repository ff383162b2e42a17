"""Options of the losses (gin selectors `training_losses`, `test_losses`, `vgg`, `style`).

Names as in the released gin configurations of FILM (arXiv 2202.04901).
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import gin

from frame_interpolation.errors import InputError

LOSS_NAMES = (
    *("l1", "l2", "psnr", "ssim", "l1_warped", "vgg", "style"),
    # Not FILM's.
    *("charbonnier", "laplacian", "census", "line"),
)
PERCEPTUAL_LAYERS = ("conv1_2", "conv2_2", "conv3_2", "conv4_2", "conv5_2")
# Weights of the five layers, from Photographic Image Synthesis (Chen & Koltun, arXiv 1707.09405).
_LAYER_WEIGHTS = (1.0 / 2.6, 1.0 / 4.8, 1.0 / 3.7, 1.0 / 5.6, 10.0 / 1.5)


@gin.register("training_losses")
@dataclasses.dataclass(frozen=True)
class TrainingLosses:
    """What training minimises: a weighted sum of losses.

    Attributes:
      loss_names: the losses.
      loss_weights: one constant weight a loss; leave it out when schedules are given.
      loss_weight_schedules: one class of `tf.keras.optimizers.schedules` a loss.
      loss_weight_parameters: one dict of constructor arguments a schedule.
    """

    loss_names: Sequence[str] = ("l1",)
    loss_weights: Sequence[float] | None = None
    loss_weight_schedules: Sequence[Callable[..., Any]] | None = None
    loss_weight_parameters: Sequence[Mapping[str, Any]] | None = None

    def __post_init__(self):
        _check_names("training_losses", self.loss_names)
        _check_weights("training_losses.loss_weights", self.loss_weights)
        _check_entries("training_losses.loss_weight_schedules", self.loss_weight_schedules)
        _check_entries("training_losses.loss_weight_parameters", self.loss_weight_parameters)
        if self.loss_weights is not None and self.loss_weight_schedules is not None:
            raise InputError(
                "training_losses.loss_weights and training_losses.loss_weight_schedules are both "
                "set; give one of them and bind the other to None."
            )
        if (self.loss_weight_schedules is None) != (self.loss_weight_parameters is None):
            raise InputError(
                "training_losses.loss_weight_schedules and training_losses.loss_weight_parameters "
                "go together: give one entry of each for every name in training_losses.loss_names."
            )
        for field in ("loss_weights", "loss_weight_schedules", "loss_weight_parameters"):
            _check_length("training_losses", field, getattr(self, field), self.loss_names)


@gin.register("test_losses")
@dataclasses.dataclass(frozen=True)
class TestLosses:
    """What the periodic evaluation inside the training loop reports.

    Attributes:
      loss_names: losses and metrics.
      loss_weights: one factor a loss, by default 1.
    """

    __test__ = False  # Not a test class, whatever pytest makes of the name.

    loss_names: Sequence[str] = ("l1", "psnr")
    loss_weights: Sequence[float] | None = None

    def __post_init__(self):
        _check_names("test_losses", self.loss_names)
        _check_weights("test_losses.loss_weights", self.loss_weights)
        _check_length("test_losses", "loss_weights", self.loss_weights, self.loss_names)


@dataclasses.dataclass(frozen=True)
class _PerceptualOptions:
    """What both losses on VGG-19 features take.

    Attributes:
      vgg_model_file: path of `imagenet-vgg-verydeep-19.mat` (MatConvNet).
      weights: weights of conv1_2, conv2_2, conv3_2, conv4_2, conv5_2; by default FILM's.
    """

    _selector: ClassVar[str]

    vgg_model_file: str = ""
    weights: Sequence[float] | None = None

    def __post_init__(self):
        file = self.vgg_model_file
        if not isinstance(file, str):
            raise InputError(
                f"{self._selector}.vgg_model_file is {file!r}; expected a path in quotes."
            )
        _check_weights(f"{self._selector}.weights", self.weights)
        weights = _LAYER_WEIGHTS if self.weights is None else tuple(self.weights)
        if len(weights) != len(PERCEPTUAL_LAYERS):
            raise InputError(
                f"{self._selector}.weights has {len(weights)} entries; expected "
                f"{len(PERCEPTUAL_LAYERS)}, for {', '.join(PERCEPTUAL_LAYERS)}."
            )
        object.__setattr__(self, "weights", weights)


@gin.register("vgg")
@dataclasses.dataclass(frozen=True)
class VggOptions(_PerceptualOptions):
    """The perceptual loss; the attributes are those of its base."""

    _selector = "vgg"


@gin.register("style")
@dataclasses.dataclass(frozen=True)
class StyleOptions(_PerceptualOptions):
    """The Gram matrix (style) loss; the attributes are those of its base."""

    _selector = "style"


def _check_names(selector: str, names: Sequence[str]) -> None:
    if not names or isinstance(names, str) or not isinstance(names, Sequence):
        raise InputError(f"{selector}.loss_names is {names!r}; expected a list of loss names.")
    for name in names:
        if name not in LOSS_NAMES:
            raise InputError(
                f"{selector}.loss_names holds {name!r}; expected some of {', '.join(LOSS_NAMES)}."
            )
    if len(set(names)) != len(names):
        raise InputError(f"{selector}.loss_names is {list(names)}; a loss stands there twice.")


def _check_entries(binding: str, values: Any) -> None:
    if values is None:
        return
    if not isinstance(values, Sequence) or isinstance(values, str):
        raise InputError(f"{binding} is {values!r}; expected a list, or None.")


def _check_weights(binding: str, weights: Any) -> None:
    _check_entries(binding, weights)
    for weight in weights or ():
        # A negative one lets training raise what is better when high, such as ssim.
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise InputError(f"{binding} has {weight!r}; expected numbers.")


def _check_length(
    selector: str, field: str, values: Sequence[Any] | None, names: Sequence[str]
) -> None:
    if values is not None and len(values) != len(names):
        raise InputError(
            f"{selector}.{field} has {len(values)} entries and {selector}.loss_names "
            f"{len(names)}; expected as many."
        )
