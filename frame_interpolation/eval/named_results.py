"""Results as a command line names them: `NAME=PATH`."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from frame_interpolation.errors import InputError
from frame_interpolation.eval import (
    evaluation_results,
    frame_store,
    result_alignment,
)
from frame_interpolation.eval.evaluation_results import EvaluationResults
from frame_interpolation.eval.result_alignment import AlignedResults
from frame_interpolation.eval.scored_triplet import ScoredTriplet


class NamedResult(NamedTuple):
    """A result and what it is called.

    Attributes:
        label: Its name.
        path: Its results.json.
        results: What the file holds.
        definitions: How its metrics were defined when it was written.
    """

    label: str
    path: Path
    results: EvaluationResults
    definitions: dict[str, str]

    @property
    def frames_dir(self) -> Path:
        """The folder of its pictures, which may not exist."""
        return self.path.parent / frame_store.FRAMES_NAME

    def pictures_of(self, triplet: ScoredTriplet) -> Path:
        """Returns the folder of a triplet's pictures.

        Args:
            triplet: One of the triplets.

        Returns:
            The folder.

        Raises:
            InputError: If the triplet was evaluated without pictures.
        """
        if not triplet.frames or not self.frames_dir.is_dir():
            raise InputError(
                f"{self.label!r} has no pictures of triplet {triplet.name!r}; evaluate it with "
                "--output_frames."
            )
        return self.frames_dir / frame_store.safe_name(triplet.frames)


def read(text: str, *, flag: str) -> NamedResult:
    """Reads a result that the command line names.

    Args:
        text: 'NAME=PATH', PATH being a folder with results.json, or that file.
        flag: Name of the flag, for messages.

    Returns:
        The result.

    Raises:
        InputError: If the text has another form, or there is no result that can be read.
    """
    name = evaluation_results.JSON_NAME
    label, separator, place = text.partition("=")
    if not separator or not label.strip() or not label.isprintable() or not place:
        raise InputError(
            f"--{flag} is {text!r}; write NAME=PATH on one line, for example after=eval/after."
        )
    path = Path(place)
    if path.is_dir():
        # Where eval_cli puts it below its --output_dir, and one level less.
        inner = [file for depth in ("*/*", "*") for file in sorted(path.glob(f"{depth}/{name}"))]
        path = path / name
        if not path.is_file():
            hint = f"; did you mean {str(inner[0].parent)!r}?" if inner else "."
            raise InputError(
                f"--{flag} {label}: the folder {place!r} holds no finished results ({name}){hint}"
            )
    elif not path.is_file():
        raise InputError(f"--{flag} {label}: there is no {place!r}.")
    return NamedResult(
        label.strip(),
        path,
        evaluation_results.read_results(path),
        result_alignment.stored_definitions(path),
    )


def align(named: Sequence[NamedResult], *, intersection: bool = False) -> AlignedResults:
    """Brings named results to the same triplets.

    Args:
        named: The results.
        intersection: Keep the triplets that all results have.

    Returns:
        The aligned results.

    Raises:
        InputError: If they cannot be compared (see `result_alignment.align`).
    """
    result_alignment.check_labels([one.label for one in named])
    return result_alignment.align(
        [(one.label, one.results) for one in named],
        intersection=intersection,
        definitions={one.label: one.definitions for one in named},
    )
