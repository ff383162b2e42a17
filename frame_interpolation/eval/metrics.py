"""Metrics of one estimated frame against the true one: their names, definitions and functions.

Every metric compares two NumPy arrays (H, W, 3), RGB in [0, 1], of equal size. The caller clips the
estimate to [0, 1] first (`protocols.Protocol` does); nothing here clips or rounds. Arithmetic is in
float64 but for `ssim` and LPIPS.

Most metrics are the mean of a local map, an error or similarity at every pixel or for every window;
of such a metric, the value on a region is the mean over the part of the map that belongs to the
region, exactly what the metric gives for the region cut out. `scoring.Scorer` uses this.

`psnr` and `ssim` are what FILM reports, `tf.image.psnr` and `tf.image.ssim` with `max_val=1`
(11x11 Gaussian window of sigma 1.5, data range 1). `psnr` is computed in float64, equal to
TensorFlow's up to float32 rounding and to scikit-image's. `ssim` keeps TensorFlow's float32 sums,
for they are part of FILM's figures (see `ssim`). `ssim_atd12k` is the SSIM of every published
ATD-12K table: a uniform 7x7 window and data range **2** (an accident of the library that
AnimeInterp's test script was run with). The two are different quantities, `ssim` being the lower
one on most pairs, and never share a name. Nor do `lpips`, on frames scaled to the network's
[-1, 1], and `lpips_unscaled`, on frames in [0, 1] as in EISAI's published figures.

A metric that slides a window cannot be computed on images smaller than the window:
`Metric.minimum_side_px` says so, and `Metric.measure` then answers None, a missing value.

The suffix `_roi` on a metric's name means the same function on the region of interest of the
triplet (see `protocols.crop_region`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from frame_interpolation.errors import InputError
from frame_interpolation.eval import line_distance, lpips
from frame_interpolation.eval import ssim as structural_similarity

ROI_SUFFIX = "_roi"

NO_LPIPS_WEIGHTS = (
    "lpips and lpips_unscaled need the network's weights; make them of the public PyTorch files "
    "with tools/convert_lpips_weights.py and bind evaluation.lpips_weights to the file, or leave "
    "these metrics out."
)

LocalMap = Callable[[np.ndarray, np.ndarray], np.ndarray]


def mean(local_map: np.ndarray) -> float:
    """Averages a local map, or a part of one, in float64.

    Args:
        local_map: (H', W', ...), at least one entry.

    Returns:
        The mean of all entries.
    """
    return float(np.mean(local_map, dtype=np.float64))


@dataclass(frozen=True)
class Metric:
    """A metric and what is needed to print it.

    A metric has a `local_map` or a `function`, but for LPIPS, whose network `scoring.Scorer` loads.

    Attributes:
        name: The name in `evaluation.metrics` and in the title row of `results.csv`.
        title: Column title for people; tells apart what a short name would not.
        definition: One sentence that defines the value.
        higher_is_better: Which of two values is the better one.
        decimals: Digits after the point where people read the value.
        unit: Unit of the value, empty for a pure number.
        shown_exponent: People read the value in units of 10 to this power, as the literature
            prints it; files for programs hold the value itself.
        minimum_side_px: Smallest height and width on which the metric is defined; of a metric with
            a local map the side of its window.
        local_map: `(estimate, truth)` to (H', W', ...) whose entry [y, x] belongs to the window
            with the top left pixel (x, y), for every window inside the frame.
        of_map: Turns the map, or the part of it that belongs to a region, into the value.
        function: `(estimate, truth)` to the value and a remark, empty when there is none.
    """

    name: str
    title: str
    definition: str
    higher_is_better: bool
    decimals: int
    unit: str = ""
    shown_exponent: int = 0
    minimum_side_px: int = 1
    local_map: LocalMap | None = None
    of_map: Callable[[np.ndarray], float] = mean
    function: Callable[[np.ndarray, np.ndarray], tuple[float, str]] | None = None

    @property
    def shown_unit(self) -> str:
        """The unit in which people read the value, such as 'dB' or '×1e-5', or empty."""
        return self.unit or (f"×1e{self.shown_exponent}" if self.shown_exponent else "")

    @property
    def heading(self) -> str:
        """The title with the unit, such as 'PSNR [dB]'."""
        return f"{self.title} [{self.shown_unit}]" if self.shown_unit else self.title

    def shown(self, value: float) -> float:
        """Returns a value, or a difference of values, in the unit in which people read it."""
        return value * 10.0**-self.shown_exponent

    def format(self, value: float | None, *, signed: bool = False, more_decimals: int = 0) -> str:
        """Writes a value, or a difference of values, for people.

        Args:
            value: In the metric's own unit, or None.
            signed: Write the sign of a positive number as well.
            more_decimals: Digits after the point beyond `decimals`.

        Returns:
            The number in `shown_unit`, '-' for None.
        """
        if value is None:
            return "-"
        sign = "+" if signed else ""
        return f"{self.shown(value):{sign}.{self.decimals + more_decimals}f}"

    def measure(self, estimate: np.ndarray, truth: np.ndarray) -> float | None:
        """Returns the metric's value, or None where it is not defined.

        Args:
            estimate: Estimated frame (H, W, 3), float in [0, 1].
            truth: True frame (H, W, 3), float in [0, 1].

        Returns:
            The value, or None when a side is shorter than `minimum_side_px`.

        Raises:
            InputError: If a value of a frame is not finite.
            ValueError: If the two shapes differ or are not (H, W, 3), or the metric needs a
                network.
        """
        check_frames(estimate, truth)
        if min(truth.shape[:2]) < self.minimum_side_px:
            return None
        if self.local_map is not None:
            return self.of_map(self.local_map(estimate, truth))
        if self.function is None:
            raise ValueError(f"{self.name} needs a network; scoring.Scorer loads it.")
        return self.function(estimate, truth)[0]


def check_frames(estimate: np.ndarray, truth: np.ndarray) -> None:
    """Refuses frames that cannot be compared.

    Args:
        estimate: Estimated frame.
        truth: True frame.

    Raises:
        InputError: If a value is not a finite number.
        ValueError: If the two shapes differ or are not (H, W, 3).
    """
    if estimate.shape != truth.shape or truth.ndim != 3 or truth.shape[-1] != 3:
        raise ValueError(
            "Metrics compare two frames (H, W, 3) of equal size; "
            f"got {estimate.shape} and {truth.shape}."
        )
    for title, frame in (("estimate", estimate), ("truth", truth)):
        bad = frame.size - int(np.count_nonzero(np.isfinite(frame)))
        if bad:
            raise InputError(
                f"The {title} has {bad} values that are not finite numbers and cannot be scored."
            )


def absolute_error(estimate: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Computes the absolute difference of every channel.

    Args:
        estimate: Frame (H, W, 3), float in [0, 1].
        truth: Frame (H, W, 3), float in [0, 1].

    Returns:
        float64 (H, W, 3) in [0, 1].
    """
    difference = np.subtract(estimate, truth, dtype=np.float64)
    return np.abs(difference, out=difference)


def squared_error(estimate: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Computes the squared difference of every channel.

    Args:
        estimate: Frame (H, W, 3), float in [0, 1].
        truth: Frame (H, W, 3), float in [0, 1].

    Returns:
        float64 (H, W, 3) in [0, 1].
    """
    difference = np.subtract(estimate, truth, dtype=np.float64)
    return np.square(difference, out=difference)


def color_distance(estimate: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Computes the Euclidean length of every pixel's RGB difference, in grey levels of 255.

    Args:
        estimate: Frame (H, W, 3), float in [0, 1].
        truth: Frame (H, W, 3), float in [0, 1].

    Returns:
        float64 (H, W), at most 442.
    """
    difference = np.subtract(estimate, truth, dtype=np.float64)
    length = np.sqrt(np.einsum("yxc,yxc->yx", difference, difference))
    return np.multiply(length, 255.0, out=length)


def signal_to_noise_ratio(squared: np.ndarray) -> float:
    """Turns squared errors into the peak signal-to-noise ratio for data range 1.

    Args:
        squared: What `squared_error` returned, or a part of it.

    Returns:
        The ratio in dB; `inf` when all errors are 0.
    """
    mean_squared_error = mean(squared)
    if mean_squared_error == 0.0:
        return math.inf
    return -10.0 * math.log10(mean_squared_error)


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="l1",
            title="L1",
            definition="mean absolute difference",
            local_map=absolute_error,
            higher_is_better=False,
            decimals=5,
        ),
        Metric(
            name="l2",
            title="L2",
            definition="mean squared difference",
            local_map=squared_error,
            higher_is_better=False,
            decimals=6,
        ),
        Metric(
            name="psnr",
            title="PSNR",
            definition="peak signal-to-noise ratio, data range 1, averaged in dB",
            local_map=squared_error,
            of_map=signal_to_noise_ratio,
            higher_is_better=True,
            decimals=3,
            unit="dB",
        ),
        Metric(
            name="ssim",
            title="SSIM (FILM)",
            definition="SSIM, 11x11 Gaussian window, data range 1 (tf.image.ssim)",
            local_map=structural_similarity.film_map,
            of_map=structural_similarity.film_mean,
            higher_is_better=True,
            decimals=4,
            minimum_side_px=structural_similarity.FILM_WINDOW_PX,
        ),
        Metric(
            name="ssim_atd12k",
            title="SSIM (ATD-12K)",
            definition="SSIM, 7x7 uniform window, data range 2 (the published ATD-12K tables)",
            local_map=structural_similarity.atd12k_map,
            higher_is_better=True,
            decimals=4,
            minimum_side_px=structural_similarity.ATD12K_WINDOW_PX,
        ),
        Metric(
            name="ie",
            title="IE",
            definition="interpolation error: mean length of the RGB difference, 0..255 scale",
            local_map=color_distance,
            higher_is_better=False,
            decimals=3,
        ),
        Metric(
            name="chamfer",
            title="Chamfer",
            definition=(
                "chamfer distance of the line maps over the image diagonal (as EISAI's CD; the "
                "published figures are in units of 1e-5)"
            ),
            function=line_distance.measure,
            higher_is_better=False,
            decimals=3,
            shown_exponent=-5,
        ),
        Metric(
            name="lpips",
            title="LPIPS",
            definition="LPIPS 0.1, AlexNet, frames scaled to [-1, 1] as the network wants them",
            higher_is_better=False,
            decimals=3,
            shown_exponent=-2,
            minimum_side_px=lpips.MINIMUM_SIDE_PX,
        ),
        Metric(
            name="lpips_unscaled",
            title="LPIPS (unscaled)",
            definition="LPIPS 0.1, AlexNet, frames in [0, 1] as in EISAI's published figures",
            higher_is_better=False,
            decimals=3,
            shown_exponent=-2,
            minimum_side_px=lpips.MINIMUM_SIDE_PX,
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


def needs_lpips_weights(name: str) -> bool:
    """Says whether a metric runs LPIPS's network.

    Args:
        name: A name as in `evaluation.metrics`.

    Returns:
        True for `lpips` and `lpips_unscaled`, on the whole frame or the region.
    """
    return split_name(name)[0] in ("lpips", "lpips_unscaled")


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
