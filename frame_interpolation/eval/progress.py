"""Progress of a long loop: a bar on a terminal, now and then a plain line elsewhere."""

import sys
import time
from typing import TextIO

from tqdm import tqdm

_LINE_EVERY_S = 15.0


class Progress:
    """Shows how far a loop is and how long it will still take; a context manager.

    The time left is estimated from the steps of this run alone, so that a resumed evaluation
    does not count what was scored before it.
    """

    def __init__(
        self,
        title: str,
        *,
        total: int,
        done: int = 0,
        stream: TextIO | None = None,
        line_every_s: float = _LINE_EVERY_S,
    ) -> None:
        """Starts at `done` of `total` steps.

        Args:
            title: What is going on, in a word or two.
            total: Number of steps in all.
            done: Number of steps that earlier runs have done.
            stream: Where to write; standard error when None.
            line_every_s: Seconds between plain lines.
        """
        self._stream = sys.stderr if stream is None else stream
        self._title, self._total, self._first, self._done = title, total, done, done
        self._line_every_s = line_every_s
        self._started = self._last_line = time.monotonic()
        self._bar = None
        if self._stream.isatty():
            self._bar = tqdm(
                total=total, initial=done, desc=title, unit="triplet", file=self._stream
            )

    def step(self, count: int = 1) -> None:
        """Says that further steps are done.

        Args:
            count: Number of steps.
        """
        self._done += count
        if self._bar is not None:
            self._bar.update(count)
            return
        now = time.monotonic()
        if now - self._last_line >= self._line_every_s or self._done == self._total:
            self._last_line = now
            print(self._line(now), file=self._stream, flush=True)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _line(self, now: float) -> str:
        elapsed_s = now - self._started
        each_s = elapsed_s / max(self._done - self._first, 1)
        left_s = each_s * (self._total - self._done)
        return (
            f"{self._title}: {self._done}/{self._total}, {each_s:.2f} s each, "
            f"{tqdm.format_interval(left_s)} left"
        )
