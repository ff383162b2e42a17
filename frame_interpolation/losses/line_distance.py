"""How far the lines of two drawings are apart, differentiably.

After the chamfer line distance of Chen & Zwicker (EISAI, arXiv 2111.12792): lines are found by a
difference of Gaussians (Winnemoeller et al., XDoG, 2011) of the grey image (0.299, 0.587, 0.114),
DoG = 0.5 + 2 (G_1.6 - G_1.0) - 0.01 with 13 and 9 taps and the border repeated, a pixel being on a
line where DoG > 0.5. To have a gradient

    the line map is soft,         S = sigmoid((DoG - 0.5) / 0.0025), in [0, 1];
    and so is the distance to it, D(S) = sum over r = 0 ... 7 of (1 - M_r),

M_r being the largest S within r pixels along both axes. For a map of zeros and ones D is the
chessboard distance to the nearest line pixel, at most 8 px. The loss of two maps S and T is

    1/2 mean(max(S - T, 0) D(T) + max(T - S, 0) D(S)) / 8,

which for maps of zeros and ones is the chamfer distance, and for equal maps 0. All of it is
pooling and arithmetic on arrays of fixed size, so it runs on every accelerator.

Images are (B, H, W, 3) float32, RGB in [0, 1]; line maps (B, H, W, 1).
"""

import math

import tensorflow as tf

_GREY = (0.299, 0.587, 0.114)
_FINE_SIGMA_PX, _FINE_TAPS = 1.0, 9
_COARSE_SIGMA_PX, _COARSE_TAPS = 1.6, 13
_GAIN, _THRESHOLD = 2.0, 0.01
_SOFTNESS = 0.0025
_REACH_PX = 8


def line_distance(prediction: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """Distance of the lines of two images; no gradient flows into the target.

    Args:
      prediction: (B, H, W, 3).
      target: the same shape.

    Returns:
      A float32 scalar, the mean over the batch, 0 to 1; for thin lines that all are d px off, d / 8
      times their share of the pixels.
    """
    return chamfer(soft_line_map(prediction), tf.stop_gradient(soft_line_map(target)))


def soft_line_map(image: tf.Tensor) -> tf.Tensor:
    """Maps images (B, H, W, 3) to how much of a line each pixel is: (B, H, W, 1) in [0, 1]."""
    grey = tf.tensordot(image, tf.constant(_GREY), axes=1)
    coarse = _blur(grey, _COARSE_SIGMA_PX, _COARSE_TAPS)
    fine = _blur(grey, _FINE_SIGMA_PX, _FINE_TAPS)
    return tf.sigmoid((_GAIN * (coarse - fine) - _THRESHOLD) / _SOFTNESS)[..., None]


def chamfer(lines: tf.Tensor, other_lines: tf.Tensor) -> tf.Tensor:
    """The symmetric distance of two line maps (B, H, W, 1), as above: a float32 scalar."""
    surplus = tf.nn.relu(lines - other_lines) * _distance_px(other_lines)
    missing = tf.nn.relu(other_lines - lines) * _distance_px(lines)
    return 0.5 * tf.reduce_mean(surplus + missing) / _REACH_PX


def _distance_px(lines: tf.Tensor) -> tf.Tensor:
    distance = 1.0 - lines
    for _ in range(_REACH_PX - 1):
        lines = tf.nn.max_pool2d(lines, ksize=3, strides=1, padding="SAME")
        distance += 1.0 - lines
    return distance


def _blur(grey: tf.Tensor, sigma_px: float, taps: int) -> tf.Tensor:
    """Gaussian of (B, H, W), by sums: a GPU's convolution may round to 10 bits, too few here."""
    radius = taps // 2
    weights = [math.exp(-0.5 * (i / sigma_px) ** 2) for i in range(-radius, radius + 1)]
    weights = [weight / math.fsum(weights) for weight in weights]
    height, width = tf.shape(grey)[1], tf.shape(grey)[2]
    rows = tf.clip_by_value(tf.range(-radius, height + radius), 0, height - 1)
    columns = tf.clip_by_value(tf.range(-radius, width + radius), 0, width - 1)
    padded = tf.gather(grey, rows, axis=1)
    grey = tf.add_n([weight * padded[:, i : i + height] for i, weight in enumerate(weights)])
    padded = tf.gather(grey, columns, axis=2)
    return tf.add_n([weight * padded[:, :, i : i + width] for i, weight in enumerate(weights)])
