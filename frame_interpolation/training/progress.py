"""Tells the user how far the training is: a bar on a terminal, else plain lines now and then."""

import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

import tqdm
import tqdm.contrib.logging

from frame_interpolation.training.train_loop import StepResult

_log = logging.getLogger(__name__)

_BAR_SECONDS = 1.0
_LINE_SECONDS = 30.0
# Of a terminal that does not say.
_COLUMNS, _ROWS = 80, 24


class Progress:
    """Shows step, loss, speed and the time that is left.

    The loss is read from the device only when it is shown.
    """

    def __init__(
        self,
        *,
        first_step: int,
        num_steps: int,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        """Starts the display.

        Args:
          first_step: steps that were made in earlier sessions.
          num_steps: steps in all.
          stream: where it is shown, by default stderr; a terminal gets the bar.
          clock: gives the time in seconds.
        """
        stream = stream or sys.stderr
        self._clock = clock
        self._first_step = first_step
        self._shown: tuple[int, float] = first_step, clock()
        self._bar = None
        self._interval = _LINE_SECONDS
        self._closing = contextlib.ExitStack()
        if stream.isatty():
            self._interval = _BAR_SECONDS
            # Lets what is logged pass above the bar.
            self._closing.enter_context(tqdm.contrib.logging.logging_redirect_tqdm())
            self._bar = tqdm.tqdm(
                total=num_steps,
                initial=first_step,
                file=stream,
                unit="step",
                **_bar_size(stream),
            )

    def __call__(self, result: StepResult) -> None:
        """Shows a step, if the last one shown is long enough ago."""
        now = self._clock()
        if result.step == self._first_step + 1 and not result.is_last:
            # This step built the graph and says nothing of the speed of the others.
            self._shown = result.step, now
            return
        shown_step, shown_at = self._shown
        if now - shown_at < self._interval and not result.is_last:
            return
        self._shown = result.step, now
        loss = float(result.metrics["loss"])
        if self._bar is not None:
            self._bar.set_postfix_str(f"loss {loss:.4f}", refresh=False)
            self._bar.update(result.step - self._bar.n)
            return
        steps_per_second = (result.step - shown_step) / max(now - shown_at, 1e-9)
        seconds_left = (result.num_steps - result.step) / steps_per_second
        _log.info(
            "step %d/%d  loss %.4f  %.2f steps/s  %s left",
            result.step,
            result.num_steps,
            loss,
            steps_per_second,
            format_duration(seconds_left),
        )

    def close(self) -> None:
        """Ends the display."""
        if self._bar is not None:
            self._bar.close()
        self._closing.close()


def _bar_size(stream: TextIO) -> dict[str, Any]:
    """Gives tqdm's arguments for the size of the bar."""
    try:
        size = os.get_terminal_size(stream.fileno())
    except OSError:
        return {"dynamic_ncols": True}
    # `script`, containers and their like may open one of no columns and rows, and tqdm then draws
    # nothing at all.
    if size.columns and size.lines:
        return {"dynamic_ncols": True}
    return {"ncols": size.columns or _COLUMNS, "nrows": size.lines or _ROWS}


def format_duration(seconds: float) -> str:
    """Formats a time as h:mm:ss."""
    minutes, second = divmod(round(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02d}:{second:02d}"
