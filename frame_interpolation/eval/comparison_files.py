"""The files of a comparison of methods.

comparison.txt, .md, .tex   the tables of `comparison_tables`, and the warnings
comparison.csv              one row a dataset, group, method and metric
differences.csv             one row a paired comparison
triplet_differences.csv     one row a triplet and method: its differences to the baseline
comparison.json             everything, written last
"""

import csv
import dataclasses
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from frame_interpolation.eval import (
    comparison_tables,
    evaluation_results,
    metrics,
    paired_comparison,
    preference_answers,
    text_table,
)
from frame_interpolation.eval.method_comparison import Block, Comparison
from frame_interpolation.eval.paired_comparison import PairedComparison
from frame_interpolation.eval.preference_answers import Preferences
from frame_interpolation.eval.score_summary import WHOLE
from frame_interpolation.eval.scored_triplet import encode_value
from frame_interpolation.eval.text_table import TextTable

FORMAT = "frame_interpolation.comparison"
FORMAT_VERSION = 1

STEM = "comparison"
DIFFERENCES_NAME = "differences.csv"
TRIPLETS_NAME = "triplet_differences.csv"


def write_comparison(
    folder: Path, comparison: Comparison, *, preferences: Preferences | None = None
) -> None:
    """Writes all files of a comparison.

    Args:
        folder: Where to; made when it does not exist.
        comparison: The comparison.
        preferences: What people preferred, None when that is not known.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{STEM}.json").unlink(missing_ok=True)
    tables = comparison_tables.tables_of(comparison)
    if preferences is not None:
        tables += preference_answers.tables_of(preferences)
    write = evaluation_results.write_text
    write(folder / f"{STEM}.txt", to_text(comparison, tables) + "\n")
    write(folder / f"{STEM}.md", _markdown(comparison, tables) + "\n")
    write(folder / f"{STEM}.tex", _latex(comparison, tables) + "\n")
    write(folder / f"{STEM}.csv", means_csv(comparison))
    write(folder / DIFFERENCES_NAME, differences_csv(comparison))
    write(folder / TRIPLETS_NAME, triplet_differences_csv(comparison))
    content = json.dumps(
        to_json(comparison, preferences), indent=1, ensure_ascii=False, allow_nan=False
    )
    write(folder / f"{STEM}.json", content + "\n")


def to_text(comparison: Comparison, tables: Sequence[TextTable]) -> str:
    """Writes tables and warnings for a terminal.

    Args:
        comparison: The comparison.
        tables: Its tables, and others.

    Returns:
        Text without a final line feed.
    """
    parts = ["\n".join(_warning_lines(comparison))] if comparison.warnings else []
    return "\n\n".join([*map(text_table.to_text, tables), *parts])


def means_csv(comparison: Comparison) -> str:
    """Returns the means as CSV; empty cells are missing values, published rows are marked."""
    rows: list[list[Any]] = []
    for number, block in enumerate(comparison.blocks):
        start = ["natural" if number else "main", block.title]
        for group_name, members in block.groups.items():
            for label, group in members.items():
                for name, score in group.scores.items():
                    values = [_cell(score.mean), score.count, score.infinite, score.missing]
                    for interval in (score.interval, score.film_interval):
                        values += map(_cell, interval or (None, None))
                    rows.append([*start, group_name, label, "scored", name, *values, ""])
        for row in block.published:
            for name, value in row.values.items():
                values = [_cell(value), *[""] * 7]
                rows.append([*start, WHOLE, row.method, "published", name, *values, row.source])
    head = ["block", "dataset", "group", "method", "kind", "metric"]
    head += ["mean", "count", "infinite", "missing", "interval_low", "interval_high"]
    return _csv([*head, "film_interval_low", "film_interval_high", "source"], rows)


def differences_csv(comparison: Comparison) -> str:
    """Returns the paired comparisons as CSV; empty cells are values that do not exist."""
    fields = [field.name for field in dataclasses.fields(PairedComparison)]
    intervals = ("interval", "film_interval")
    head = ["block", "dataset"]
    for field in fields:
        head += [f"{field}_low", f"{field}_high"] if field in intervals else [field]
    rows = []
    for number, block in enumerate(comparison.blocks):
        for found in block.differences:
            row: list[Any] = ["natural" if number else "main", block.title]
            for field in fields:
                value = getattr(found, field)
                row += list(map(_cell, value or (None, None))) if field in intervals else [value]
            rows.append(row)
    return _csv(head, rows)


def triplet_differences_csv(comparison: Comparison) -> str:
    """Returns the differences that are summed up in `differences_csv`, triplet by triplet.

    They are method minus baseline; 'inf' and '-inf' where one of the two values is infinite, an
    empty cell where one is missing or the metric was not scored for both.
    """
    names = list(
        dict.fromkeys(found.metric for block in comparison.blocks for found in block.differences)
    )
    rows: list[list[Any]] = []
    for number, block in enumerate(comparison.blocks):
        start = ["natural" if number else "main", block.title]
        baseline = block.aligned[comparison.baseline].triplets
        for label, results in block.aligned.results:
            if label == comparison.baseline:
                continue
            for triplet, reference in zip(results.triplets, baseline, strict=True):
                differences = [
                    paired_comparison.difference(
                        triplet.values.get(name), reference.values.get(name)
                    )
                    for name in names
                ]
                rows.append([*start, label, triplet.name, triplet.film, *map(_cell, differences)])
    return _csv(["block", "dataset", "label", "triplet", "film", *names], rows)


def to_json(comparison: Comparison, preferences: Preferences | None = None) -> dict[str, Any]:
    """Returns everything as a JSON object; infinities are the strings 'inf' and '-inf'."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "baseline": comparison.baseline,
        "main": _block_json(comparison.main),
        "natural": [_block_json(block) for block in comparison.natural],
        "warnings": [dataclasses.asdict(warning) for warning in comparison.warnings],
        "leakage": comparison.leakage and dataclasses.asdict(comparison.leakage),
        "preferences": preferences and preferences.to_json(),
    }


def _warning_lines(comparison: Comparison) -> list[str]:
    lines = []
    for warning in comparison.warnings:
        lines += [f"WARNING: {warning.headline}", *(f"  - {check}" for check in warning.checks)]
    return lines


def _markdown(comparison: Comparison, tables: Sequence[TextTable]) -> str:
    parts = ["# Comparison of methods", *map(text_table.to_markdown, tables)]
    for warning in comparison.warnings:
        checks = [f"- {text_table.escape_markdown(check)}" for check in warning.checks]
        headline = text_table.escape_markdown(warning.headline)
        parts.append("\n".join([f"## Warning\n\n{headline}\n", *checks]))
    return "\n\n".join(parts)


def _latex(comparison: Comparison, tables: Sequence[TextTable]) -> str:
    parts = [
        "% To be \\input; needs \\usepackage{booktabs,longtable}, for the wide tables a landscape\n"
        "% page, and for names that are not ASCII a font that has their letters.",
        r"\begingroup\scriptsize\setlength{\tabcolsep}{3pt}",
        *map(text_table.to_latex, tables),
        r"\endgroup",
    ]
    for warning in comparison.warnings:
        checks = [rf"\item {text_table.escape_latex(check)}" for check in warning.checks]
        headline = rf"\paragraph{{Warning}} {text_table.escape_latex(warning.headline)}"
        parts.append("\n".join([headline, r"\begin{itemize}", *checks, r"\end{itemize}"]))
    return "\n\n".join(parts)


def _cell(value: float | None) -> str:
    return "" if value is None else repr(float(value))


def _csv(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def _block_json(block: Block) -> dict[str, Any]:
    return {
        "title": block.title,
        "triplets": block.aligned.triplets,
        "is_intersection": block.aligned.is_intersection,
        "totals": dict(block.aligned.totals),
        "protocol": {
            name: block.aligned.results[0][1].identity[name]
            for name in ("protocol", "protocol_version")
        },
        "methods": {
            label: {"experiment": results.experiment, "model": results.model}
            for label, results in block.aligned.results
        },
        "metrics": {name: metrics.find(name).definition for name in block.metric_names},
        "groups": {
            group_name: {
                label: {
                    "triplets": group.triplets,
                    "films": group.films,
                    "without_roi": group.without_roi,
                    "remarks": dict(group.remarks),
                    "scores": {
                        name: {**dataclasses.asdict(score), "mean": encode_value(score.mean)}
                        for name, score in group.scores.items()
                    },
                }
                for label, group in members.items()
            }
            for group_name, members in block.groups.items()
        },
        "published": [dataclasses.asdict(row) for row in block.published],
        "differences": [dataclasses.asdict(found) for found in block.differences],
        "notes": [*block.notes, *comparison_tables.left_out(block)],
    }
