"""A comparison of methods as tables of text: means, means by group, paired differences.

The best scored value of a column is marked; published rows are never ranked among those scored
here. Films are left out of the groups, for there are many; the CSV and JSON files have them.
"""

from collections.abc import Mapping, Sequence

from frame_interpolation.eval import groupings, metrics, published_scores, score_summary
from frame_interpolation.eval.method_comparison import Block, Comparison
from frame_interpolation.eval.score_summary import ROI, WHOLE, Group
from frame_interpolation.eval.text_table import Cell, TextTable

_EMPTY = "-"
_TEST_NOTE = (
    "p: Wilcoxon's signed-rank test, two-sided, corrected by Holm over all {tests} tests of this "
    "comparison; it takes triplets as independent, the interval by film does not."
)
_FILM_GROUP = "film/"
_LEVEL_GROUP = "level/"


def tables_of(comparison: Comparison, *, brief: bool = False) -> list[TextTable]:
    """Returns the tables of a comparison: means, groups and differences of every block.

    Args:
        comparison: The comparison.
        brief: Of the groups, only those that a terminal has room for: the region of interest and
            the levels, and none of natural video.

    Returns:
        The tables.
    """
    tables = []
    for number, block in enumerate(comparison.blocks):
        kind = "Natural video: " if number else ""
        tables.append(means_table(block, title=f"{kind}{block.title}"))
        if not (brief and number):
            groups = groups_table(
                block, title=f"{kind}By group, {block.aligned.size_text}", brief=brief
            )
            tables += [groups] if groups.rows else []
        if block.differences:
            tables.append(
                differences_table(block, comparison.baseline, comparison.tests, title_prefix=kind)
            )
    return tables


def means_table(block: Block, *, title: str) -> TextTable:
    """The means over all triplets: rows by method, columns by metric, then the published rows.

    Args:
        block: The block.
        title: Title of the table.

    Returns:
        The table.
    """
    names = [name for name in block.metric_names if _in_group(block, WHOLE, name)]
    # Published figures are shown whole, also in columns that were not scored here.
    names += [name for name in _published_names(block) if name not in names]
    scored = block.groups[WHOLE]
    best = _best(scored, names)
    rows: list[tuple[Cell | str, ...]] = [
        (label, str(scored[label].triplets), *_mean_cells(scored, label, names, best))
        for label in block.aligned.labels
    ]
    sections = (0, len(rows)) if block.published else (0,)
    rows += [
        (
            f"{row.method} (published)",
            str(published_scores.TRIPLETS),
            *(metrics.find(name).format(row.values.get(name)) for name in names),
        )
        for row in block.published
    ]
    return TextTable(
        title=title,
        headings=("method", "n", *map(heading, names)),
        rows=tuple(rows),
        sections=sections,
        notes=(*block.notes, *left_out(block)),
    )


def groups_table(block: Block, *, title: str, brief: bool = False) -> TextTable:
    """The means by group, but for films: rows by group and method, columns by metric.

    Args:
        block: The block.
        title: Title of the table.
        brief: Only the region of interest and the levels.

    Returns:
        The table; without rows when there are no groups.
    """
    names = [name for name in block.metric_names if not metrics.split_name(name)[1]]
    rows: list[tuple[Cell | str, ...]] = []
    sections = []
    for group_name, members in block.groups.items():
        if group_name == WHOLE or group_name.startswith(_FILM_GROUP):
            continue
        if brief and group_name != ROI and not group_name.startswith(_LEVEL_GROUP):
            continue
        columns = [f"{name}{metrics.ROI_SUFFIX}" if group_name == ROI else name for name in names]
        best = _best(members, columns)
        sections.append(len(rows))
        rows += [
            (
                group_title(group_name),
                label,
                str(members[label].triplets),
                *_mean_cells(members, label, columns, best),
            )
            for label in block.aligned.labels
            if label in members
        ]
    return TextTable(
        title=title,
        headings=("group", "method", "n", *map(heading, names)),
        rows=tuple(rows),
        text_columns=2,
        sections=tuple(sections),
    )


def differences_table(
    block: Block, baseline: str, tests: int, *, title_prefix: str = ""
) -> TextTable:
    """The paired differences to the baseline: rows by method and metric.

    Args:
        block: The block.
        baseline: Label of the baseline.
        tests: Number of tests that were corrected for.
        title_prefix: Put before the title.

    Returns:
        The table.
    """
    rows: list[tuple[Cell | str, ...]] = []
    sections: list[int] = []
    reasons: list[str] = []
    untested: dict[tuple[str, str], list[str]] = {}
    previous = None
    for found in block.differences:
        if found.label != previous:
            sections.append(len(rows))
            previous = found.label
        rows.append(
            (
                found.label,
                heading(found.metric, with_region=True),
                metrics.find(found.metric).format(found.mean_difference, signed=True),
                _interval(found.metric, found.interval),
                _interval(found.metric, found.film_interval),
                f"{found.better}/{found.equal}/{found.worse}",
                format_p(found.p_value),
                format_p(found.corrected_p),
            )
        )
        if found.reason:
            untested.setdefault((found.label, found.reason), []).append(found.metric)
        if found.missing or found.infinite:
            reasons.append(
                f"{found.label}, {found.metric}: left out are {found.missing} pairs with a missing "
                f"value; {found.infinite} with one infinite value enter the test only."
            )
    return TextTable(
        title=f"{title_prefix}Paired differences to {baseline}, {block.aligned.size_text}",
        headings=(
            "method",
            "metric",
            "mean difference",
            "95 % by triplet",
            "95 % by film",
            "better/equal/worse",
            "p",
            "p (Holm)",
        ),
        rows=tuple(rows),
        text_columns=2,
        sections=tuple(sections),
        notes=(
            "Differences are method minus baseline; the arrow says whether more or less is better.",
            *([_TEST_NOTE.format(tests=tests)] if tests else []),
            *(
                f"{label}: no test of {', '.join(names)}, for {reason}."
                for (label, reason), names in untested.items()
            ),
            *reasons,
        ),
    )


def heading(name: str, *, with_region: bool = False) -> str:
    """Returns the title of a column: metric, unit, and which way is better.

    Args:
        name: Column name.
        with_region: Say when it is taken on the region of interest.

    Returns:
        For example 'PSNR [dB] ↑'.
    """
    metric = metrics.find(name)
    region = "RoI " if with_region and metrics.split_name(name)[1] else ""
    return f"{region}{metric.heading} {'↑' if metric.higher_is_better else '↓'}"


def group_title(group_name: str) -> str:
    """Returns the title of a group for people, such as 'RoI' or 'level: easy'."""
    return "RoI" if group_name == ROI else ": ".join(groupings.title_of(group_name))


def format_p(p_value: float | None) -> str:
    """Returns a p-value with three decimals, '-' for None."""
    if p_value is None:
        return _EMPTY
    return "<0.001" if p_value < 0.001 else f"{p_value:.3f}"


def _mean_cells(
    members: Mapping[str, Group], label: str, names: Sequence[str], best: Mapping[str, float]
) -> list[Cell]:
    cells = []
    for name in names:
        score = members[label].scores.get(name)
        value = None if score is None else score.mean
        is_best = value is not None and value == best.get(name)
        cells.append(Cell(metrics.find(name).format(value), is_best))
    return cells


def _best(members: Mapping[str, Group], names: Sequence[str]) -> dict[str, float]:
    best = {}
    for name in names:
        scores = [group.scores[name].mean for group in members.values() if name in group.scores]
        values = [value for value in scores if value is not None]
        if len(set(values)) > 1:  # Of one value, or of equal ones, none is the best.
            best[name] = (max if metrics.find(name).higher_is_better else min)(values)
    return best


def _published_names(block: Block) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for row in block.published for name in row.values))


def _in_group(block: Block, group_name: str, name: str) -> bool:
    return any(name in group.scores for group in block.groups[group_name].values())


def left_out(block: Block) -> list[str]:
    """Says what the means leave out, naming methods of which the same is true together.

    Args:
        block: The block.

    Returns:
        Sentences.
    """
    results = block.aligned.results
    sentences = score_summary.notes_of_methods({label: result.groups for label, result in results})
    without: dict[tuple[str, ...], list[str]] = {}
    for name in block.metric_names:
        lacking = tuple(label for label, result in results if name not in result.metric_names)
        if lacking:
            without.setdefault(lacking, []).append(name)
    sentences += [
        f"{', '.join(labels)}: evaluated without {', '.join(names)}."
        for labels, names in without.items()
    ]
    if not_scored := [name for name in _published_names(block) if name not in block.metric_names]:
        sentences.append(f"Not scored here: {', '.join(not_scored)}.")
    return sentences


def _interval(name: str, interval: tuple[float, float] | None) -> str:
    if interval is None:
        return _EMPTY
    low, high = (metrics.find(name).format(value, signed=True) for value in interval)
    return f"{low} to {high}"
