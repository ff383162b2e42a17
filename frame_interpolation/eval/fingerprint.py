"""Fingerprints of models and records: what an evaluation was made with.

Two evaluations are the same only when these agree, whatever the paths are called. All digests are
SHA-256 in hexadecimal.
"""

import hashlib
import itertools
import os
import struct
from pathlib import Path
from typing import Any

from frame_interpolation.datasets import tfrecord
from frame_interpolation.errors import InputError

_READ_BYTES = 1 << 20

# The framing of a TFRecord: length and its checksum before the data, the data's CRC-32C behind.
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
        variables.update(file.name.encode() + b"\0" + bytes.fromhex(_file_sha256(file)))
    parts = {"variables_sha256": variables.hexdigest(), "graph_sha256": _file_sha256(graph)}
    return {"fingerprint": hashlib.sha256("".join(parts.values()).encode()).hexdigest(), **parts}


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
                digest.update(struct.pack("<Q", length) + file.read(_RECORD_CHECKSUM_BYTES))
    manifest = index.manifest
    return {
        "records": len(index),
        "records_sha256": digest.hexdigest(),
        "manifest_fingerprint": None if manifest is None else manifest["fingerprint"],
    }


def _file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_READ_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
