"""Fingerprints of models and records: what an evaluation was made with.

Two evaluations are the same only when these agree, whatever the paths are called. All digests are
SHA-256 in hexadecimal.
"""

import glob
import hashlib
import itertools
import os
import re
import struct
from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from frame_interpolation.datasets import tfrecord
from frame_interpolation.errors import InputError

_READ_BYTES = 1 << 20
_READERS = 4
_CHECKPOINT_FILE = re.compile(r"\.(index|data-\d+-of-\d+)")

# The framing of a TFRecord: length and its checksum before the data, the data's CRC-32C behind.
_RECORD_LENGTH_BYTES = 8
_RECORD_HEADER_BYTES = 12
_RECORD_CHECKSUM_BYTES = 4


def of_saved_model(path: str | os.PathLike[str]) -> dict[str, str]:
    """Fingerprints a SavedModel without loading it.

    Args:
        path: SavedModel folder.

    Returns:
        'variables_sha256', over the names and bytes of the files in `variables/`;
        'graph_sha256', over `saved_model.pb`; and 'fingerprint', over both.

    Raises:
        InputError: If the folder is no SavedModel on this machine.
    """
    graphs = [Path(path, name) for name in ("saved_model.pb", "saved_model.pbtxt")]
    graph = next((file for file in graphs if file.is_file()), None)
    if graph is None:
        raise InputError(
            f"There is no SavedModel at {os.fspath(path)!r}; expected a folder of this machine "
            "with saved_model.pb and variables/."
        )
    variables = hashlib.sha256()
    for file in sorted(Path(path, "variables").glob("variables.*")):
        variables.update(file.name.encode() + b"\0" + bytes.fromhex(file_sha256(file)))
    parts = {"variables_sha256": variables.hexdigest(), "graph_sha256": file_sha256(graph)}
    return {"fingerprint": hashlib.sha256("".join(parts.values()).encode()).hexdigest(), **parts}


def of_checkpoint(prefix: str | os.PathLike[str]) -> dict[str, str]:
    """Fingerprints a training checkpoint without loading it.

    Args:
        prefix: The path without `.index`.

    Returns:
        'fingerprint', over the names and bytes of its files.

    Raises:
        InputError: If there are no such files on this machine.
    """
    prefix = Path(prefix)
    files = [file for file in sorted(prefix.parent.glob(f"{glob.escape(prefix.name)}.*"))]
    files = [file for file in files if _CHECKPOINT_FILE.fullmatch(file.name[len(prefix.name) :])]
    if not files:
        raise InputError(
            f"There is no checkpoint at {str(prefix)!r}; expected {prefix.name}.index."
        )
    return {"fingerprint": of_files({file.name[len(prefix.name) :]: file for file in files})}


def of_files(files: Mapping[str, str | os.PathLike[str]]) -> str:
    """Returns the digest over names and content of files.

    Args:
        files: Path by the name that counts; the path itself does not.
    """
    names = sorted(files)
    # Hashing lets other threads run, and reading waits for the disk.
    with ThreadPoolExecutor(_READERS) as executor:
        digests = list(executor.map(lambda name: file_sha256(files[name]), names))
    return of_texts([part for pair in zip(names, digests, strict=True) for part in pair])


def of_texts(texts: Iterable[str]) -> str:
    """Returns the digest of texts in their order."""
    digest = hashlib.sha256()
    for text in texts:
        content = text.encode("utf-8", errors="surrogateescape")
        digest.update(struct.pack("<Q", len(content)) + content)
    return digest.hexdigest()


def of_records(index: tfrecord.Index) -> dict[str, Any]:
    """Fingerprints records by the length and stored checksum of each, reading nothing else.

    Args:
        index: Records of a dataset.

    Returns:
        'records' (their number), 'records_sha256', and for output of this project's Beam job
        'manifest_fingerprint', else None.
    """
    digest = hashlib.sha256()
    # Records come in the order of their shards, so that each file is opened once.
    for shard, members in itertools.groupby(range(len(index)), lambda i: int(index.shard[i])):
        with open(index.shards[shard], "rb", buffering=0) as file:
            for i in members:
                length = int(index.length[i])
                file.seek(int(index.offset[i]) + _RECORD_HEADER_BYTES + length)
                checksum = file.read(_RECORD_CHECKSUM_BYTES)
                digest.update(struct.pack("<Q", length) + checksum)
    manifest = index.manifest
    return {
        "records": len(index),
        "records_sha256": digest.hexdigest(),
        "manifest_fingerprint": None if manifest is None else manifest["fingerprint"],
    }


def of_record_marks(marks: Iterable[bytes]) -> str:
    """Returns the 'records_sha256' of records from the `record_mark` of each, in their order."""
    return hashlib.sha256(b"".join(marks)).hexdigest()


def record_mark(record: bytes) -> bytes:
    """Returns what a record contributes to 'records_sha256': its length and its checksum.

    Args:
        record: A serialised record, without the framing of a TFRecord.
    """
    framed = tfrecord.frame_record(record)
    return framed[:_RECORD_LENGTH_BYTES] + framed[-_RECORD_CHECKSUM_BYTES:]


def of_shards(index: tfrecord.Index) -> dict[str, dict[str, Any]]:
    """Describes the files of a dataset.

    Args:
        index: Records of a dataset.

    Returns:
        By the name of each shard, without folder, its 'records' and 'sha256': that of the manifest,
        or of other programs' files that of the whole file, which is read for it.
    """
    listed = None if index.manifest is None else index.manifest["shards"]
    counts = Counter(index.shard.tolist())
    return {
        os.path.basename(shard): {
            "records": counts[i],
            "sha256": file_sha256(shard) if listed is None else listed[i]["sha256"],
        }
        for i, shard in enumerate(index.shards)
    }


def file_sha256(path: str | os.PathLike[str]) -> str:
    """Returns the digest of a file's content."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_READ_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
