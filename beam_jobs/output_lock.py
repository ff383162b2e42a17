"""Keeps two jobs on one machine from writing to one path at the same time.

The lock is the system's (`flock`) on PATH.lock and ends with the process that holds it, however
that ends; a file that is left behind locks nothing. Paths of other file systems cannot be locked.
There, and between machines that do not share locks, it is the fingerprint in PATH.plan.json and in
every sidecar that tells the jobs apart: `output_state.finish` does not finish what another job
took over, and readers refuse shards that are not those of the manifest.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from beam_jobs import storage
from frame_interpolation.errors import InputError


def lock_path(path: str) -> str:
    """Returns the name of the file that is locked while a job writes to `path`."""
    return f"{path}.lock"


@contextlib.contextmanager
def held(path: str) -> Iterator[None]:
    """Locks an output while the block runs.

    Raises:
        InputError: Another job holds the lock.
        OSError: The folder cannot be written to.
    """
    if "://" in path:
        yield
        return
    storage.make_parent(path)
    with _locked(path):
        yield


@contextlib.contextmanager
def _locked(path: str) -> Iterator[None]:
    while True:
        descriptor = os.open(lock_path(path), os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(descriptor, path)
            if not _is_file_at(descriptor, lock_path(path)):
                continue  # Its last holder deleted it between our opening and locking it.
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"process {os.getpid()}".encode())
            try:
                yield
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(lock_path(path))
            return
        finally:
            os.close(descriptor)


def _lock(descriptor: int, path: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 100, 0).decode("utf-8", "replace") or "another process"
        raise InputError(
            f"another job ({holder}) is writing to {path!r}; wait for it, or choose another path."
        ) from None


def _is_file_at(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
