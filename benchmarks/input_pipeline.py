"""Measures the input pipeline against the plain way, and against what a training step needs.

    python -m benchmarks.input_pipeline
    python -m benchmarks.input_pipeline --batch_size 8 --step_seconds 0.5

The records are made here: a photograph that scikit-image brings along (public domain), moved from
frame to frame, 1280x720 as JPEG and as PNG. All ways read the same records, use all four released
augmentations and cut 256x256:

    plain      the whole of each frame is decoded, made float, turned, flipped and rotated, and
               then cropped; once with a rotation for every example, once only where it is drawn
    pipeline   `datasets.input_pipeline`, batches of 8

The ways take turns, each with a pipeline of its own a turn, so that whatever else the machine does
befalls them alike; what is shown are medians. Triplets/s is by the clock, on all cores; the ratio
of processor time (all threads) changes little with the load of the machine.

What a training step needs is told for a step that is measured here (`benchmarks.train_step`: the
released configuration in float32; on a processor with one example, as the step's time there grows
with the batch), or for one that takes `--step_seconds`.
"""

import argparse
import io
import itertools
import logging
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from PIL import Image
from skimage import data

from benchmarks import train_step
from frame_interpolation.datasets import (
    augmentation,
    input_pipeline,
    record_collection,
    tf_example,
    tfrecord,
)
from frame_interpolation.datasets.options import (
    AUGMENTATION_NAMES,
    DataAugmentation,
    TrainingDataset,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # "TFA has ended development ..."
    import tensorflow_addons as tfa

_WIDTH, _HEIGHT, _CROP = 1280, 720, 256
_BATCH = 8
_RECORDS = 8
_SEED = 0
_TARGETS = {"JPEG": 6.0, "PNG": 1.5}
_OWN = "pipeline"
# The pipeline is so much faster that as few triplets as of the plain ways would tell little.
_OWN_TIMES = 4


def _frames(record: int) -> Iterator[np.ndarray]:
    photograph = np.pad(data.astronaut(), ((0, 400), (0, 1000), (0, 0)), mode="reflect")
    for i in range(3):
        left, top = 10 * record + 8 * i, 5 * record + 4 * i
        yield photograph[top : top + _HEIGHT, left : left + _WIDTH]


def _write(path: str, image_format: str) -> None:
    with open(path, "wb") as file:
        writer = tfrecord.ShardWriter(file)
        for record in range(_RECORDS):
            frames = []
            for pixels in _frames(record):
                buffer = io.BytesIO()
                Image.fromarray(pixels).save(buffer, image_format, quality=90)
                encoded = buffer.getvalue()
                frames.append(
                    tf_example.EncodedFrame(encoded, image_format.lower(), _WIDTH, _HEIGHT)
                )
            writer.write(tf_example.encode(frames, path="", name=str(record)), name=str(record))


def _plain_dataset(path: str, *, always_rotate: bool) -> tf.data.Dataset:
    def create_example(n: tf.Tensor, record: tf.Tensor) -> tf.Tensor:
        decoded = tf_example.decode_frames(tf_example.parse(record))
        frames = tf.stack([decoded[key] for key in tf_example.FRAME_KEYS])
        frames = tf.image.convert_image_dtype(frames, tf.float32)
        frames = tf.ensure_shape(frames, (3, _HEIGHT, _WIDTH, 3))
        drawn = augmentation.draw(AUGMENTATION_NAMES, tf.stack([tf.constant(_SEED, tf.int64), n]))
        frames = tf.image.rot90(frames, drawn.quarter_turns)
        flipped = tf.cond(drawn.flipped, lambda: frames[:, :, ::-1], lambda: frames)
        ordered = tf.cond(drawn.reversed_time, lambda: flipped[::-1], lambda: flipped)

        def rotated() -> tf.Tensor:
            return tfa.image.rotate(ordered, drawn.angle, interpolation="bilinear")

        if always_rotate:
            frames = rotated()
        else:
            frames = tf.cond(tf.equal(drawn.angle, 0.0), lambda: ordered, rotated)
        seed = tf.stack([tf.constant(_SEED, tf.int64), n])
        return tf.image.stateless_random_crop(frames, (3, _CROP, _CROP, 3), seed)

    records = tf.data.TFRecordDataset(path).repeat()
    return records.enumerate().map(create_example, num_parallel_calls=tf.data.AUTOTUNE)


def _pipeline(path: str) -> tf.data.Dataset:
    records = record_collection.open_records([path], binding="training_dataset.file")
    options = TrainingDataset(batch_size=_BATCH, crop_size=_CROP, seed=_SEED)
    augmentations = DataAugmentation(AUGMENTATION_NAMES)
    return input_pipeline.create_training_dataset(records, options, augmentations).unbatch()


class _Cost(NamedTuple):
    """Seconds a triplet: of all threads together, and by the clock."""

    cpu: float
    wall: float


def _measure_turn(dataset: tf.data.Dataset, count: int) -> _Cost:
    """Makes triplets, after a first batch that fills what is prefetched."""
    iterator = iter(dataset)
    for _ in itertools.islice(iterator, _BATCH):
        pass
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in itertools.islice(iterator, count):
        pass
    return _Cost((time.process_time() - cpu) / count, (time.perf_counter() - wall) / count)


def _measure(
    ways: Mapping[str, Callable[[], tf.data.Dataset]], *, triplets: int, turns: int
) -> dict[str, _Cost]:
    """Lets the ways take turns; returns their medians."""
    costs: dict[str, list[_Cost]] = {way: [] for way in ways}
    for _ in range(turns):
        for way, create in ways.items():
            count = triplets * (_OWN_TIMES if way == _OWN else 1)
            costs[way].append(_measure_turn(create(), count))
    return {
        way: _Cost(*(statistics.median(column) for column in zip(*turn_costs, strict=True)))
        for way, turn_costs in costs.items()
    }


def _compare(image_format: str, path: str, *, triplets: int, turns: int) -> _Cost:
    """Prints the lines of one format; returns what the pipeline costs."""
    costs = _measure(
        {
            "plain, always rotated": lambda: _plain_dataset(path, always_rotate=True),
            "plain, rotated when drawn": lambda: _plain_dataset(path, always_rotate=False),
            _OWN: lambda: _pipeline(path),
        },
        triplets=triplets,
        turns=turns,
    )
    own = costs[_OWN]
    for way, cost in costs.items():
        ratios = "" if way == _OWN else f"{cost.wall / own.wall:10.1f}{cost.cpu / own.cpu:10.1f}"
        print(f"{image_format:5}{way:28}{1e3 * cost.cpu:15.1f}{1 / cost.wall:12.1f}{ratios}")
    plain = costs["plain, rotated when drawn"]
    lowest = min(plain.wall / own.wall, plain.cpu / own.cpu)
    target = _TARGETS[image_format]
    verdict = "met" if lowest >= target else "missed"
    print(f"     target: at least {target:g} times {verdict} ({lowest:.1f})\n", flush=True)
    return own


def _measured_step(batch_size: int) -> tuple[float, str]:
    """Seconds of a training step of the released configuration, and how they were found."""
    if tf.config.list_physical_devices("GPU"):
        seconds, _ = train_step.measure_step("float32", batch_size=batch_size)
        return seconds, "measured on the GPU"
    # What the clock says would be too long on a busy machine, and the need too small.
    _, cpu = train_step.measure_step("float32", batch_size=1)
    cores = os.cpu_count() or 1
    return batch_size * cpu / cores, f"{batch_size} times {cpu:.3g} CPU s over {cores} cores"


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--triplets", type=int, default=8, help=f"of a plain way a turn; pipeline x {_OWN_TIMES}"
    )
    parser.add_argument("--turns", type=int, default=3, help="of each way")
    parser.add_argument("--batch_size", type=int, default=8, help="of the training step")
    parser.add_argument(
        "--step_seconds", type=float, help="of the training step; by default it is measured"
    )
    flags = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)  # The records have no manifest; they are ours.
    print(f"{os.cpu_count()} cores, medians of {flags.turns} turns of {flags.triplets} triplets")
    print(f"{'':33}{'CPU ms/triplet':>15}{'triplets/s':>12}{'x slower':>10}{'x CPU':>10}")
    own = {}
    with tempfile.TemporaryDirectory() as folder:
        for image_format in _TARGETS:
            path = os.path.join(folder, image_format)
            _write(path, image_format)
            own[image_format] = _compare(
                image_format, path, triplets=flags.triplets, turns=flags.turns
            )
    seconds, how = flags.step_seconds, "as given"
    if seconds is None:
        seconds, how = _measured_step(flags.batch_size)
    needed = flags.batch_size / seconds
    print(f"A step of {flags.batch_size} in {seconds:.3g} s, {how}, needs {needed:.3g} triplets/s:")
    for image_format, cost in own.items():
        print(f"     {image_format:5}{needed * cost.cpu:.2g} cores busy")


if __name__ == "__main__":
    main()
