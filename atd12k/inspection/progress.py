"""Progress of a long loop: a bar with the time left on a terminal, elsewhere a line at times."""

import shutil
import sys
import time
from typing import Final, TextIO

_REDRAW_EVERY_S: Final = 0.2
_LINE_EVERY_S: Final = 15.0
_LONGEST_BAR: Final = 40


class Progress:
    """Shows how far a loop is and how long it will still take; a context manager."""

    def __init__(self, title: str, *, total: int, unit: str, stream: TextIO | None = None) -> None:
        """Starts at none of `total` steps.

        Args:
            title: What is going on, in a word or two.
            total: Number of steps.
            unit: What a step does, in the plural.
            stream: Where to write; standard error when None.
        """
        self._title, self._total, self._unit, self._done = title, total, unit, 0
        self._stream = sys.stderr if stream is None else stream
        self._on_terminal = self._stream.isatty()
        self._every_s = _REDRAW_EVERY_S if self._on_terminal else _LINE_EVERY_S
        self._started = self._shown = time.monotonic()

    def step(self) -> None:
        """Says that one more step is done."""
        self._done += 1
        now = time.monotonic()
        if now - self._shown >= self._every_s or self._done == self._total:
            self._shown = now
            self._show(now)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._on_terminal and self._done:
            print(file=self._stream)

    def _show(self, now: float) -> None:
        elapsed_s = now - self._started
        left_s = elapsed_s / self._done * (self._total - self._done)
        state = f"{self._done:,}/{self._total:,} {self._unit}"
        times = f"{_clock(elapsed_s)} elapsed, {_clock(left_s)} left"
        if not self._on_terminal:
            print(f"{self._title}: {state}, {times}", file=self._stream, flush=True)
            return
        columns = shutil.get_terminal_size().columns
        room = columns - len(self._title) - len(state) - len(times) - 8
        length = max(0, min(room, _LONGEST_BAR))
        full = length * self._done // self._total
        bar = f"[{'#' * full}{'.' * (length - full)}] " if length > 3 else ""
        line = f"{self._title} {bar}{state}, {times}"[: columns - 1]
        print(f"\r{line}\x1b[K", end="", file=self._stream, flush=True)


def _clock(seconds: float) -> str:
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
