"""Writes one shard: plain functions, that a Beam worker, a loop or a test may call.

Writing a shard can be repeated at any time, by any number of processes: the same task gives the
same bytes, files appear complete or not at all, and a shard that is there already is kept.
"""

import collections
from typing import Any

from beam_jobs import storage
from beam_jobs.shard_plan import ShardTask
from frame_interpolation.datasets import tfrecord
from frame_interpolation.datasets.frame_options import FrameError
from frame_interpolation.datasets.triplet_record import triplet_record


def write_shard(task: ShardTask) -> dict[str, Any]:
    """Writes a shard and, after it, its sidecar, unless both are there.

    Triplets that cannot be used are left out and listed in the sidecar. A shard with such rejects
    is written anew each time, in case they have been mended.

    Args:
        task: What to write.

    Returns:
        The sidecar's content: fingerprint, shard, records, bytes, sha256, names, offsets,
        rejects (triplet, reason, detail) and the number of conversions of frames by kind.

    Raises:
        OSError: The files cannot be written.
    """
    finished = _finished_sidecar(task)
    if finished is not None:
        return finished
    rejects: list[dict[str, str]] = []
    conversions: collections.Counter[str] = collections.Counter()
    with storage.written(task.path) as file:
        writer = tfrecord.ShardWriter(file)
        for triplet in task.triplets:
            try:
                record, converted = triplet_record(triplet, task.frame_options)
            except FrameError as error:
                rejects.append(
                    {"triplet": triplet.name, "reason": error.reason, "detail": str(error)}
                )
            else:
                writer.write(record, name=triplet.name)
                conversions.update(converted)
    sidecar = {
        "fingerprint": task.fingerprint,
        "shard": task.shard,
        **writer.summary(),
        "rejects": rejects,
        "conversions": dict(conversions),
    }
    storage.write_json(tfrecord.sidecar_path(task.path), sidecar)
    return sidecar


def _finished_sidecar(task: ShardTask) -> dict[str, Any] | None:
    sidecar = storage.read_json(tfrecord.sidecar_path(task.path))
    if sidecar is None or not is_sidecar_of(sidecar, task) or sidecar["rejects"]:
        return None
    if storage.sizes(task.path).get(task.path) != sidecar["bytes"]:
        return None
    return sidecar if storage.sha256(task.path) == sidecar["sha256"] else None


def is_sidecar_of(sidecar: dict[str, Any], task: ShardTask) -> bool:
    """Tells whether a sidecar accounts for every triplet of a task, each in its place."""
    keys = ("fingerprint", "records", "bytes", "sha256", "names", "offsets", "rejects")
    if any(key not in sidecar for key in keys) or sidecar["fingerprint"] != task.fingerprint:
        return False
    rejected = {reject["triplet"] for reject in sidecar["rejects"]}
    kept = [triplet.name for triplet in task.triplets if triplet.name not in rejected]
    return sidecar["names"] == kept and len(kept) + len(rejected) == len(task.triplets)
