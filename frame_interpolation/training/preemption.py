"""Being asked to stop: SIGTERM, as schedulers send it before they take the machine away, or Ctrl-C.

The first signal only sets a flag, so that the step under way is finished and saved; a second one
ends the process at once.
"""

import signal
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopSignal:
    """Catches the signals while it is entered; outside the main thread it catches nothing."""

    def __init__(self):
        self._received: signal.Signals | None = None
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "StopSignal":
        try:
            for number in SIGNALS:
                self._former[number] = signal.signal(number, self._receive)
        except ValueError:  # Python allows handlers in the main thread alone.
            self._former.clear()
        return self

    def __exit__(self, *exception) -> None:
        self._restore()

    def __call__(self) -> bool:
        """Tells whether a signal has come."""
        return self._received is not None

    @property
    def exit_status(self) -> int:
        """The shell's status of a process that such a signal ended: 143 for SIGTERM, 130 Ctrl-C."""
        return 128 + (self._received or signal.SIGTERM)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._received = signal.Signals(number)
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)
        self._former.clear()
