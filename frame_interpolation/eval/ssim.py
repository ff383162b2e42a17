"""Local structural similarity (SSIM) of two frames, by the two definitions this project reports.

Wang et al., "Image quality assessment: from error visibility to structural similarity" (2004). A
map holds the similarity of every window that lies wholly inside the frame: entry [y, x, c] belongs
to the window whose top left pixel is (x, y). Its mean over all entries is the SSIM of the frame,
and the mean over the windows inside a region is exactly the SSIM of the region cut out. Frames are
float (H, W, 3) RGB in [0, 1], views included.

- `film_map` and `film_mean` make `tf.image.ssim` with `max_val=1`, which FILM reports: 11x11
  Gaussian window of sigma 1.5. The sums are TensorFlow's own, in float32 and in the same order,
  because their rounding is part of FILM's figures: on a 960x540 frame of a drawing exact sums, of
  windows in flat areas and of the map, would move the value by up to 3e-4.
- `atd12k_map` is the map of scikit-image's `structural_similarity` with the arguments of the
  published ATD-12K tables: uniform 7x7 window, sample covariance, data range **2**, in float64.

Both go through the frame in strips of rows, which stay in the processor's cache.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf

FILM_WINDOW_PX = 11
ATD12K_WINDOW_PX = 7

_K1, _K2 = 0.01, 0.03
_FILM_SIGMA_PX = 1.5
_ATD12K_DATA_RANGE = 2.0
_FILM_STRIP_ROWS = 96
_FILM_STRIP_PARTS = 4
_ATD12K_STRIP_ROWS = 24


def film_map(estimate: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Computes the local similarities of `tf.image.ssim(estimate, truth, max_val=1)`.

    Args:
        estimate: Frame (H, W, 3), float in [0, 1], both sides at least 11 px.
        truth: Frame (H, W, 3), float in [0, 1].

    Returns:
        float32 (H - 10, W - 10, 3), values in [-1, 1].
    """
    import tensorflow as tf  # Slow to import, and the other definition does not need it.

    estimate = np.ascontiguousarray(estimate, np.float32)
    truth = np.ascontiguousarray(truth, np.float32)
    c1, c2 = np.square(np.float32(_K1)), np.square(np.float32(_K2))
    similarity = np.empty(_map_shape(truth, FILM_WINDOW_PX), np.float32)
    with tf.device("CPU:0"):  # The same value wherever the network runs, and beside it.
        kernel = tf.tile(_gaussian_kernel(), [1, 1, 12 * _FILM_STRIP_PARTS, 1])
        for rows, windows in _strips(truth.shape[0], FILM_WINDOW_PX, _FILM_STRIP_ROWS):
            a, b = estimate[rows], truth[rows]
            part_rows, tops = _parts(windows.stop - windows.start)
            # One convolution of twelve channels adds up each of them as four of three would, and
            # one of 48 takes less than half the time of four: the parts of a strip are channels.
            channels = cv2.merge([a, b, a * b, a * a + b * b])
            part_height = part_rows + FILM_WINDOW_PX - 1
            stacked = cv2.merge([channels[top : top + part_height] for top in tops])
            sums = tf.nn.depthwise_conv2d(stacked[None], kernel, [1, 1, 1, 1], "VALID").numpy()[0]
            # By planes from here on: NumPy is three times as fast on them.
            planes = np.ascontiguousarray(sums.reshape(-1, sums.shape[-1]).T)
            planes = planes.reshape(_FILM_STRIP_PARTS, 4, 3, *sums.shape[:2])
            for of_part, top in zip(planes, tops, strict=True):
                mean_a, mean_b, product, squares = of_part
                means = mean_a * mean_b * np.float32(2)
                mean_squares = mean_a * mean_a + mean_b * mean_b
                local = (means + c1) / (mean_squares + c1)
                local *= (product * np.float32(2) - means + c2) / (squares - mean_squares + c2)
                first = windows.start + top
                similarity[first : first + part_rows] = local.transpose(1, 2, 0)
    return similarity


def film_mean(similarity: np.ndarray) -> float:
    """Averages `film_map`, or a part of it, as `tf.image.ssim` does.

    Args:
        similarity: float32 (H', W', 3).

    Returns:
        TensorFlow's mean over positions, then over channels, in float32.
    """
    import tensorflow as tf

    with tf.device("CPU:0"):
        return float(tf.reduce_mean(tf.reduce_mean(similarity, axis=(0, 1))).numpy())


def atd12k_map(estimate: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Computes the local similarities of the published ATD-12K tables.

    Args:
        estimate: Frame (H, W, 3), float in [0, 1], both sides at least 7 px.
        truth: Frame (H, W, 3), float in [0, 1].

    Returns:
        float64 (H - 6, W - 6, 3), values in [-1, 1].
    """
    c1, c2 = (_K1 * _ATD12K_DATA_RANGE) ** 2, (_K2 * _ATD12K_DATA_RANGE) ** 2
    samples = ATD12K_WINDOW_PX**2
    unbiased = samples / (samples - 1)
    similarity = np.empty(_map_shape(truth, ATD12K_WINDOW_PX), np.float64)
    for rows, windows in _strips(truth.shape[0], ATD12K_WINDOW_PX, _ATD12K_STRIP_ROWS):
        a = np.ascontiguousarray(estimate[rows], np.float64)
        b = np.ascontiguousarray(truth[rows], np.float64)
        mean_a, mean_b = _box_means(a), _box_means(b)
        means = mean_a * mean_b
        mean_squares = mean_a * mean_a + mean_b * mean_b
        covariance = unbiased * (_box_means(a * b) - means)
        # Only the sum of the two variances is needed.
        variances = unbiased * (_box_means(a * a + b * b) - mean_squares)
        numerator = (2 * means + c1) * (2 * covariance + c2)
        np.divide(numerator, (mean_squares + c1) * (variances + c2), out=similarity[windows])
    return similarity


def _map_shape(frame: np.ndarray, window_px: int) -> tuple[int, int, int]:
    height, width, channels = frame.shape
    return height - window_px + 1, width - window_px + 1, channels


def _strips(height: int, window_px: int, strip_rows: int) -> Iterator[tuple[slice, slice]]:
    """Yields rows of the frame, and the rows of the map that come of them."""
    positions = height - window_px + 1
    for top in range(0, positions, strip_rows):
        bottom = min(top + strip_rows, positions)
        yield slice(top, bottom + window_px - 1), slice(top, bottom)


def _parts(rows: int) -> tuple[int, list[int]]:
    """Parts a strip of the map: rows of a part, and where each begins; the last may overlap."""
    part_rows = -(-rows // _FILM_STRIP_PARTS)
    tops = [min(part * part_rows, rows - part_rows) for part in range(_FILM_STRIP_PARTS)]
    return part_rows, tops


def _box_means(channels: np.ndarray) -> np.ndarray:
    """Means of the windows that lie inside."""
    margin = ATD12K_WINDOW_PX // 2
    size = (ATD12K_WINDOW_PX, ATD12K_WINDOW_PX)
    means = cv2.boxFilter(channels, cv2.CV_64F, size, borderType=cv2.BORDER_REPLICATE)
    return means[margin:-margin, margin:-margin]


def _gaussian_kernel() -> "tf.Tensor":
    """Makes TensorFlow's window, float32 (11, 11, 1, 1), bit for bit."""
    import tensorflow as tf

    offsets = tf.range(FILM_WINDOW_PX, dtype=tf.float32) - (FILM_WINDOW_PX - 1) / 2.0
    exponents = tf.square(offsets) * (-0.5 / tf.square(tf.constant(_FILM_SIGMA_PX)))
    grid = tf.reshape(exponents[None, :] + exponents[:, None], [1, -1])
    return tf.reshape(tf.nn.softmax(grid), [FILM_WINDOW_PX, FILM_WINDOW_PX, 1, 1])
