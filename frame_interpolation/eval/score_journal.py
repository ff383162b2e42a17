"""The journal of an evaluation in progress: what a killed run leaves for the next one.

A text file of JSON lines. The first holds the identity of the evaluation; each further one a
scored triplet, in the order of the dataset, written when it is known. A last line without an end
was being written when the program was killed, and is dropped.
"""

import fcntl
import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from frame_interpolation.errors import InputError
from frame_interpolation.eval.scored_triplet import ScoredTriplet


class ScoreJournal:
    """An open journal; a context manager.

    Attributes:
        triplets: Scored triplets of earlier runs and of this one, in the order of the dataset.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any], *, anew: bool = False) -> None:
        """Opens a journal, taking over what it holds.

        Args:
            path: File of the journal; created when it does not exist.
            identity: What the evaluation is of, a JSON object.
            anew: Drop what it holds, whatever that is, instead of taking it over.

        Raises:
            InputError: If the journal is that of another evaluation, is damaged, or is being
                written by another process.
        """
        self.triplets: list[ScoredTriplet] = []
        self._path = path
        # Appending neither empties a file that another process holds nor needs it to exist.
        self._file = path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise InputError(
                f"Another evaluation is writing to {str(path.parent)!r}; wait for it or end it."
            ) from error
        size = 0 if anew else self._read(identity)
        self._file.truncate(size)
        if not size:
            self._write({"identity": identity})

    def append(self, triplet: ScoredTriplet) -> None:
        """Adds the next triplet and hands it to the operating system.

        Args:
            triplet: The triplet that follows the last one.

        Raises:
            ValueError: If it is not the next one.
        """
        if triplet.index != len(self.triplets):
            raise ValueError(f"Triplet {triplet.index} cannot follow {len(self.triplets)} others.")
        self._write(triplet.to_json())
        self.triplets.append(triplet)

    def __enter__(self) -> "ScoreJournal":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def _write(self, fields: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(fields, allow_nan=False).encode() + b"\n")
        self._file.flush()

    def _read(self, identity: Mapping[str, Any]) -> int:
        """Reads the finished lines and returns their size in bytes."""
        self._file.seek(0)
        content = self._file.read()
        content = content[: content.rfind(b"\n") + 1]
        lines = content.splitlines()
        if not lines:
            return 0
        try:
            found = json.loads(lines[0])["identity"]
            triplets = [ScoredTriplet.from_json(json.loads(line)) for line in lines[1:]]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"The journal {str(self._path)!r} is damaged; give --overwrite to start anew."
            ) from error
        if found != _as_json(identity) and not triplets:
            return 0  # Nothing was scored, for example because the model could not be loaded.
        check_identity(found, identity, self._path.parent)
        if [triplet.index for triplet in triplets] != list(range(len(triplets))):
            raise InputError(
                f"The journal {str(self._path)!r} does not hold the triplets in order; give "
                "--overwrite to start anew."
            )
        self.triplets.extend(triplets)
        return len(content)


def check_identity(found: Mapping[str, Any], expected: Mapping[str, Any], folder: Path) -> None:
    """Refuses to mix two evaluations in one folder.

    Args:
        found: Identity of the evaluation whose results lie in the folder.
        expected: Identity of this evaluation, as JSON would give it back.
        folder: Folder of the results, for the message.

    Raises:
        InputError: If they differ; names what differs.
    """
    expected = _as_json(expected)
    differences = [
        f"{name} was {_shown(found.get(name))} and is {_shown(expected.get(name))}"
        for name in sorted({*found, *expected})
        if found.get(name) != expected.get(name)
    ]
    if differences:
        raise InputError(
            f"{str(folder)!r} holds another evaluation: {'; '.join(differences)}. Give another "
            "experiment.name, or --overwrite to replace it."
        )


def _shown(value: object) -> str:
    """A value for a message: of a SHA-256 digest the beginning is enough."""
    text = repr(value)
    return f"{text[:13]}...'" if re.fullmatch(r"'[0-9a-f]{64}'", text) else text


def _as_json(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is read again after writing: lists for tuples."""
    return json.loads(json.dumps(fields))
