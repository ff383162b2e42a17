"""What a study found: gains and losses of every strategy, from the scores of its evaluations.

A *change* is the value of a fine-tuned model minus that of the starting model on one triplet,
averaged over the seeds; its mean and intervals are those of `paired_comparison`. The intervals
speak of other triplets (or films); how much another seed would change is told apart, by the means
of the single seeds.
"""

import dataclasses
import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from frame_interpolation.errors import InputError
from frame_interpolation.eval import (
    evaluation_results,
    metrics,
    paired_comparison,
    result_alignment,
)
from frame_interpolation.eval.evaluation_results import EvaluationResults
from frame_interpolation.eval.paired_comparison import PairedComparison
from frame_interpolation.training.study_options import StudyOptions
from frame_interpolation.training.study_plan import SETS, run_label

START = "start"

PathOf = Callable[[str, str | None], Path]
"""Maps a set and the label of a run, None for the start, to a `results.json`."""


@dataclasses.dataclass(frozen=True)
class Change:
    """How one strategy changed one metric on one set.

    Attributes:
      set_name: 'animation' or 'natural'.
      comparison: with the starting model, or with the study's first strategy; seeds averaged
        triplet by triplet.
      value: mean of the metric, seeds averaged; None where no triplet has one, or one is infinite.
      by_seed: mean change by seed; None where there is none.
    """

    set_name: str
    comparison: PairedComparison
    value: float | None
    by_seed: Mapping[int, float | None]

    @property
    def metric(self) -> str:
        """The metric."""
        return self.comparison.metric

    @property
    def gain(self) -> float | None:
        """The mean change, positive where the model has become better."""
        return oriented(self.metric, self.comparison.mean_difference)

    @property
    def gain_interval(self) -> tuple[float, float] | None:
        """Its 95 % interval: the wider of that by triplets and that by films.

        Triplets of a film are alike, so that by triplets is too narrow where films differ; that by
        films is too narrow by chance where there are only a few.
        """
        ends = [
            sorted(oriented(self.metric, end) or 0.0 for end in interval)
            for interval in (self.comparison.interval, self.comparison.film_interval)
            if interval is not None
        ]
        if not ends:
            return None
        low, high = max(ends, key=lambda interval: interval[1] - interval[0])
        return low, high

    @property
    def gains_by_seed(self) -> dict[int, float]:
        """The gain of each seed that has one."""
        gains = {seed: oriented(self.metric, mean) for seed, mean in self.by_seed.items()}
        return {seed: gain for seed, gain in gains.items() if gain is not None}

    @property
    def seed_deviation(self) -> float | None:
        """Standard deviation of the gain over the seeds; None for fewer than two."""
        gains = list(self.gains_by_seed.values())
        return statistics.stdev(gains) if len(gains) > 1 else None

    def to_json(self) -> dict[str, Any]:
        """Returns it as a JSON object."""
        return {
            "set": self.set_name,
            "value": self.value,
            "gain": self.gain,
            "gain_interval": self.gain_interval,
            "seed_deviation": self.seed_deviation,
            "change_by_seed": {str(seed): mean for seed, mean in self.by_seed.items()},
            **dataclasses.asdict(self.comparison),
        }


@dataclasses.dataclass(frozen=True)
class StudyResults:
    """Everything that a study found.

    Attributes:
      title: heading.
      metric: the metric of gain and loss.
      num_steps: steps of each run.
      seeds: the seeds that all strategies have been trained with.
      planned_seeds: how many there will be.
      strategies: names, in order.
      triplets: number of triplets of each set.
      films: number of films of each set, 0 where unknown.
      start: mean of each metric of the starting model, by set.
      changes: against the starting model, all metrics.
      differences: against the first strategy, the study's metric.
      notes: further sentences.
    """

    title: str
    metric: str
    num_steps: int
    seeds: tuple[int, ...]
    planned_seeds: int
    strategies: tuple[str, ...]
    triplets: Mapping[str, int]
    films: Mapping[str, int]
    start: Mapping[str, Mapping[str, float | None]]
    changes: tuple[Change, ...]
    differences: tuple[Change, ...]
    notes: tuple[str, ...] = ()

    def change(self, strategy: str, set_name: str, metric: str | None = None) -> Change:
        """Finds what a strategy changed on a set.

        Raises:
          KeyError: there is no such change.
        """
        wanted = (strategy, set_name, metric or self.metric)
        for change in self.changes:
            if (change.comparison.label, change.set_name, change.metric) == wanted:
                return change
        raise KeyError(wanted)

    def to_json(self) -> dict[str, Any]:
        """Returns the results as a JSON object."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        for name in ("changes", "differences"):
            fields[name] = [change.to_json() for change in fields[name]]
        return fields


def oriented(metric: str, difference: float | None) -> float | None:
    """Turns a difference of a metric so that better is positive."""
    if difference is None:
        return None
    return difference if metrics.find(metric).higher_is_better else -difference


def read(
    options: StudyOptions, path_of: PathOf, *, seeds: Sequence[int], notes: Sequence[str] = ()
) -> StudyResults:
    """Reads the evaluations of the seeds that are finished, and compares them.

    Args:
      options: the study.
      path_of: where each evaluation is.
      seeds: seeds with which every strategy was trained and evaluated.
      notes: sentences to keep with the results.

    Returns:
      The results.

    Raises:
      InputError: an evaluation lacks the study's metric, or was made on other triplets.
    """
    names = [strategy.name for strategy in options.all_strategies]
    changes: list[Change] = []
    differences: list[Change] = []
    triplets, films, start = {}, {}, {}
    for set_name in SETS:
        scores = _read_set(set_name, names, path_of, seeds=seeds)
        if options.metric not in scores.metric_names:
            raise InputError(
                f"study.metric is {options.metric!r}, and the evaluation on {set_name} has "
                f"{', '.join(scores.metric_names)}; bind one of these, or another gin file of the "
                "evaluation."
            )
        triplets[set_name] = len(scores.films)
        films[set_name] = len(set(scores.films)) if all(scores.films) else 0
        start[set_name] = {metric: _mean(scores.start[metric]) for metric in scores.metric_names}
        changes += [
            change
            for metric in scores.metric_names
            for change in _compare(scores, names, metric=metric, baseline=None)
        ]
        differences += _compare(scores, names[1:], metric=options.metric, baseline=names[0])
    return StudyResults(
        title=options.title,
        metric=options.metric,
        num_steps=options.num_steps,
        seeds=tuple(seeds),
        planned_seeds=len(options.seeds),
        strategies=tuple(names),
        triplets=triplets,
        films=films,
        start=start,
        changes=tuple(changes),
        differences=tuple(differences),
        notes=tuple(notes),
    )


Column = list[float | None]
"""Values of a metric, one a triplet."""


@dataclasses.dataclass(frozen=True)
class _SetScores:
    """Scores of all models on the triplets of one set, in one order."""

    set_name: str
    films: tuple[str, ...]
    metric_names: tuple[str, ...]
    start: Mapping[str, Column]
    runs: Mapping[str, Mapping[int, Mapping[str, Column]]]  # By strategy, seed and metric.

    def averaged(self, strategy: str | None, metric: str) -> Column:
        """The values of a strategy averaged over the seeds, or those of the start for None."""
        if strategy is None:
            return self.start[metric]
        columns = [by_metric[metric] for by_metric in self.runs[strategy].values()]
        return [_mean_of_all(values) for values in zip(*columns, strict=True)]


def _read_set(
    set_name: str, strategies: Sequence[str], path_of: PathOf, *, seeds: Sequence[int]
) -> _SetScores:
    runs = [(strategy, seed) for strategy in strategies for seed in seeds]
    paths = {START: path_of(set_name, None)}
    paths |= {run_label(*run): path_of(set_name, run_label(*run)) for run in runs}
    aligned = result_alignment.align(
        [(label, evaluation_results.read_results(path)) for label, path in paths.items()],
        definitions={
            label: result_alignment.stored_definitions(path) for label, path in paths.items()
        },
    )
    start = aligned[START]
    return _SetScores(
        set_name,
        films=tuple(triplet.film for triplet in start.triplets),
        metric_names=start.metric_names,
        start=_columns(start),
        runs={
            strategy: {seed: _columns(aligned[run_label(strategy, seed)]) for seed in seeds}
            for strategy in strategies
        },
    )


def _columns(results: EvaluationResults) -> dict[str, Column]:
    return {
        name: [triplet.values[name] for triplet in results.triplets]
        for name in results.metric_names
    }


def _compare(
    scores: _SetScores, strategies: Sequence[str], *, metric: str, baseline: str | None
) -> list[Change]:
    before = scores.averaged(baseline, metric)
    comparisons = []
    for strategy in strategies:
        comparisons.append(
            paired_comparison.compare(
                label=strategy,
                baseline=baseline or START,
                metric=metric,
                values=scores.averaged(strategy, metric),
                baseline_values=before,
                films=scores.films,
                higher_is_better=metrics.find(metric).higher_is_better,
            )
        )
    return [
        Change(
            scores.set_name,
            comparison,
            _mean(scores.averaged(comparison.label, metric)),
            {
                seed: _mean_difference(
                    by_metric[metric],
                    scores.runs[baseline][seed][metric] if baseline else before,
                )
                for seed, by_metric in scores.runs[comparison.label].items()
            },
        )
        for comparison in paired_comparison.correct(comparisons)
    ]


def _mean_of_all(values: Sequence[float | None]) -> float | None:
    """The mean, None if any value is missing; infinite if any is."""
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if len(known) == len(values) else None


def _mean(values: Sequence[float | None]) -> float | None:
    """The mean of those that are there; None for none, or an infinite one."""
    known = [value for value in values if value is not None]
    mean = math.fsum(known) / len(known) if known else math.inf
    return mean if math.isfinite(mean) else None


def _mean_difference(
    values: Sequence[float | None], others: Sequence[float | None]
) -> float | None:
    """The mean of the finite differences, as in `paired_comparison`."""
    differences = [
        0.0 if value == other else value - other
        for value, other in zip(values, others, strict=True)
        if value is not None and other is not None
    ]
    return _mean([difference for difference in differences if math.isfinite(difference)])
