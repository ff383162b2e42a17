"""What a job is going to write: which triplets go into which shard, and with which options.

The plan is made once, on the driver, from the sorted list of triplets, so the bytes of a shard
depend on nothing that a runner decides. Its fingerprint stands in every sidecar: a shard belongs
to an output when the fingerprints agree.
"""

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from frame_interpolation.datasets import tfrecord
from frame_interpolation.datasets.frame_options import UNCHANGED, FrameOptions
from frame_interpolation.datasets.triplet import Triplet
from frame_interpolation.errors import InputError

# To be raised when the same triplets give other bytes: a change of the record's schema or of how
# frames are converted. Shards of another format are never taken for those of this one.
FORMAT_VERSION: Final = 1


@dataclasses.dataclass(frozen=True)
class ShardTask:
    """One shard to write; all that a worker needs to know.

    Attributes:
        path: The shard's file.
        shard: Its number.
        fingerprint: That of the plan.
        triplets: What goes into it, in this order.
        frame_options: What is done to the frames.
    """

    path: str
    shard: int
    fingerprint: str
    triplets: tuple[Triplet, ...]
    frame_options: FrameOptions = UNCHANGED


@dataclasses.dataclass(frozen=True)
class Plan:
    """All the shards of one output.

    Attributes:
        path: The output's name, PATH in PATH-00000-of-00003.
        description: Dataset, split, input and every option that has an influence on the records.
        tasks: The shards.
        fingerprint: SHA-256 of the description and of what is planned for every shard.
    """

    path: str
    description: Mapping[str, Any]
    tasks: tuple[ShardTask, ...]
    fingerprint: str

    @property
    def num_triplets(self) -> int:
        """How many triplets are planned."""
        return sum(len(task.triplets) for task in self.tasks)

    def as_json(self) -> dict[str, Any]:
        """Returns what goes into PATH.plan.json."""
        return {
            "fingerprint": self.fingerprint,
            "format_version": FORMAT_VERSION,
            "shards": [[triplet.name for triplet in task.triplets] for task in self.tasks],
            **self.description,
        }


def make_plan(
    triplets: Sequence[Triplet],
    *,
    path: str,
    num_shards: int,
    description: Mapping[str, Any],
    frame_options: FrameOptions = UNCHANGED,
) -> Plan:
    """Deals triplets, in their order, to shards of nearly equal counts.

    Args:
        triplets: What to write, sorted by the dataset's listing.
        path: The output's name.
        num_shards: How many shards; more than there are triplets leave some shards empty.
        description: See `Plan`.
        frame_options: What is done to the frames.

    Raises:
        InputError: There is nothing to write, or the number of shards is out of range.
    """
    if not 1 <= num_shards <= tfrecord.MAX_SHARDS:
        raise InputError(f"--num_shards is {num_shards}, expected 1 to {tfrecord.MAX_SHARDS}.")
    if not triplets:
        raise InputError("there are no triplets to write.")
    parts = [
        triplets[len(triplets) * i // num_shards : len(triplets) * (i + 1) // num_shards]
        for i in range(num_shards)
    ]
    fingerprint = _fingerprint(description, frame_options, parts)
    tasks = tuple(
        ShardTask(
            tfrecord.shard_path(path, i, num_shards), i, fingerprint, tuple(part), frame_options
        )
        for i, part in enumerate(parts)
    )
    return Plan(path, dict(description), tasks, fingerprint)


def _fingerprint(
    description: Mapping[str, Any], frame_options: FrameOptions, parts: Sequence[Sequence[Triplet]]
) -> str:
    # Which files there are, and what is wrong with them, is left out: a triplet may be mended
    # between two runs of one plan.
    planned = [
        [(t.name, t.path, t.film, t.annotation and dataclasses.asdict(t.annotation)) for t in part]
        for part in parts
    ]
    content = json.dumps(
        [FORMAT_VERSION, description, frame_options.as_dict(), planned], sort_keys=True
    )
    return hashlib.sha256(content.encode("ascii")).hexdigest()
