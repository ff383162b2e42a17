"""Triplets as an evaluation reads them, one at a time.

Frames are uint8 (H, W, 3) RGB as they lie in the dataset; `y` is the true middle frame. A triplet
is identified by its position in the dataset, for the last component of `path`, which FILM writes
as row key, repeats in some datasets.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from frame_interpolation.datasets import tf_example, tfrecord
from frame_interpolation.errors import InputError
from frame_interpolation.eval import fingerprint


@dataclass(frozen=True)
class EvaluationExample:
    """One triplet of a dataset.

    Attributes:
        index: Position in the dataset.
        shard: File name of the record's shard, without folder.
        offset: Byte offset of the record in the shard.
        key: Last component of the record's `path`.
        name: Triplet name, or the key when the record has none.
        film: Film of the triplet, empty when unknown.
        x0: First frame, uint8 (H, W, 3) RGB.
        y: True middle frame, uint8 (H, W, 3) RGB.
        x1: Last frame, uint8 (H, W, 3) RGB.
        annotation: Difficulty, region of interest and so on; None when the record has none.
    """

    index: int
    shard: str
    offset: int
    key: str
    name: str
    film: str
    x0: np.ndarray
    y: np.ndarray
    x1: np.ndarray
    annotation: tf_example.Annotation | None


class ExampleSource(Protocol):
    """What an evaluation reads: triplets in a fixed order, and what identifies them.

    Attributes:
        description: Where the triplets come from, how many there are ('records') and their
            fingerprint ('records_sha256'), as a JSON object.
    """

    @property
    def description(self) -> Mapping[str, Any]:
        """Returns the description."""
        ...

    def __len__(self) -> int:
        """Returns the number of triplets."""
        ...

    def read(self, start: int, stop: int) -> Iterator[EvaluationExample]:
        """Yields the triplets from position `start` to before `stop`, one in memory at a time."""
        ...


class RecordSource:
    """Triplets in TFRecords; an `ExampleSource`."""

    def __init__(self, spec: str) -> None:
        """Finds the records.

        Args:
            spec: 'path@shards' or one file.

        Raises:
            InputError: If shards are missing, unfinished or cut.
        """
        self._index = tfrecord.build_index(spec)
        self.description = {"tfrecord": spec, **fingerprint.of_records(self._index)}

    def __len__(self) -> int:
        return len(self._index)

    def read(self, start: int, stop: int) -> Iterator[EvaluationExample]:
        """Reads triplets in the order of the records.

        Args:
            start: Position of the first triplet.
            stop: Position behind the last triplet.

        Yields:
            Triplets with decoded frames.

        Raises:
            InputError: If a record is damaged, is no triplet, or holds frames of different sizes.
        """
        for i in range(start, stop):
            yield _read_example(self._index, i)


def _read_example(index: tfrecord.Index, i: int) -> EvaluationExample:
    serialized = index.read(i)
    with tf.device("CPU:0"):
        try:
            parsed = tf_example.parse(serialized)
            frames = {
                name: frame.numpy() for name, frame in tf_example.decode_frames(parsed).items()
            }
        except tf.errors.InvalidArgumentError as error:
            raise InputError(
                f"The record in {index.location(i)} is not a triplet of images: "
                f"{error.message.splitlines()[0]}"
            ) from error
        values = {key: value.numpy() for key, value in parsed.items() if "encoded" not in key}
    sizes = {frame.shape for frame in frames.values()}
    if len(sizes) != 1:
        shown = ", ".join(f"{width}x{height}" for height, width, _ in sorted(sizes))
        raise InputError(
            f"The record in {index.location(i)} has frames of {shown}; expected three of one size."
        )
    key = _text(values["path"]).rstrip("/").rpartition("/")[2]
    return EvaluationExample(
        index=i,
        shard=os.path.basename(index.shards[index.shard[i]]),
        offset=int(index.offset[i]),
        key=key,
        name=_text(values["triplet/name"]) or key or f"record_{i}",
        film=_text(values["triplet/film"]),
        annotation=_annotation(values),
        **frames,
    )


def _annotation(values: dict[str, Any]) -> tf_example.Annotation | None:
    # The annotation features are present together or not at all.
    if values["annotation/level"] == tf_example.NO_LEVEL:
        return None
    return tf_example.Annotation(
        level=int(values["annotation/level"]),
        motion_roi=tuple(values["annotation/motion_roi"].tolist()),
        image_size=tuple(values["annotation/image_size"].tolist()),
        general_motion_type=tf_example.split_words(values["annotation/general_motion_type"]),
        behavior=tf_example.split_words(values["annotation/behavior"]),
    )


def _text(value: bytes) -> str:
    # Other programs may have written paths in another encoding; a name is no reason to fail.
    return bytes(value).decode("utf-8", errors="replace")
