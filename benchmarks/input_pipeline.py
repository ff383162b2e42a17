"""Measures the input pipeline against the plain way, and against what a training step needs.

    python -m benchmarks.input_pipeline --batch_size 8 --step_seconds 0.5

The records are made here: a photograph that scikit-image brings along (public domain), moved from
frame to frame, 1280x720 as JPEG and as PNG. All ways read the same records, use all four released
augmentations and cut 256x256:

    plain      the whole of each frame is decoded, made float, turned, flipped and rotated, and
               then cropped; once with a rotation for every example, once only where it is drawn
    pipeline   `datasets.input_pipeline`, batches of 8

The ratios are of processor time (all threads), because other programs make little difference to
it; triplets/s is what came out by the clock, on all cores.
"""

import argparse
import io
import itertools
import os
import tempfile
import time
import warnings
from collections.abc import Iterator

import numpy as np
import tensorflow as tf
from PIL import Image
from skimage import data

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


def _seconds_per_triplet(dataset: tf.data.Dataset, count: int) -> tuple[float, float]:
    """Processor and wall seconds. What is prefetched counts: of many, the last hardly matter."""
    iterator = iter(dataset)
    for _ in itertools.islice(iterator, _BATCH):
        pass
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in itertools.islice(iterator, count):
        pass
    return (time.process_time() - cpu) / count, (time.perf_counter() - wall) / count


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--triplets", type=int, default=64, help="measured for each line")
    parser.add_argument("--batch_size", type=int, default=8, help="of the training step")
    parser.add_argument("--step_seconds", type=float, default=0.5, help="of the training step")
    flags = parser.parse_args()
    print(f"{os.cpu_count()} cores, {flags.triplets} triplets for each line")
    print(f"{'':33}{'CPU ms/triplet':>15}{'triplets/s':>12}{'ratio':>8}")
    needed = flags.batch_size / flags.step_seconds
    with tempfile.TemporaryDirectory() as folder:
        for image_format, target in _TARGETS.items():
            path = os.path.join(folder, image_format)
            _write(path, image_format)
            ways = {
                "plain, always rotated": _plain_dataset(path, always_rotate=True),
                "plain, rotated when drawn": _plain_dataset(path, always_rotate=False),
                "pipeline": _pipeline(path),
            }
            seconds = {w: _seconds_per_triplet(d, flags.triplets) for w, d in ways.items()}
            own, _ = seconds["pipeline"]
            for way, (cpu, wall) in seconds.items():
                ratio = f"{cpu / own:8.1f}" if way != "pipeline" else ""
                print(
                    f"{image_format:5}{way:28}{1e3 * cpu:15.1f}{1 / wall:12.1f}{ratio}", flush=True
                )
            print(f"     target: {target:g} times the first")
            step = f"{flags.batch_size} in {flags.step_seconds:g} s"
            print(f"     a step of {step} needs {needed:.1f} triplets/s: {needed * own:.2f} cores")


if __name__ == "__main__":
    main()
