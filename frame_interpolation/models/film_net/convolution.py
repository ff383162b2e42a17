"""The convolution that every part of FILM is made of."""

import tensorflow as tf

_LEAKY_RELU_SLOPE = 0.2


def convolution(
    filters: int, kernel_size: int, *, name: str, linear: bool = False
) -> tf.keras.layers.Conv2D:
    """A 'same' convolution with leaky ReLU of slope 0.2, or without an activation."""
    return tf.keras.layers.Conv2D(
        filters,
        kernel_size,
        padding="same",
        activation=None if linear else _leaky_relu,
        name=name,
    )


def _leaky_relu(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.leaky_relu(x, alpha=_LEAKY_RELU_SLOPE)
