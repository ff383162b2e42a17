"""The parts of a statistics job: where triplets come from, tasks of some each, and the pipeline.

As in `transforms`, no element depends on another: each task writes what it measured into a file
of its own, which the driver reads afterwards, so that any runner will do.
"""

import dataclasses
import functools
import os
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, Final

import apache_beam as beam

from beam_jobs import dataset_registry, storage, triplet_statistics
from beam_jobs.runners import JobRunner
from beam_jobs.transforms import ShardError
from frame_interpolation.datasets import tf_example, tfrecord
from frame_interpolation.datasets.frame_options import FrameError
from frame_interpolation.datasets.triplet import Triplet
from frame_interpolation.errors import InputError

_TRIPLETS_A_TASK: Final = 32


@dataclasses.dataclass(frozen=True)
class Source:
    """What to measure.

    Attributes:
        description: Goes into the JSON file.
        title: A few words.
        items: Triplets on disk, or (PATH@SHARDS, position) of records.
    """

    description: dict[str, Any]
    title: str
    items: Sequence[Triplet | tuple[str, int]]


@dataclasses.dataclass(frozen=True)
class Task:
    """Some triplets to measure, and the file that the result goes to."""

    path: str
    items: tuple[Triplet | tuple[str, int], ...]


def open_source(
    *, records: str | None, dataset: str | None, input_dir: str | None, split: str | None
) -> Source:
    """Finds the triplets of records or of a dataset; the arguments are the command's flags.

    Raises:
        InputError, atd12k.errors.DatasetError: There is not exactly one of the two, or it is not
            as expected.
    """
    if (records is None) == (dataset is None):
        raise InputError("expected either --records or --dataset to say what to measure.")
    if records is not None:
        if (input_dir, split) != (None, None):
            raise InputError("--input_dir and --split are of --dataset; leave them out.")
        index = tfrecord.build_index(records)
        return Source({"records": records}, records, [(records, i) for i in range(len(index))])
    if dataset is None or input_dir is None:
        raise InputError("--dataset needs --input_dir, the dataset's root folder.")
    options = dataset_registry.ListingOptions(allow_missing_annotations=True)
    listing = dataset_registry.list_split(dataset, input_dir, split, options)
    described = {"dataset": dataset, "split": listing.split, **listing.options}
    return Source(
        {**described, "input_dir": os.path.abspath(input_dir)},
        f"{dataset}, {listing.split}",
        listing.triplets,
    )


def make_tasks(source: Source, *, output: str, max_triplets: int) -> list[Task]:
    """Deals the triplets, or `max_triplets` (if not 0) evenly spread ones, to tasks."""
    items = list(source.items)
    if 0 < max_triplets < len(items):
        items = [items[len(items) * i // max_triplets] for i in range(max_triplets)]
    job = uuid.uuid4().hex  # Two jobs on one path do not meet.
    return [
        Task(f"{output}.{job}.part-{start:06d}", tuple(items[start : start + _TRIPLETS_A_TASK]))
        for start in range(0, len(items), _TRIPLETS_A_TASK)
    ]


def run(
    tasks: Sequence[Task], job_runner: JobRunner
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Runs the tasks and clears their files away.

    Returns:
        What was measured, a row a triplet in the order of the tasks, and the rejects (triplet,
        reason, detail).

    Raises:
        InputError: A result cannot be written, or is missing.
    """
    rows: list[dict[str, Any]] = []
    rejects: list[dict[str, str]] = []
    try:
        job_runner.run(MeasureTriplets(tasks), num_elements=len(tasks))
        for task in tasks:
            result = storage.read_json(task.path)
            if result is None:
                raise InputError(f"{task.path!r} is missing: a worker failed; run the job again.")
            rows += result["rows"]
            rejects += result["rejects"]
    finally:
        storage.delete([task.path for task in tasks])
    return rows, rejects


class MeasureTriplets(beam.PTransform):
    """Measures the triplets of tasks, one element a task."""

    def __init__(self, tasks: Sequence[Task]):
        super().__init__()
        self._tasks = tuple(tasks)

    def expand(self, pbegin: beam.Pipeline) -> beam.PCollection:
        """Returns the number of triplets measured by each task."""
        return pbegin | "Plan" >> beam.Create(self._tasks) | "Measure" >> beam.ParDo(MeasureFn())


class MeasureFn(beam.DoFn):
    """Measures the triplets of each `Task` and yields how many."""

    def process(self, element: Task) -> Iterator[int]:
        """Writes the result of one task."""
        result = measure_task(element)
        try:
            storage.write_json(element.path, result)
        except OSError as error:
            raise ShardError.marked(f"{error.filename}: {error.strerror}.") from error
        yield len(result["rows"])


def measure_task(task: Task) -> dict[str, list[dict[str, Any]]]:
    """Measures triplets one after another: 'rows', and 'rejects' for those that cannot be."""
    rows, rejects = [], []
    for item in task.items:
        name = item.name if isinstance(item, Triplet) else f"record {item[1]}"
        try:
            name, frames = _read(item)
            rows.append({"name": name, **triplet_statistics.measure(frames)})
        except FrameError as error:
            rejects.append({"triplet": name, "reason": error.reason, "detail": str(error)})
        except InputError as error:  # A record that is damaged.
            rejects.append({"triplet": name, "reason": "damaged_record", "detail": str(error)})
    return {"rows": rows, "rejects": rejects}


def _read(item: Triplet | tuple[str, int]) -> tuple[str, list[bytes]]:
    if not isinstance(item, Triplet):
        return _read_record(*item)
    if item.defect:
        raise FrameError("not_three_frames", item.defect)
    frames = []
    for path in item.frames:
        try:
            with open(path, "rb") as file:
                frames.append(file.read())
        except OSError as error:
            detail = f"{os.path.basename(path)!r}: {error.strerror}"
            raise FrameError("unreadable_frame", detail) from error
    return item.name, frames


def _read_record(spec: str, position: int) -> tuple[str, list[bytes]]:
    import tensorflow as tf

    index = _index(spec)
    try:
        parsed = tf_example.parse(index.read(position))
    except tf.errors.InvalidArgumentError as error:
        raise InputError(f"the record in {index.location(position)} is no triplet") from error
    name = parsed["triplet/name"].numpy().decode("utf-8", "replace")
    frames = [parsed[f"frame_{i}/encoded"].numpy() for i in range(3)]
    return name or f"record {position}", frames


@functools.lru_cache(maxsize=1)
def _index(spec: str) -> tfrecord.Index:
    return tfrecord.build_index(spec)
