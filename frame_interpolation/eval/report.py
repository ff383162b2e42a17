"""A report of one or several results as a folder that opens in a browser without a network.

    report.html     the page; written last
    data.js         scores, groups and intervals of all triplets (see `report_data`)
    assets/         style and scripts, the same in every report
    images/         pictures of the chosen triplets (see `report_pictures`)

The folder needs nothing outside it and can be moved. Made again over other results, it keeps the
pictures that are still true and loses those of other triplets.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from frame_interpolation.errors import InputError
from frame_interpolation.eval import (
    evaluation_results,
    frame_store,
    metrics,
    report_data,
    report_page,
    report_pictures,
    report_selection,
    result_alignment,
)
from frame_interpolation.eval.gain_warning import GainWarning
from frame_interpolation.eval.paired_comparison import PairedComparison
from frame_interpolation.eval.preference_answers import Preferences
from frame_interpolation.eval.report_pictures import DrawnTriplet, PictureSource
from frame_interpolation.eval.result_alignment import AlignedResults

PAGE_NAME = "report.html"
DATA_NAME = "data.js"
DEFAULT_MAX_TRIPLETS = 200


class ReportedResult(NamedTuple):
    """One result in a report.

    Attributes:
        label: What readers know it by, such as 'before'.
        results_json: Its `results.json`.
        frames_dir: The folder of its pictures, `frames/` beside it (see `frame_store`).
    """

    label: str
    results_json: str | os.PathLike[str]
    frames_dir: str | os.PathLike[str]


def write_report(
    output_dir: str | os.PathLike[str],
    *,
    title: str,
    results: Sequence[ReportedResult | tuple[str, str | os.PathLike[str], str | os.PathLike[str]]],
    introduction: str = "",
    max_triplets: int = DEFAULT_MAX_TRIPLETS,
    baseline: str | None = None,
    progress_stream: TextIO | None = None,
) -> Path:
    """Writes a report of results that lie in files.

    Args:
        output_dir: Folder of the report; made when it does not exist.
        title: Title of the page.
        results: Label, `results.json` and folder of pictures of each result, all of the same
            triplets, in the order in which they are shown. Results without pictures are allowed;
            their scores are shown. The inputs and the truth are taken from the first with
            pictures.
        introduction: A paragraph below the title, plain text.
        max_triplets: Largest number of triplets with pictures (see `write_aligned_report`).
        baseline: Label of the result that the others are compared with; the first if None.
        progress_stream: Where progress is shown; standard error when None.

    Returns:
        Path of `report.html`.

    Raises:
        InputError: If the results cannot be compared, a picture is missing, or there is no such
            baseline.
    """
    aligned = result_alignment.align(
        [(label, evaluation_results.read_results(path)) for label, path, _ in results],
        definitions={
            label: result_alignment.stored_definitions(path) for label, path, _ in results
        },
    )
    return write_aligned_report(
        output_dir,
        title=title,
        aligned=aligned,
        frames_dirs={label: frames_dir for label, _, frames_dir in results},
        introduction=introduction,
        max_triplets=max_triplets,
        baseline=baseline,
        progress_stream=progress_stream,
    )


def write_aligned_report(
    output_dir: str | os.PathLike[str],
    *,
    title: str,
    aligned: AlignedResults,
    frames_dirs: Mapping[str, str | os.PathLike[str]],
    introduction: str = "",
    max_triplets: int = DEFAULT_MAX_TRIPLETS,
    baseline: str | None = None,
    differences: Sequence[PairedComparison] = (),
    natural: Sequence[AlignedResults] = (),
    preferences: Preferences | None = None,
    warnings: Sequence[GainWarning] = (),
    seed: int = report_selection.DEFAULT_SEED,
    progress_stream: TextIO | None = None,
) -> Path:
    """Writes a report of results that were brought to the same triplets.

    Args:
        output_dir: Folder of the report; made when it does not exist.
        title: Title of the page.
        aligned: The results, in the order in which they are shown.
        frames_dirs: Folder of the pictures of each result by label. Results without pictures are
            allowed; their scores are shown. The inputs and the truth are taken from the first
            with pictures.
        introduction: A paragraph below the title, plain text.
        max_triplets: Largest number of triplets whose pictures are in the report; tables and
            plots hold all of them. Of more, the extremes are chosen (see `report_selection`), and
            the page says so.
        baseline: Label of the result that the others are compared with; the first if None.
        differences: Paired comparisons with the baseline (`method_comparison`), whose intervals
            and tests are shown beside the differences that the page takes itself.
        natural: Results of the same methods on natural video, one a dataset, shown as tables.
        preferences: What people preferred in a study.
        warnings: Gains too large to be believed at once, shown above everything else with a list of
            what to check.
        seed: Seed of the random gallery, from 0 to 2**32 - 1.
        progress_stream: Where progress is shown; standard error when None.

    Returns:
        Path of `report.html`.

    Raises:
        InputError: If a picture is missing, or there is no such baseline.
    """
    output_dir = Path(output_dir)
    if baseline is not None and baseline not in aligned.labels:
        raise InputError(
            f"The baseline {baseline!r} is not among the results {', '.join(aligned.labels)}."
        )
    output_dir.mkdir(parents=True, exist_ok=True)
    page = output_dir / PAGE_NAME
    page.unlink(missing_ok=True)
    drawn = _write_pictures(
        output_dir,
        aligned,
        {label: Path(folder) for label, folder in frames_dirs.items()},
        max_triplets=max_triplets,
        baseline=baseline,
        seed=seed,
        progress_stream=progress_stream,
    )
    data = report_data.build(
        aligned,
        drawn,
        title=title,
        introduction=introduction,
        baseline=baseline,
        seed=seed,
        differences=differences,
        preferences=preferences,
        natural=natural,
        warnings=warnings,
        notes=_without_pictures(aligned),
    )
    evaluation_results.write_text(output_dir / DATA_NAME, report_data.to_script(data))
    report_page.write_assets(output_dir)
    evaluation_results.write_text(page, report_page.render(title))
    return page


def _write_pictures(
    output_dir: Path,
    aligned: AlignedResults,
    frames_dirs: Mapping[str, Path],
    *,
    max_triplets: int,
    baseline: str | None,
    seed: int,
    progress_stream: TextIO | None,
) -> dict[int, DrawnTriplet]:
    """Writes the pictures of the chosen triplets; returns them by position."""
    pictured = [
        i
        for i in range(aligned.triplets)
        if any(result.triplets[i].frames for _, result in aligned.results)
    ]
    columns = _columns(aligned, baseline or aligned.labels[0], pictured)
    chosen = report_selection.choose(len(pictured), max_triplets, columns=columns, seed=seed)
    positions = [pictured[i] for i in chosen]
    sources = [_source(aligned, frames_dirs, position) for position in positions]
    drawn = report_pictures.write_pictures(output_dir, sources, progress_stream=progress_stream)
    return dict(zip(positions, drawn, strict=True))


def _columns(
    aligned: AlignedResults, baseline: str, positions: Sequence[int]
) -> list[tuple[list[list[float | None]], bool]]:
    """Scores of the given triplets by metric and method, the baseline's first."""
    ordered = sorted(aligned.results, key=lambda labeled: labeled[0] != baseline)
    return [
        (
            [
                [result.triplets[i].values.get(name) for i in positions]
                for _, result in ordered
                if name in result.metric_names
            ],
            metrics.find(name).higher_is_better,
        )
        for name in report_data.metric_names(aligned.results)
    ]


def _source(
    aligned: AlignedResults, frames_dirs: Mapping[str, Path], position: int
) -> PictureSource:
    folders = []
    for label, result in aligned.results:
        frames = result.triplets[position].frames
        folders.append(frames_dirs[label] / frame_store.safe_name(frames) if frames else None)
    first = next(folder for folder in folders if folder is not None)
    return PictureSource(
        name=aligned.results[0][1].triplets[position].name,
        folder=first.name,
        inputs=first,
        estimates=tuple(folders),
    )


def _without_pictures(aligned: AlignedResults) -> list[str]:
    labels = [
        label
        for label, result in aligned.results
        if not any(triplet.frames for triplet in result.triplets)
    ]
    if not labels:
        return []
    return [
        f"{', '.join(labels)}: evaluated without pictures; evaluate with --output_frames to see "
        "them here."
    ]
