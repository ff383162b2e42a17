"""Backward warping of images and feature maps by a dense flow field.

Conventions: images are (B, H, W, C); a flow is (B, H, W, 2) in pixels of its own level, channels
(dx, dy). Backward warping looks up: output(y, x) = image(y + dy, x + dx), interpolated bilinearly
between pixel centres at integer coordinates. Positions outside the image are clamped to it, which
is how `tfa.image.dense_image_warp` treats the border and what FILM was trained with
(Reda et al., FILM: Frame Interpolation for Large Motion, arXiv 2202.04901).
"""

import tensorflow as tf


def backward_warp(image: tf.Tensor, flow_px: tf.Tensor) -> tf.Tensor:
    """Samples `image` at the positions that `flow_px` points to.

    Args:
      image: (B, H, W, C) floating point.
      flow_px: (B, H, W, 2), (dx, dy) in pixels; the result is differentiable with respect to both.

    Returns:
      (B, H, W, C), of the dtype of `image`. Coordinates are computed in float32 whatever the dtype
      of the image, since bfloat16 cannot tell neighbouring columns of a large frame apart.
    """
    shape = tf.shape(image)
    batch, height, width = shape[0], shape[1], shape[2]
    flow_px = tf.cast(flow_px, tf.float32)
    columns = tf.cast(tf.range(width), tf.float32)[None, None, :] + flow_px[..., 0]
    rows = tf.cast(tf.range(height), tf.float32)[None, :, None] + flow_px[..., 1]

    left, right, weight_x = _neighbours(columns, width)
    top, bottom, weight_y = _neighbours(rows, height)
    weight_x = tf.cast(weight_x[..., None], image.dtype)
    weight_y = tf.cast(weight_y[..., None], image.dtype)

    # One flat list of pixels makes each corner a gather of contiguous rows of C values.
    pixels = tf.reshape(image, [batch * height * width, shape[3]])
    first_pixel = tf.range(batch)[:, None, None] * (height * width)

    def lookup(row: tf.Tensor, column: tf.Tensor) -> tf.Tensor:
        return tf.gather(pixels, first_pixel + row * width + column)

    top_left, top_right = lookup(top, left), lookup(top, right)
    bottom_left, bottom_right = lookup(bottom, left), lookup(bottom, right)
    upper = top_left + weight_x * (top_right - top_left)
    lower = bottom_left + weight_x * (bottom_right - bottom_left)
    warped = upper + weight_y * (lower - upper)
    return tf.ensure_shape(warped, image.shape)


def _neighbours(position: tf.Tensor, size: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The two pixels on either side of a position along one axis, and the weight of the second."""
    # Clamping the integer, not the float, keeps the lookup inside the image even for a NaN flow.
    first = tf.clip_by_value(tf.cast(tf.floor(position), tf.int32), 0, tf.maximum(size - 2, 0))
    second = tf.minimum(first + 1, size - 1)
    weight = tf.clip_by_value(position - tf.cast(first, tf.float32), 0.0, 1.0)
    return first, second, weight
