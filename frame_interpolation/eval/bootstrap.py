"""Bootstrap intervals of means: how far a mean would move with another sample of triplets.

Percentile intervals that hold 95 % of 2,000 resampled means (Efron and Tibshirani, "An
Introduction to the Bootstrap", 1993). Drawn with replacement are either triplets or whole films:
neighbouring triplets of a film are alike, so the interval by triplet is too narrow a statement
about other films, and the one by film (the cluster bootstrap) the honest one. With few films it is
still somewhat too narrow.

The draws depend on the number of units alone, by a seed of SHA-256, and units are put in order
first. So an interval depends (but for rounding) on the values of its column and nothing else:
neither on the order of the triplets nor on the other columns, and two programs give the same one.
"""

import functools
import hashlib
from collections.abc import Hashable, Sequence

import numpy as np

CONFIDENCE = 0.95
RESAMPLES = 2000
MINIMUM_UNITS = 2
"""Fewer triplets, or films, have no interval."""

Interval = tuple[float, float]


def mean_intervals(values: np.ndarray) -> list[Interval | None]:
    """Intervals of the mean of every column, rows being drawn.

    Args:
        values: float (N, M); what is not finite is left out of its column.

    Returns:
        (low, high) for each of M columns; None for fewer than 2 values.
    """
    ordered = np.sort(np.where(np.isfinite(values), values, np.nan), axis=0)  # NaN comes last.
    counts = np.count_nonzero(np.isfinite(ordered), axis=0)
    intervals: list[Interval | None] = [None] * values.shape[1]
    for count in set(counts[counts >= MINIMUM_UNITS].tolist()):
        columns = np.flatnonzero(counts == count)
        sample = ordered[:count, columns]
        means = _draws(count) @ sample / count
        _store(intervals, columns, means, sample)
    return intervals


def cluster_mean_intervals(
    values: np.ndarray, clusters: Sequence[Hashable]
) -> list[Interval | None]:
    """Intervals of the mean of every column, whole clusters of rows being drawn.

    Args:
        values: float (N, M); what is not finite is left out of its column.
        clusters: Name of the cluster, say the film, of each row; empty where unknown.

    Returns:
        (low, high) for each of M columns; None for fewer than 2 clusters with values, and for
        all columns when the cluster of a row is unknown.
    """
    intervals: list[Interval | None] = [None] * values.shape[1]
    if not all(clusters):
        return intervals
    owner = np.unique(np.asarray(clusters, dtype=str), return_inverse=True)[1]
    finite = np.isfinite(values)
    for column in range(values.shape[1]):
        sample, owners = values[finite[:, column], column], owner[finite[:, column]]
        order = np.lexsort((sample, owners))  # Sums then round alike, whatever the order of rows.
        sample, owners = sample[order], owners[order]
        sizes = np.bincount(owners) if len(owners) else np.zeros(0)
        held = sizes > 0
        if np.count_nonzero(held) < MINIMUM_UNITS:
            continue
        draws = _draws(int(np.count_nonzero(held)))
        means = (draws @ np.bincount(owners, sample)[held]) / (draws @ sizes[held])
        _store(intervals, np.array([column]), means[:, np.newaxis], sample[:, np.newaxis])
    return intervals


def mean_interval(
    values: Sequence[float], clusters: Sequence[Hashable] | None = None
) -> Interval | None:
    """Interval of one mean.

    Args:
        values: N values; what is not finite is left out.
        clusters: Cluster of each, to draw whole clusters; None to draw values.

    Returns:
        (low, high), None as above.
    """
    column = np.asarray(values, np.float64).reshape(-1, 1)
    if clusters is None:
        return mean_intervals(column)[0]
    return cluster_mean_intervals(column, clusters)[0]


def _draws(count: int) -> np.ndarray:
    """How often each of `count` units is drawn in each resample: float64 (RESAMPLES, count)."""
    return _drawn_counts(count).astype(np.float64)


@functools.lru_cache(maxsize=64)
def _drawn_counts(count: int) -> np.ndarray:
    """The same as uint8, a small table to keep: groups of one size share it."""
    seed = int.from_bytes(hashlib.sha256(f"bootstrap:{count}".encode()).digest()[:8], "big")
    chosen = np.random.default_rng(seed).integers(0, count, (RESAMPLES, count), dtype=np.int32)
    chosen += np.arange(RESAMPLES, dtype=np.int32)[:, np.newaxis] * np.int32(count)
    drawn = np.bincount(chosen.ravel(), minlength=RESAMPLES * count)
    return drawn.reshape(RESAMPLES, count).astype(np.uint8)  # No unit is drawn 256 times.


def _store(
    intervals: list[Interval | None], columns: np.ndarray, means: np.ndarray, sample: np.ndarray
) -> None:
    tail = 50.0 * (1.0 - CONFIDENCE)
    ends = np.percentile(means, [tail, 100.0 - tail], axis=0)
    # A mean lies among the values; rounding alone would put that of equal ones beside them.
    ends = np.clip(ends, sample.min(axis=0), sample.max(axis=0))
    for column, (low, high) in zip(columns.tolist(), ends.T.tolist(), strict=True):
        intervals[column] = (low, high)
