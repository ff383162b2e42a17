"""Census loss: whether the neighbours of a pixel are darker or brighter than it is.

The soft ternary census of UnFlow (Meister, Hur & Roth, AAAI 2018, arXiv 1711.07837): with d the
difference of a neighbour to the centre of a 7x7 window, in grey levels of [0, 255], the descriptor
is d / sqrt(0.81 + d^2); two descriptors t, u differ by (t - u)^2 / (0.1 + (t - u)^2), summed over
the 48 neighbours. Brightness that changes evenly costs nothing.

Images are (B, H, W, 3) float32, RGB in [0, 1].
"""

import tensorflow as tf

_RADIUS = 3
_GREY = (0.2989, 0.5870, 0.1140)  # As `tf.image.rgb_to_grayscale`.
_NOISE = 0.81
_TOLERANCE = 0.1
_EPSILON, _EXPONENT = 0.001, 0.45


def census(prediction: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Mean over the pixels whose window is inside of the robust penalty of the soft distance.

    Args:
      prediction: (B, H, W, 3), sides of at least 7.
      target: the same shape.

    Returns:
      mean((h^2 + 0.001^2) ** 0.45), h the sum over the neighbours; 0.002 for equal images. Scalar.
    """
    difference = tf.square(_descriptors(prediction) - _descriptors(target))
    distance = tf.reduce_sum(difference / (_TOLERANCE + difference), axis=-1)
    return tf.reduce_mean((tf.square(distance) + _EPSILON**2) ** _EXPONENT)


def _descriptors(image: tf.Tensor) -> tf.Tensor:
    """Maps (B, H, W, 3) to (B, H - 6, W - 6, 48)."""
    grey = tf.tensordot(255.0 * image, tf.constant(_GREY), axes=1)
    side = 2 * _RADIUS + 1
    height, width = tf.shape(grey)[1] - side + 1, tf.shape(grey)[2] - side + 1
    windows = [
        grey[:, row : row + height, column : column + width]
        for row in range(side)
        for column in range(side)
    ]
    centre = windows.pop(len(windows) // 2)
    differences = tf.stack(windows, axis=-1) - centre[..., None]
    return differences * tf.math.rsqrt(_NOISE + tf.square(differences))
