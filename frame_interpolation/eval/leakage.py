"""Looks for the test triplets of an evaluation among training records.

Every frame of the training records is decoded and compared with every frame of the test triplets
by its mark (see `frame_content`), so that a frame is found whatever it is called and wherever in a
triplet it stands. Three findings, the strongest of each test triplet being kept:

- `same frame`: equal pixels;
- `looks the same`: a thumbnail within a few grey levels, which is what a copy at another size or
  quality looks like, and sometimes the neighbouring frame of one shot: to be looked at;
- `same name`: only the names of the triplets are equal. Names that are mere numbers are not
  compared: unrelated datasets number their triplets alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

import numpy as np

from frame_interpolation.eval import frame_content
from frame_interpolation.eval.progress import Progress
from frame_interpolation.eval.scored_triplet import ScoredTriplet

if TYPE_CHECKING:
    from frame_interpolation.eval.evaluation_example import EvaluationExample

SAME_FRAME = "same frame"
LOOKS_THE_SAME = "looks the same"
SAME_NAME = "same name"
KINDS = (SAME_FRAME, LOOKS_THE_SAME, SAME_NAME)
"""What can be found, strongest first."""

_SHOWN_HITS = 10


@dataclass(frozen=True)
class LeakageHit:
    """A test triplet that occurs in the training records.

    Attributes:
        kind: One of `KINDS`.
        test_name: Name of the test triplet.
        test_frame: Which of its frames, 1 to 3; 0 for a name.
        training_name: Name of the training triplet.
        training_frame: Which of its frames, 1 to 3; 0 for a name.
        training_records: The records that hold it, as given.
    """

    kind: str
    test_name: str
    test_frame: int
    training_name: str
    training_frame: int
    training_records: str


@dataclass(frozen=True)
class LeakageReport:
    """What was found.

    Attributes:
        training_records: The records that were searched.
        searched: Number of training triplets searched.
        tested: Number of test triplets.
        unmarked: Number of test triplets without marks of their frames (older results), of which
            only the names could be compared.
        hits: One a test triplet at most, in the order of the test set.
        shared_films: Films that are in both, which is no copy but no unseen film either.
    """

    training_records: tuple[str, ...]
    searched: int
    tested: int
    unmarked: int
    hits: tuple[LeakageHit, ...]
    shared_films: tuple[str, ...]

    def sentences(self) -> list[str]:
        """Returns what was found, in sentences, the first ten hits by name."""
        where = ", ".join(self.training_records)
        lines = [
            f"{len(self.hits)} of {self.tested} test triplets are found among the {self.searched} "
            f"triplets of {where}"
            + (
                f" ({self._counts()})."
                if self.hits
                else " (pixels, thumbnails and names compared)."
            )
        ]
        for hit in self.hits[:_SHOWN_HITS]:
            frames = f"frame {hit.test_frame}: frame {hit.training_frame} of "
            lines.append(
                f"{hit.kind}: test triplet {hit.test_name}, {frames if hit.test_frame else ''}"
                f"{hit.training_name} in {hit.training_records}."
            )
        if len(self.hits) > _SHOWN_HITS:
            lines.append(f"and {len(self.hits) - _SHOWN_HITS} more.")
        if self.unmarked:
            lines.append(
                f"{self.unmarked} test triplets carry no marks of their frames, so only their "
                "names were compared; evaluate again to compare their content."
            )
        if self.shared_films:
            lines.append(f"Films in both: {', '.join(self.shared_films)}.")
        return lines

    def _counts(self) -> str:
        kinds = [hit.kind for hit in self.hits]
        return ", ".join(f"{kinds.count(kind)} {kind}" for kind in KINDS if kind in kinds)


def search(
    triplets: Sequence[ScoredTriplet],
    training_records: Sequence[str],
    *,
    progress_stream: TextIO | None = None,
) -> LeakageReport:
    """Searches training records for test triplets.

    Args:
        triplets: The test triplets.
        training_records: Records to search, each 'path@shards' or one file.
        progress_stream: Where progress is shown; standard error when None.

    Returns:
        What was found.

    Raises:
        InputError: If records are missing or damaged.
    """
    # Loads TensorFlow, which who only reads a report of a search does not need.
    from frame_interpolation.eval.evaluation_example import RecordSource

    sources = [(spec, RecordSource(spec)) for spec in training_records]
    searched = sum(len(source) for _, source in sources)
    finder = _Finder(triplets)
    with Progress("searching", total=searched, stream=progress_stream) as progress:
        for spec, source in sources:
            for example in source.read(0, len(source)):
                finder.look_at(example, spec)
                progress.step()
    return LeakageReport(
        training_records=tuple(training_records),
        searched=searched,
        tested=len(triplets),
        unmarked=sum(len(triplet.frame_marks) != 3 for triplet in triplets),
        hits=finder.hits(),
        shared_films=tuple(sorted(finder.shared_films)),
    )


class _Finder:
    """Compares one training triplet at a time with all test triplets."""

    def __init__(self, triplets: Sequence[ScoredTriplet]) -> None:
        self._names = [triplet.name for triplet in triplets]
        self._films = {triplet.film for triplet in triplets if triplet.film}
        self._by_name: dict[str, list[int]] = {}
        self._by_digest: dict[str, list[tuple[int, int]]] = {}
        self._places: list[tuple[int, int]] = []
        marks = []
        for i, triplet in enumerate(triplets):
            if not triplet.name.isdigit():
                self._by_name.setdefault(triplet.name, []).append(i)
            for frame, mark in enumerate(triplet.frame_marks, start=1):
                digest = frame_content.digest_of(mark)
                self._by_digest.setdefault(digest, []).append((i, frame))
                self._places.append((i, frame))
                marks.append(mark)
        self._cells = frame_content.thumbnails(marks)
        self._cells[~frame_content.have_contrast(self._cells)] = -1000  # Like nothing at all.
        self._found: dict[int, LeakageHit] = {}
        self.shared_films: set[str] = set()

    def look_at(self, example: "EvaluationExample", spec: str) -> None:
        if example.film in self._films:
            self.shared_films.add(example.film)
        for i in self._by_name.get(example.name, ()):
            self._note(SAME_NAME, [(i, 0)], example, 0, spec)
        for number, mark in enumerate(example.frame_marks, start=1):
            same = self._by_digest.get(frame_content.digest_of(mark), ())
            self._note(SAME_FRAME, same, example, number, spec)
            if len(self._cells):
                apart = np.abs(self._cells - frame_content.thumbnails([mark])).max(axis=1)
                alike = np.flatnonzero(apart <= frame_content.LIKENESS_LIMIT)
                places = [self._places[i] for i in alike]
                self._note(LOOKS_THE_SAME, places, example, number, spec)

    def hits(self) -> tuple[LeakageHit, ...]:
        return tuple(self._found[i] for i in sorted(self._found))

    def _note(
        self,
        kind: str,
        places: Iterable[tuple[int, int]],
        example: "EvaluationExample",
        training_frame: int,
        spec: str,
    ) -> None:
        for i, frame in places:
            earlier = self._found.get(i)
            if earlier is None or KINDS.index(kind) < KINDS.index(earlier.kind):
                self._found[i] = LeakageHit(
                    kind, self._names[i], frame, example.name, training_frame, spec
                )
