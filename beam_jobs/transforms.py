"""The pipeline: one element a shard, one ParDo that writes it.

No element depends on another and nothing is shuffled, grouped or counted by the runner: what
there is to know afterwards stands in the sidecars, on every runner. Beam's own `WriteToTFRecord`
deals records to shards as the runner pleases, and does not work on all of them.
"""

import json
import logging
import pickle
import re
import time
import zlib
from collections.abc import Iterator, Sequence

import apache_beam as beam
from apache_beam.metrics import Metrics

from beam_jobs import shard_writing
from beam_jobs.shard_plan import ShardTask

# Runners report an exception of a worker as text, often with stack traces around it; the message
# is found again between these marks.
_MARKED = re.compile(r"<<shard failed: (\".*?(?<!\\)(?:\\\\)*\")>>", re.DOTALL)

_log = logging.getLogger(__name__)


class ShardError(Exception):
    """A shard could not be written, for a reason that lies in files and not in the program."""

    def __init__(self, message: str):
        super().__init__(message)

    @classmethod
    def marked(cls, message: str) -> "ShardError":
        """Wraps a message so that `message_of_failure` finds it in any text."""
        return cls(f"<<shard failed: {json.dumps(message)}>>")


def message_of_failure(error: BaseException) -> str | None:
    """Returns what a worker said about why a shard failed; None if it was something else."""
    match = _MARKED.search(str(error))
    return json.loads(match[1]) if match else None


def pack(task: ShardTask) -> bytes:
    """Returns a task as the pipeline carries it.

    Runners keep several copies of every element and send them through networks and schedulers.
    The paths in a task have much in common: packed, it takes a tenth of the room.
    """
    return zlib.compress(pickle.dumps(task))


def unpack(packed: bytes) -> ShardTask:
    """Returns what was packed."""
    return pickle.loads(zlib.decompress(packed))


class WriteShardFn(beam.DoFn):
    """Writes the shard of each packed `ShardTask` and yields (shard, records, rejects)."""

    def process(self, element: bytes) -> Iterator[tuple[int, int, int]]:
        """Writes one shard; a repeated call finds it there."""
        start = time.monotonic()
        task = unpack(element)
        try:
            sidecar = shard_writing.write_shard(task)
        except OSError as error:
            raise ShardError.marked(_sentence(error)) from error
        Metrics.counter("build_tfrecord", "records").inc(sidecar["records"])
        for reject in sidecar["rejects"]:
            Metrics.counter("build_tfrecord", f"rejected_{reject['reason']}").inc()
        _log.info(
            "%s: %d records, %d rejects, %.1f s",
            task.path.rpartition("/")[2],
            sidecar["records"],
            len(sidecar["rejects"]),
            time.monotonic() - start,
        )
        yield task.shard, sidecar["records"], len(sidecar["rejects"])


class WriteShards(beam.PTransform):
    """Writes shards, as independent of one another as the runner can take them."""

    def __init__(self, tasks: Sequence[ShardTask]):
        super().__init__()
        self._packed = [pack(task) for task in tasks]

    def expand(self, pbegin: beam.Pipeline) -> beam.PCollection:
        """Returns (shard, records, rejects) of every shard."""
        return pbegin | "Plan" >> beam.Create(self._packed) | "Write" >> beam.ParDo(WriteShardFn())


def _sentence(error: OSError) -> str:
    if not error.strerror:
        return str(error)
    return f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror}."
