"""Several results brought to the same triplets in the same order, or refused.

A triplet is known across results by its name and, where a name repeats, by the how-manieth of that
name it is; not by its position alone, for a folder of triplets and records made of it may have
different orders. What was scored must also be the same frames: results carry marks of them (see
`frame_content`), and older ones without marks are held together by the fingerprint of their data.
"""

import dataclasses
import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frame_interpolation.errors import InputError
from frame_interpolation.eval import frame_content
from frame_interpolation.eval.evaluation_results import EvaluationResults
from frame_interpolation.eval.scored_triplet import ScoredTriplet

LabeledResults = tuple[str, EvaluationResults]
Identity = tuple[str, int]
"""A triplet's name and its number among the triplets of that name, from 0."""

_SHOWN_NAMES = 3
_REMARKS = ("video", "timing")
"""Facts of a method, written by the collection of its outputs (see `external_outputs`)."""


@dataclass(frozen=True)
class AlignedResults:
    """Results on the same triplets.

    Attributes:
        results: Labels and results, in the order given; all have the triplets of the first in its
            order.
        totals: How many triplets each result had by itself, by label.
        notes: Sentences on what is particular to a method's frames, what was left out, and what
            could not be checked.
    """

    results: tuple[LabeledResults, ...]
    totals: Mapping[str, int]
    notes: tuple[str, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels in order."""
        return tuple(label for label, _ in self.results)

    @property
    def triplets(self) -> int:
        """Number of triplets that all results have."""
        return len(self.results[0][1].triplets)

    @property
    def is_intersection(self) -> bool:
        """Whether triplets were left out because not every result has them."""
        return any(total != self.triplets for total in self.totals.values())

    @property
    def size_text(self) -> str:
        """The number of triplets for a title, which says when it is that of an intersection."""
        if not self.is_intersection:
            return f"{self.triplets} triplets"
        totals = ", ".join(f"{label} {total}" for label, total in self.totals.items())
        return f"intersection of {self.triplets} triplets (of {totals})"

    def __getitem__(self, label: str) -> EvaluationResults:
        """Returns the results of a label."""
        return dict(self.results)[label]


def identities(triplets: Sequence[ScoredTriplet]) -> list[Identity]:
    """Returns what each triplet is known by across results.

    Args:
        triplets: Triplets of one result, in the order of its dataset.

    Returns:
        An identity a triplet, all different.
    """
    seen: Counter[str] = Counter()
    found = []
    for triplet in triplets:
        found.append((triplet.name, seen[triplet.name]))
        seen[triplet.name] += 1
    return found


def stored_definitions(path: str | os.PathLike[str]) -> dict[str, str]:
    """Reads how the metrics of a `results.json` were defined when it was written.

    Args:
        path: A file that `evaluation_results.read_results` accepts.

    Returns:
        Definition by column name.
    """
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    definitions = content.get("metrics") if isinstance(content, dict) else None
    return dict(definitions) if isinstance(definitions, dict) else {}


def align(
    results: Sequence[LabeledResults],
    *,
    intersection: bool = False,
    definitions: Mapping[str, Mapping[str, str]] | None = None,
) -> AlignedResults:
    """Brings results to the same triplets.

    Args:
        results: Labels and results.
        intersection: Keep the triplets that all results have, instead of refusing results of
            different triplets.
        definitions: By label, how the metrics were defined when the result was written (see
            `stored_definitions`); not compared when None.

    Returns:
        The aligned results.

    Raises:
        InputError: If there are none, two labels are equal, protocols or definitions differ, the
            triplets differ (or, with `intersection`, none is in all), or a triplet of one name
            has other frames or another annotation.
    """
    check_labels([label for label, _ in results])
    _check_protocols(results)
    if definitions:
        _check_definitions(definitions)
    _check_settings(results)
    by_identity = [dict(zip(identities(r.triplets), r.triplets, strict=True)) for _, r in results]
    common = [key for key in by_identity[0] if all(key in others for others in by_identity)]
    if not intersection:
        _check_same_triplets(results, by_identity)
    elif not common:
        raise InputError(
            f"No triplet is in all of {_quoted([label for label, _ in results])}; these are "
            "results on different datasets."
        )
    aligned = []
    for (label, result), members in zip(results, by_identity, strict=True):
        triplets = tuple(members[key] for key in common)
        identity = {**result.identity, "triplets": len(triplets)}
        aligned.append((label, dataclasses.replace(result, identity=identity, triplets=triplets)))
    notes = [*_remarks(results), *_check_same_frames(aligned)]
    return AlignedResults(
        results=tuple(aligned),
        totals={label: len(result.triplets) for label, result in results},
        notes=tuple(notes),
    )


def check_labels(labels: Sequence[str]) -> None:
    """Refuses labels that do not tell results apart.

    Args:
        labels: One a result.

    Raises:
        InputError: If there is none, one is empty, or two are equal.
    """
    if not labels:
        raise InputError("There are no results to compare; name at least one.")
    if not all(label.strip() for label in labels):
        raise InputError("A result has an empty name; give each its own.")
    repeated = [label for label, count in Counter(labels).items() if count > 1]
    if repeated:
        raise InputError(f"Two results have the name {repeated[0]!r}; give each its own.")


def _check_protocols(results: Sequence[LabeledResults]) -> None:
    first_label, first = results[0]
    expected = (first.identity["protocol"], first.identity["protocol_version"])
    for label, other in results[1:]:
        found = (other.identity["protocol"], other.identity["protocol_version"])
        if found != expected:
            raise InputError(
                f"{first_label!r} was scored with protocol {expected[0]} version {expected[1]}, "
                f"{label!r} with protocol {found[0]} version {found[1]}; their scores are "
                "different quantities. Evaluate both with one protocol."
            )


def _check_definitions(definitions: Mapping[str, Mapping[str, str]]) -> None:
    first: dict[str, tuple[str, str]] = {}
    for label, of_result in definitions.items():
        for name, definition in of_result.items():
            other_label, expected = first.setdefault(name, (label, definition))
            if definition != expected:
                raise InputError(
                    f"{name} has another definition in {label!r} ({definition}) than in "
                    f"{other_label!r} ({expected}); evaluate both with the same version of this "
                    "program."
                )


def _check_settings(results: Sequence[LabeledResults]) -> None:
    """Whatever else an evaluation names as part of a metric, such as the weights of LPIPS."""
    first_label, first = results[0]
    for label, other in results[1:]:
        for key in sorted(set(first.identity) & set(other.identity)):
            if not key.startswith("lpips"):
                continue
            values = first.identity[key], other.identity[key]
            if all(values) and values[0] != values[1]:
                raise InputError(
                    f"{first_label!r} and {label!r} were scored with different {key} "
                    f"({_short(values[0])} and {_short(values[1])}); evaluate both with the same."
                )


def _remarks(results: Sequence[LabeledResults]) -> list[str]:
    """Returns what a reader of the scores has to know of the methods' frames."""
    labels_of: dict[str, list[str]] = {}
    for label, result in results:
        remarks = [str(result.model[key]) for key in _REMARKS if result.model.get(key)]
        if result.model.get("resized"):
            remarks.append("Frames of another size were resized (LANCZOS) before they were scored.")
        left_out = result.dataset.get("left_out")
        if isinstance(left_out, list | tuple) and left_out:
            remarks.append(
                f"Without {len(left_out)} triplets of its dataset: "
                f"{result.dataset.get('left_out_because')}."
            )
        for remark in remarks:
            labels_of.setdefault(remark, []).append(label)
    return [f"{', '.join(labels)}: {remark}" for remark, labels in labels_of.items()]


def _check_same_triplets(
    results: Sequence[LabeledResults],
    by_identity: Sequence[Mapping[Identity, ScoredTriplet]],
) -> None:
    first_label = results[0][0]
    for (label, _), members in zip(results[1:], by_identity[1:], strict=True):
        only_first = [key for key in by_identity[0] if key not in members]
        only_other = [key for key in members if key not in by_identity[0]]
        if only_first or only_other:
            common = len(members) - len(only_other)
            raise InputError(
                f"{first_label!r} and {label!r} are on different triplets: {common} are in both, "
                f"{_counted(only_first)} only in {first_label!r}, {_counted(only_other)} only in "
                f"{label!r}. Evaluate both on the same triplets, or give --intersection to compare "
                "on those that all have."
            )


def _check_same_frames(results: Sequence[LabeledResults]) -> list[str]:
    """Refuses results whose triplets only share their names; returns what remains to be said."""
    notes = []
    first_label, first = results[0]
    for label, other in results[1:]:
        recoded = unmarked = 0
        for a, b in zip(first.triplets, other.triplets, strict=True):
            _check_same_annotation(first_label, a, label, b)
            if len(a.frame_marks) != 3 or len(b.frame_marks) != 3:
                unmarked += 1
                continue
            pairs = list(zip(a.frame_marks, b.frame_marks, strict=True))
            if not all(frame_content.look_alike(*pair) for pair in pairs):
                raise InputError(
                    f"Triplet {a.name!r} has other frames in {label!r} than in {first_label!r}, "
                    f"though the same name ({_dataset_text(first, other)}); evaluate both on the "
                    "same data."
                )
            digests = [tuple(map(frame_content.digest_of, pair)) for pair in pairs]
            recoded += any(one != two for one, two in digests)
        if recoded:
            notes.append(
                f"{recoded} of {len(first.triplets)} triplets look the same in {first_label!r} and "
                f"{label!r} but are not the same pixels (another size or codec of the frames): "
                "their truths differ slightly."
            )
        if unmarked:
            notes += _check_fingerprints(first_label, first, label, other)
    return notes


def _check_same_annotation(
    first_label: str, first: ScoredTriplet, label: str, other: ScoredTriplet
) -> None:
    for field in ("frame_size", "level", "roi"):
        values = getattr(first, field), getattr(other, field)
        if None not in values and values[0] != values[1]:
            raise InputError(
                f"Triplet {first.name!r} has {field} {values[0]} in {first_label!r} and "
                f"{values[1]} in {label!r}; these are different data or annotations. Evaluate "
                "both on the same."
            )


def _check_fingerprints(
    first_label: str, first: EvaluationResults, label: str, other: EvaluationResults
) -> list[str]:
    if first.identity["records"] == other.identity["records"]:
        return []
    if set(first.dataset) == set(other.dataset):  # Sources of one kind: the same way to count.
        raise InputError(
            f"{first_label!r} and {label!r} have the same triplet names, but the fingerprints of "
            f"their data differ ({_dataset_text(first, other)}), and without marks of the frames "
            "it cannot be told whether these are the same pictures. Evaluate both on the same data."
        )
    return [
        f"{first_label!r} and {label!r} were read from sources of different kinds, without marks "
        "of their frames: that they are the same pictures could not be checked."
    ]


def _dataset_text(first: EvaluationResults, other: EvaluationResults) -> str:
    fingerprints = [_short(result.identity["records"]) for result in (first, other)]
    return f"data fingerprints {fingerprints[0]} and {fingerprints[1]}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 16 else f"{text[:12]}..."


def _counted(keys: Sequence[Identity]) -> str:
    if not keys:
        return "none"
    shown = [name if not number else f"{name} (no. {number + 1})" for name, number in keys]
    names = ", ".join(map(repr, shown[:_SHOWN_NAMES]))
    return f"{len(keys)} ({names}{', ...' if len(keys) > _SHOWN_NAMES else ''})"


def _quoted(labels: Sequence[str]) -> str:
    return ", ".join(map(repr, labels))
