"""Means of scores over triplets and over groups of triplets.

Every mean is the plain mean over triplets: no weighting by size, dB averaged in dB. Two kinds of
value cannot enter a mean, and are counted beside it instead of being dropped silently:

- a *missing* value: the frame or region is smaller than the metric's window;
- an *infinite* value: the PSNR of an estimate that equals the truth. One of them would make the
  mean infinite, so the mean is that of the finite values, which is the cautious choice: identical
  frames then do not raise it. Only when every value is infinite is the mean infinite.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from frame_interpolation.eval import metrics
from frame_interpolation.eval.protocols import LEVEL_NAMES
from frame_interpolation.eval.scored_triplet import ScoredTriplet

WHOLE = "whole"
ROI = "roi"


@dataclass(frozen=True)
class Score:
    """A metric over a group of triplets.

    Attributes:
        mean: Mean of the finite values; infinite when there are only infinite ones, None when
            there is no value at all.
        count: Number of finite values, those the mean is taken over.
        infinite: Number of infinite values.
        missing: Number of triplets for which the metric is not defined.
    """

    mean: float | None
    count: int
    infinite: int
    missing: int


@dataclass(frozen=True)
class Group:
    """Scores of a group of triplets.

    Attributes:
        triplets: Number of triplets in the group.
        scores: Score by column name.
    """

    triplets: int
    scores: dict[str, Score]


Grouping = Callable[[ScoredTriplet], tuple[str, ...]]


def by_level(triplet: ScoredTriplet) -> tuple[str, ...]:
    """Returns the name of the triplet's level, or nothing when it has none."""
    if triplet.level is None:
        return ()
    if 0 <= triplet.level < len(LEVEL_NAMES):
        return (LEVEL_NAMES[triplet.level],)
    return (str(triplet.level),)


GROUPINGS: dict[str, Grouping] = {"level": by_level}
"""Grouping by name: what groups a triplet belongs to."""


def mean_score(values: Iterable[float | None]) -> Score:
    """Averages one metric over triplets.

    Args:
        values: A value a triplet; None where missing, possibly infinite.

    Returns:
        The score (see the module docstring for infinite and missing values).
    """
    values = list(values)
    present = [value for value in values if value is not None]
    finite = [value for value in present if math.isfinite(value)]
    mean = present[0] if present else None
    if finite:
        mean = math.fsum(finite) / len(finite)
    return Score(
        mean=mean,
        count=len(finite),
        infinite=len(present) - len(finite),
        missing=len(values) - len(present),
    )


def summarize(triplets: Sequence[ScoredTriplet], metric_names: Sequence[str]) -> dict[str, Group]:
    """Averages all columns over all triplets and over every group.

    Args:
        triplets: Scored triplets.
        metric_names: Column names, each possibly with the suffix `_roi`.

    Returns:
        Groups by name, in the order in which they are printed: 'whole' with the columns of whole
        frames, 'roi' with the columns of the region (when there are any), then
        '<grouping>/<value>', such as 'level/easy', with the columns of whole frames. A group
        without triplets is left out.
    """
    whole_names = [name for name in metric_names if not metrics.split_name(name)[1]]
    roi_names = [name for name in metric_names if metrics.split_name(name)[1]]
    groups = {WHOLE: _group(triplets, whole_names)}
    if roi_names:
        groups[ROI] = _group(triplets, roi_names)
    for grouping_name, grouping in GROUPINGS.items():
        members: dict[str, list[ScoredTriplet]] = {}
        for triplet in triplets:
            for value in grouping(triplet):
                members.setdefault(value, []).append(triplet)
        for value in sorted(members, key=_group_order):
            groups[f"{grouping_name}/{value}"] = _group(members[value], whole_names)
    return groups


def notes(groups: dict[str, Group]) -> list[str]:
    """Says in sentences what the means leave out.

    Args:
        groups: What `summarize` returned.

    Returns:
        One sentence for each metric with infinite or missing values, for all triplets.
    """
    sentences = []
    for group_name in (WHOLE, ROI):
        group = groups.get(group_name, Group(triplets=0, scores={}))
        for name, score in group.scores.items():
            metric = metrics.find(name)
            area = "region" if group_name == ROI else "frame"
            if score.infinite:
                sentences.append(
                    f"{name}: {score.infinite} of {group.triplets} estimates equal the truth "
                    "(infinite); the mean is that of the others."
                )
            if score.missing:
                sentences.append(
                    f"{name}: missing for {score.missing} of {group.triplets} triplets, whose "
                    f"{area} has a side under {metric.minimum_side_px} px; the mean is that of "
                    "the others."
                )
    return sentences


def _group(triplets: Sequence[ScoredTriplet], names: Sequence[str]) -> Group:
    scores = {name: mean_score(triplet.values[name] for triplet in triplets) for name in names}
    return Group(triplets=len(triplets), scores=scores)


def _group_order(value: str) -> tuple[int, str]:
    known = LEVEL_NAMES.index(value) if value in LEVEL_NAMES else len(LEVEL_NAMES)
    return known, value
