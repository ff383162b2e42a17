"""The finished results of an evaluation, and the files that hold them.

`results.json` holds everything and is written last, so that its presence marks an evaluation as
finished; `results.csv` is FILM's table: a title row `key,<metrics>`, a row a triplet and a last
row `mean`. In the table an infinite value is `inf` and a missing one an empty cell; what that
does to the means is said in `score_summary`, in `readme.txt` and in `results.json`. `results.md`
and `results.tex` hold the means of all groups with their intervals (see `score_document`).
"""

import csv
import dataclasses
import functools
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frame_interpolation.errors import InputError
from frame_interpolation.eval import (
    bootstrap,
    difficulty,
    metrics,
    protocols,
    score_document,
    score_summary,
)
from frame_interpolation.eval.score_summary import Group, Score
from frame_interpolation.eval.scored_triplet import (
    ScoredTriplet,
    encode_value,
)

FORMAT = "frame_interpolation.evaluation"
FORMAT_VERSION = 2

_IDENTITY_NAMES = ("protocol", "protocol_version", "metrics", "triplets", "model", "records")

JSON_NAME = "results.json"
CSV_NAME = "results.csv"
README_NAME = "readme.txt"
MARKDOWN_NAME = "results.md"
LATEX_NAME = "results.tex"
FILE_NAMES = (JSON_NAME, CSV_NAME, MARKDOWN_NAME, LATEX_NAME, README_NAME)
"""What `write_results` writes, the mark of a finished evaluation first."""


@dataclass(frozen=True)
class EvaluationResults:
    """Results of one evaluation.

    Attributes:
        experiment: Name of the experiment.
        identity: What makes two evaluations the same: protocol, metrics, fingerprints of model
            and records, number of examples (a JSON object).
        model: What was evaluated, for people and tools: path, kind, fingerprint.
        dataset: The records: path, number, fingerprint.
        environment: Versions, device, times.
        triplets: Scores of every triplet, in the order of the dataset.
    """

    experiment: str
    identity: Mapping[str, Any]
    model: Mapping[str, Any]
    dataset: Mapping[str, Any]
    environment: Mapping[str, Any]
    triplets: tuple[ScoredTriplet, ...]

    @property
    def protocol(self) -> protocols.Protocol:
        """The protocol the triplets were scored with."""
        return protocols.find(self.identity["protocol"])

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(self.identity["metrics"])

    @functools.cached_property
    def groups(self) -> dict[str, Group]:
        """Scores of all triplets and of every group (see `score_summary.summarize`).

        Computed once, in a second or two for thousands of triplets; not to be changed.
        """
        return score_summary.summarize(self.triplets, self.metric_names)

    def to_json(self) -> dict[str, Any]:
        """Returns the results as a JSON object.

        Definitions, means and notes are written for other readers; `from_json` computes them anew.
        """
        groups = self.groups
        return {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "experiment": self.experiment,
            "protocol": {
                "name": self.protocol.name,
                "version": self.protocol.version,
                "definition": self.protocol.definition,
            },
            "metrics": {name: metrics.find(name).definition for name in self.metric_names},
            "identity": self.identity,
            "model": self.model,
            "dataset": self.dataset,
            "environment": self.environment,
            "intervals": {
                "method": "percentile bootstrap of the mean",
                "confidence": bootstrap.CONFIDENCE,
                "resamples": bootstrap.RESAMPLES,
                "interval": "triplets drawn with replacement",
                "film_interval": "whole films drawn with replacement",
            },
            "measures": {
                name: {"title": measure.title, "edges": measure.edges, "ranges": measure.ranges}
                for name, measure in difficulty.MEASURES.items()
            },
            "groups": {name: _group_json(group) for name, group in groups.items()},
            "notes": [*score_summary.notes(groups), *score_summary.interval_notes(groups)],
            "triplets": [triplet.to_json() for triplet in self.triplets],
        }


def read_results(path: str | os.PathLike[str]) -> EvaluationResults:
    """Reads a `results.json`.

    Args:
        path: The file.

    Returns:
        The results.

    Raises:
        InputError: If the file is not one, or was made with another version of the format or of
            its protocol.
        FileNotFoundError: If there is no such file.
    """
    with open(path, encoding="utf-8") as file:
        try:
            content = json.load(file)
        except ValueError as error:
            raise InputError(f"{os.fspath(path)!r} is not valid JSON; evaluate again.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InputError(f"{os.fspath(path)!r} does not hold results of an evaluation.")
    if content.get("format_version") != FORMAT_VERSION:
        raise InputError(
            f"{os.fspath(path)!r} has format version {content.get('format_version')!r}, expected "
            f"{FORMAT_VERSION}; evaluate again with --overwrite."
        )
    try:
        results = EvaluationResults(
            triplets=tuple(map(ScoredTriplet.from_json, content["triplets"])),
            **{
                name: content[name]
                for name in ("experiment", "identity", "model", "dataset", "environment")
            },
        )
        for name in ("identity", "model", "dataset", "environment"):
            if not isinstance(content[name], dict):
                raise TypeError(f"{name} is no object")
        for name in _IDENTITY_NAMES:
            results.identity[name]
        known = (results.protocol.name, results.protocol.version)
        found = {
            (results.identity["protocol"], results.identity["protocol_version"]),
            (content["protocol"]["name"], content["protocol"]["version"]),
        }
        names = results.metric_names
        for name in names:
            metrics.find(name)
        complete = all(set(triplet.values) >= set(names) for triplet in results.triplets)
    except InputError as error:
        raise InputError(f"{os.fspath(path)!r} was made by another version: {error}") from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{os.fspath(path)!r} is not complete ({error!r}); evaluate again with --overwrite."
        ) from error
    if not complete:
        raise InputError(f"{os.fspath(path)!r} lacks values; evaluate again with --overwrite.")
    for name, version in sorted(found - {known}, key=str):
        raise InputError(
            f"{os.fspath(path)!r} was scored with version {version} of protocol {name!r}, expected "
            f"{known[1]} of {known[0]!r}; evaluate again with --overwrite."
        )
    return results


def write_results(folder: Path, results: EvaluationResults) -> None:
    """Writes `results.csv`, `readme.txt`, `results.md`, `results.tex` and, last, `results.json`.

    Args:
        folder: An existing folder.
        results: The results of all triplets.
    """
    write_text(folder / CSV_NAME, results_csv(results))
    write_text(folder / README_NAME, readme_text(results))
    document = document_of(results)
    write_text(folder / MARKDOWN_NAME, score_document.to_markdown(document))
    write_text(folder / LATEX_NAME, score_document.to_latex(document))
    content = json.dumps(results.to_json(), indent=1, ensure_ascii=False, allow_nan=False)
    write_text(folder / JSON_NAME, content + "\n")


def results_csv(results: EvaluationResults) -> str:
    """Returns FILM's table of the results as text, lines ending in a line feed."""
    names = results.metric_names
    means: dict[str, Score] = {
        name: score_summary.mean_score(triplet.values[name] for triplet in results.triplets)
        for name in names
    }
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["key", *names])
    for triplet in results.triplets:
        writer.writerow([triplet.key, *(_cell(triplet.values[name]) for name in names)])
    writer.writerow(["mean", *(_cell(means[name].mean) for name in names)])
    return text.getvalue()


def readme_text(results: EvaluationResults) -> str:
    """Returns the text of `readme.txt`: what was run, on what, and how to read the table."""
    protocol = results.protocol
    lines = [
        f"Experiment: {results.experiment}",
        f"Triplets:   {len(results.triplets)} of {results.dataset['records']}",
        f"Protocol:   {protocol.name} (version {protocol.version}): {protocol.definition}",
        "Means:      plain means over triplets, dB averaged in dB",
        "",
        "Model:",
        *_listed(results.model),
        "",
        "Dataset:",
        *_listed(results.dataset),
        "",
        "Environment:",
        *_listed(results.environment),
        "",
        "Columns of results.csv (suffix _roi: on the region of interest of each triplet):",
        *(f"  {name}: {metrics.find(name).definition}" for name in results.metric_names),
        "",
        "An empty cell is a missing value, inf the PSNR of an estimate equal to the truth.",
    ]
    notes = score_summary.notes(results.groups)
    lines += [f"  {note}" for note in notes] or ["  There are none of either."]
    lines += [
        "",
        "results.md and results.tex: means by group with 95 % bootstrap intervals;",
        "results.json: everything, with what each triplet is grouped by.",
    ]
    return "\n".join(lines) + "\n"


def document_of(results: EvaluationResults) -> score_document.ScoreDocument:
    """Returns the tables of all groups, for `results.md` and `results.tex`."""
    protocol = results.protocol
    model = {"path": "Model", "fingerprint": "Fingerprint of the model"}
    facts = {
        "Protocol": f"{protocol.name}, version {protocol.version}: {protocol.definition}",
        **{
            title: str(results.model[name])
            for name, title in model.items()
            if name in results.model
        },
        "Triplets": f"{len(results.triplets)} of {results.dataset['records']}",
        "Fingerprint of the triplets": str(results.identity["records"]),
    }
    return score_document.build(
        title=results.experiment,
        facts=facts,
        groups=results.groups,
        metric_names=results.metric_names,
    )


def write_text(path: Path, text: str) -> None:
    """Writes a text file under a temporary name and renames it.

    Args:
        path: File to write; replaced when it exists.
        text: Its content, written as UTF-8.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(text, encoding="utf-8", newline="")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _cell(value: float | None) -> str:
    # repr gives the shortest text that reads back as the same number.
    return "" if value is None else repr(float(value))


def _listed(fields: Mapping[str, Any], indent: str = "  ") -> list[str]:
    lines = []
    for name, value in fields.items():
        # What has parts of its own (the shards of a dataset) goes below its name.
        nested = isinstance(value, Mapping) and any(isinstance(v, Mapping) for v in value.values())
        lines.append(f"{indent}{name}:" if nested else f"{indent}{name}: {value}")
        lines += _listed(value, indent + "  ") if nested else []
    return lines


def _group_json(group: Group) -> dict[str, Any]:
    scores = {
        name: {**dataclasses.asdict(score), "mean": encode_value(score.mean)}
        for name, score in group.scores.items()
    }
    return {
        "triplets": group.triplets,
        "films": group.films,
        "without_roi": group.without_roi,
        "remarks": dict(group.remarks),
        "scores": scores,
    }
