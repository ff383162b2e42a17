"""Scores an estimated frame by several metrics at once, on the whole frame and on the RoI."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from frame_interpolation.eval import metrics, protocols


@dataclass(frozen=True)
class Scores:
    """What is known of one estimate.

    Attributes:
        values: A value for each metric name, in the order asked for; None where the metric is not
            defined because the frame or the region is smaller than the metric allows.
        remarks: What a reader of the values has to know, such as 'chamfer: empty line map
            (estimate)'; the same text for the same thing, so that it can be counted.
    """

    values: dict[str, float | None]
    remarks: tuple[str, ...] = ()


class Scorer:
    """Scores estimates by a fixed list of metrics.

    Attributes:
        metric_names: Metric names, each possibly with the suffix `_roi`.
        identity: What the values depend on besides frames and names, as a JSON object; empty when
            there is nothing.
    """

    def __init__(self, metric_names: Sequence[str], *, lpips_weights: str | None = None) -> None:
        """Prepares the metrics.

        Args:
            metric_names: Metric names, each possibly with the suffix `_roi`.
            lpips_weights: File of weights for LPIPS; needed by `lpips` and `lpips_unscaled` only.

        Raises:
            InputError: If there is no such metric.
        """
        for name in metric_names:
            metrics.find(name)
        self.metric_names = tuple(metric_names)
        self.identity: dict[str, str] = {}

    def score(
        self, estimate: np.ndarray, truth: np.ndarray, box: protocols.Box | None = None
    ) -> Scores:
        """Scores one estimate.

        Args:
            estimate: float32 (H, W, 3) in [0, 1], from `Protocol.finish`.
            truth: float32 (H, W, 3) in [0, 1], from `Protocol.prepare`.
            box: Region of interest (x, y, width, height) in pixels of these frames; needed by
                metrics with the suffix `_roi`.

        Returns:
            Values and remarks.

        Raises:
            ValueError: If the frames have different shapes, or a metric on the region is asked for
                and `box` is None.
        """
        values: dict[str, float | None] = {}
        for name in self.metric_names:
            metric, on_region = metrics.find(name), metrics.split_name(name)[1]
            if not on_region:
                values[name] = metric.measure(estimate, truth)
            elif box is None:
                raise ValueError(f"{name} needs a region of interest.")
            else:
                values[name] = metric.measure(
                    protocols.crop_region(estimate, box), protocols.crop_region(truth, box)
                )
        return Scores(values)
