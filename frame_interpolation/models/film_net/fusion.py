"""FILM's fusion network: a U-Net decoder over the aligned pyramid (arXiv 2202.04901)."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from frame_interpolation.models.film_net.convolution import (
    Convolution,
    UpsamplingConvolution,
)
from frame_interpolation.models.film_net.options import Options

_OUTPUT_CHANNELS = 3


class Fusion(tf.keras.layers.Layer):
    """Decodes a pyramid of aligned images, features and flows to the middle image."""

    def __init__(self, options: Options, *, precision: str = "float32", name: str = "fusion"):
        super().__init__(name=name, autocast=False)
        # FILM's own layers carry Keras' automatic names in the order of creation, finest level
        # first; here the names are given, so that they do not depend on the process. The
        # attribute names `convs` and `output_conv` are keys of FILM's checkpoints.
        self.convs: list[list[Any]] = []
        count = 0
        for level in range(options.fusion_pyramid_levels - 1):
            filters = options.filters << min(level, options.specialized_levels)
            self.convs.append(
                [
                    UpsamplingConvolution(filters, name=_layer_name(count), precision=precision),
                    Convolution(filters, 3, name=_layer_name(count + 1), precision=precision),
                    Convolution(filters, 3, name=_layer_name(count + 2), precision=precision),
                ]
            )
            count += 3
        # In float32 at any precision: what comes out is compared with images.
        self.output_conv = Convolution(_OUTPUT_CHANNELS, 1, name=_layer_name(count), linear=True)

    def call(self, pyramid: Sequence[Sequence[tf.Tensor]]) -> tf.Tensor:
        """Maps an aligned pyramid to an image.

        Args:
          pyramid: levels, finest first, each a list of tensors (B, H >> i, W >> i, any), which are
            joined to one here.

        Returns:
          (B, H, W, 3) float32 RGB, not clipped.
        """
        compute_dtype = self.convs[0][0].compute_dtype if self.convs else tf.float32
        levels = [[tf.cast(part, compute_dtype) for part in level] for level in pyramid]
        net = tf.concat(levels[-1], axis=-1)
        for level in reversed(range(len(levels) - 1)):
            upsample, first, second = self.convs[level]
            net = upsample(net, size=_size(levels[level][0]))
            net = second(first([*levels[level], net]))
        return self.output_conv(net)


def _size(image: tf.Tensor) -> tuple[int | tf.Tensor, int | tf.Tensor]:
    """Height and width, as numbers where they are known."""
    height, width = image.shape[1:3]
    shape = tf.shape(image)
    return shape[1] if height is None else height, shape[2] if width is None else width


def _layer_name(index: int) -> str:
    return f"conv2d_{index}" if index else "conv2d"
