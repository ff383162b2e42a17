"""The pictures of a report: what is written for each triplet, in which files, and when anew.

    images/<triplet>/frame1.png, frame3.png, ground_truth.png    inputs and truth
    images/<triplet>/flow.webp              optical flow between the inputs (`classical_flow`)
    images/<triplet>/lines_truth.webp       lines of the truth
    images/<triplet>/result_<k>.png         the estimate of result number k
    images/<triplet>/error_<k>.webp         its error map
    images/<triplet>/lines_<k>.webp         its lines over those of the truth
    images/<triplet>/*_small.webp           thumbnails of the truth, estimates and error maps
    images/<triplet>/pictures.json          what the folder was drawn from; written last

The frames are those that the evaluation wrote, linked where the file system can and copied where
it cannot, so that no pixel differs. What is drawn is WebP, the maps without loss. A folder whose
`pictures.json` still holds true is left alone; folders of other triplets are removed, but only
where that file says that a report made them.
"""

import json
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from frame_interpolation.errors import InputError
from frame_interpolation.eval import (
    classical_flow,
    evaluation_results,
    frame_store,
    line_distance,
    pictures,
)
from frame_interpolation.eval.progress import Progress

IMAGES_NAME = "images"
THUMBNAIL_WIDTH_PX = 320

_STAMP_NAME = "pictures.json"
_VERSION = 2  # Raised whenever the same frames would be drawn otherwise.
_MAX_THREADS = 8
_EXACT = {"lossless": True, "quality": 40, "method": 2}
_THUMBNAIL = {"quality": 82, "method": 2}


@dataclass(frozen=True)
class PictureSource:
    """Where the frames of one triplet lie.

    Attributes:
        name: Name of the triplet, for messages.
        folder: Name of its folder in the report.
        inputs: Folder of a `frame_store` with inputs and truth.
        estimates: The same for each result, None where it was evaluated without pictures.
    """

    name: str
    folder: str
    inputs: Path
    estimates: tuple[Path | None, ...]

    def files(self) -> dict[str, Path]:
        """Source of every frame by its file name in the report."""
        files = {
            "frame1.png": self.inputs / frame_store.FIRST,
            "ground_truth.png": self.inputs / frame_store.TRUTH,
            "frame3.png": self.inputs / frame_store.LAST,
        }
        for k, estimate in enumerate(self.estimates):
            if estimate is not None:
                files[f"result_{k}.png"] = estimate / frame_store.ESTIMATE
        return files


@dataclass(frozen=True)
class DrawnTriplet:
    """What the page has to know of the pictures of a triplet.

    Attributes:
        folder: Name of its folder below `images/`.
        size: (width, height) of the frames in pixels.
        flow_full_px: Length of the flow that is drawn in full saturation.
        estimates: For each result, whether it has pictures.
        bytes: Size of all its files, the frames included.
    """

    folder: str
    size: tuple[int, int]
    flow_full_px: float
    estimates: tuple[bool, ...]
    bytes: int


def write_pictures(
    output_dir: Path, sources: Sequence[PictureSource], *, progress_stream: TextIO | None = None
) -> list[DrawnTriplet]:
    """Writes the pictures of triplets, several at once, and removes those of others.

    Args:
        output_dir: Folder of the report.
        sources: The triplets, each with a folder name of its own.
        progress_stream: Where progress is shown; standard error when None.

    Returns:
        What was drawn, in the order of `sources`.

    Raises:
        InputError: If a frame is missing or has another size than the truth.
    """
    images = output_dir / IMAGES_NAME
    _remove_others(images, {source.folder for source in sources})
    if not sources:
        return []
    images.mkdir(parents=True, exist_ok=True)
    drawn = []
    threads = min(_MAX_THREADS, os.cpu_count() or 1)
    with (
        Progress("drawing", total=len(sources), stream=progress_stream) as progress,
        ThreadPoolExecutor(threads) as executor,
    ):
        futures = [executor.submit(_write_triplet, images, source) for source in sources]
        try:
            for future in futures:
                drawn.append(future.result())
                progress.step()
        except BaseException:
            executor.shutdown(cancel_futures=True)
            raise
    return drawn


def _write_triplet(images: Path, source: PictureSource) -> DrawnTriplet:
    folder = images / source.folder
    files = source.files()
    made_from = _state(source, files)
    stamp = _read_stamp(folder)
    if stamp is not None and stamp["made_from"] == made_from and _is_whole(folder, stamp):
        return _drawn(source, stamp)
    folder.mkdir(exist_ok=True)
    # Says whose the folder is even when this is cut short, and that it is not whole.
    evaluation_results.write_text(folder / _STAMP_NAME, "{}")
    for name, path in files.items():
        _place(path, folder / name)
    frames = {name: frame_store.read_image(path) for name, path in files.items()}
    truth = frames["ground_truth.png"]
    for name, frame in frames.items():
        if frame.shape != truth.shape:
            raise InputError(
                f"{str(files[name])!r} is {_size(frame)}, but the truth of {source.name!r} is "
                f"{_size(truth)}; evaluate again with --output_frames --overwrite."
            )
    flow_px = classical_flow.estimate_flow(frames["frame1.png"], frames["frame3.png"])
    full_px = pictures.flow_range(flow_px)
    _write(folder, "flow", pictures.flow_picture(flow_px, full_px), exact=False)
    true_lines = _lines(truth)
    _write(folder, "lines_truth", pictures.line_picture(true_lines))
    _write_thumbnail(folder, "ground_truth", truth)
    for k, _ in enumerate(source.estimates):
        estimate = frames.get(f"result_{k}.png")
        if estimate is None:
            continue
        error = pictures.error_map(estimate, truth)
        _write(folder, f"error_{k}", error)
        _write(folder, f"lines_{k}", pictures.line_overlay(_lines(estimate), true_lines))
        _write_thumbnail(folder, f"result_{k}", estimate)
        _write_thumbnail(folder, f"error_{k}", error)
    expected = _expected_files(source)
    for path in folder.iterdir():
        if path.name not in expected | {_STAMP_NAME}:
            path.unlink()
    stamp = {
        "made_from": made_from,
        "size": [truth.shape[1], truth.shape[0]],
        "flow_full_px": full_px,
        "files": {name: (folder / name).stat().st_size for name in sorted(expected)},
    }
    evaluation_results.write_text(folder / _STAMP_NAME, json.dumps(stamp))
    return _drawn(source, stamp)


def _expected_files(source: PictureSource) -> set[str]:
    results = [k for k, estimate in enumerate(source.estimates) if estimate is not None]
    return {
        *source.files(),
        "flow.webp",
        "lines_truth.webp",
        "ground_truth_small.webp",
        *(f"{kind}_{k}.webp" for k in results for kind in ("error", "lines")),
        *(f"{kind}_{k}_small.webp" for k in results for kind in ("result", "error")),
    }


def _state(source: PictureSource, files: dict[str, Path]) -> dict[str, Any]:
    """What the pictures depend on: the version of the drawing, and size and time of each frame."""
    state: dict[str, Any] = {"version": _VERSION}
    try:
        for name, path in files.items():
            status = path.stat()
            state[name] = [status.st_size, status.st_mtime_ns]
    except FileNotFoundError as error:
        raise InputError(
            f"The picture {error.filename!r} of triplet {source.name!r} is missing; evaluate "
            "again with --output_frames."
        ) from error
    return state


def _read_stamp(folder: Path) -> dict[str, Any] | None:
    """The `pictures.json` of a folder, None when there is none or it cannot be used."""
    try:
        stamp = json.loads((folder / _STAMP_NAME).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    known = isinstance(stamp, dict) and {"made_from", "size", "flow_full_px", "files"} <= set(stamp)
    return stamp if known else None


def _is_whole(folder: Path, stamp: dict[str, Any]) -> bool:
    found = {path.name: path.stat().st_size for path in folder.iterdir()}
    found.pop(_STAMP_NAME, None)
    return found == stamp["files"]


def _drawn(source: PictureSource, stamp: dict[str, Any]) -> DrawnTriplet:
    return DrawnTriplet(
        folder=source.folder,
        size=(stamp["size"][0], stamp["size"][1]),
        flow_full_px=stamp["flow_full_px"],
        estimates=tuple(estimate is not None for estimate in source.estimates),
        bytes=sum(stamp["files"].values()),
    )


def _place(source: Path, target: Path) -> None:
    """Links a file, or copies it where that is not possible, under a temporary name at first."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        try:
            os.link(source, temporary)
        except OSError:  # Another file system, or one without links.
            shutil.copyfile(source, temporary)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def _write(folder: Path, name: str, picture: np.ndarray, *, exact: bool = True) -> None:
    parameters = _EXACT if exact else {**_THUMBNAIL, "quality": 92}
    frame_store.write_image(folder / f"{name}.webp", picture, **parameters)


def _write_thumbnail(folder: Path, name: str, picture: np.ndarray) -> None:
    small = pictures.thumbnail(picture, THUMBNAIL_WIDTH_PX)
    frame_store.write_image(folder / f"{name}_small.webp", small, **_THUMBNAIL)


def _lines(frame: np.ndarray) -> np.ndarray:
    return line_distance.line_map(frame.astype(np.float32) / np.float32(255.0))


def _size(frame: np.ndarray) -> str:
    return f"{frame.shape[1]}x{frame.shape[0]}"


def _remove_others(images: Path, kept: set[str]) -> None:
    """Removes folders of triplets that are not shown any more; others' folders stay."""
    if not images.is_dir():
        return
    for folder in images.iterdir():
        if folder.name not in kept and (folder / _STAMP_NAME).is_file():
            shutil.rmtree(folder)
