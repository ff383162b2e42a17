"""The FILM network as a Keras model (Reda et al., ECCV 2022, arXiv 2202.04901).

Both images travel as one batch of 2B, x0 first, and both flow directions likewise, so that every
shared layer runs once a level. Pyramids are lists, finest level first; flows are (dx, dy) in pixels
of their level; images are RGB in [0, 1], gamma space.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from frame_interpolation.models.film_net.feature_extractor import FeatureExtractor
from frame_interpolation.models.film_net.fusion import Fusion
from frame_interpolation.models.film_net.options import Options
from frame_interpolation.models.film_net.pyramid_flow_estimator import (
    PyramidFlowEstimator,
    exchange_halves,
)
from frame_interpolation.ops.backward_warp import backward_warp
from frame_interpolation.ops.image_pyramid import image_pyramid
from frame_interpolation.ops.optical_flow import flow_pyramid_from_residuals

# The network always predicts the middle; other times come from recursion.
_MIDDLE_TIME = 0.5


class InputPyramid(tf.keras.layers.Layer):
    """Joins the two inputs to one batch and builds their image pyramid."""

    def __init__(self, options: Options, *, name: str = "input_pyramid"):
        super().__init__(name=name)
        self._options = options

    def call(self, x0: tf.Tensor, x1: tf.Tensor) -> list[tf.Tensor]:
        """Maps two (B, H, W, 3) images to a pyramid of (2B, H >> i, W >> i, 3)."""
        images = self._with_valid_size(tf.concat([x0, x1], axis=0))
        return image_pyramid(images, self._options.pyramid_levels)

    def _with_valid_size(self, images: tf.Tensor) -> tf.Tensor:
        """Refuses images that a pyramid level would have no pixel of."""
        minimum = self._options.minimum_size_px
        message = (
            f"film_net.pyramid_levels = {self._options.pyramid_levels} needs images of at least "
            f"{minimum} x {minimum} pixels"
        )
        height, width = images.shape[1:3]
        if height is not None and width is not None:
            if min(height, width) < minimum:
                raise ValueError(f"{message}; got height {height} and width {width}.")
            return images
        smaller_side = tf.reduce_min(tf.shape(images)[1:3])
        check = tf.debugging.assert_greater_equal(smaller_side, minimum, message=message)
        with tf.control_dependencies([] if check is None else [check]):
            return tf.identity(images)


class MiddleAlignment(tf.keras.layers.Layer):
    """Warps images and features of both inputs to the middle time."""

    def __init__(self, options: Options, *, name: str = "middle_alignment"):
        super().__init__(name=name, autocast=False)
        self._levels = options.fusion_pyramid_levels

    def call(
        self,
        images: Sequence[tf.Tensor],
        features: Sequence[tf.Tensor],
        residuals_px: Sequence[tf.Tensor],
        training: bool | None = None,
    ) -> dict[str, list[Any]]:
        """Aligns the finest levels.

        Args:
          images: (2B, H >> i, W >> i, 3).
          features: (2B, H >> i, W >> i, C_i), in the type the network computes with.
          residuals_px: residual flows (2B, H >> i, W >> i, 2), forward then backward.
          training: whether gradients will be asked for.

        Returns:
          `aligned`: what the fusion network takes, each level a list of image and features of x0
          warped, those of x1, backward flow and forward flow, the flows scaled to the middle time;
          `warped_images`: (2B, H >> i, W >> i, 3); `flows_px`: the unscaled flow pyramid.
        """
        flows_px = flow_pyramid_from_residuals(residuals_px)[: self._levels]
        aligned, warped_images = [], []
        for image, feature, flow_px in zip(images, features, flows_px, strict=False):
            # x0 is looked up along the flow that was estimated from x1, and the other way round:
            # the flow from the middle to x0 is approximated by half of the flow from x1 to x0.
            middle_flow_px = _MIDDLE_TIME * exchange_halves(flow_px)
            # Apart, not as one stack, which would be a copy of both for the backward pass.
            written = bool(training)
            warped_image = backward_warp(image, middle_flow_px, written_gradient=written)
            warped_feature = backward_warp(feature, middle_flow_px, written_gradient=written)
            parts = zip(tf.split(warped_image, 2), tf.split(warped_feature, 2), strict=True)
            flows = tf.split(middle_flow_px, 2)
            aligned.append([part for pair in parts for part in pair] + flows)
            warped_images.append(warped_image)
        return {"aligned": aligned, "warped_images": warped_images, "flows_px": flows_px}


def create_model(options: Options, *, precision: str = "float32") -> tf.keras.Model:
    """Builds the network.

    Args:
      options: the shape of the network.
      precision: a Keras policy: `float32`, `mixed_bfloat16` or `mixed_float16`. With the last two
        features and fusion compute in 16 bits; variables, flows, the coordinates of the warps and
        all outputs stay float32.

    Returns:
      A Keras model. It takes a dict of `x0` and `x1` (B, H, W, 3) float32, RGB in [0, 1], and
      `time` (B, 1) float32, which is not used. It gives a dict with `image` (B, H, W, 3), not
      clipped, and with `options.use_aux_outputs` also `x0_warped` and `x1_warped` (B, H, W, 3) and
      the lists `forward_residual_flow_pyramid`, `backward_residual_flow_pyramid` (pyramid_levels
      long), `forward_flow_pyramid` and `backward_flow_pyramid` (fusion_pyramid_levels long).
      Its variables have the names and the order of the released FILM models.

    Raises:
      ValueError: when called on images whose smaller side is less than 2 ** (pyramid_levels - 1).
    """
    x0 = tf.keras.Input(shape=(None, None, 3), name="x0")
    x1 = tf.keras.Input(shape=(None, None, 3), name="x1")
    time = tf.keras.Input(shape=(1,), name="time")

    images = InputPyramid(options)(x0, x1)
    features = FeatureExtractor(options, precision=precision)(images)
    residuals_px = PyramidFlowEstimator(options, precision=precision)(features)
    middle = MiddleAlignment(options)(images, features, residuals_px)
    outputs = {"image": Fusion(options, precision=precision)(middle["aligned"])}
    if options.use_aux_outputs:
        outputs |= AuxiliaryOutputs(name="auxiliary_outputs")(
            middle["warped_images"][0], residuals_px, middle["flows_px"]
        )
    return tf.keras.Model(
        inputs={"x0": x0, "x1": x1, "time": time}, outputs=outputs, name="film_net"
    )


class AuxiliaryOutputs(tf.keras.layers.Layer):
    """Parts the joint batches again and gives them FILM's output names."""

    def call(
        self,
        warped_image: tf.Tensor,
        residuals_px: Sequence[tf.Tensor],
        flows_px: Sequence[tf.Tensor],
    ) -> dict[str, tf.Tensor | list[tf.Tensor]]:
        """Maps tensors of batch 2B to the named outputs of batch B."""
        x0_warped, x1_warped = tf.split(warped_image, 2)
        forward_residuals, backward_residuals = _split_pyramid(residuals_px)
        forward_flows, backward_flows = _split_pyramid(flows_px)
        return {
            "x0_warped": x0_warped,
            "x1_warped": x1_warped,
            "forward_residual_flow_pyramid": forward_residuals,
            "backward_residual_flow_pyramid": backward_residuals,
            "forward_flow_pyramid": forward_flows,
            "backward_flow_pyramid": backward_flows,
        }


def _split_pyramid(pyramid: Sequence[tf.Tensor]) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
    halves = [tf.split(level, 2) for level in pyramid]
    return [half[0] for half in halves], [half[1] for half in halves]
