"""Means of scores over triplets and over groups of triplets, with their intervals.

Every mean is the plain mean over triplets: no weighting by size, dB averaged in dB. Two kinds of
value cannot enter a mean, and are counted beside it instead of being dropped silently:

- a *missing* value: the triplet has no region of interest, or frame or region is smaller than the
  metric's window;
- an *infinite* value: the PSNR of an estimate that equals the truth. One of them would make the
  mean infinite, so the mean is that of the finite values, which is the cautious choice: identical
  frames then do not raise it. Only when every value is infinite is the mean infinite.

Each mean has two 95 % bootstrap intervals, with triplets drawn and with whole films drawn (see
`bootstrap`), of the values that the mean is taken over.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from frame_interpolation.eval import bootstrap, metrics
from frame_interpolation.eval.bootstrap import Interval
from frame_interpolation.eval.groupings import GROUPINGS
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
        interval: 95 % bootstrap interval of the mean, triplets drawn; None for fewer than 2.
        film_interval: The same, whole films drawn; None for fewer than 2, and when the film of a
            triplet is not known.
    """

    mean: float | None
    count: int
    infinite: int
    missing: int
    interval: Interval | None = None
    film_interval: Interval | None = None


@dataclass(frozen=True)
class Group:
    """Scores of a group of triplets.

    Attributes:
        triplets: Number of triplets in the group.
        scores: Score by column name.
        films: Number of films they come from, None when the film of a triplet is not known.
        without_roi: Number of triplets without a region of interest.
        remarks: Number of triplets by remark on their values.
    """

    triplets: int
    scores: dict[str, Score]
    films: int | None = None
    without_roi: int = 0
    remarks: Mapping[str, int] = field(default_factory=dict)


def mean_score(values: Iterable[float | None]) -> Score:
    """Averages one metric over triplets.

    Args:
        values: A value a triplet; None where missing, possibly infinite.

    Returns:
        The score without intervals (see the module docstring for infinite and missing values).
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
        '<grouping>/<value>' (see `groupings`), such as 'level/easy', with the columns of whole
        frames. A group without triplets is left out.
    """
    whole_names = [name for name in metric_names if not metrics.split_name(name)[1]]
    roi_names = [name for name in metric_names if metrics.split_name(name)[1]]
    groups = {WHOLE: _group(triplets, whole_names)}
    if roi_names:
        groups[ROI] = _group(triplets, roi_names)
    for grouping in GROUPINGS.values():
        for value, positions in grouping.members(triplets).items():
            members = [triplets[position] for position in positions]
            groups[f"{grouping.name}/{value}"] = _group(members, whole_names)
    return groups


def notes(groups: Mapping[str, Group]) -> list[str]:
    """Says in sentences what the means leave out, and what else was remarked on the values.

    Args:
        groups: What `summarize` returned.

    Returns:
        Sentences on all triplets: regions that are missing, infinite and missing values of each
        metric, remarks with their number.
    """
    sentences = []
    for group_name in (WHOLE, ROI):
        group = groups.get(group_name, Group(triplets=0, scores={}))
        missing = any(score.missing for score in group.scores.values())
        if group_name == ROI and group.without_roi and missing:
            sentences.append(
                f"{group.without_roi} of {group.triplets} triplets have no region of interest; "
                "the means of the region are those of the others."
            )
        for name, score in group.scores.items():
            sentences += _value_notes(name, score, group, on_region=group_name == ROI)
    whole = groups.get(WHOLE, Group(triplets=0, scores={}))
    sentences += [
        f"{remark}: {count} of {whole.triplets} triplets."
        for remark, count in sorted(whole.remarks.items())
    ]
    return sentences


def notes_of_methods(groups: Mapping[str, Mapping[str, Group]]) -> list[str]:
    """Does what `notes` does for several methods, naming those of which the same is true together.

    Args:
        groups: What `summarize` returned for each method, by its label.

    Returns:
        Sentences that begin with the labels, or without them where there is one method only.
    """
    labels: dict[str, list[str]] = {}
    for label, of_method in groups.items():
        for note in notes(of_method):
            labels.setdefault(note, []).append(label)
    if len(groups) == 1:
        return list(labels)
    return [f"{', '.join(of_note)}: {note}" for note, of_note in labels.items()]


def interval_notes(groups: Mapping[str, Group]) -> list[str]:
    """Says which intervals there are not, and why.

    Args:
        groups: What `summarize` returned.

    Returns:
        Sentences on the intervals of all triplets; none when all could be made.
    """
    whole = groups.get(WHOLE, Group(triplets=0, scores={}))
    if whole.triplets < bootstrap.MINIMUM_UNITS:
        return ["There are no intervals: they need at least 2 triplets."]
    if whole.films is None:
        return ["There are no intervals by film: the film of some triplets is not known."]
    if whole.films < bootstrap.MINIMUM_UNITS:
        return ["There are no intervals by film: all triplets are from one film."]
    return []


def _value_notes(name: str, score: Score, group: Group, *, on_region: bool) -> list[str]:
    metric = metrics.find(name)
    sentences = []
    if score.infinite:
        mean = "the mean is that of the others" if score.count else "the mean is infinite, too"
        sentences.append(
            f"{name}: {score.infinite} of {group.triplets} estimates equal the truth "
            f"(infinite); {mean}."
        )
    missing = score.missing - (group.without_roi if on_region else 0)
    if missing > 0:
        area = "region" if on_region else "frame"
        sentences.append(
            f"{name}: missing for {missing} of {group.triplets} triplets, whose "
            f"{area} has a side under {metric.minimum_side_px} px; "
            f"{'the mean is that of the others' if score.mean is not None else 'there is no mean'}."
        )
    return sentences


def _group(triplets: Sequence[ScoredTriplet], names: Sequence[str]) -> Group:
    films = [triplet.film for triplet in triplets]
    columns = [[triplet.values[name] for triplet in triplets] for name in names]
    # None becomes NaN, which has no part in an interval either.
    values = np.array(columns, np.float64).reshape(len(names), len(triplets)).T
    intervals = bootstrap.mean_intervals(values)
    film_intervals = bootstrap.cluster_mean_intervals(values, films)
    scores = {
        name: replace(mean_score(column), interval=intervals[i], film_interval=film_intervals[i])
        for i, (name, column) in enumerate(zip(names, columns, strict=True))
    }
    return Group(
        triplets=len(triplets),
        scores=scores,
        films=len(set(films)) if all(films) else None,
        without_roi=sum(triplet.roi is None for triplet in triplets),
        remarks=Counter(remark for triplet in triplets for remark in set(triplet.remarks)),
    )
