"""Runs the tasks of a study one after another, each in a process of its own.

A task that is done is not repeated, and one that was stopped goes on by its own means, so that the
same command goes on with a study whatever ended it. SIGTERM and Ctrl-C are handed to the task,
which saves and ends; a second one kills it.
"""

import ctypes
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from frame_interpolation.errors import InputError
from frame_interpolation.repository_paths import REPOSITORY_ROOT
from frame_interpolation.training.preemption import SIGNALS
from frame_interpolation.training.run_folder import write_text
from frame_interpolation.training.study_plan import Plan, Task

_log = logging.getLogger(__name__)

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2).
_LAST_LINES = 5

RunTask = Callable[[Task], int]
"""Runs a task to its end and returns its exit status."""


class Stopped(Exception):  # noqa: N818 (it is no error)
    """A signal has ended the study.

    Attributes:
      exit_status: 128 and the number of the signal.
    """

    def __init__(self, exit_status: int):
        super().__init__()
        self.exit_status = exit_status


class TaskProcess:
    """Runs tasks as child processes; enter it to hand signals to them."""

    def __init__(self):
        self._received: signal.Signals | None = None
        self._child: subprocess.Popen | None = None
        self._is_told = False
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "TaskProcess":
        self._former = {number: signal.signal(number, self._receive) for number in SIGNALS}
        return self

    def __exit__(self, *exception) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)

    def __call__(self, task: Task) -> int:
        """Runs a task.

        Returns:
          Its exit status.

        Raises:
          Stopped: a signal came, and the task has ended.
        """
        self._raise_if_stopped()
        task.log.parent.mkdir(parents=True, exist_ok=True)
        environment = dict(os.environ)
        paths = [str(REPOSITORY_ROOT), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        with open(task.log, "a", encoding="utf-8") as log:
            # A session of its own: a terminal's Ctrl-C comes here alone, and once.
            self._child = subprocess.Popen(
                task.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                # What shows progress: a terminal gets its bar, a file its lines.
                stderr=None if sys.stderr.isatty() else log,
                env=environment,
                start_new_session=True,
                preexec_fn=_end_with_parent(),
            )
            self._hand_on()  # A signal may have come before there was a child.
            status = self._child.wait()
            self._child = None
        self._raise_if_stopped()
        return status

    def _raise_if_stopped(self) -> None:
        if self._received:
            raise Stopped(128 + self._received)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._received and self._child is not None:
            self._child.kill()
        self._received = signal.Signals(number)
        self._hand_on()

    def _hand_on(self) -> None:
        # Once: a training takes a second signal as the wish to end without saving. SIGTERM for
        # either of the two: what has no handler of its own then ends without a stack trace.
        if self._received and self._child is not None and not self._is_told:
            self._is_told = True
            self._child.terminate()


def _end_with_parent() -> Callable[[], None] | None:
    """Has Linux send a child SIGTERM when the study is killed, so that nothing trains on unseen."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def prepare() -> None:
        prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGTERM, 0, 0, 0)

    return prepare


def run_round(
    plan: Plan,
    tasks: Sequence[Task],
    *,
    remaining: Sequence[Task],
    run_task: RunTask,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Runs those tasks of a round that are not done.

    Args:
      plan: the study.
      tasks: the round.
      remaining: all tasks of the study, for the time left.
      run_task: runs one.
      clock: gives the time in seconds.

    Raises:
      InputError: a task failed.
      Stopped: a signal has ended the study.
    """
    total = len(remaining)
    for task in tasks:
        if task.is_done:
            continue
        durations = read_durations(plan)
        left = [other for other in remaining if not other.is_done]
        _log.info(
            "[%d/%d] %s%s", total - len(left) + 1, total, task.name, _time_left(left, durations)
        )
        is_begun, start = task.log.exists(), clock()
        status = run_task(task)
        if status or not task.is_done:
            raise InputError(
                f"{task.name!r} ended with status {status}; its last lines in {task.log}:\n"
                f"{_tail(task)}\nThe same command goes on from here when that is mended."
            )
        if not is_begun:  # Of a task that went on only a part of the time is known.
            durations.setdefault(task.kind, []).append(round(clock() - start, 1))
            write_text(str(plan.durations), json.dumps(durations, indent=1) + "\n")


def read_durations(plan: Plan) -> dict[str, list[float]]:
    """Reads how many seconds the tasks of each kind took so far."""
    try:
        return json.loads(plan.durations.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def seconds_left(tasks: Sequence[Task], durations: dict[str, list[float]]) -> float | None:
    """Estimates the time of the tasks that are left.

    Args:
      tasks: those that are left.
      durations: seconds that earlier ones took, by kind.

    Returns:
      Seconds; None while a kind among them is unknown.
    """
    if any(not durations.get(task.kind) for task in tasks):
        return None
    means = {kind: sum(times) / len(times) for kind, times in durations.items() if times}
    return sum(means[task.kind] for task in tasks)


def _time_left(tasks: Sequence[Task], durations: dict[str, list[float]]) -> str:
    seconds = seconds_left(tasks, durations)
    if seconds is None:
        return ""
    hours, minutes = divmod(round(seconds / 60), 60)
    return f" (about {hours}:{minutes:02d} h left)"


def _tail(task: Task) -> str:
    if not task.log.exists():
        return ""
    lines = task.log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-_LAST_LINES:])
