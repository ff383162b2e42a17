"""L1 distance of Laplacian pyramids (Bojanowski et al., ICML 2018, arXiv 1707.05776).

With the five levels and the weights of Niklaus & Liu (CVPR 2018, arXiv 1803.10967): level i, from
1, has the weight 2 ** (i - 1). The pyramid is that of Burt & Adelson (1983): blurred with the
binomial (1, 4, 6, 4, 1) / 16, every second pixel kept; a level is the difference to the expanded
next one, and the last level what is left. Borders are mirrored, so that a flat image has flat
levels.

Images are (B, H, W, C) float32.
"""

import tensorflow as tf

_LEVELS = 5
_BINOMIAL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)


def laplacian(prediction: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Sums up the weighted absolute differences of the levels.

    Args:
      prediction: (B, H, W, C), sides of at least 9.
      target: the same shape.

    Returns:
      The sum divided by the number of values in the images, so that the finest level counts as in a
      mean absolute difference; a constant offset d gives d / 16. A float32 scalar.
    """
    # The pyramid is linear: that of the difference is the difference of the pyramids.
    difference = prediction - target
    total = tf.constant(0.0)
    for index, level in enumerate(_pyramid(difference)):
        total += 2.0**index * tf.reduce_sum(tf.abs(level))
    return total / tf.cast(tf.size(difference), tf.float32)


def _pyramid(image: tf.Tensor) -> list[tf.Tensor]:
    levels = []
    for _ in range(_LEVELS - 1):
        coarse = _reduce(_reduce(image, axis=1), axis=2)
        levels.append(image - _expand(_expand(coarse, like=image, axis=1), like=image, axis=2))
        image = coarse
    return [*levels, image]


def _reduce(image: tf.Tensor, *, axis: int) -> tf.Tensor:
    length = tf.shape(image)[axis]
    padded = _padded(image, axis=axis, width=2)
    return tf.add_n(
        [weight * _part(padded, axis, i, length, 2) for i, weight in enumerate(_BINOMIAL)]
    )


def _expand(image: tf.Tensor, *, like: tf.Tensor, axis: int) -> tf.Tensor:
    """Inserts zeros behind the pixels and blurs, with twice the kernel."""
    length = tf.shape(image)[axis]
    padded = _padded(image, axis=axis, width=1)
    before, here, after = (_part(padded, axis, i, length, 1) for i in range(3))
    pairs = tf.stack([(before + 6.0 * here + after) / 8.0, (here + after) / 2.0], axis=axis + 1)
    shape = tf.tensor_scatter_nd_update(tf.shape(image), [[axis]], [2 * length])
    return _part(tf.reshape(pairs, shape), axis, 0, tf.shape(like)[axis], 1)


def _padded(image: tf.Tensor, *, axis: int, width: int) -> tf.Tensor:
    paddings = [[width, width] if i == axis else [0, 0] for i in range(4)]
    return tf.pad(image, paddings, "SYMMETRIC")


def _part(image: tf.Tensor, axis: int, start: int, length: tf.Tensor, step: int) -> tf.Tensor:
    where = slice(start, start + length, step)
    return image[:, where] if axis == 1 else image[:, :, where]
