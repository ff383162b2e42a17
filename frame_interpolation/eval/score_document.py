"""The means of an evaluation as a document of tables: `results.md` and `results.tex`.

A first table has the means of all metrics by group; then each metric has a table with its means
and both 95 % intervals by group. What is not a number of a group stands below in notes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from frame_interpolation.eval import groupings, metrics, score_summary, text_table
from frame_interpolation.eval.bootstrap import Interval
from frame_interpolation.eval.score_summary import ROI, WHOLE, Group
from frame_interpolation.eval.text_table import TextTable

_EMPTY = "-"


@dataclass(frozen=True)
class ScoreDocument:
    """Tables with what is needed to read them.

    Attributes:
        title: Title of the document.
        facts: What was evaluated and how, by name.
        tables: The tables.
    """

    title: str
    facts: Mapping[str, str]
    tables: tuple[TextTable, ...]


def build(
    *,
    title: str,
    facts: Mapping[str, str],
    groups: Mapping[str, Group],
    metric_names: Sequence[str],
) -> ScoreDocument:
    """Makes the tables of an evaluation.

    Args:
        title: Title of the document.
        facts: What was evaluated and how, by name.
        groups: What `score_summary.summarize` returned.
        metric_names: Column names, each possibly with the suffix `_roi`.

    Returns:
        The document.
    """
    bases = list(dict.fromkeys(metrics.split_name(name)[0] for name in metric_names))
    notes = (
        "Every mean is the plain mean over triplets, dB averaged in dB. n counts triplets; one may "
        "be in several groups of a kind.",
        *score_summary.notes(groups),
    )
    tables = [_means_table(groups, bases, notes), *(_metric_table(groups, b) for b in bases)]
    return ScoreDocument(title=title, facts=facts, tables=tuple(tables))


def to_markdown(document: ScoreDocument) -> str:
    """Writes a document as Markdown (GitHub's).

    Args:
        document: The document.

    Returns:
        Text that ends in a line feed.
    """
    escape = text_table.escape_markdown
    lines = [f"# {escape(document.title)}", ""]
    lines += [f"- {escape(name)}: {escape(value)}" for name, value in document.facts.items()]
    tables = [text_table.to_markdown(table) for table in document.tables]
    return "\n\n".join(["\n".join(lines), *tables]) + "\n"


def to_latex(document: ScoreDocument) -> str:
    r"""Writes a document as LaTeX to be `\input`, for the packages `booktabs` and `longtable`.

    Args:
        document: The document.

    Returns:
        Text that ends in a line feed.
    """
    escape = text_table.escape_latex
    items = [rf"\item {escape(name)}: {escape(value)}" for name, value in document.facts.items()]
    lines = [
        r"% To be \input; needs \usepackage{booktabs,longtable}, and for names that are not ASCII",
        "% a font that has their letters.",
        rf"\section*{{{escape(document.title)}}}",
        r"\begin{itemize}",
        *items,
        r"\end{itemize}",
    ]
    tables = [text_table.to_latex(table) for table in document.tables]
    # Many metrics side by side are wide for a page.
    begin = r"\begingroup\footnotesize\setlength{\tabcolsep}{4pt}"
    return "\n\n".join(["\n".join(lines), begin, *tables, r"\endgroup"]) + "\n"


def _means_table(
    groups: Mapping[str, Group], bases: Sequence[str], notes: tuple[str, ...]
) -> TextTable:
    rows = []
    for group_name, group in groups.items():
        means = [_mean(group_name, group, base) for base in bases]
        rows.append((*_group_cells(group_name), str(group.triplets), _films(group), *means))
    return TextTable(
        title="Means",
        headings=(
            "triplets by",
            "group",
            "n",
            "films",
            *(metrics.find(base).heading for base in bases),
        ),
        rows=tuple(rows),
        text_columns=2,
        sections=_sections(groups),
        notes=notes,
    )


def _metric_table(groups: Mapping[str, Group], base: str) -> TextTable:
    metric = metrics.find(base)
    held = {name: group for name, group in groups.items() if _column(name, base) in group.scores}
    rows = []
    for group_name, group in held.items():
        score = group.scores[_column(group_name, base)]
        rows.append(
            (
                *_group_cells(group_name),
                str(score.count),
                _films(group),
                _mean(group_name, group, base),
                _interval(base, score.interval),
                _interval(base, score.film_interval),
            )
        )
    return TextTable(
        title=f"{metric.heading}: means with 95 % intervals",
        headings=("triplets by", "group", "values", "films", "mean", "by triplet", "by film"),
        rows=tuple(rows),
        text_columns=2,
        sections=_sections(held),
        notes=(
            f"{metric.title}: {metric.definition}; "
            f"{'higher' if metric.higher_is_better else 'lower'} is better.",
            "Bootstrap intervals of the mean, drawing triplets, or whole films, whose triplets "
            "are alike.",
            *score_summary.interval_notes(groups),
        ),
    )


def _group_cells(group_name: str) -> tuple[str, str]:
    if group_name in (WHOLE, ROI):
        return "all", "whole frame" if group_name == WHOLE else "region of interest"
    return groupings.title_of(group_name)


def _sections(groups: Mapping[str, Group]) -> tuple[int, ...]:
    """Positions at which another kind of group begins."""
    kinds = [_group_cells(name)[0] for name in groups]
    return tuple(i for i, kind in enumerate(kinds) if i == 0 or kind != kinds[i - 1])


def _column(group_name: str, base: str) -> str:
    return base + (metrics.ROI_SUFFIX if group_name == ROI else "")


def _films(group: Group) -> str:
    return _EMPTY if group.films is None else str(group.films)


def _mean(group_name: str, group: Group, base: str) -> str:
    score = group.scores.get(_column(group_name, base))
    return metrics.find(base).format(None if score is None else score.mean)


def _interval(base: str, interval: Interval | None) -> str:
    if interval is None:
        return _EMPTY
    low, high = map(metrics.find(base).format, interval)
    return f"[{low}, {high}]"
