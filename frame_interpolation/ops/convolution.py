"""A 'same' convolution with gradients that are quick on processors without oneDNN's kernels.

Images are (B, H, W, C), kernels (height, width, C, filters) of odd sides; stride 1, zeros beyond
the border. On such processors TensorFlow 2.15 computes the two gradients of a convolution at about
half of the speed of the convolution itself. Written down they are again what it is quick at:

    of the image    the convolution of the upstream gradient with the kernel turned by half a turn,
                    inputs and filters exchanged
    of the kernel   for each of its taps one matrix product, over all pixels, of the image and the
                    upstream gradient shifted against each other by that tap

A shift costs nothing: in the list of all pixels of zero-padded images it is an offset.
"""

from collections.abc import Sequence

import tensorflow as tf
from tensorflow.python.util import _pywrap_util_port

# Below it TensorFlow's own gradients win, for the work is in the kernel and not in the image.
_FEWEST_PIXELS = 16 * 16
_FEWEST_CHANNELS = 16
_LARGE_PIXELS = 64 * 64


def written_gradient_pays() -> bool:
    """Tells whether `same_convolution` should take the gradients that are written here.

    They were measured on a processor where TensorFlow leaves oneDNN off, which it does by itself
    without vectors wide enough. Where it is on, oneDNN has kernels for the gradients too, and on
    other devices so have their libraries.
    """
    on_processor = all(device.device_type == "CPU" for device in tf.config.list_logical_devices())
    return on_processor and not _pywrap_util_port.IsMklEnabled()


def same_convolution(
    image: tf.Tensor, kernel: tf.Tensor, *, written_gradient: bool = False
) -> tf.Tensor:
    """Convolves with stride 1 and zeros beyond the border.

    Args:
      image: (B, H, W, C) floating point.
      kernel: (height, width, C, filters), of the same dtype.
      written_gradient: take the gradients that are written here, of float32 images whose size is
        known and large enough for it.

    Returns:
      (B, H, W, filters).
    """
    if written_gradient and _is_worth_it(image, kernel):
        return _differentiable(image, kernel)
    return tf.nn.conv2d(image, kernel, strides=1, padding="SAME")


def _is_worth_it(image: tf.Tensor, kernel: tf.Tensor) -> bool:
    sides = kernel.shape[:2].as_list()
    return (
        image.dtype == tf.float32
        and image.shape.is_fully_defined()
        and image.shape[1:3].num_elements() >= _FEWEST_PIXELS
        and max(sides) > 1
        and all(side % 2 for side in sides)
    )


@tf.custom_gradient
def _differentiable(image: tf.Tensor, kernel: tf.Tensor):
    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return _image_gradient(upstream, kernel), _kernel_gradient(image, upstream, kernel.shape)

    return tf.nn.conv2d(image, kernel, strides=1, padding="SAME"), gradient


def _image_gradient(upstream: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    turned = tf.transpose(tf.reverse(kernel, axis=[0, 1]), [0, 1, 3, 2])
    return tf.nn.conv2d(upstream, turned, strides=1, padding="SAME")


def _kernel_gradient(
    image: tf.Tensor, upstream: tf.Tensor, kernel_shape: tf.TensorShape
) -> tf.Tensor:
    _, _, channels, filters = kernel_shape
    if channels < _FEWEST_CHANNELS:
        return tf.raw_ops.Conv2DBackpropFilter(
            input=image,
            filter_sizes=kernel_shape,
            out_backprop=upstream,
            strides=[1, 1, 1, 1],
            padding="SAME",
        )
    # Products of few filters fill the processor only when those of a row of taps are joined.
    if channels > filters or image.shape[1:3].num_elements() <= _LARGE_PIXELS:
        return _row_by_row(image, upstream, kernel_shape)
    return _tap_by_tap(image, upstream, kernel_shape)


def _tap_by_tap(image: tf.Tensor, upstream: tf.Tensor, kernel_shape: tf.TensorShape) -> tf.Tensor:
    """One product for each tap of the kernel."""
    height, width, channels, filters = kernel_shape
    top, left = height // 2, width // 2
    pixels = tf.pad(image, [[0, 0], [0, 2 * top], [0, 2 * left], [0, 0]])
    gradients = tf.pad(upstream, [[0, 0], [top, top], [left, left], [0, 0]])
    stride = image.shape[2] + 2 * left
    products = _shifted_products(
        tf.reshape(pixels, [-1, channels]),
        tf.reshape(gradients, [-1, filters]),
        [row * stride + column for row in range(height) for column in range(width)],
    )
    return tf.reshape(products, kernel_shape)


def _row_by_row(image: tf.Tensor, upstream: tf.Tensor, kernel_shape: tf.TensorShape) -> tf.Tensor:
    """One product for each row of the kernel, with the shifted upstream gradients side by side."""
    height, width, channels, filters = kernel_shape
    top, left = height // 2, width // 2
    columns = image.shape[2]
    padded = tf.pad(upstream, [[0, 0], [top, top], [left, left], [0, 0]])
    shifted = [padded[:, :, shift : shift + columns] for shift in reversed(range(width))]
    # Image by image, since the zeros between them would have to be put into a copy.
    sums: list[tf.Tensor] = []
    pairs = zip(tf.unstack(image), tf.unstack(tf.concat(shifted, axis=-1)), strict=True)
    for pixels, gradients in pairs:
        with tf.control_dependencies(sums):
            products = _shifted_products(
                tf.reshape(pixels, [-1, channels]),
                tf.reshape(gradients, [-1, width * filters]),
                [row * columns for row in range(height)],
            )
        sums = [products + sums[0] if sums else products]
    split = tf.reshape(sums[0], [height, channels, width, filters])
    return tf.transpose(split, [0, 2, 1, 3])


def _shifted_products(pixels: tf.Tensor, gradients: tf.Tensor, shifts: Sequence[int]) -> tf.Tensor:
    """Multiplies a list of pixels with one of gradients from so far on: the largest shift first.

    The gradients have zeros before and behind them; of the pixels, those are left out that would
    meet nothing.
    """
    count = gradients.shape[0] - max(shifts)
    pixels = tf.slice(pixels, [0, 0], [count, pixels.shape[1]])
    products: list[tf.Tensor] = []
    for shift in sorted(shifts, reverse=True):
        # One after the other, for the sake of memory.
        with tf.control_dependencies(products[-1:]):
            meeting = tf.slice(gradients, [shift, 0], [count, gradients.shape[1]])
            products.append(tf.matmul(pixels, meeting, transpose_a=True))
    return tf.stack(products)
