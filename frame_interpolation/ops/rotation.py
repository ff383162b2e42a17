"""Rotation of images by any angle.

The one place that uses TensorFlow Addons, whose development has ended (it belongs to TensorFlow
2.15, which this project pins). To replace it, compute the 3x3 homography about the centre
((w - 1) / 2, (h - 1) / 2) and call `tf.raw_ops.ImageProjectiveTransformV3`.
"""

import warnings

import tensorflow as tf


def rotate(images: tf.Tensor, angle: tf.Tensor | float) -> tf.Tensor:
    """Rotates images about their centre, with bilinear interpolation.

    The size stays. What comes from outside the image is zero, so the caller gives images with a
    margin and cuts it off.

    Args:
      images: (B, H, W, C) float; all are rotated alike.
      angle: scalar, radians, counter-clockwise as one looks at the image.

    Returns:
      (B, H, W, C), of the type of `images`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "TFA has ended development ..."
        import tensorflow_addons as tfa
    return tfa.image.rotate(images, angle, interpolation="bilinear")
