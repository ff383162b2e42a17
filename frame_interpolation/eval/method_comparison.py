"""Several methods compared on one dataset, and again on natural video: means, differences, tests.

One `Block` is a comparison on one set of triplets: the means of every method by group, the
published means that may stand beside them, and the paired differences to the baseline. A
`Comparison` is the block of drawn animation, any number of blocks of natural video (what
fine-tuning cost there), and warnings. P-values are corrected over all blocks together.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from frame_interpolation.errors import InputError
from frame_interpolation.eval import (
    gain_warning,
    metrics,
    paired_comparison,
    published_scores,
    result_alignment,
)
from frame_interpolation.eval.evaluation_results import EvaluationResults
from frame_interpolation.eval.gain_warning import GainWarning
from frame_interpolation.eval.leakage import LeakageReport
from frame_interpolation.eval.paired_comparison import PairedComparison
from frame_interpolation.eval.published_scores import PublishedScore
from frame_interpolation.eval.result_alignment import AlignedResults, LabeledResults
from frame_interpolation.eval.score_summary import Group

Definitions = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Block:
    """A comparison on one set of triplets.

    Attributes:
        title: What the triplets are, with their number.
        aligned: The results.
        groups: Scores by group name, then by label.
        published: Published means that may stand beside the group of all triplets.
        differences: Paired comparisons with the baseline, by method, then by metric.
        notes: What must be known to read the block.
    """

    title: str
    aligned: AlignedResults
    groups: Mapping[str, Mapping[str, Group]]
    published: tuple[PublishedScore, ...]
    differences: tuple[PairedComparison, ...]
    notes: tuple[str, ...]

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Columns that any of the results has, in the order of the first that has them."""
        names = [name for _, results in self.aligned.results for name in results.metric_names]
        return tuple(dict.fromkeys(names))


@dataclass(frozen=True)
class Comparison:
    """Methods compared.

    Attributes:
        baseline: Label of the method that the others are compared with; empty with one method.
        main: The comparison that was asked for.
        natural: The same methods on natural video, one block a dataset.
        warnings: Gains that are too large to be believed at once.
        leakage: What a search of the training records found, None if there was none.
    """

    baseline: str
    main: Block
    natural: tuple[Block, ...]
    warnings: tuple[GainWarning, ...]
    leakage: LeakageReport | None = None

    @property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks, the main one first."""
        return (self.main, *self.natural)

    @property
    def tests(self) -> int:
        """Number of tests made, which the p-values are corrected for."""
        return sum(d.p_value is not None for block in self.blocks for d in block.differences)


def compare(
    aligned: AlignedResults,
    *,
    natural: Sequence[AlignedResults] = (),
    baseline: str | None = None,
    leakage: LeakageReport | None = None,
    title: str = "",
) -> Comparison:
    """Compares methods.

    Args:
        aligned: Results on the dataset of interest.
        natural: Results of the same methods on natural video, one a dataset; each must hold the
            baseline.
        baseline: Label of the method that the others are compared with; the first if None.
        leakage: What a search of the training records found.
        title: What the main block is called; its experiment's name if empty.

    Returns:
        The comparison, its p-values corrected.

    Raises:
        InputError: If the baseline is not among the results, or a natural dataset lacks it or
            has a method that the main results do not have.
    """
    if baseline is None:
        baseline = aligned.labels[0]
    if baseline not in aligned.labels:
        raise InputError(
            f"The baseline {baseline!r} is not among the results {', '.join(aligned.labels)}."
        )
    for of_dataset in natural:
        _check_natural(of_dataset, aligned.labels, baseline)
    blocks = [_block(aligned, baseline, published=True, title=title)]
    blocks += [_block(of_dataset, baseline, published=False) for of_dataset in natural]
    corrected = iter(
        paired_comparison.correct([found for block in blocks for found in block.differences])
    )
    blocks = [
        dataclasses.replace(block, differences=tuple(next(corrected) for _ in block.differences))
        for block in blocks
    ]
    warnings = gain_warning.find_warnings(aligned, baseline, blocks[0].differences, leakage=leakage)
    return Comparison(baseline, blocks[0], tuple(blocks[1:]), warnings, leakage)


def align_natural(
    results: Sequence[LabeledResults],
    definitions: Sequence[Mapping[str, str]],
    *,
    intersection: bool = False,
) -> tuple[AlignedResults, ...]:
    """Sorts results on natural video by their dataset and aligns those of each.

    Results are of one dataset when the fingerprints of their data are equal, or when they have
    the same experiment name and protocol.

    Args:
        results: Labels and results; a label occurs once a dataset.
        definitions: For each of them, how its metrics were defined.
        intersection: As `result_alignment.align` takes it.

    Returns:
        Aligned results, one a dataset, in the order of their first result.

    Raises:
        InputError: If results of one dataset cannot be compared.
    """
    datasets: list[list[int]] = []
    for i, (_, result) in enumerate(results):
        home = next(
            (members for members in datasets if _is_same_dataset(results[members[0]][1], result)),
            None,
        )
        if home is None:
            datasets.append([i])
        else:
            home.append(i)
    return tuple(
        result_alignment.align(
            [results[i] for i in members],
            intersection=intersection,
            definitions={results[i][0]: definitions[i] for i in members},
        )
        for members in datasets
    )


def _is_same_dataset(first: EvaluationResults, other: EvaluationResults) -> bool:
    if first.identity["records"] == other.identity["records"]:
        return True
    return (first.experiment, first.identity["protocol"]) == (
        other.experiment,
        other.identity["protocol"],
    )


def _check_natural(natural: AlignedResults, labels: Sequence[str], baseline: str) -> None:
    unknown = [label for label in natural.labels if label not in labels]
    if unknown:
        raise InputError(
            f"There are natural results of {unknown[0]!r}, but no others; the names are those of "
            f"--results: {', '.join(labels)}."
        )
    if baseline not in natural.labels:
        experiment = natural.results[0][1].experiment
        raise InputError(
            f"The natural results {experiment!r} of {', '.join(natural.labels)} have none of the "
            f"baseline {baseline!r} to compare with; add them, or choose another --baseline."
        )


def _block(aligned: AlignedResults, baseline: str, *, published: bool, title: str = "") -> Block:
    first = aligned.results[0][1]
    groups: dict[str, dict[str, Group]] = {}
    for label, results in aligned.results:
        for name, group in results.groups.items():
            groups.setdefault(name, {})[label] = group
    protocol = first.protocol
    return Block(
        title=(
            f"{title or first.experiment}: {aligned.size_text}, protocol {protocol.name} "
            f"(version {protocol.version})"
        ),
        aligned=aligned,
        groups=groups,
        published=published_scores.rows_for(protocol.name) if published else (),
        differences=_differences(aligned, baseline),
        notes=(
            *aligned.notes,
            *(published_scores.notes_for(protocol.name, aligned.triplets) if published else ()),
        ),
    )


def _differences(aligned: AlignedResults, baseline: str) -> tuple[PairedComparison, ...]:
    reference = aligned[baseline]
    films = [triplet.film for triplet in reference.triplets]
    return tuple(
        paired_comparison.compare(
            label=label,
            baseline=baseline,
            metric=name,
            values=[triplet.values[name] for triplet in results.triplets],
            baseline_values=[triplet.values[name] for triplet in reference.triplets],
            films=films,
            higher_is_better=metrics.find(name).higher_is_better,
        )
        for label, results in aligned.results
        if label != baseline
        for name in results.metric_names
        if name in reference.metric_names
    )
