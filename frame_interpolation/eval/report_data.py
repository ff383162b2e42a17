"""The data of a report as one JSON object, and as a script that a page may load from a file.

Everything that is named by a file or a person (triplets, films, labels, groups) stands as a value
in a list, never as the key of an object, and long columns are lists over all triplets in the order
of the dataset. Scores are in the units in which people read them (`metrics.Metric.shown_unit`).
Infinite values are "inf" and "-inf", missing ones null.

    triplets    columns over triplets: name, film, size, roi, folder (null without pictures), ...
    scores      [metric][method] -> a value a triplet
    measures    for each measure of difficulty its title and a value a triplet
    groupings   for each grouping its values, and for every triplet the positions of those it has
    intervals   for all triplets and every group, [metric][method] -> [low, high] by triplet and
                [low, high] by film, null where there is none
    differences for the paired tests, [metric][method] -> intervals as above and p-values
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from frame_interpolation.eval import (
    comparison_tables,
    difficulty,
    groupings,
    metrics,
    pictures,
    published_scores,
    report_selection,
    score_summary,
)
from frame_interpolation.eval.evaluation_results import EvaluationResults
from frame_interpolation.eval.gain_warning import GainWarning
from frame_interpolation.eval.paired_comparison import PairedComparison
from frame_interpolation.eval.preference_answers import Preferences, Proportion
from frame_interpolation.eval.protocols import LEVEL_NAMES
from frame_interpolation.eval.report_pictures import IMAGES_NAME, DrawnTriplet
from frame_interpolation.eval.result_alignment import AlignedResults, LabeledResults
from frame_interpolation.eval.score_summary import ROI, WHOLE, Group, Score
from frame_interpolation.eval.scored_triplet import ScoredTriplet, encode_value

_SIGNIFICANT_DIGITS = 9


def build(
    aligned: AlignedResults,
    drawn: Mapping[int, DrawnTriplet],
    *,
    title: str,
    introduction: str = "",
    baseline: str | None = None,
    seed: int = report_selection.DEFAULT_SEED,
    differences: Sequence[PairedComparison] = (),
    preferences: Preferences | None = None,
    natural: Sequence[AlignedResults] = (),
    warnings: Sequence[GainWarning] = (),
    notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Gathers what a report shows.

    Args:
        aligned: The results.
        drawn: Pictures by position of the triplet.
        title: Title of the page.
        introduction: A paragraph below the title.
        baseline: Label of the method that the others are compared with; the first if None.
        seed: Seed of the random gallery.
        differences: Paired comparisons with the baseline, tested and corrected.
        preferences: What people preferred in a study.
        natural: Results on natural video, one a dataset.
        warnings: Gains too large to be believed at once.
        notes: Further sentences below the means.

    Returns:
        A JSON object without infinities.
    """
    first = aligned.results[0][1]
    names = metric_names(aligned.results)
    groups = [result.groups for _, result in aligned.results]
    grouped = _groupings(first.triplets)
    protocol = first.protocol
    published = published_scores.rows_for(protocol.name)
    return {
        "title": title,
        "introduction": introduction,
        "warnings": [
            {"headline": warning.headline, "checks": list(warning.checks)} for warning in warnings
        ],
        "notes": [
            *aligned.notes,
            *published_scores.notes_for(protocol.name, aligned.triplets),
            *score_summary.notes_of_methods(dict(zip(aligned.labels, groups, strict=True))),
            *score_summary.interval_notes(groups[0]),
            *notes,
        ],
        "protocol": {
            "name": protocol.name,
            "version": protocol.version,
            "definition": protocol.definition,
        },
        "size_text": aligned.size_text,
        "methods": [_method(label, result) for label, result in aligned.results],
        "baseline": aligned.labels.index(aligned.labels[0] if baseline is None else baseline),
        "metrics": [_metric(name) for name in names],
        "scores": [[_column(result, name) for _, result in aligned.results] for name in names],
        "triplets": _triplets(aligned, drawn),
        "measures": _measures(first),
        "groupings": grouped,
        "intervals": _intervals(groups, names, grouped),
        "published": [
            {
                "method": row.method,
                "source": row.source,
                "values": [_shown(name, row.values.get(name)) for name in names],
            }
            for row in published
        ],
        "differences": _differences(differences, aligned.labels, names) if differences else None,
        "preferences": None if preferences is None else _preferences(preferences),
        "natural": [_natural(of_dataset) for of_dataset in natural],
        "images": IMAGES_NAME,
        "error_ramp": [list(colour) for colour in pictures.ERROR_RAMP],
        "full_error": pictures.FULL_ERROR,
        "line_colours": {name: list(rgb) for name, rgb in pictures.LINE_COLOURS.items()},
        "seed": seed,
    }


def to_script(data: Mapping[str, Any]) -> str:
    """Writes data as a script that sets `REPORT_DATA`.

    A script can be loaded from a file, which JSON cannot. The text is ASCII and holds neither `<`,
    `>` nor `&`, so that nothing in it can end a script element or open another, wherever it is
    put; the JSON stands in a string, since `JSON.parse` knows no special names.

    Args:
        data: A JSON object without infinities.

    Returns:
        JavaScript.
    """
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    literal = json.dumps(text, ensure_ascii=True)
    for mark in "<>&":
        literal = literal.replace(mark, f"\\u{ord(mark):04x}")
    return f"globalThis.REPORT_DATA = JSON.parse({literal});\n"


def metric_names(results: Sequence[LabeledResults]) -> list[str]:
    """Columns that any of the results has: those of whole frames first, then those of the RoI."""
    names = dict.fromkeys(name for _, result in results for name in result.metric_names)
    return sorted(names, key=lambda name: metrics.split_name(name)[1])


def _method(label: str, result: EvaluationResults) -> dict[str, Any]:
    model = result.model
    return {
        "label": label,
        "experiment": result.experiment,
        "model": str(model.get("path") or model.get("kind") or ""),
        "fingerprint": str(model.get("fingerprint", "")),
    }


def _metric(name: str) -> dict[str, Any]:
    metric = metrics.find(name)
    return {
        "name": name,
        "title": metric.title,
        "unit": metric.shown_unit,
        "decimals": metric.decimals,
        "higher": metric.higher_is_better,
        "definition": metric.definition,
        "roi": metrics.split_name(name)[1],
    }


def _column(result: EvaluationResults, name: str) -> list[float | str | None]:
    return [_shown(name, triplet.values.get(name)) for triplet in result.triplets]


def _shown(name: str, value: float | None) -> float | str | None:
    """A metric's value in the unit in which people read it."""
    return None if value is None else _number(metrics.find(name).shown(value))


def _number(value: float | None) -> float | str | None:
    if value is None or math.isnan(value):
        return None
    if math.isinf(value):
        return encode_value(value)
    return float(f"{value:.{_SIGNIFICANT_DIGITS}g}")


def _triplets(aligned: AlignedResults, drawn: Mapping[int, DrawnTriplet]) -> dict[str, list[Any]]:
    triplets = aligned.results[0][1].triplets
    shown = [drawn.get(i) for i in range(len(triplets))]
    remarks = [
        [
            [k, remark]
            for k, (_, result) in enumerate(aligned.results)
            for remark in result.triplets[i].remarks
        ]
        for i in range(len(triplets))
    ]
    return {
        "index": [triplet.index for triplet in triplets],
        "name": [triplet.name for triplet in triplets],
        "film": [triplet.film for triplet in triplets],
        "level": [_level(triplet.level) for triplet in triplets],
        "kinds": [[*triplet.general_motion_type, *triplet.behavior] for triplet in triplets],
        "size": [list(triplet.frame_size) for triplet in triplets],
        "roi": [None if triplet.roi is None else list(triplet.roi) for triplet in triplets],
        "folder": [None if one is None else one.folder for one in shown],
        "flow_px": [None if one is None else one.flow_full_px for one in shown],
        # Positions of the methods with pictures, where these are not all.
        "pictured": [
            None
            if one is None or all(one.estimates)
            else [k for k, held in enumerate(one.estimates) if held]
            for one in shown
        ],
        "remarks": remarks if any(remarks) else [],
    }


def _level(level: int | None) -> str:
    if level is None:
        return ""
    return LEVEL_NAMES[level] if 0 <= level < len(LEVEL_NAMES) else str(level)


def _measures(result: EvaluationResults) -> list[dict[str, Any]]:
    found = []
    for name, measure in difficulty.MEASURES.items():
        values = [_number(triplet.measures.get(name)) for triplet in result.triplets]
        if any(value is not None for value in values):
            found.append({"name": name, "title": measure.title, "values": values})
    return found


def _groupings(triplets: Sequence[ScoredTriplet]) -> list[dict[str, Any]]:
    """Every grouping that divides the triplets, its values in the order of the tables."""
    found = []
    for grouping in groupings.GROUPINGS.values():
        members = grouping.members(triplets)
        if not members:
            continue
        of_triplet: list[list[int]] = [[] for _ in triplets]
        for value, positions in enumerate(members.values()):
            for position in positions:
                of_triplet[position].append(value)
        found.append(
            {
                "name": grouping.name,
                "title": grouping.title,
                "values": list(members),
                "members": of_triplet,
            }
        )
    return found


def _intervals(
    groups: Sequence[Mapping[str, Group]],
    names: Sequence[str],
    groupings_data: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Intervals of every mean, of all triplets and of every group."""

    def of(group_name: str) -> list[list[list[list[float | str | None] | None]]]:
        intervals = []
        for name in names:
            # The region has a group of its own for all triplets, and none within others.
            on_region = group_name == WHOLE and metrics.split_name(name)[1]
            held = [of_result.get(ROI if on_region else group_name) for of_result in groups]
            scores = [None if group is None else group.scores.get(name) for group in held]
            intervals.append([_interval_pair(name, score) for score in scores])
        return intervals

    return {
        "whole": of(WHOLE),
        "groups": [
            [of(f"{grouping['name']}/{value}") for value in grouping["values"]]
            for grouping in groupings_data
        ],
    }


def _interval_pair(name: str, score: Score | None) -> list[list[float | str | None] | None]:
    ends = (None, None) if score is None else (score.interval, score.film_interval)
    return [None if end is None else [_shown(name, value) for value in end] for end in ends]


def _differences(
    differences: Sequence[PairedComparison], labels: Sequence[str], names: Sequence[str]
) -> dict[str, Any]:
    """Intervals and tests of the paired differences, [metric][method]; the page takes the rest."""
    found = {(one.metric, one.label): one for one in differences}

    def row(name: str, label: str) -> dict[str, Any] | None:
        one = found.get((name, label))
        if one is None:
            return None
        ends = (one.interval, one.film_interval)
        return {
            "intervals": [
                None if end is None else [_shown(name, value) for value in end] for end in ends
            ],
            "p": _number(one.p_value),
            "corrected": _number(one.corrected_p),
            "p_text": comparison_tables.format_p(one.p_value),
            "corrected_text": comparison_tables.format_p(one.corrected_p),
            "reason": one.reason,
        }

    return {
        "baseline": labels.index(differences[0].baseline),
        "rows": [[row(name, label) for label in labels] for name in names],
        "notes": [
            "p: Wilcoxon's signed-rank test, two-sided, and corrected by Holm over all metrics, "
            "methods and datasets of the comparison; it takes triplets as independent, the "
            "interval by film does not."
        ],
    }


def _preferences(preferences: Preferences) -> dict[str, Any]:
    def share(found: Proportion) -> dict[str, Any]:
        interval = None if found.interval is None else list(found.interval)
        return {"share": found.share, "interval": interval, "answers": found.total}

    return {
        "rows": [
            {"method": row.label, "other": row.other, "ties": row.ties, **share(row.preferred)}
            for row in preferences.methods
        ],
        "agreement": [
            {"metric": _metric(row.metric), "left_out": row.left_out, **share(row.agreed)}
            for row in preferences.metrics
        ],
        "notes": [
            f"{preferences.answers} answers of {preferences.participants} participants. Shares are "
            "of the answers that prefer one of the two; intervals are 95 %, Wilson's, and take "
            "answers as independent. A metric agrees when the preferred result has the better "
            "value; by chance it would half of the time."
        ],
    }


def _natural(aligned: AlignedResults) -> dict[str, Any]:
    """Means on a set of natural video: what the same methods do there."""
    first = aligned.results[0][1]
    names = metric_names(aligned.results)
    groups = [result.groups for _, result in aligned.results]
    rows = []
    for label, of_result in zip(aligned.labels, groups, strict=True):
        scores = {**of_result[WHOLE].scores, **(of_result[ROI].scores if ROI in of_result else {})}
        means = [_shown(name, scores[name].mean) if name in scores else None for name in names]
        rows.append({"method": label, "means": means})
    return {
        "title": f"{first.experiment}: {aligned.size_text}, protocol {first.protocol.name}",
        "metrics": [_metric(name) for name in names],
        "rows": rows,
        "notes": [
            *aligned.notes,
            *score_summary.notes_of_methods(dict(zip(aligned.labels, groups, strict=True))),
        ],
    }
