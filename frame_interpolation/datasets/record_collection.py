"""Several datasets as one: a record has a number across all of them."""

import bisect
import itertools
import os
from collections.abc import Sequence

from frame_interpolation.datasets import record_files, tfrecord
from frame_interpolation.errors import InputError
from frame_interpolation.repository_paths import REPOSITORY_ROOT


class DamagedRecordError(InputError):
    """One record is bad; the message names its shard and offset. The others may be sound."""


class RecordCollection:
    """The records of one or more indexes, numbered one after another.

    Attributes:
      indexes: the datasets.
    """

    def __init__(self, indexes: Sequence[tfrecord.Index]):
        """Takes at least one index."""
        self.indexes = tuple(indexes)
        self._ends = list(itertools.accumulate(len(index) for index in self.indexes))

    def __len__(self) -> int:
        return self._ends[-1]

    def read(self, i: int) -> bytes:
        """Reads record i in [0, len).

        Raises:
          DamagedRecordError: The file is cut or damaged there; names shard and offset.
          InputError: The file cannot be read; names shard and offset.
          IndexError: There is no such record.
        """
        index, inner = self._locate(i)
        try:
            return index.read(inner)
        except OSError as error:
            raise InputError(
                f"Cannot read the record in {index.location(inner)}: {error.strerror}."
            ) from error
        except InputError as error:
            raise DamagedRecordError(str(error)) from error

    def location(self, i: int) -> str:
        """Returns which shard and offset record i has, in words."""
        index, inner = self._locate(i)
        return index.location(inner)

    def name(self, i: int) -> str:
        """Returns the name of the triplet in record i; its location where names are not known."""
        index, inner = self._locate(i)
        return index.names[inner] if index.names is not None else index.location(inner)

    def _locate(self, i: int) -> tuple[tfrecord.Index, int]:
        if not 0 <= i < len(self):
            raise IndexError(f"record {i} of {len(self)}")
        part = bisect.bisect_right(self._ends, i)
        return self.indexes[part], int(i) - (self._ends[part - 1] if part else 0)


def open_records(
    paths: Sequence[str], *, binding: str, tolerate_damage: bool = False
) -> RecordCollection:
    """Finds the records of the datasets that a configuration names.

    Args:
      paths: as `tfrecord.expand` takes them; relative ones may also start at the repository root.
      binding: what sets the paths, for error messages: "training_dataset.files".
      tolerate_damage: see `tfrecord.build_index`.

    Raises:
      InputError: There is no path, or one of them has no complete dataset.
    """
    if not paths:
        raise InputError(
            f"No dataset is given: set it with --gin_bindings \"{binding} = ['PATH@N']\" or in the "
            "gin file, where N is the number of shards."
        )
    try:
        return RecordCollection(
            [tfrecord.build_index(find(path), tolerate_damage=tolerate_damage) for path in paths]
        )
    except InputError as error:
        raise InputError(f"{binding}: {error}") from error


def find(path: str) -> str:
    """Finds a dataset that may be named relative to the repository root.

    Args:
      path: as `tfrecord.expand` takes it.

    Returns:
      The same below the repository root if it is there alone, else as it is.
    """
    if record_files.is_remote(path):
        return path
    for candidate in (path, os.path.join(REPOSITORY_ROOT, path)):
        try:
            tfrecord.expand(candidate)
        except InputError:
            continue
        return candidate
    return path
