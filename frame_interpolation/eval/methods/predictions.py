"""A folder of frames that any method has made, as a method that can be evaluated.

For a triplet called NAME the folder holds one of

    NAME.<suffix>
    NAME/frame2.<suffix>

with a suffix of `prediction_file.SUFFIXES` in upper or lower case. A name with slashes stands for
folders within folders. Where a name is no harmless path, or names repeat, the file is called as
`eval_cli --output_frames` calls the triplet's folder (see `frame_store.FolderNames`), so that
`frames/` of an evaluation is such a folder, too.
"""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from frame_interpolation.errors import InputError
from frame_interpolation.eval import fingerprint, frame_store
from frame_interpolation.eval.method import Method, Predictor, PreparedTriplet
from frame_interpolation.eval.methods import prediction_file

_MIDDLE = "frame2"
_SHOWN = 20


@dataclass(frozen=True)
class FoundPredictions:
    """Which file is the prediction of which triplet.

    Attributes:
        folder: The folder of predictions.
        names: Names of the triplets.
        files: A file a triplet, None where there is none.
    """

    folder: Path
    names: tuple[str, ...]
    files: tuple[Path | None, ...]

    @property
    def present(self) -> tuple[int, ...]:
        """Positions of the triplets that have a prediction."""
        return tuple(i for i, file in enumerate(self.files) if file is not None)

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the triplets that have none."""
        return tuple(
            name for name, file in zip(self.names, self.files, strict=True) if file is None
        )

    def only_present(self) -> "FoundPredictions":
        """Returns the same without the triplets that have no prediction."""
        kept = self.present
        return FoundPredictions(
            self.folder, tuple(self.names[i] for i in kept), tuple(self.files[i] for i in kept)
        )

    def missing_text(self) -> str:
        """Returns how many predictions are missing, and which the first ones are."""
        missing = self.missing
        shown = ", ".join(map(repr, missing[:_SHOWN]))
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        return (
            f"{len(missing)} of {len(self.names)} triplets have no prediction in "
            f"{str(self.folder)!r}: {shown}{more}"
        )


def find(folder: str | os.PathLike[str], names: Sequence[str]) -> FoundPredictions:
    """Looks for the predictions of a dataset's triplets.

    Args:
        folder: The folder of predictions.
        names: Names of the triplets in the order of the dataset.

    Returns:
        What was found.

    Raises:
        InputError: If there is no such folder, it holds not one prediction, or several files could
            be that of one triplet.
    """
    root = Path(folder)
    if not root.is_dir():
        found = "is a file" if root.exists() else "does not exist"
        raise InputError(f"{str(root)!r} {found}; expected a folder of predictions.")
    predictions = find_files(root, names)
    if names and not predictions.present:
        inner = root / frame_store.FRAMES_NAME
        hint = f" Did you mean {str(inner)!r}?" if inner.is_dir() else ""
        place = frame_store.FolderNames().assign(names[0], 0)
        raise InputError(
            f"{predictions.missing_text()}. Expected files such as {place}.png or "
            f"{place}/{_MIDDLE}.png in it, with one of the suffixes "
            f"{', '.join(prediction_file.SUFFIXES)}.{hint}"
        )
    return predictions


def find_files(root: Path, names: Sequence[str]) -> FoundPredictions:
    """Does what `find` does, with any number of predictions missing.

    Args:
        root: An existing folder.
        names: Names of the triplets in the order of the dataset.

    Returns:
        What was found.

    Raises:
        InputError: If several files could be the prediction of one triplet.
    """
    listing = _Listing(root)
    folder_names = frame_store.FolderNames()
    counts = Counter(names)
    files: list[Path | None] = []
    for i, name in enumerate(names):
        places = [folder_names.assign(name, i)]
        if counts[name] == 1 and _is_harmless(name):
            places.append(name)
        candidates = [file for place in dict.fromkeys(places) for file in listing.files(place)]
        if len(candidates) > 1:
            shown = " and ".join(repr(str(file.relative_to(root))) for file in candidates)
            raise InputError(
                f"{str(root)!r} holds several predictions for triplet {name!r}: {shown}; keep one."
            )
        files.append(candidates[0] if candidates else None)
    return FoundPredictions(root, tuple(names), tuple(files))


def create_method(predictions: FoundPredictions, *, resize: bool = False) -> Method:
    """Makes a method of a folder of predictions.

    Args:
        predictions: A file for every triplet that is going to be evaluated, by its position.
        resize: Bring predictions of another size than the scored frames to that size with Pillow's
            LANCZOS, instead of refusing them.

    Returns:
        The method; its fingerprint is that of the files' content.

    Raises:
        InputError: If predictions are missing.
    """
    if predictions.missing:
        raise InputError(
            f"{predictions.missing_text()}. Make them, or pass --allow_missing_predictions to "
            "score the others alone."
        )
    files = {i: file for i, file in enumerate(predictions.files) if file is not None}
    named = {f"{i:09d} {predictions.names[i]}": file for i, file in files.items()}
    description: dict[str, Any] = {
        "kind": "predictions",
        "path": str(predictions.folder),
        "files": len(files),
        "resized": resize,
    }
    content = fingerprint.of_files(named)

    def predict(batch: Sequence[PreparedTriplet]) -> np.ndarray:
        frames = [
            read_for(triplet, files[triplet.example.index], resize=resize) for triplet in batch
        ]
        if len({frame.shape for frame in frames}) > 1:  # Both sizes of a protocol that has two.
            raise InputError(
                f"The predictions of {batch[0].example.name!r} and the triplets after it are of "
                "two sizes; bring them to one, or bind evaluation.batch_size to 1."
            )
        return np.stack(frames)

    def load() -> Predictor:
        return predict

    return Method(
        {**description, "fingerprint": fingerprint.of_texts([content, f"resized {resize}"])},
        load,
        batch_size=1,  # Nothing is gained by more, and sizes may differ (see `read_for`).
    )


def read_for(triplet: PreparedTriplet, file: Path, *, resize: bool = False) -> np.ndarray:
    """Reads the prediction of a triplet.

    Args:
        triplet: The triplet.
        file: The prediction.
        resize: As in `create_method`.

    Returns:
        float32 (H, W, 3) of the triplet's size or that at which it is scored, finite, not
        clipped.

    Raises:
        InputError: If the file cannot be used, or has another size and `resize` is not set.
    """
    try:
        frame = prediction_file.read_prediction(file)
    except InputError as error:
        raise InputError(f"Triplet {triplet.example.name!r}: {error}") from error
    found, expected = _size(frame), _size(triplet.y)
    if found not in (expected, triplet.scored_size):
        if not resize:
            raise InputError(
                f"The prediction {str(file)!r} of triplet {triplet.example.name!r} is "
                f"{found[0]}x{found[1]} pixels, expected {expected[0]}x{expected[1]}; "
                "--resize_predictions would resize it (LANCZOS) before it is scored."
            )
        frame = prediction_file.resize_prediction(frame, expected)
    return prediction_file.to_float(frame)


class _Listing:
    """Files by the place that they are a prediction for; each folder is listed once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders: dict[Path, dict[str, list[Path]]] = {}

    def files(self, place: str) -> list[Path]:
        """Returns the files for a place, a path below the root without suffix."""
        path = self._root.joinpath(*place.split("/"))
        return self._stems(path.parent).get(path.name, []) + self._stems(path).get(_MIDDLE, [])

    def _stems(self, folder: Path) -> dict[str, list[Path]]:
        if folder not in self._folders:
            stems: dict[str, list[Path]] = {}
            for name in sorted(os.listdir(folder)) if folder.is_dir() else ():
                stem, suffix = os.path.splitext(name)
                if suffix.lower() in prediction_file.SUFFIXES and not name.startswith("."):
                    stems.setdefault(stem, []).append(folder / name)
            self._folders[folder] = stems
        return self._folders[folder]


def _is_harmless(name: str) -> bool:
    """Tells whether a triplet's name is a path that stays below a folder."""
    return "\0" not in name and all(part not in ("", ".", "..") for part in name.split("/"))


def _size(frame: np.ndarray) -> tuple[int, int]:
    return frame.shape[1], frame.shape[0]
