"""Metrics of one estimated frame against the true one.

Every metric is a pure function `(estimate, truth) -> float` of two NumPy arrays (H, W, 3), RGB
in [0, 1], of equal size. The caller clips the estimate to [0, 1] first (`protocols.Protocol`
does); nothing here clips or rounds. Arithmetic is in float64 but for `ssim`.

`psnr` and `ssim` are what FILM reports, `tf.image.psnr` and `tf.image.ssim` with `max_val=1`
(11x11 Gaussian window of sigma 1.5, data range 1). `psnr` is computed in float64, equal to
TensorFlow's up to float32 rounding and to scikit-image's. `ssim` is TensorFlow's function itself,
for its sums in float32 are part of FILM's figures: on a 960x540 frame they move the value by up to
3e-4 from that of exact sums. `ssim_atd12k` is the SSIM of every published ATD-12K table: a uniform
7x7 window and data range **2** (an accident of the library that AnimeInterp's test script was run
with). The two are different quantities, `ssim` being the lower one on most pairs, and never share a
name.

A metric that slides a window cannot be computed on images smaller than the window:
`Metric.minimum_side_px` says so, and `Metric.measure` then answers None, a missing value.

The suffix `_roi` on a metric's name means the same function on the region of interest of the
triplet (see `protocols.crop_region`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from frame_interpolation.errors import InputError

ROI_SUFFIX = "_roi"

_SSIM_WINDOW_PX = 11
_ATD12K_WINDOW_PX = 7


@dataclass(frozen=True)
class Metric:
    """A metric and what is needed to print it.

    Attributes:
        name: The name in `evaluation.metrics` and in the title row of `results.csv`.
        title: Column title for people; tells apart what a short name would not.
        definition: One sentence that defines the value.
        function: `(estimate, truth) -> float` on float arrays (H, W, 3) in [0, 1].
        higher_is_better: Which of two values is the better one.
        decimals: Digits after the point in tables.
        unit: Unit of the value, empty for a pure number.
        minimum_side_px: Smallest height and width on which the metric is defined.
    """

    name: str
    title: str
    definition: str
    function: Callable[[np.ndarray, np.ndarray], float]
    higher_is_better: bool
    decimals: int
    unit: str = ""
    minimum_side_px: int = 1

    def measure(self, estimate: np.ndarray, truth: np.ndarray) -> float | None:
        """Returns the metric's value, or None where it is not defined.

        Args:
            estimate: Estimated frame (H, W, 3), float in [0, 1].
            truth: True frame (H, W, 3), float in [0, 1].

        Returns:
            The value, or None when a side is shorter than `minimum_side_px`.

        Raises:
            ValueError: If the two shapes differ or are not (H, W, 3).
        """
        if estimate.shape != truth.shape or truth.ndim != 3 or truth.shape[-1] != 3:
            raise ValueError(
                f"{self.name} compares two frames (H, W, 3) of equal size; "
                f"got {estimate.shape} and {truth.shape}."
            )
        if min(truth.shape[:2]) < self.minimum_side_px:
            return None
        return float(self.function(estimate, truth))


def l1(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Mean absolute difference over all pixels and channels.

    Args:
        estimate: Frame (H, W, 3), float in [0, 1].
        truth: Frame (H, W, 3), float in [0, 1].

    Returns:
        A value in [0, 1].
    """
    return float(np.mean(np.abs(_difference(estimate, truth))))


def l2(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Mean squared difference over all pixels and channels.

    Args:
        estimate: Frame (H, W, 3), float in [0, 1].
        truth: Frame (H, W, 3), float in [0, 1].

    Returns:
        A value in [0, 1].
    """
    return float(np.mean(np.square(_difference(estimate, truth))))


def psnr(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Peak signal-to-noise ratio with data range 1, as `tf.image.psnr(..., max_val=1)`.

    Args:
        estimate: Frame (H, W, 3), float in [0, 1].
        truth: Frame (H, W, 3), float in [0, 1].

    Returns:
        The ratio in dB; `inf` for identical frames.
    """
    mean_squared_error = l2(estimate, truth)
    if mean_squared_error == 0.0:
        return float("inf")
    return float(-10.0 * np.log10(mean_squared_error))


def interpolation_error(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Interpolation error IE of the ATD-12K protocol.

    Args:
        estimate: Frame (H, W, 3), float in [0, 1].
        truth: Frame (H, W, 3), float in [0, 1].

    Returns:
        The mean over pixels of the Euclidean length of the RGB difference, in grey levels of 255.
    """
    squared = np.square(255.0 * _difference(estimate, truth))
    return float(np.mean(np.sqrt(np.sum(squared, axis=-1))))


def ssim(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Structural similarity with data range 1: `tf.image.ssim(..., max_val=1)`.

    Wang et al., "Image quality assessment: from error visibility to structural similarity"
    (2004): an 11x11 Gaussian window of sigma 1.5 inside the image only, K1 0.01, K2 0.03, the mean
    over positions and channels.

    Args:
        estimate: Frame (H, W, 3), float in [0, 1], both sides at least 11 px.
        truth: Frame (H, W, 3), float in [0, 1].

    Returns:
        A value in [-1, 1], 1 for identical frames up to rounding.
    """
    import tensorflow as tf  # Slow to import; options need names only.

    with tf.device("CPU:0"):  # The same value wherever the network runs, and beside it.
        value = tf.image.ssim(estimate.astype(np.float32), truth.astype(np.float32), max_val=1.0)
    return float(value.numpy())


def ssim_atd12k(estimate: np.ndarray, truth: np.ndarray) -> float:
    """Structural similarity as in the published ATD-12K tables: 7x7 uniform window, range 2.

    Args:
        estimate: Frame (H, W, 3), float in [0, 1], both sides at least 7 px.
        truth: Frame (H, W, 3), float in [0, 1].

    Returns:
        scikit-image's value for exactly the call of the protocol, 1 for identical frames.
    """
    from skimage.metrics import structural_similarity  # Slow to import; options need names only.

    return float(
        structural_similarity(
            estimate.astype(np.float64),
            truth.astype(np.float64),
            win_size=_ATD12K_WINDOW_PX,
            gaussian_weights=False,
            use_sample_covariance=True,
            K1=0.01,
            K2=0.03,
            data_range=2.0,
            channel_axis=-1,
        )
    )


def _difference(estimate: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return estimate.astype(np.float64) - truth.astype(np.float64)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="l1",
            title="L1",
            definition="mean absolute difference",
            function=l1,
            higher_is_better=False,
            decimals=5,
        ),
        Metric(
            name="l2",
            title="L2",
            definition="mean squared difference",
            function=l2,
            higher_is_better=False,
            decimals=6,
        ),
        Metric(
            name="psnr",
            title="PSNR",
            definition="peak signal-to-noise ratio, data range 1, averaged in dB",
            function=psnr,
            higher_is_better=True,
            decimals=3,
            unit="dB",
        ),
        Metric(
            name="ssim",
            title="SSIM (FILM)",
            definition="SSIM, 11x11 Gaussian window, data range 1 (tf.image.ssim)",
            function=ssim,
            higher_is_better=True,
            decimals=4,
            minimum_side_px=_SSIM_WINDOW_PX,
        ),
        Metric(
            name="ssim_atd12k",
            title="SSIM (ATD-12K)",
            definition="SSIM, 7x7 uniform window, data range 2 (the published ATD-12K tables)",
            function=ssim_atd12k,
            higher_is_better=True,
            decimals=4,
            minimum_side_px=_ATD12K_WINDOW_PX,
        ),
        Metric(
            name="ie",
            title="IE",
            definition="interpolation error: mean length of the RGB difference, 0..255 scale",
            function=interpolation_error,
            higher_is_better=False,
            decimals=3,
        ),
    )
}


def split_name(name: str) -> tuple[str, bool]:
    """Splits a column name into the metric's own name and whether it is taken on the RoI.

    Args:
        name: A name as in `evaluation.metrics`, such as 'psnr' or 'psnr_roi'.

    Returns:
        The metric's name without suffix, and True for the region of interest.
    """
    if name.endswith(ROI_SUFFIX):
        return name.removesuffix(ROI_SUFFIX), True
    return name, False


def find(name: str) -> Metric:
    """Returns the metric of a column name, with or without the suffix `_roi`.

    Args:
        name: A name as in `evaluation.metrics`.

    Returns:
        The metric.

    Raises:
        InputError: If there is no such metric.
    """
    metric = METRICS.get(split_name(name)[0])
    if metric is None:
        raise InputError(
            f"There is no metric {name!r}; evaluation.metrics takes {', '.join(METRICS)}, "
            f"each also with the suffix {ROI_SUFFIX}."
        )
    return metric
