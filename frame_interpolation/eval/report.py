"""A report of one or several results as a folder that opens in a browser without a network.

    report.html                     tables, definitions, and the pictures of every shown triplet
    images/<triplet>/*.png          pictures at full size: frame1, ground_truth, frame3, and for
                                    each result number k: result_k and error_k
    images/<triplet>/*_small.jpg    the same as thumbnails, which are what the page loads

`report.html` is written last. All text that comes from files (names of triplets, labels) is
escaped; folder names are safe by construction (`frame_store.safe_name`).
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from frame_interpolation.errors import InputError
from frame_interpolation.eval import (
    evaluation_results,
    frame_store,
    pictures,
    report_page,
    score_table,
)
from frame_interpolation.eval.evaluation_results import EvaluationResults
from frame_interpolation.eval.report_page import Figure, TripletView
from frame_interpolation.eval.scored_triplet import ScoredTriplet

PAGE_NAME = "report.html"
_IMAGES_NAME = "images"
_THUMBNAIL_WIDTH_PX = 480
_THUMBNAIL_QUALITY = 88


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
    max_triplets: int = 60,
) -> Path:
    """Writes a report.

    Args:
        output_dir: Folder of the report; made when it does not exist.
        title: Title of the page.
        results: Label, `results.json` and folder of pictures of each result, all of the same
            triplets, in the order in which they are shown. The inputs and the truth are taken from
            the first.
        introduction: A paragraph below the title, plain text.
        max_triplets: Largest number of triplets whose pictures are shown; of more, as many are
            chosen at equal distances in the dataset, and the page says so.

    Returns:
        Path of `report.html`.

    Raises:
        InputError: If the results cannot be compared, or a picture is missing.
    """
    output_dir = Path(output_dir)
    labeled, frames_dirs = [], []
    for label, results_json, frames_dir in results:
        labeled.append((label, evaluation_results.read_results(results_json)))
        frames_dirs.append(Path(frames_dir))
    table = score_table.build_table(labeled)
    page = output_dir / PAGE_NAME
    output_dir.mkdir(parents=True, exist_ok=True)
    page.unlink(missing_ok=True)
    shown = _choose(len(labeled[0][1].triplets), max_triplets)
    views = [_view_triplet(output_dir, labeled, frames_dirs, position) for position in shown]
    text = report_page.render(
        title=title, introduction=introduction, results=labeled, table=table, triplets=views
    )
    evaluation_results.write_text(page, text)
    return page


def _choose(count: int, max_count: int) -> list[int]:
    """Positions at equal distances, all when they are few enough."""
    if count <= max_count:
        return list(range(count))
    return [round(i * (count - 1) / max(max_count - 1, 1)) for i in range(max_count)]


def _view_triplet(
    output_dir: Path,
    labeled: Sequence[tuple[str, EvaluationResults]],
    frames_dirs: Sequence[Path],
    position: int,
) -> TripletView:
    """Copies the pictures of one triplet into the report and describes them."""
    rows = [results.triplets[position] for _, results in labeled]
    sources = [_source(frames_dir, row) for frames_dir, row in zip(frames_dirs, rows, strict=True)]
    target = output_dir / _IMAGES_NAME / frame_store.safe_name(rows[0].frames)
    target.mkdir(parents=True, exist_ok=True)
    truth = _read(sources[0] / frame_store.TRUTH)
    first_row = {
        "first frame": ("frame1", _read(sources[0] / frame_store.FIRST)),
        "ground truth": ("ground_truth", truth),
        "last frame": ("frame3", _read(sources[0] / frame_store.LAST)),
    }
    inputs = [
        _figure(target, file, image, caption, box=rows[0].roi if image is truth else None)
        for caption, (file, image) in first_row.items()
    ]
    outputs = []
    for k, ((label, results), row, source) in enumerate(zip(labeled, rows, sources, strict=True)):
        estimate = _read(source / frame_store.ESTIMATE)
        if estimate.shape != truth.shape:
            raise InputError(
                f"{str(source / frame_store.ESTIMATE)!r} has another size than the truth; "
                "evaluate again with --output_frames --overwrite."
            )
        scores = report_page.describe_scores(row, results.metric_names)
        error = pictures.error_map(estimate, truth)
        outputs.append(_figure(target, f"result_{k}", estimate, label, detail=scores))
        outputs.append(_figure(target, f"error_{k}", error, f"{label}: error"))
    return TripletView(triplet=rows[0], inputs=tuple(inputs), outputs=tuple(outputs))


def _source(frames_dir: Path, row: ScoredTriplet) -> Path:
    if not row.frames:
        raise InputError(
            f"Triplet {row.name!r} was evaluated without pictures; a report needs results of "
            "eval_cli --output_frames."
        )
    return frames_dir / frame_store.safe_name(row.frames)


def _read(path: Path) -> np.ndarray:
    try:
        return frame_store.read_image(path)
    except FileNotFoundError as error:
        raise InputError(
            f"The picture {str(path)!r} is missing; evaluate again with --output_frames."
        ) from error


def _figure(
    target: Path,
    file: str,
    image: np.ndarray,
    caption: str,
    *,
    detail: str = "",
    box: tuple[int, int, int, int] | None = None,
) -> Figure:
    height, width = image.shape[:2]
    frame_store.write_image(target / f"{file}.png", image)
    frame_store.write_image(
        target / f"{file}_small.jpg",
        pictures.thumbnail(image, _THUMBNAIL_WIDTH_PX),
        quality=_THUMBNAIL_QUALITY,
        subsampling=0,  # Full colour resolution: drawings have thin coloured lines.
    )
    folder = f"{_IMAGES_NAME}/{target.name}"
    return Figure(
        full=f"{folder}/{file}.png",
        small=f"{folder}/{file}_small.jpg",
        size=(width, height),
        caption=caption,
        detail=detail,
        box=box,
    )
