"""Maps a function over many tasks in several processes, in order and without leftovers."""

import concurrent.futures
import concurrent.futures.process
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import TypeVar

from atd12k.errors import DatasetError

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")


def available_cores() -> int:
    """Returns the number of processor cores that this process may use."""
    return len(os.sched_getaffinity(0))


class WorkerPool:
    """Processes that work off tasks; a context manager. One worker means this process."""

    def __init__(self, workers: int) -> None:
        """Prepares for `workers` processes, which start with the first task.

        Raises:
            DatasetError: `workers` is less than 1.
        """
        if workers < 1:
            raise DatasetError(f"workers is {workers}, expected 1 or more.")
        self._executor = None
        if workers > 1:
            # Spawned: forking a program in which other threads run may hang.
            self._executor = concurrent.futures.ProcessPoolExecutor(
                workers,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_prepare_worker,
            )

    def map(
        self, function: Callable[[_Task], _Result], tasks: Iterable[_Task], *, chunk: int = 1
    ) -> Iterator[_Result]:
        """Yields function(task) for every task, in the order of the tasks.

        Args:
            function: A function of a module, so that it can be sent to a process.
            tasks: What to call it with.
            chunk: Number of tasks that are sent to a process at a time.

        Raises:
            DatasetError: A process died.
        """
        if self._executor is None:
            yield from map(function, tasks)
            return
        try:
            yield from self._executor.map(function, tasks, chunksize=chunk)
        except concurrent.futures.process.BrokenProcessPool as error:
            raise DatasetError(
                "a worker process ended abruptly, perhaps for lack of memory; try again with a "
                "smaller --workers."
            ) from error

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=kind is not None)


def _prepare_worker() -> None:
    # Ctrl-C reaches the whole group; the parent ends the work, and one message is enough.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """Ends this process when its parent has gone, be it killed."""
    multiprocessing.connection.wait([sentinel])
    os._exit(1)
