"""Losses and metrics that compare two images value by value.

Images are (B, H, W, 3) float32, RGB in [0, 1] (a prediction may leave the range); every function
returns a scalar, the mean over the batch.
"""

import tensorflow as tf

_CHARBONNIER_EPSILON = 1e-3


def l1(prediction: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Mean absolute difference over everything."""
    return tf.reduce_mean(tf.abs(prediction - target))


def l2(prediction: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Mean squared difference over everything."""
    return tf.reduce_mean(tf.square(prediction - target))


def charbonnier(prediction: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Mean of sqrt(difference^2 + 0.001^2): L1 that is smooth at 0, where it is 0.001.

    Charbonnier et al. (ICIP 1994), with the constant of Lai et al. (CVPR 2017, arXiv 1704.03915).
    """
    return tf.reduce_mean(tf.sqrt(tf.square(prediction - target) + _CHARBONNIER_EPSILON**2))


def psnr(prediction: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Peak signal-to-noise ratio in dB, `tf.image.psnr` with max_val 1, mean over the batch."""
    return tf.reduce_mean(tf.image.psnr(prediction, target, max_val=1.0))


def ssim(prediction: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Structural similarity, `tf.image.ssim` with max_val 1 (11x11 Gaussian, sigma 1.5)."""
    return tf.reduce_mean(tf.image.ssim(prediction, target, max_val=1.0))


def l1_warped(x0_warped: tf.Tensor, x1_warped: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Sum of the mean absolute differences of both warped inputs to the target."""
    return l1(x0_warped, target) + l1(x1_warped, target)
