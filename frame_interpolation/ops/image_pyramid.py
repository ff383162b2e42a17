"""Image pyramids: lists of images, finest first, each half the size of the one before.

Levels are made by 2x2 average pooling without padding, so odd sizes round down, as in FILM
(arXiv 2202.04901).
"""

import tensorflow as tf


def downsample(image: tf.Tensor) -> tf.Tensor:
    """Halves an image (B, H, W, C) by 2x2 averages: (B, H // 2, W // 2, C), same value range."""
    return tf.nn.avg_pool2d(image, ksize=2, strides=2, padding="VALID")


def image_pyramid(image: tf.Tensor, levels: int) -> list[tf.Tensor]:
    """Builds a pyramid.

    Args:
      image: (B, H, W, C), any value range.
      levels: length of the result, at least 1; H and W must be at least 2 ** (levels - 1).

    Returns:
      `levels` images, level i being (B, H >> i, W >> i, C).
    """
    pyramid = [image]
    while len(pyramid) < levels:
        pyramid.append(downsample(pyramid[-1]))
    return pyramid
