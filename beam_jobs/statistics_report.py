"""The outcome of `dataset_statistics`: a summary of all triplets, and a page of plots."""

import collections
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from beam_jobs.triplet_statistics import METRICS

_PERCENTILES: Final = (5, 25, 50, 75, 95)
_BLUE: Final = "#3b6ea5"
_RED: Final = "#b4412f"
_MAX_SIZES: Final = 8


def summarise(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Summarises what was measured.

    Args:
        rows: What `triplet_statistics.measure` returned, at least one.

    Returns:
        For each metric count, mean, std, min, max and percentiles (p5 to p95) of its known
        values, or only a count of 0; and under 'sizes' the number of triplets by '<w>x<h>'.
    """
    summary: dict[str, Any] = {}
    for metric in METRICS:
        values = np.array([row[metric] for row in rows if row[metric] is not None], np.float64)
        summary[metric] = {"count": len(values)}
        if len(values):
            percentiles = np.percentile(values, _PERCENTILES)
            summary[metric] |= {
                **{name: float(getattr(values, name)()) for name in ("mean", "std", "min", "max")},
                **{f"p{p}": float(v) for p, v in zip(_PERCENTILES, percentiles, strict=True)},
            }
    sizes = collections.Counter(f"{row['width']}x{row['height']}" for row in rows)
    return {**summary, "sizes": dict(sizes.most_common())}


def draw(rows: Sequence[Mapping[str, Any]], summary: Mapping[str, Any], *, title: str) -> bytes:
    """Draws the page of plots.

    Args:
        rows: What was measured.
        summary: Of the same rows.
        title: What stands above it.

    Returns:
        A PNG file.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(14, 8), dpi=100, layout="constrained")
    figure.suptitle(title)
    axes = figure.subplots(2, 3)
    _draw_histogram(axes[0, 0], rows, summary, "motion_p95_px", "motion, 95th percentile [px]")
    _draw_histogram(axes[0, 1], rows, summary, "moving_share", "share of blocks that move", (0, 1))
    _draw_sizes(axes[0, 2], summary["sizes"])
    _draw_histogram(axes[1, 0], rows, summary, "brightness", "brightness (mean luma)", (0, 1))
    _draw_histogram(axes[1, 1], rows, summary, "ssim", "SSIM of the outer frames")
    _draw_motion_against_ssim(axes[1, 2], rows)
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _draw_histogram(axis, rows, summary, metric, label, span=None) -> None:
    values = [row[metric] for row in rows if row[metric] is not None]
    axis.set_xlabel(label)
    axis.set_ylabel("triplets")
    if not values:
        axis.text(0.5, 0.5, "no values", ha="center", va="center", transform=axis.transAxes)
        return
    axis.hist(values, bins=40, range=span, color=_BLUE)
    axis.yaxis.get_major_locator().set_params(integer=True)
    if span:
        axis.set_xlim(*span)
    axis.axvline(summary[metric]["p50"], color=_RED, label=f"median {summary[metric]['p50']:.3g}")
    axis.legend(frameon=False)


def _draw_sizes(axis, sizes: Mapping[str, int]) -> None:
    shown = list(sizes.items())[:_MAX_SIZES]
    rest = sum(list(sizes.values())[_MAX_SIZES:])
    if rest:
        shown.append(("others", rest))
    names, counts = zip(*shown, strict=True)
    bars = axis.barh(range(len(names)), counts, color=_BLUE, height=0.6)
    axis.bar_label(bars, padding=4)
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(max(len(names), 3) - 0.5, -0.5)
    axis.margins(x=0.15)
    axis.set_xlabel("triplets by frame size [px]")


def _draw_motion_against_ssim(axis, rows) -> None:
    known = [row for row in rows if row["ssim"] is not None]
    motion = [100 * row["motion_p95_share"] for row in known]
    limit = [row["at_limit_share"] > 0.05 for row in known]
    colours = np.where(limit, _RED, _BLUE)
    axis.scatter(motion, [row["ssim"] for row in known], s=12, alpha=0.6, c=colours, linewidths=0)
    axis.set_xlabel("motion, 95th percentile [% of the longer side]")
    axis.set_ylabel("SSIM of the outer frames")
    axis.set_title("red: more motion than can be measured", fontsize="medium", color=_RED)
