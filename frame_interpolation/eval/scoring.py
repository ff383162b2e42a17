"""Scores an estimated frame by several metrics at once, on the whole frame and on the RoI.

What metrics share is computed once: the map of squared errors for L2 and PSNR, and every local map
for the whole frame and the region. The values are those of each metric on its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from frame_interpolation.errors import InputError
from frame_interpolation.eval import metrics, protocols
from frame_interpolation.eval.lpips import Lpips


@dataclass(frozen=True)
class Scores:
    """What is known of one estimate.

    Attributes:
        values: A value for each metric name, in the order asked for; None where the metric is not
            defined because there is no region, or the frame or the region is smaller than the
            metric allows.
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
            InputError: If there is no such metric, or LPIPS is asked for and its weights are not
                given or not usable.
        """
        asked = [metrics.find(name) for name in metric_names]
        self.metric_names = tuple(metric_names)
        self.identity: dict[str, str] = {}
        self._functions = {
            metric.name: metric.function for metric in asked if metric.function is not None
        }
        if any(metrics.needs_lpips_weights(name) for name in metric_names):
            if not lpips_weights:
                raise InputError(metrics.NO_LPIPS_WEIGHTS)
            network = Lpips(lpips_weights)
            self.identity["lpips_weights"] = network.sha256
            self._functions["lpips"] = lambda *pair: (network.distance(*pair), "")
            self._functions["lpips_unscaled"] = lambda *pair: (network.unscaled_distance(*pair), "")

    def score(
        self, estimate: np.ndarray, truth: np.ndarray, box: protocols.Box | None = None
    ) -> Scores:
        """Scores one estimate.

        Args:
            estimate: float32 (H, W, 3) in [0, 1], from `Protocol.finish`.
            truth: float32 (H, W, 3) in [0, 1], from `Protocol.prepare`.
            box: Region of interest (x, y, width, height) in pixels of these frames, None where
                there is none.

        Returns:
            Values and remarks.

        Raises:
            InputError: If a value of a frame is not finite.
            ValueError: If the frames have different shapes.
        """
        whole = (0, 0, truth.shape[1], truth.shape[0])
        metrics.check_frames(estimate, truth)
        maps: dict[metrics.LocalMap, np.ndarray] = {}
        values: dict[str, float | None] = {}
        remarks = []
        for name in self.metric_names:
            metric, on_region = metrics.find(name), metrics.split_name(name)[1]
            area = box if on_region else whole
            if area is None:
                values[name] = None
                continue
            x, y, width, height = area
            window_px = metric.minimum_side_px
            if min(width, height) < window_px:
                values[name] = None
            elif metric.local_map is not None:
                if metric.local_map not in maps:
                    maps[metric.local_map] = metric.local_map(estimate, truth)
                rows, columns = (height - window_px + 1, width - window_px + 1)
                part = maps[metric.local_map][y : y + rows, x : x + columns]
                values[name] = metric.of_map(part)
            else:
                values[name], remark = self._functions[metric.name](
                    protocols.crop_region(estimate, area), protocols.crop_region(truth, area)
                )
                if remark:
                    remarks.append(f"{name}: {remark}")
        return Scores(values, tuple(remarks))
