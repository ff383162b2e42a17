"""Files that records are read from, local or remote.

A path with a scheme (`gs://bucket/name`) is read by TensorFlow's file systems, which know `gs://`
and `ram://`, and others once a package such as `tensorflow-io` has added them; `file://` too.
TensorFlow is imported for such paths only. What they raise is an OSError as local files raise it.
"""

import concurrent.futures
import contextlib
import errno
import os
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, TypeVar

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# A remote file answers after tens of milliseconds, however small it is.
_CONCURRENT_REQUESTS = 32

_Result = TypeVar("_Result")


def is_remote(path: str) -> bool:
    """Tells whether a path begins with a scheme."""
    return _SCHEME.match(path) is not None


def is_file(path: str) -> bool:
    """Tells whether there is a file, not a folder, of this name."""
    if not is_remote(path):
        return os.path.isfile(path)
    with _errors_of(path):
        return _gfile().exists(path) and not _gfile().isdir(path)


def missing(paths: Sequence[str]) -> list[str]:
    """Lists those of `paths`, all in one folder, that are not there."""
    if not paths or not is_remote(paths[0]):
        return [path for path in paths if not os.path.isfile(path)]
    # One request instead of thousands.
    folder = paths[0].rpartition("/")[0]
    with _errors_of(folder):
        found = set(_gfile().listdir(folder)) if _gfile().isdir(folder) else set()
    return [path for path in paths if path.rpartition("/")[2] not in found]


def size(path: str) -> int:
    """Returns the bytes of a file."""
    if not is_remote(path):
        return os.path.getsize(path)
    with _errors_of(path):
        return _gfile().stat(path).length


def read_at(path: str, offset: int, count: int) -> bytes:
    """Reads a part of a file; less than `count` bytes where it ends."""
    if is_remote(path):
        with open_to_read(path) as file:
            file.seek(offset)
            return file.read(count)
    # Opening a local file costs microseconds where decoding costs milliseconds; in return there is
    # no limit on the number of shards, nothing to lock and nothing to close.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        parts, lacking = [], count
        while lacking:
            # The system returns at most 2 GiB at once, and less when interrupted.
            part = os.pread(descriptor, lacking, offset + count - lacking)
            if not part:
                break
            parts.append(part)
            lacking -= len(part)
    finally:
        os.close(descriptor)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def read_text(path: str) -> str:
    """Reads a whole file, which is UTF-8."""
    if not is_remote(path):
        with open(path, encoding="utf-8") as file:
            return file.read()
    with open_to_read(path) as file:
        return file.read().decode("utf-8")


@contextlib.contextmanager
def open_to_read(path: str) -> Iterator[BinaryIO]:
    """Opens a file to read bytes from any place of it (`seek`, `read`), by one thread."""
    if not is_remote(path):
        with open(path, "rb", buffering=0) as file:
            yield file
        return
    with _errors_of(path), _gfile().GFile(path, "rb") as file:
        yield file


def for_each(function: Callable[[str], _Result], paths: Sequence[str]) -> list[_Result]:
    """Applies a function to files: one after another, or to many at once where they are remote.

    Args:
        function: reads one of them.
        paths: the files, all local or all remote.

    Returns:
        The results in order of the paths. The first error is raised.
    """
    if not paths or not is_remote(paths[0]):
        return [function(path) for path in paths]
    with concurrent.futures.ThreadPoolExecutor(_CONCURRENT_REQUESTS) as pool:
        try:
            return list(pool.map(function, paths))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _gfile() -> Any:
    import tensorflow as tf

    return tf.io.gfile


@contextlib.contextmanager
def _errors_of(path: str) -> Iterator[None]:
    """Makes TensorFlow's errors those of local files."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.NotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from error
    except tf.errors.PermissionDeniedError as error:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path) from error
    except tf.errors.UnimplementedError as error:
        reason = "TensorFlow has no file system for this scheme; install tensorflow-io, or copy it"
        raise OSError(errno.EPROTONOSUPPORT, reason, path) from error
    except tf.errors.OpError as error:
        raise OSError(errno.EIO, error.message, path) from error
