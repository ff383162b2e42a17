"""Rotation of images by any angle, with a change of their scale.

The one place that uses TensorFlow Addons, whose development has ended (it belongs to TensorFlow
2.15, which this project pins). To replace it, call `tf.raw_ops.ImageProjectiveTransformV3` with
the same transform.
"""

import warnings

import tensorflow as tf


def rotate(
    images: tf.Tensor,
    angle: tf.Tensor | float,
    *,
    scale: tf.Tensor | float = 1.0,
    output_side: int | None = None,
) -> tf.Tensor:
    """Rotates and scales images about their centre, with bilinear interpolation.

    What comes from outside the image is zero, so the caller gives images with a margin. Only the
    pixels of the output are computed.

    Args:
      images: (B, H, W, C) float; all are transformed alike.
      angle: scalar, radians, counter-clockwise as one looks at the image.
      scale: scalar, by which the pictures are enlarged; reduced below 1, not filtered for it.
      output_side: side of the square in the middle that is wanted; the whole size by default.

    Returns:
      (B, output_side, output_side, C) or (B, H, W, C), of the type of `images`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "TFA has ended development ..."
        import tensorflow_addons as tfa
    size = tf.shape(images)[1:3]
    output_size = size if output_side is None else tf.constant([output_side, output_side])
    middle_y, middle_x = tf.unstack((tf.cast(size, tf.float32) - 1.0) / 2.0)
    half_y, half_x = tf.unstack((tf.cast(output_size, tf.float32) - 1.0) / 2.0)
    # Where the pixel (x, y) of the output lies in the input: the inverse of what happens.
    cos, sin = tf.cos(angle) / scale, tf.sin(angle) / scale
    rows = [
        [cos, -sin, middle_x - (cos * half_x - sin * half_y)],
        [sin, cos, middle_y - (sin * half_x + cos * half_y)],
        [tf.zeros_like(cos), tf.zeros_like(cos)],
    ]
    transform = tf.stack([entry for row in rows for entry in row])
    rotated = tfa.image.transform(
        images, transform, interpolation="bilinear", output_shape=output_size
    )
    height, width = images.shape[1:3] if output_side is None else (output_side, output_side)
    return tf.ensure_shape(rotated, (images.shape[0], height, width, images.shape[3]))
