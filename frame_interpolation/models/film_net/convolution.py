"""The convolutions that FILM is made of.

`precision` is the name of a Keras policy: with `mixed_bfloat16` or `mixed_float16` the variables
stay float32 and are cast for the computation.
"""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from frame_interpolation.ops import convolution

_LEAKY_RELU_SLOPE = 0.2
# Inputs of fewer channels are convolved together, since one of them would not fill the processor.
_NARROW = 16


class Convolution(tf.keras.layers.Conv2D):
    """A 'same' convolution with leaky ReLU of slope 0.2, or without an activation."""

    def __init__(
        self,
        filters: int,
        kernel_size: int,
        *,
        name: str,
        linear: bool = False,
        precision: str = "float32",
    ):
        super().__init__(filters, kernel_size, padding="same", name=name, dtype=precision)
        self._linear = linear
        self.input_spec = None  # Keras' check takes one input alone.

    def build(self, input_shape: Any) -> None:
        """Makes kernel and bias for one input or for a list of inputs."""
        shapes = [input_shape] if isinstance(input_shape, tf.TensorShape) else list(input_shape)
        channels = sum(shape[-1] for shape in shapes)
        super().build(tf.TensorShape([*shapes[0][:-1], channels]))
        self.input_spec = None  # `Conv2D` sets it again.

    def call(
        self, inputs: tf.Tensor | Sequence[tf.Tensor], training: bool | None = None
    ) -> tf.Tensor:
        """Maps (B, H, W, C) to (B, H, W, filters), in the precision's type.

        Args:
          inputs: one tensor, or several (B, H, W, any) that stand for their concatenation.
          training: whether a gradient will be asked for.
        """
        parts = [inputs] if tf.is_tensor(inputs) else list(inputs)
        if len(parts) > 1 and not (training and self._is_smaller_than(parts[0])):
            parts = [tf.concat(parts, axis=-1)]
        net = self._sum_over(parts) if training else super().call(parts[0])
        if self._linear:
            return net
        return _frugal_leaky_relu(net) if training else _leaky_relu(net)

    def _is_smaller_than(self, image: tf.Tensor) -> bool:
        """Whether the kernel has fewer elements than a picture of as many channels."""
        pixels = image.shape[:3].num_elements()
        height, width, _, filters = self.kernel.shape
        return pixels is not None and height * width * filters < pixels

    def _sum_over(self, parts: Sequence[tf.Tensor]) -> tf.Tensor:
        """Convolves each input with its part of the kernel, and adds the results up.

        The concatenation is neither made nor kept for the gradient, whose workspace is that of the
        largest input, and no gradient is computed of an input that needs none.
        """
        written_gradient = convolution.written_gradient_pays()
        net = None
        for part, kernel in self._with_kernels(parts):
            convolved = convolution.same_convolution(
                part, kernel, written_gradient=written_gradient
            )
            net = tf.nn.bias_add(convolved, self.bias) if net is None else net + convolved
        return net

    def _with_kernels(self, parts: Sequence[tf.Tensor]) -> list[tuple[tf.Tensor, tf.Tensor]]:
        if len(parts) == 1:
            return [(parts[0], tf.convert_to_tensor(self.kernel))]
        kernels = tf.split(self.kernel, [part.shape[-1] for part in parts], axis=2)
        pairs = list(zip(parts, kernels, strict=True))
        narrow = [pair for pair in pairs if pair[0].shape[-1] < _NARROW]
        pairs = [pair for pair in pairs if pair[0].shape[-1] >= _NARROW]
        if narrow:
            images, kernels = zip(*narrow, strict=True)
            pairs.append((tf.concat(images, axis=-1), tf.concat(kernels, axis=2)))
        return pairs


class UpsamplingConvolution(tf.keras.layers.Conv2D):
    """A linear 2x2 'same' convolution of the input after nearest-neighbour upsampling.

    The four taps are applied before the upsampling, to a quarter of the pixels, and their results
    are brought to their places and added: the same values for a quarter of the multiplications.
    """

    def __init__(self, filters: int, *, name: str, precision: str = "float32"):
        super().__init__(filters, 2, padding="same", name=name, dtype=precision)

    def call(self, inputs: tf.Tensor, size: tuple[int | tf.Tensor, int | tf.Tensor]) -> tf.Tensor:
        """Maps (B, h, w, C) to (B, *size, filters).

        Args:
          inputs: (B, h, w, C).
          size: height and width after upsampling, as numbers where they are known.
        """
        channels = self.kernel.shape[2]
        # All four taps as the outputs of one 1x1 convolution, ordered (column, row, filter).
        taps = tf.reshape(
            tf.transpose(self.kernel, [2, 1, 0, 3]), [1, 1, channels, 4 * self.filters]
        )
        net = tf.nn.conv2d(inputs, taps, strides=1, padding="VALID")
        for axis, length in ((2, size[1]), (1, size[0])):
            here, following = tf.split(net, 2, axis=-1)
            net = _add_upsampled(here, following, length, axis=axis)
        return tf.nn.bias_add(net, self.bias)


def _add_upsampled(
    here: tf.Tensor, following: tf.Tensor, length: int | tf.Tensor, *, axis: int
) -> tf.Tensor:
    """Upsamples along one axis: `here` at every position plus `following` at the one behind it."""
    shape = here.shape.as_list()
    padding = [[0, 0]] * 4
    padding[axis] = [0, 1]
    padded = tf.pad(following, padding)  # Behind the last position there is nothing.
    if shape[axis] is not None and not tf.is_tensor(length) and length == 2 * shape[axis]:
        start = [0] * 4
        start[axis] = 1
        shifted = tf.ensure_shape(tf.slice(padded, start, tf.shape(here)), here.shape)
        # Pairs of positions see the same pixel; only the second one's follower is the next pixel.
        pairs = tf.stack([here + following, here + shifted], axis=axis + 1)
        size = [tf.shape(here)[i] if side is None else side for i, side in enumerate(shape)]
        size[axis] = length
        return tf.reshape(pairs, size)
    count = tf.shape(here)[axis]
    index = _nearest(length, count)
    following_index = tf.concat([index[1:], [count]], axis=0)
    return tf.gather(here, index, axis=axis) + tf.gather(padded, following_index, axis=axis)


def _nearest(length: int | tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """Which of `count` pixels each of `length` positions sees, as `tf.image.resize` has it."""
    scale = tf.cast(count, tf.float32) / tf.cast(length, tf.float32)
    position = tf.floor((tf.cast(tf.range(length), tf.float32) + 0.5) * scale)
    return tf.minimum(tf.cast(position, tf.int32), count - 1)


def _leaky_relu(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.leaky_relu(x, alpha=_LEAKY_RELU_SLOPE)


@tf.custom_gradient
def _frugal_leaky_relu(x: tf.Tensor):
    """Leaky ReLU that remembers its output, which the next layer keeps anyway, not its input.

    The gradient asks for the sign alone, which is that of the output too. It is used in training
    only, since a graph for inference is optimised further without a custom gradient in it.
    """
    output = _leaky_relu(x)

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.LeakyReluGrad(
            gradients=upstream, features=output, alpha=_LEAKY_RELU_SLOPE
        )

    return output, gradient
