"""Perceptual losses on VGG-19 features, as FILM was trained with (arXiv 2202.04901).

Images are (B, H, W, 3) float32, RGB in [0, 1]; the features are those of images in [0, 255]. The
losses are scalars; no gradient flows into the target.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

# Maps an image to its five feature maps: `vgg19.Vgg19`, or one that shares them between losses.
Network = Callable[[tf.Tensor], list[tf.Tensor]]

_INTENSITY_RANGE = 255.0


def vgg(
    prediction: tf.Tensor, target: tf.Tensor, *, network: Network, weights: Sequence[float]
) -> tf.Tensor:
    """Weighted mean absolute differences of the five feature maps, divided by 255."""
    differences = [
        weight * tf.reduce_mean(tf.abs(features - tf.stop_gradient(target_features)))
        for weight, features, target_features in zip(
            weights, network(prediction), network(target), strict=True
        )
    ]
    return tf.add_n(differences) / _INTENSITY_RANGE


def style(
    prediction: tf.Tensor, target: tf.Tensor, *, network: Network, weights: Sequence[float]
) -> tf.Tensor:
    """Weighted mean squared differences of the Gram matrices (Gatys et al., arXiv 1508.06576)."""
    differences = [
        weight
        * tf.reduce_mean(
            tf.square(gram_matrix(features) - gram_matrix(tf.stop_gradient(target_features)))
        )
        for weight, features, target_features in zip(
            weights, network(prediction), network(target), strict=True
        )
    ]
    return tf.add_n(differences)


def gram_matrix(features: tf.Tensor) -> tf.Tensor:
    """Correlations of the channels.

    Args:
      features: (B, H, W, C), of images in [0, 255]; they are divided by 255 first.

    Returns:
      (B, C, C): F^T F / (H W).
    """
    shape = tf.shape(features)
    pixels = shape[1] * shape[2]
    flat = tf.reshape(features / _INTENSITY_RANGE, [shape[0], pixels, shape[3]])
    return tf.matmul(flat, flat, transpose_a=True) / tf.cast(pixels, tf.float32)
