"""Backward warping of images and feature maps by a dense flow field.

Conventions: images are (B, H, W, C); a flow is (B, H, W, 2) in pixels of its own level, channels
(dx, dy). Backward warping looks up: output(y, x) = image(y + dy, x + dx), interpolated bilinearly
between pixel centres at integer coordinates. Positions outside the image are clamped to it, which
is how `tfa.image.dense_image_warp` treats the border and what FILM was trained with
(Reda et al., FILM: Frame Interpolation for Large Motion, arXiv 2202.04901).
"""

import dataclasses

import tensorflow as tf


def backward_warp(
    image: tf.Tensor,
    flow_px: tf.Tensor,
    *,
    other_half: bool = False,
    written_gradient: bool = True,
) -> tf.Tensor:
    """Samples `image` at the positions that `flow_px` points to.

    Args:
      image: (B, H, W, C) floating point.
      flow_px: (B, H, W, 2), (dx, dy) in pixels; the result is differentiable with respect to both.
      other_half: look into the image that is half a batch further on, round the end, for batches
        whose halves hold the two images of pairs; without a copy of them.
      written_gradient: take the gradient that is written here, which keeps the two inputs for the
        backward pass, where automatic differentiation keeps seven tensors of the size of the
        image. False for inference, whose graph it would only make larger.

    Returns:
      (B, H, W, C), of the dtype of `image`. Coordinates are computed in float32 whatever the dtype
      of the image, since bfloat16 cannot tell neighbouring columns of a large frame apart.
    """
    flow_px = tf.cast(flow_px, tf.float32)
    if written_gradient:
        warped = _differentiable(image, flow_px, other_half)
    else:
        warped = _interpolated(image, _positions(flow_px, tf.shape(image), other_half))
    return tf.ensure_shape(warped, image.shape)


def _differentiable(image: tf.Tensor, flow_px: tf.Tensor, other_half: bool) -> tf.Tensor:
    @tf.custom_gradient
    def interpolated(image: tf.Tensor, flow_px: tf.Tensor):
        positions = _positions(flow_px, tf.shape(image), other_half)

        def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            # Without the dependency the lookups for the backward pass would be made, and kept, as
            # early as those of the forward pass.
            with tf.control_dependencies([upstream]):
                pixels = tf.identity(_pixels(image))
            return _image_gradient(upstream, positions, pixels), _flow_gradient(
                upstream, positions, pixels
            )

        return _interpolated(image, positions), gradient

    return interpolated(image, flow_px)


def _pixels(image: tf.Tensor) -> tf.Tensor:
    """One flat list of pixels makes each corner a gather of contiguous rows of C values."""
    return tf.reshape(image, [-1, tf.shape(image)[3]])


def _interpolated(image: tf.Tensor, positions: "_Positions") -> tf.Tensor:
    weight_x = tf.cast(positions.weight_x, image.dtype)
    weight_y = tf.cast(positions.weight_y, image.dtype)
    pixels = _pixels(image)
    top_left, top_right, bottom_left, bottom_right = (
        tf.gather(pixels, corner) for corner in positions.corners
    )
    upper = top_left + weight_x * (top_right - top_left)
    lower = bottom_left + weight_x * (bottom_right - bottom_left)
    return upper + weight_y * (lower - upper)


@dataclasses.dataclass(frozen=True)
class _Positions:
    """Where every output pixel looks, in the flat list of the pixels of the batch.

    Attributes:
      corners: indices (B, H, W) of the pixels top left, top right, bottom left, bottom right.
      weight_x: (B, H, W, 1) float32, of the right pixels.
      weight_y: likewise, of the bottom ones.
      inside: (B, H, W, 2) float32, 1 where a change of dx or dy changes the position.
    """

    corners: tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]
    weight_x: tf.Tensor
    weight_y: tf.Tensor
    inside: tf.Tensor


def _positions(flow_px: tf.Tensor, shape: tf.Tensor, other_half: bool) -> _Positions:
    batch, height, width = shape[0], shape[1], shape[2]
    columns = tf.cast(tf.range(width), tf.float32)[None, None, :] + flow_px[..., 0]
    rows = tf.cast(tf.range(height), tf.float32)[None, :, None] + flow_px[..., 1]
    left, right, weight_x, inside_x = _neighbours(columns, width)
    top, bottom, weight_y, inside_y = _neighbours(rows, height)
    images = tf.range(batch)
    if other_half:
        images = (images + batch // 2) % batch
    first_pixel = images[:, None, None] * (height * width)
    upper, lower = first_pixel + top * width, first_pixel + bottom * width
    return _Positions(
        corners=(upper + left, upper + right, lower + left, lower + right),
        weight_x=weight_x[..., None],
        weight_y=weight_y[..., None],
        inside=tf.stack([inside_x, inside_y], axis=-1),
    )


def _neighbours(
    position: tf.Tensor, size: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """The two pixels beside a position along one axis, the weight of the second, its slope."""
    # Clamping the integer, not the float, keeps the lookup inside the image even for a NaN flow.
    first = tf.clip_by_value(tf.cast(tf.floor(position), tf.int32), 0, tf.maximum(size - 2, 0))
    second = tf.minimum(first + 1, size - 1)
    offset = position - tf.cast(first, tf.float32)
    inside = tf.cast((offset >= 0.0) & (offset <= 1.0), tf.float32)
    return first, second, tf.clip_by_value(offset, 0.0, 1.0), inside


def _image_gradient(upstream: tf.Tensor, positions: _Positions, pixels: tf.Tensor) -> tf.Tensor:
    """Gives every pixel what the positions that looked at it send back."""
    weight_x, weight_y = positions.weight_x, positions.weight_y
    weights = [
        (1.0 - weight_x) * (1.0 - weight_y),
        weight_x * (1.0 - weight_y),
        (1.0 - weight_x) * weight_y,
        weight_x * weight_y,
    ]
    gradient = None
    for corner, weight in zip(positions.corners, weights, strict=True):
        # One corner after the other, for the sake of memory.
        with tf.control_dependencies([] if gradient is None else [gradient]):
            part = tf.cast(weight, upstream.dtype) * upstream
        sums = tf.math.unsorted_segment_sum(part, corner, tf.shape(pixels)[0])
        gradient = sums if gradient is None else gradient + sums
    return tf.reshape(gradient, tf.shape(upstream))


def _flow_gradient(upstream: tf.Tensor, positions: _Positions, pixels: tf.Tensor) -> tf.Tensor:
    """The slope of the bilinear surface, along both axes; summed in float32."""
    upstream = tf.cast(upstream, tf.float32)
    products: list[tf.Tensor] = []
    for corner in positions.corners:
        with tf.control_dependencies(products[-1:]):
            colours = tf.gather(pixels, corner)
        products.append(tf.reduce_sum(upstream * tf.cast(colours, tf.float32), axis=-1))
    top_left, top_right, bottom_left, bottom_right = products
    weight_x, weight_y = positions.weight_x[..., 0], positions.weight_y[..., 0]
    upper, lower = top_right - top_left, bottom_right - bottom_left
    left, right = bottom_left - top_left, bottom_right - top_right
    slopes = [upper + weight_y * (lower - upper), left + weight_x * (right - left)]
    return positions.inside * tf.stack(slopes, axis=-1)
