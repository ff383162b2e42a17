"""Files of records: shards, their sidecars, the manifest, and reading any record by its number.

A TFRecord file is a sequence of

    length   uint64, little endian   bytes of data
    crc      uint32                  masked CRC-32C of the eight bytes of `length`
    data     bytes
    crc      uint32                  masked CRC-32C of `data`

with mask(c) = (rotate_right(c, 15) + 0xA282EAD8) mod 2^32
(https://www.tensorflow.org/tutorials/load_data/tfrecord). A dataset called PATH in N shards, named
`PATH@N` in a configuration, is

    PATH-00000-of-0000N         the records
    PATH-00000-of-0000N.json    sidecar: names and offsets of the records, rejects, sha256
    PATH.plan.json              what a job that has not finished is going to write
    PATH.manifest.json          written last: what the finished output is

An output is finished when its manifest is there; one that has sidecars or a plan without it, or a
plan that is not the manifest's, is half-written and never read. Shards with neither come from
other programs (`foreign`): they are read with a warning, and their records found by scanning.

Paths may be remote (`record_files`). For local ones this module needs neither TensorFlow nor Beam.
An offset is that of the length field, in bytes from the start of the file; a length is that of the
data alone.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import hashlib
import json
import logging
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, BinaryIO, Final

import google_crc32c
import numpy as np

from frame_interpolation.datasets import record_files
from frame_interpolation.errors import InputError

_HEADER_BYTES: Final = 12
_FOOTER_BYTES: Final = 4
_FRAMING_BYTES: Final = _HEADER_BYTES + _FOOTER_BYTES
MAX_SHARDS: Final = 99_999

_log = logging.getLogger(__name__)


# Names.


def shard_path(path: str, shard: int, num_shards: int) -> str:
    """Returns the name of one shard: ('p', 0, 3) gives 'p-00000-of-00003'."""
    return f"{path}-{shard:05d}-of-{num_shards:05d}"


def sidecar_path(shard: str) -> str:
    """Returns the name of the sidecar of a shard file."""
    return f"{shard}.json"


def plan_path(path: str) -> str:
    """Returns the name of the file that marks an output as not finished."""
    return f"{path}.plan.json"


def manifest_path(path: str) -> str:
    """Returns the name of the file that marks an output as finished."""
    return f"{path}.manifest.json"


def expand(spec: str) -> list[str]:
    """Lists the files that a configuration names.

    Args:
        spec: 'PATH@N' for N shards; PATH alone for an output of this project, whose manifest
            tells N; or an existing file, which stands for itself.

    Returns:
        File names in order of their shard numbers.

    Raises:
        InputError: a shard is missing, or there is no such file.
    """
    path, num_shards = _split_spec(spec)
    if num_shards is None:
        if record_files.is_file(path):
            return [path]
        raise InputError(
            f"no records at {path!r}: expected a TFRecord file, or PATH@N for the N shards "
            f"PATH-00000-of-N and so on."
        )
    shards = [shard_path(path, i, num_shards) for i in range(num_shards)]
    missing = record_files.missing(shards)
    if missing:
        raise InputError(
            f"{spec!r} lacks {len(missing)} of {num_shards} shards, the first is {missing[0]!r}; "
            f"check the path and the number after the @, or build the records again."
        )
    return shards


def _split_spec(spec: str) -> tuple[str, int | None]:
    """Parts 'PATH@N'; N of a PATH alone comes from its manifest or is None."""
    match = re.fullmatch(r"(.+)@(\d+)", spec)
    if match:
        num_shards = int(match[2])
        if not 1 <= num_shards <= MAX_SHARDS:
            raise InputError(f"{spec!r} asks for {num_shards} shards, expected 1 to {MAX_SHARDS}.")
        return match[1], num_shards
    if not record_files.is_file(spec) and record_files.is_file(manifest_path(spec)):
        return spec, len(_read_json(manifest_path(spec), ("shards",))["shards"])
    return spec, None


# Framing.


def _masked_crc(data: bytes | memoryview) -> int:
    crc = google_crc32c.value(bytes(data))
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def frame_record(record: bytes) -> bytes:
    """Returns a record with length and checksums, as it stands in a TFRecord file."""
    length = struct.pack("<Q", len(record))
    return b"".join(
        (
            length,
            struct.pack("<I", _masked_crc(length)),
            record,
            struct.pack("<I", _masked_crc(record)),
        )
    )


def _record_length(header: bytes, shard: str, offset: int) -> int:
    if len(header) < _HEADER_BYTES:
        raise InputError(
            f"{shard!r} is cut: at offset {offset} a record begins that has only {len(header)} "
            f"bytes; copy or build the file again."
        )
    if _masked_crc(header[:8]) != struct.unpack_from("<I", header, 8)[0]:
        raise InputError(
            f"{shard!r} has no record at offset {offset}: the checksum of its length is wrong; "
            f"the file is damaged or not an uncompressed TFRecord, copy or build it again."
        )
    return struct.unpack_from("<Q", header)[0]


class ShardWriter:
    """Writes records to an open binary file and keeps what the sidecar tells about them.

    The caller opens and closes the file (any object with `write`, local or remote). Each record's
    digest is taken in a thread of its own, while the next record is read and written.
    """

    def __init__(self, file: BinaryIO):
        self._file = file
        self._sha256 = hashlib.sha256()
        self._digester = concurrent.futures.ThreadPoolExecutor(1, "digest")
        self._digested: concurrent.futures.Future[None] | None = None
        self._bytes = 0
        self._offsets: list[int] = []
        self._names: list[str] = []

    def write(self, record: bytes, *, name: str) -> None:
        """Appends a record, which belongs to the triplet `name`."""
        framed = frame_record(record)
        self._await_digest()  # One record waits at most, so that they do not gather in memory.
        self._digested = self._digester.submit(self._sha256.update, framed)
        self._file.write(framed)
        self._offsets.append(self._bytes)
        self._names.append(name)
        self._bytes += len(framed)

    def summary(self) -> dict[str, Any]:
        """Returns what was written: records, bytes, sha256, names and offsets."""
        self._await_digest()
        return {
            "records": len(self._offsets),
            "bytes": self._bytes,
            "sha256": self._sha256.hexdigest(),
            "names": list(self._names),
            "offsets": list(self._offsets),
        }

    def _await_digest(self) -> None:
        if self._digested is not None:
            self._digested.result()


# Reading.


@dataclasses.dataclass(frozen=True)
class Index:
    """Where every record of a dataset lies. Safe to share between threads and processes.

    Attributes:
        shards: file names.
        shard: (n,) int32, which of `shards` a record lies in.
        offset: (n,) int64, bytes.
        length: (n,) int64, bytes.
        names: names of the triplets, or None for files of other programs.
        manifest: what `PATH.manifest.json` holds, or None for files of other programs.
    """

    shards: tuple[str, ...]
    shard: np.ndarray
    offset: np.ndarray
    length: np.ndarray
    names: tuple[str, ...] | None = None
    manifest: Mapping[str, Any] | None = None

    def __len__(self) -> int:
        return len(self.offset)

    def __iter__(self) -> Iterator[bytes]:
        return (self.read(i) for i in range(len(self)))

    def location(self, i: int) -> str:
        """Returns words for an error message: which shard and offset record i has."""
        return f"{self.shards[self.shard[i]]!r} at offset {self.offset[i]}"

    def read(self, i: int) -> bytes:
        """Reads record i, an integer in [0, len), and checks it.

        Raises:
            InputError: the file is cut or damaged there.
            IndexError: there is no such record.
        """
        if not 0 <= i < len(self):
            raise IndexError(f"record {i} of {len(self)}")
        shard, offset = self.shards[self.shard[i]], int(self.offset[i])
        length = int(self.length[i])
        framed = record_files.read_at(shard, offset, length + _FRAMING_BYTES)
        if _record_length(framed[:_HEADER_BYTES], shard, offset) != length:
            raise InputError(
                f"the record in {self.location(i)} is not {length} bytes long as its sidecar says; "
                f"build the records again."
            )
        if len(framed) != length + _FRAMING_BYTES:
            raise InputError(
                f"{shard!r} is cut: the record at offset {offset} has only {len(framed)} of "
                f"{length + _FRAMING_BYTES} bytes; copy or build the file again."
            )
        record = framed[_HEADER_BYTES:-_FOOTER_BYTES]
        if _masked_crc(record) != struct.unpack_from("<I", framed, length + _HEADER_BYTES)[0]:
            raise InputError(
                f"the record in {self.location(i)} is damaged (its checksum is wrong); "
                f"copy or build the file again."
            )
        return record


def build_index(spec: str, *, allow_foreign: bool = True, tolerate_damage: bool = False) -> Index:
    """Finds the records of a dataset.

    Args:
        spec: as `expand` takes it.
        allow_foreign: whether files without a manifest, which other programs wrote, are read (with
            one warning).
        tolerate_damage: whether a shard of another length than its sidecar says is taken all the
            same, so that reading fails only for the records concerned, and a file without sidecar
            is taken up to the place where its chain of records breaks. Both with a warning.

    Returns:
        The index, in order of the shards.

    Raises:
        InputError: shards are missing, cut or not as their sidecar says, the output is not
            finished, foreign files are not allowed, or there is no record at all.
    """
    path, num_shards = _split_spec(spec)
    manifest = _finished_manifest(path) if num_shards is not None else None
    if manifest is not None and len(manifest["shards"]) != num_shards:
        raise InputError(
            f"{path!r} has {len(manifest['shards'])} shards, expected {num_shards}; "
            f"write {path}@{len(manifest['shards'])}."
        )
    shards = expand(spec)
    if manifest is None:
        index = _index_foreign(spec, shards, allow_foreign, tolerate_damage)
    else:
        index = _index_own(shards, manifest, tolerate_damage)
    if not len(index):
        raise InputError(f"{spec!r} holds no records.")
    return index


def _finished_manifest(path: str) -> dict[str, Any] | None:
    manifest = None
    if record_files.is_file(manifest_path(path)):
        manifest = _read_json(manifest_path(path), ("shards", "fingerprint"))
    if record_files.is_file(plan_path(path)):
        plan = _read_json(plan_path(path), ("fingerprint",))
        if manifest is None or plan["fingerprint"] != manifest["fingerprint"]:
            raise InputError(
                f"the records at {path!r} are not finished ({plan_path(path)!r} is there); "
                f"run the job that writes them again."
            )
    return manifest


def _index_own(shards: Sequence[str], manifest: Mapping[str, Any], tolerate_damage: bool) -> Index:
    offsets, lengths, owners, names = [], [], [], []
    read = record_files.for_each(_sidecar_and_size, shards)
    for i, (shard, listed) in enumerate(zip(shards, manifest["shards"], strict=True)):
        sidecar, size = read[i]
        if sidecar["sha256"] != listed["sha256"]:
            raise InputError(
                f"{sidecar_path(shard)!r} is not the sidecar that the manifest lists: files of two "
                f"outputs are mixed; build the records again with --overwrite."
            )
        if size != sidecar["bytes"]:
            message = (
                f"{shard!r} is {size} bytes long, expected {sidecar['bytes']}: it is cut or was "
                f"changed; copy or build it again."
            )
            if not tolerate_damage:
                raise InputError(message)
            _log.warning("%s", message)
        ends = np.array([*sidecar["offsets"][1:], sidecar["bytes"]], np.int64)
        ends = ends[: sidecar["records"]]
        starts = np.array(sidecar["offsets"], np.int64)
        offsets.append(starts)
        lengths.append(ends - starts - _FRAMING_BYTES)
        owners.append(np.full(len(starts), i, np.int32))
        names.extend(sidecar["names"])
    return Index(
        shards=tuple(shards),
        shard=np.concatenate(owners),
        offset=np.concatenate(offsets),
        length=np.concatenate(lengths),
        names=tuple(names),
        manifest=manifest,
    )


def _sidecar_and_size(shard: str) -> tuple[dict[str, Any], int]:
    return read_sidecar(shard), record_files.size(shard)


def _index_foreign(
    spec: str, shards: Sequence[str], allow_foreign: bool, tolerate_damage: bool
) -> Index:
    absent = set(record_files.missing([sidecar_path(shard) for shard in shards]))
    own = [shard for shard in shards if sidecar_path(shard) not in absent]
    if own:
        raise InputError(
            f"{own[0]!r} has a sidecar but no manifest: the output is not finished, or only a part "
            f"of it was copied or named; name all of it as PATH@N, or run its job again."
        )
    if not allow_foreign:
        raise InputError(f"{spec!r} has no manifest; build it with beam_jobs.build_tfrecord.")
    _log.warning("%s has no manifest: taken as records that another program wrote.", spec)
    scan_all = _scan_up_to_damage if tolerate_damage else lambda shard: list(scan(shard))
    scanned = record_files.for_each(scan_all, shards)
    found = [(i, *record) for i, records in enumerate(scanned) for record in records]
    owners, offsets, lengths = zip(*found, strict=True) if found else ((), (), ())
    return Index(
        shards=tuple(shards),
        shard=np.array(owners, np.int32),
        offset=np.array(offsets, np.int64),
        length=np.array(lengths, np.int64),
    )


def scan(shard: str) -> Iterator[tuple[int, int]]:
    """Yields (offset, length) of every record of a file, reading only the length fields.

    Raises:
        InputError: the file is cut or no TFRecord; names the file and the offset.
    """
    size = record_files.size(shard)
    with record_files.open_to_read(shard) as file:
        offset = 0
        while offset < size:
            file.seek(offset)
            length = _record_length(file.read(_HEADER_BYTES), shard, offset)
            end = offset + length + _FRAMING_BYTES
            if end > size:
                raise InputError(
                    f"{shard!r} is cut: the record at offset {offset} ends at {end}, "
                    f"the file at {size}; copy or build it again."
                )
            yield offset, length
            offset = end


def _scan_up_to_damage(shard: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    try:
        found.extend(scan(shard))
    except InputError as error:
        _log.warning("%s Taking the %d records before.", error, len(found))
    return found


def read_sidecar(shard: str) -> dict[str, Any]:
    """Reads the sidecar of a shard.

    Raises:
        InputError: there is none, or it is not one.
    """
    return _read_json(
        sidecar_path(shard), ("fingerprint", "records", "bytes", "sha256", "names", "offsets")
    )


def _read_json(path: str, keys: Sequence[str]) -> dict[str, Any]:
    try:
        content = json.loads(record_files.read_text(path))
    except FileNotFoundError as error:
        raise InputError(f"{path!r} is missing; build the records again.") from error
    except ValueError as error:
        raise InputError(f"{path!r} is not valid JSON; build the records again.") from error
    missing = [key for key in keys if not isinstance(content, dict) or key not in content]
    if missing:
        raise InputError(f"{path!r} lacks {missing[0]!r}; build the records again.")
    return content
