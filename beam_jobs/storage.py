"""Reads and writes output files through Beam's file systems: local paths, gs://, s3:// and so on.

A file appears under its name only when it is complete: it is written under a name of its own
beside it and renamed. Paths go into patterns, so they must not hold `*`, `?` or `[`.
"""

import contextlib
import functools
import hashlib
import json
import logging
import os
import re
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, TypeVar

from frame_interpolation.errors import InputError

with contextlib.ExitStack() as _stack:
    # Beam complains about Google Cloud libraries that nobody asked for.
    logging.disable(logging.WARNING)
    _stack.callback(logging.disable, logging.NOTSET)
    from apache_beam.io.filesystem import BeamIOError, CompressionTypes
    from apache_beam.io.filesystems import FileSystems

_TEMPORARY = ".tmp-"
# What follows an output's name in the names of its temporary files.
_OWN_TEMPORARY = re.compile(
    r"(-\d{5}-of-\d{5}(\.json)?|\.(plan|manifest)\.json|\.rejects\.jsonl|\.split-[^/]*\.txt)?"
    + re.escape(_TEMPORARY)
    + "[0-9a-f]{32}"
)
_T = TypeVar("_T", bound=Callable[..., Any])


def absolute(path: str) -> str:
    """Returns a local path made absolute, since workers may run elsewhere; others as they are.

    Raises:
        InputError: The path holds a wildcard or ends in '@N', which mean something to readers.
    """
    name, at, count = path.rpartition("@")
    if any(character in path for character in "*?[") or (name and at and count.isdecimal()):
        raise InputError(
            f"the output path {path!r} must not hold *, ? or [ nor end in @ and a number; the "
            f"number of shards is --num_shards."
        )
    if not path or path.endswith("/"):
        raise InputError(f"the output path {path!r} must end in a file name, like out/train.")
    return path if "://" in path else os.path.abspath(path)


def _with_plain_errors(function: _T) -> _T:
    """Turns Beam's errors back into the system's, which know their file and say one sentence."""

    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except OSError as error:
            raise _cause(error) from error

    return wrapped  # type: ignore[return-value]


def _cause(error: BaseException) -> BaseException:
    if isinstance(error, BeamIOError) and error.exception_details:
        return _cause(next(iter(error.exception_details.values())))
    if isinstance(error, OSError) and error.args and isinstance(error.args[0], OSError):
        return _cause(error.args[0])
    return error


@contextlib.contextmanager
def written(path: str) -> Iterator[BinaryIO]:
    """Opens a file for writing; it gets its name when the block ends without an exception."""
    temporary = f"{path}{_TEMPORARY}{uuid.uuid4().hex}"
    file: BinaryIO | None = None
    try:
        file = FileSystems.create(temporary, compression_type=CompressionTypes.UNCOMPRESSED)
        yield file
        file.close()
        _rename(temporary, path)
    except BaseException as error:
        if isinstance(error, OSError) and error.filename is None:
            error.filename = path  # "No space left on device" does not say where.
        # Whatever went wrong has been told already; that the rest cannot be cleared away as well
        # is the lesser news. `finish` of a later run clears it.
        with contextlib.suppress(Exception):
            if file is not None:
                file.close()
        with contextlib.suppress(Exception):
            delete([temporary])
        raise


@_with_plain_errors
def _rename(source: str, target: str) -> None:
    FileSystems.rename([source], [target])


@_with_plain_errors
def make_parent(path: str) -> None:
    """Creates the folder that a file is to lie in, if need be and where there are folders."""
    folder, _ = FileSystems.split(path)
    # Object stores have none, and asked for a bucket without an object they raise.
    if not FileSystems.get_filesystem(path).has_dirs():
        return
    if folder and not FileSystems.exists(folder):
        try:
            FileSystems.mkdirs(folder)
        except OSError:
            if not FileSystems.exists(folder):  # Another process may have been faster.
                raise


@_with_plain_errors
def exists(path: str) -> bool:
    """Tells whether there is a file of that name."""
    return FileSystems.exists(path)


@_with_plain_errors
def sizes(pattern: str) -> dict[str, int]:
    """Returns the sizes in bytes of the files that match, by path, in sorted order."""
    (match,) = FileSystems.match([pattern])
    return {m.path: m.size_in_bytes for m in sorted(match.metadata_list, key=lambda m: m.path)}


@_with_plain_errors
def delete(paths: Sequence[str]) -> None:
    """Deletes files; those that are not there do not matter."""
    for path in paths:
        if FileSystems.exists(path):
            FileSystems.delete([path])


@_with_plain_errors
def sha256(path: str) -> str:
    """Returns the SHA-256 of a file's content, in hexadecimal digits."""
    digest = hashlib.sha256()
    with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


@_with_plain_errors
def read_json(path: str) -> dict[str, Any] | None:
    """Reads a JSON object; None when there is no such file or it is not one."""
    if not FileSystems.exists(path):
        return None
    with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        try:
            content = json.loads(file.read())
        except ValueError:
            return None
    return content if isinstance(content, dict) else None


def write_json(path: str, content: Any) -> None:
    """Writes a JSON file, readable by people, the same bytes for the same content."""
    write_text(path, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def write_text(path: str, text: str) -> None:
    """Writes a text file in UTF-8; what is no Unicode in a name comes out as an escape."""
    with written(path) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


@_with_plain_errors
def temporary_files(path: str) -> list[str]:
    """Lists what interrupted writers of an output left behind, and nothing of another output.

    Args:
        path: The output's name: 'out/p' stands for 'out/p-00000-of-00001', 'out/p.plan.json' and
            so on, but not for 'out/p2-00000-of-00001', which another job may be writing.
    """
    found = sizes(f"{path}*{_TEMPORARY}*")
    return [name for name in found if _OWN_TEMPORARY.fullmatch(name[len(path) :])]
