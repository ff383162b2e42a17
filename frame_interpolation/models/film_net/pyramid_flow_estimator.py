"""FILM's scale-agnostic flow estimator: residual flow, coarse to fine (arXiv 2202.04901)."""

from collections.abc import Sequence

import tensorflow as tf

from frame_interpolation.models.film_net.convolution import Convolution
from frame_interpolation.models.film_net.options import Options
from frame_interpolation.ops.backward_warp import backward_warp
from frame_interpolation.ops.optical_flow import upsample_flow


class FlowPredictor(tf.keras.layers.Layer):
    """Predicts a (residual) flow from the features of two images at one level."""

    def __init__(self, *, convs: int, filters: int, name: str, precision: str = "float32"):
        super().__init__(name=name, autocast=False)
        # The attribute name `_convs` is a key of FILM's checkpoints.
        self._convs = [
            Convolution(filters, 3, name=f"conv_{index}", precision=precision)
            for index in range(convs)
        ]
        self._convs.append(Convolution(filters // 2, 1, name=f"conv_{convs}", precision=precision))
        # In float32 at any precision: bfloat16 has 8 bits for whole pixels and their fractions.
        self._convs.append(Convolution(2, 1, name=f"conv_{convs + 1}", linear=True))

    def call(self, features_a: tf.Tensor, features_b: tf.Tensor) -> tf.Tensor:
        """Maps two (B, H, W, C) feature maps to a flow (B, H, W, 2), float32, px of the level."""
        net = [features_a, features_b]
        for conv in self._convs:
            net = conv(net)
        return net


class PyramidFlowEstimator(tf.keras.layers.Layer):
    """Estimates the residual flow pyramids of both directions in one pass."""

    def __init__(self, options: Options, *, precision: str = "float32", name: str = "predict_flow"):
        super().__init__(name=name, autocast=False)
        # The attribute name `_predictors` is a key of FILM's checkpoints.
        self._predictors = [
            FlowPredictor(
                convs=options.flow_convs[level],
                filters=options.flow_filters[level],
                name=f"flow_predictor_{level}",
                precision=precision,
            )
            for level in range(options.specialized_levels)
        ]
        shared_levels = options.pyramid_levels - options.specialized_levels
        if shared_levels:
            shared = FlowPredictor(
                convs=options.flow_convs[-1],
                filters=options.flow_filters[-1],
                name="flow_predictor_shared",
                precision=precision,
            )
            self._predictors.extend([shared] * shared_levels)

    def call(self, features: Sequence[tf.Tensor], training: bool | None = None) -> list[tf.Tensor]:
        """Maps the features of two images to residual flows.

        Args:
          features: feature pyramid (2B, H >> i, W >> i, C_i), finest first; the first half of the
            batch belongs to x0, the second to x1.
          training: whether a gradient will be asked for.

        Returns:
          Residual flows (2B, H >> i, W >> i, 2), finest first, (dx, dy) in pixels of each level;
          the first half is the forward flow, estimated from (x0, x1), the second the backward flow.
        """
        flow_px = self._predictors[-1](features[-1], exchange_halves(features[-1]))
        residuals_px = [flow_px]
        for level in reversed(range(len(features) - 1)):
            flow_px = upsample_flow(flow_px, tf.shape(features[level])[1:3])
            warped_b = backward_warp(
                features[level], flow_px, other_half=True, written_gradient=bool(training)
            )
            residual_px = self._predictors[level](features[level], warped_b)
            residuals_px.append(residual_px)
            flow_px = flow_px + residual_px
        return residuals_px[::-1]


def exchange_halves(x: tf.Tensor) -> tf.Tensor:
    """Exchanges the two halves of a batch (2B, ...): the other image, or the other direction."""
    first, second = tf.split(x, 2)
    return tf.concat([second, first], axis=0)
