"""A gain too large to be believed at once, and what to check before it is.

On ATD-12K's real test set fine-tuning moves PSNR by fractions of a dB, in the published tables
mostly downwards. A method that gains well above 0.5 dB over the baseline has more often seen the
test frames, or been scored otherwise, than become that much better.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from frame_interpolation.eval import published_scores
from frame_interpolation.eval.evaluation_results import EvaluationResults
from frame_interpolation.eval.leakage import LeakageReport
from frame_interpolation.eval.paired_comparison import PairedComparison
from frame_interpolation.eval.result_alignment import AlignedResults

METRIC = "psnr"
THRESHOLD_DB = 0.5
"""Mean PSNR gain over the whole set above which a warning is given."""

_RESIZED = "resize"


@dataclass(frozen=True)
class GainWarning:
    """A warning about one method.

    Attributes:
        label: The method.
        baseline: What it is compared with.
        gain_db: Its mean gain in PSNR, in dB.
        checks: What to check, each a sentence with what is known about it.
    """

    label: str
    baseline: str
    gain_db: float
    checks: tuple[str, ...]

    @property
    def headline(self) -> str:
        """The warning in a sentence."""
        return (
            f"{self.label} gains {self.gain_db:.3f} dB PSNR over {self.baseline}, more than "
            f"{THRESHOLD_DB} dB. Before it is believed, check:"
        )


def find_warnings(
    aligned: AlignedResults,
    baseline: str,
    differences: Sequence[PairedComparison],
    *,
    leakage: LeakageReport | None = None,
) -> tuple[GainWarning, ...]:
    """Warns of every method that gains more than `THRESHOLD_DB` over the baseline.

    Args:
        aligned: The compared results.
        baseline: Label of the baseline.
        differences: Paired comparisons with the baseline; those in PSNR of the whole frame count.
        leakage: What a search of the training records found, None if there was none.

    Returns:
        One warning a method, in the order of the comparisons.
    """
    found = []
    for difference in differences:
        gain = difference.mean_difference
        if difference.metric != METRIC or gain is None or gain <= THRESHOLD_DB:
            continue
        pair = {label: aligned[label] for label in (difference.label, baseline)}
        checks = (
            _leakage_check(leakage),
            _definition_check(aligned),
            _estimate_check(pair),
            _triplets_check(aligned, difference),
        )
        found.append(GainWarning(difference.label, baseline, gain, checks))
    return tuple(found)


def _leakage_check(leakage: LeakageReport | None) -> str:
    if leakage is None:
        return (
            "Leakage: whether test frames are among the training data was not checked; give "
            "--training_records PATH@N for all records that the method was trained on."
        )
    return "Leakage: " + " ".join(leakage.sentences())


def _definition_check(aligned: AlignedResults) -> str:
    first = aligned.results[0][1]
    protocol = first.protocol
    names = ", ".join(name for name in first.metric_names if name.startswith("ssim"))
    ssim = (
        f" SSIM columns here: {names}; ssim (range 1) and ssim_atd12k (range 2) are different "
        "quantities."
        if names
        else ""
    )
    return (
        f"Metric definition: both were scored with protocol {protocol.name} version "
        f"{protocol.version}; a figure from elsewhere is comparable only if made the same way "
        f"(size of the frames, mean over triplets in dB, range of the SSIM).{ssim}"
    )


def _estimate_check(pair: Mapping[str, EvaluationResults]) -> str:
    parts = []
    for label, results in pair.items():
        kind = str(results.model.get("kind", "unknown"))
        resized = any(
            _RESIZED in str(name).lower() and value for name, value in results.model.items()
        )
        remarked = sum(
            any(_RESIZED in remark.lower() for remark in triplet.remarks)
            for triplet in results.triplets
        )
        text = f"{label}: {kind}"
        if resized or remarked:
            text += f", estimates resized{f' in {remarked} triplets' if remarked else ''}"
        parts.append(text)
    return (
        "Estimates: files of another program are rounded to 8 bits and may have been resized or "
        f"compressed, a model's estimates are neither. What these are: {'; '.join(parts)}."
    )


def _triplets_check(aligned: AlignedResults, difference: PairedComparison) -> str:
    parts = [f"Triplets: {aligned.size_text}"]
    if difference.missing or difference.infinite:
        parts.append(
            f"{difference.missing} pairs without value and {difference.infinite} with an infinite "
            "one are not in the mean"
        )
    values = [t.values.get(METRIC) for t in aligned[difference.label].triplets]
    others = [t.values.get(METRIC) for t in aligned[difference.baseline].triplets]
    gains = np.array(
        [a - b for a, b in zip(values, others, strict=True) if a is not None and b is not None]
    )
    gains = gains[np.isfinite(gains)]
    parts.append(
        f"the median gain is {np.median(gains):.3f} dB, the largest {np.max(gains):.3f} dB: a few "
        "triplets may carry the mean"
    )
    if published_scores.rows_for(aligned.results[0][1].protocol.name) and (
        aligned.triplets != published_scores.TRIPLETS
    ):
        parts.append("this is not the full test set of 2,000 triplets")
    parts += [note.rstrip(".") for note in aligned.notes]
    return "; ".join(parts) + "."
