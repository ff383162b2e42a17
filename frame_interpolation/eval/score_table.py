"""Short tables of means: one row a group of triplets, one column a metric and result.

`build_table` makes the table, whatever it is written as; `to_text` writes it for a terminal. With
two results, say before and after a fine-tuning, each metric gets a third column, their difference.
Shown are all triplets, their regions, and the levels; other groups and intervals are in
`score_document`.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from frame_interpolation.errors import InputError
from frame_interpolation.eval import groupings, metrics, score_summary
from frame_interpolation.eval.evaluation_results import EvaluationResults
from frame_interpolation.eval.metrics import Metric
from frame_interpolation.eval.score_summary import ROI, WHOLE, Group

DEFAULT_GROUPINGS = ("level",)
DEFAULT_METRICS = ("psnr", "ssim_atd12k", "ssim")

LabeledResults = tuple[str, EvaluationResults]


@dataclass(frozen=True)
class Column:
    """One column of scores.

    Attributes:
        metric: The metric.
        label: Label of the result, or the title of the difference.
        is_difference: Whether the column is the second result minus the first.
    """

    metric: Metric
    label: str
    is_difference: bool = False


@dataclass(frozen=True)
class Row:
    """Means of one group of triplets.

    Attributes:
        title: The group for people, such as 'RoI' or 'easy'.
        triplets: Number of triplets in the group.
        values: A mean, or a difference of means, for each column; None where there is none.
    """

    title: str
    triplets: int
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class ScoreTable:
    """Means of one or several results.

    Attributes:
        columns: Columns, those of one metric side by side.
        rows: Rows: whole, RoI, then the other groups.
        notes: Sentences on infinite and missing values.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def check_comparable(results: Sequence[LabeledResults]) -> None:
    """Refuses to set results side by side that were not made on the same triplets.

    Args:
        results: Labels and results.

    Raises:
        InputError: If there are none, two labels are equal, or protocol, records or number of
            triplets differ.
    """
    if not results:
        raise InputError("There are no results to show; expected at least one.")
    labels = [label for label, _ in results]
    repeated = sorted({label for label in labels if labels.count(label) > 1})
    if repeated:
        raise InputError(f"Two results have the label {repeated[0]!r}; give each its own.")
    first_label, first = results[0]
    for label, other in results[1:]:
        for name in ("protocol", "protocol_version", "records", "triplets"):
            if first.identity[name] != other.identity[name]:
                raise InputError(
                    f"The results {first_label!r} and {label!r} cannot be compared: {name} is "
                    f"{first.identity[name]!r} and {other.identity[name]!r}."
                )


def build_table(
    results: Sequence[LabeledResults],
    metric_names: Sequence[str] = DEFAULT_METRICS,
    grouping_names: Sequence[str] = DEFAULT_GROUPINGS,
) -> ScoreTable:
    """Sets the means of results side by side.

    Args:
        results: Labels and results, on the same triplets.
        metric_names: Metrics to show, without suffix; those that no result holds are left out.
        grouping_names: Groupings to show (see `groupings`).

    Returns:
        The table.

    Raises:
        InputError: If the results cannot be compared.
    """
    check_comparable(results)
    groups = [_shown_groups(result.groups, grouping_names) for _, result in results]
    held = {metrics.split_name(name)[0] for _, result in results for name in result.metric_names}
    shown = [metrics.find(name) for name in metric_names if name in held]
    columns: list[Column] = []
    for metric in shown:
        columns += [Column(metric, label) for label, _ in results]
        if len(results) == 2:
            columns.append(Column(metric, "difference", is_difference=True))
    rows = []
    for group_name in dict.fromkeys(name for of_result in groups for name in of_result):
        members = [of_result.get(group_name) for of_result in groups]
        values = [value for metric in shown for value in _values(metric, group_name, members)]
        if any(value is not None for value in values):
            triplets = max(group.triplets for group in members if group is not None)
            rows.append(Row(_title(group_name), triplets, tuple(values)))
    return ScoreTable(tuple(columns), tuple(rows), tuple(_notes(results, groups, shown)))


def format_value(column: Column, value: float | None) -> str:
    """Returns a cell's text: the metric's number of decimals, differences with their sign.

    Args:
        column: The column of the cell.
        value: The mean or difference, or None.

    Returns:
        The text, '-' for None.
    """
    return column.metric.format(value, signed=column.is_difference)


def to_text(table: ScoreTable) -> str:
    """Writes a table for a terminal.

    Args:
        table: The table.

    Returns:
        Lines without a final line feed; the notes follow below the rows.
    """
    titles = [row.title for row in table.rows]
    width = max(map(len, titles), default=0)
    counts = _block("n", [], [[str(row.triplets) for row in table.rows]])
    blocks = [["".ljust(width)] * (len(counts) - len(titles)) + [t.ljust(width) for t in titles]]
    blocks.append(counts)
    several = len({column.label for column in table.columns}) > 1
    for name in dict.fromkeys(column.metric.name for column in table.columns):
        of_metric = [i for i, column in enumerate(table.columns) if column.metric.name == name]
        columns = [table.columns[i] for i in of_metric]
        texts = [
            [format_value(column, row.values[i]) for row in table.rows]
            for i, column in zip(of_metric, columns, strict=True)
        ]
        labels = [column.label for column in columns] if several else []
        blocks.append(_block(columns[0].metric.heading, labels, texts))
    height = max(map(len, blocks))
    # A block without labels has its heading on the line above the rows.
    blocks = [[" " * len(block[0])] * (height - len(block)) + block for block in blocks]
    lines = ["   ".join(parts).rstrip() for parts in zip(*blocks, strict=True)]
    return "\n".join([*lines, *(f"note: {note}" for note in table.notes)])


def _block(heading: str, labels: list[str], columns: list[list[str]]) -> list[str]:
    """The lines of one metric: heading, labels if there are any, rows; all of one length."""
    if labels:
        columns = [[label, *column] for label, column in zip(labels, columns, strict=True)]
    widths = [max(map(len, column), default=0) for column in columns]
    lines = [
        "  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True))
        for line in zip(*columns, strict=True)
    ]
    width = max(len(heading), *map(len, lines))
    first = heading.center(width) if labels else heading.rjust(width)
    return [first, *(line.rjust(width) for line in lines)]


def _values(metric: Metric, group_name: str, members: Sequence[Group | None]) -> list[float | None]:
    name = metric.name + (metrics.ROI_SUFFIX if group_name == ROI else "")
    means = [
        group.scores[name].mean if group is not None and name in group.scores else None
        for group in members
    ]
    if len(means) != 2:
        return means
    first, second = means
    if first is None or second is None or not math.isfinite(first) or not math.isfinite(second):
        return [*means, None]
    return [*means, second - first]


def _shown_groups(groups: Mapping[str, Group], names: Sequence[str]) -> dict[str, Group]:
    shown = (WHOLE, ROI, *names)
    return {name: group for name, group in groups.items() if name.partition("/")[0] in shown}


def _title(group_name: str) -> str:
    if group_name == ROI:
        return "RoI"
    return WHOLE if group_name == WHOLE else groupings.title_of(group_name)[1]


def _notes(
    results: Sequence[LabeledResults],
    groups: Sequence[dict[str, Group]],
    shown: Sequence[Metric],
) -> list[str]:
    names = {metric.name for metric in shown}
    notes = []
    for (label, _), of_result in zip(results, groups, strict=True):
        kept = {
            group_name: dataclasses.replace(
                group,
                scores={
                    name: score
                    for name, score in group.scores.items()
                    if metrics.split_name(name)[0] in names
                },
                remarks={
                    remark: count
                    for remark, count in group.remarks.items()
                    if _metric_of(remark) in (*names, None)
                },
            )
            for group_name, group in of_result.items()
        }
        prefix = f"{label}: " if len(results) > 1 else ""
        notes += [prefix + note for note in score_summary.notes(kept)]
    return notes


def _metric_of(remark: str) -> str | None:
    """The metric that a remark is on, None when it is on the triplet."""
    name = metrics.split_name(remark.partition(":")[0])[0]
    return name if name in metrics.METRICS else None
