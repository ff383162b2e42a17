"""Paired comparison of two methods on the same triplets, and correction for many comparisons.

A difference is method minus baseline on one triplet. Three kinds of pair are treated apart and
counted, never dropped silently:

- a *missing* value on either side: the pair is left out of everything;
- an *infinite* value (PSNR of an estimate equal to the truth): two infinite ones are equal, a
  difference of zero; one alone has no finite difference, so the pair is left out of the mean and
  its intervals, and enters the test, which goes by ranks, with the largest rank;
- a *zero* difference: part of the mean, left out of the test (Wilcoxon's own treatment), where it
  says nothing about a direction.

The test is Wilcoxon's signed-rank test, two-sided: exact for at most 50 differences without ties,
else by the normal approximation. It takes triplets as independent, which triplets of one film are
not; the interval by film does not. P-values are corrected by Holm's step-down procedure, which
bounds the chance of any false finding among all comparisons without further assumptions.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from frame_interpolation.eval import bootstrap

MINIMUM_DIFFERENCES = 6
"""Below this number of non-zero differences no outcome reaches p = 0.05 (2 / 2**5 = 0.0625)."""


@dataclass(frozen=True)
class PairedComparison:
    """One method against the baseline in one metric.

    Attributes:
        label: Label of the method.
        baseline: Label of the baseline.
        metric: Column name.
        pairs: Pairs with a value on both sides.
        missing: Pairs left out because a value is missing.
        infinite: Pairs of which exactly one value is infinite.
        equal: Pairs with a zero difference.
        better: Pairs in which the method has the better value.
        worse: Pairs in which it has the worse one.
        mean_difference: Mean of the finite differences, None when there is none.
        interval: 95 % bootstrap interval of that mean, triplets drawn; None when too few.
        film_interval: The same with whole films drawn; None when films are unknown or too few.
        p_value: Two-sided p of the signed-rank test, None when it cannot be made.
        corrected_p: The same after Holm's correction over all comparisons made together.
        reason: Why there is no p-value; empty when there is one.
    """

    label: str
    baseline: str
    metric: str
    pairs: int
    missing: int
    infinite: int
    equal: int
    better: int
    worse: int
    mean_difference: float | None
    interval: tuple[float, float] | None
    film_interval: tuple[float, float] | None
    p_value: float | None
    corrected_p: float | None = None
    reason: str = ""


def compare(
    *,
    label: str,
    baseline: str,
    metric: str,
    values: Sequence[float | None],
    baseline_values: Sequence[float | None],
    films: Sequence[str],
    higher_is_better: bool,
) -> PairedComparison:
    """Compares a method with the baseline.

    Args:
        label: Label of the method.
        baseline: Label of the baseline.
        metric: Column name.
        values: The method's values, one a triplet; None where missing, possibly infinite.
        baseline_values: The baseline's values of the same triplets in the same order.
        films: Film of each triplet, empty where unknown.
        higher_is_better: Which of two values is the better one.

    Returns:
        The comparison, not yet corrected.

    Raises:
        ValueError: If the sequences have different lengths.
    """
    pairs = [
        (difference(value, other), film)
        for value, other, film in zip(values, baseline_values, films, strict=True)
    ]
    kept = [(found, film) for found, film in pairs if found is not None]
    differences = np.array([found for found, _ in kept], np.float64)
    finite = np.isfinite(differences)
    finite_differences = differences[finite].tolist()
    finite_films = [film for (_, film), keep in zip(kept, finite, strict=True) if keep]
    signed = differences if higher_is_better else -differences
    p_value, reason = signed_rank_test(differences)
    return PairedComparison(
        label=label,
        baseline=baseline,
        metric=metric,
        pairs=len(kept),
        missing=len(pairs) - len(kept),
        infinite=int(np.count_nonzero(~finite)),
        equal=int(np.count_nonzero(differences == 0)),
        better=int(np.count_nonzero(signed > 0)),
        worse=int(np.count_nonzero(signed < 0)),
        mean_difference=(
            math.fsum(finite_differences) / len(finite_differences) if finite_differences else None
        ),
        interval=bootstrap.mean_interval(finite_differences),
        film_interval=bootstrap.mean_interval(finite_differences, finite_films),
        p_value=p_value,
        reason=reason,
    )


def difference(value: float | None, other: float | None) -> float | None:
    """Returns the difference of a pair: infinite if one value is, None if one is missing.

    Args:
        value: The method's value, possibly infinite.
        other: The baseline's value of the same triplet.

    Returns:
        `value - other`; zero for two equal infinities.
    """
    if value is None or other is None:
        return None
    return 0.0 if value == other else value - other


def signed_rank_test(differences: Sequence[float] | np.ndarray) -> tuple[float | None, str]:
    """Tests whether differences lie around zero.

    Args:
        differences: One a pair, possibly infinite, none missing.

    Returns:
        The two-sided p-value and an empty text, or None and the reason why there is none.
    """
    from scipy import stats  # Slow to import.

    differences = np.asarray(differences, np.float64)
    nonzero = differences[differences != 0]
    if not len(nonzero):
        return None, "no triplet differs"
    if len(nonzero) < MINIMUM_DIFFERENCES:
        return None, f"{len(nonzero)} triplets differ, at least {MINIMUM_DIFFERENCES} are needed"
    # By ranks, which is all the test looks at, so that infinite differences are ordinary ones.
    ranks = stats.rankdata(np.abs(nonzero))
    return float(stats.wilcoxon(np.sign(nonzero) * ranks).pvalue), ""


def correct(comparisons: Sequence[PairedComparison]) -> tuple[PairedComparison, ...]:
    """Corrects the p-values of comparisons that are made together, by Holm's procedure.

    Args:
        comparisons: All comparisons; those without a p-value are not counted.

    Returns:
        The same comparisons with `corrected_p`.
    """
    corrected = iter(holm([c.p_value for c in comparisons if c.p_value is not None]))
    return tuple(
        c if c.p_value is None else replace(c, corrected_p=next(corrected)) for c in comparisons
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's correction (1979): the i-th smallest of m times m - i, made monotone, at most 1.

    Args:
        p_values: P-values in any order.

    Returns:
        Corrected p-values in the same order.
    """
    count, largest = len(p_values), 0.0
    corrected = [0.0] * count
    for rank, i in enumerate(sorted(range(count), key=lambda i: p_values[i])):
        largest = max(largest, (count - rank) * p_values[i])
        corrected[i] = min(1.0, largest)
    return corrected
