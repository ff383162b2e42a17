"""Triplets of image files, evaluated without making records of them first.

Each triplet goes through the very record that the job would have written for it, in memory, so
that files are checked, converted and decoded in the same way and every score is the same.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TextIO

from frame_interpolation.datasets.frame_options import UNCHANGED, FrameError, FrameOptions
from frame_interpolation.datasets.triplet import Triplet
from frame_interpolation.datasets.triplet_record import triplet_record
from frame_interpolation.errors import InputError
from frame_interpolation.eval import fingerprint
from frame_interpolation.eval.evaluation_example import EvaluationExample, decode_record
from frame_interpolation.eval.progress import Progress

_READERS = 4
_SHOWN = 5


class TripletSource:
    """Triplets of image files; an `ExampleSource`.

    Attributes:
        description: What was passed in, the number of triplets ('records'), how many of them are
            annotated, and the fingerprint that records of these files would have
            ('records_sha256').
    """

    def __init__(
        self,
        triplets: Sequence[Triplet],
        *,
        frame_options: FrameOptions = UNCHANGED,
        description: Mapping[str, Any] | None = None,
        limit: int = -1,
        progress_stream: TextIO | None = None,
    ) -> None:
        """Reads every file once, so that what is wrong with any is known before the first score.

        Args:
            triplets: In the order in which they are evaluated.
            frame_options: What is done to the frames.
            description: Where the triplets come from.
            limit: Number of triplets, from the first, that will be asked for; -1 for all. The
                others are not read.
            progress_stream: Where progress is shown; standard error when None.

        Raises:
            InputError: If triplets cannot be used; the first of them and their number are named.
        """
        self._triplets = tuple(triplets)
        self._frame_options = frame_options
        stop = len(self._triplets) if limit < 0 else min(limit, len(self._triplets))
        marks = self._checked_marks(stop, progress_stream)
        self.description: Mapping[str, Any] = {
            **(description or {}),
            "records": len(self._triplets),
            "annotated": sum(triplet.annotation is not None for triplet in self._triplets),
            "records_sha256": fingerprint.of_record_marks(marks),
        }

    def __len__(self) -> int:
        return len(self._triplets)

    def names(self, stop: int) -> Sequence[str]:
        """Returns the names of the triplets before position `stop`."""
        return [triplet.name for triplet in self._triplets[:stop]]

    def has_annotations(self, stop: int) -> bool:
        """Says whether any triplet before position `stop` has an annotation."""
        return any(triplet.annotation is not None for triplet in self._triplets[:stop])

    def read(
        self, start: int, stop: int, *, exact_jpeg: bool = True
    ) -> Iterator[EvaluationExample]:
        """Reads triplets in their order.

        Args:
            start: Position of the first triplet.
            stop: Position behind the last triplet.
            exact_jpeg: See `tf_example.decode_frames`.

        Yields:
            Triplets with decoded frames.

        Raises:
            InputError: If a file has become unusable, or holds what TensorFlow cannot decode.
        """
        for i in range(start, stop):
            triplet = self._triplets[i]
            try:
                record, _ = triplet_record(triplet, self._frame_options)
            except FrameError as error:
                raise InputError(f"Triplet {triplet.name!r} has changed: {error}.") from error
            yield decode_record(
                record, index=i, location=f"Triplet {triplet.name!r}", exact_jpeg=exact_jpeg
            )

    def _checked_marks(self, stop: int, progress_stream: TextIO | None) -> list[bytes]:
        marks, problems = [], []
        with (
            Progress("reading", total=stop, stream=progress_stream) as progress,
            ThreadPoolExecutor(_READERS) as executor,
        ):
            for mark in executor.map(self._mark, self._triplets[:stop]):
                if isinstance(mark, bytes):
                    marks.append(mark)
                else:
                    problems.append(mark)
                progress.step()
        if problems:
            more = f" and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
            raise InputError(
                f"{len(problems)} of {stop} triplets cannot be used: "
                f"{'; '.join(problems[:_SHOWN])}{more}. Mend or remove them."
            )
        return marks

    def _mark(self, triplet: Triplet) -> bytes | str:
        try:
            return fingerprint.record_mark(triplet_record(triplet, self._frame_options)[0])
        except FrameError as error:
            folder = os.path.dirname(triplet.frames[0]) if triplet.frames else triplet.path
            return f"{triplet.name!r} in {folder!r}: {error}"
