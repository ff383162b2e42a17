"""Triplets as an evaluation reads them, one at a time.

Frames are uint8 (H, W, 3) RGB as they lie in the dataset; `y` is the true middle frame. A triplet
is identified by its position in the dataset, for the last component of `path`, which FILM writes
as row key, repeats in some datasets.
"""

import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from frame_interpolation.datasets import tf_example, tfrecord
from frame_interpolation.errors import InputError
from frame_interpolation.eval import fingerprint, frame_content

# What a manifest says about where records come from.
_MANIFEST_FACTS = ("dataset", "split", "options")


@dataclass(frozen=True)
class EvaluationExample:
    """One triplet of a dataset.

    Attributes:
        index: Position in the dataset.
        shard: File name of the record's shard, without folder; empty for image files.
        offset: Byte offset of the record in the shard; 0 for image files.
        key: Last component of the record's `path`.
        name: Triplet name, or the key when the record has none.
        film: Film of the triplet, empty when unknown.
        x0: First frame, uint8 (H, W, 3) RGB.
        y: True middle frame, uint8 (H, W, 3) RGB.
        x1: Last frame, uint8 (H, W, 3) RGB.
        annotation: Difficulty, region of interest and so on; None when the record has none.
        frame_marks: Marks of the three frames in the order of time, by which they are known again
            elsewhere (see `frame_content`), whichever way JPEG was decoded.
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
    frame_marks: tuple[str, ...] = ()


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

    def names(self, stop: int) -> Sequence[str]:
        """Returns the names of the triplets before position `stop`; they may repeat."""
        ...

    def has_annotations(self, stop: int) -> bool:
        """Says whether any triplet before position `stop` has an annotation."""
        ...

    def read(
        self, start: int, stop: int, *, exact_jpeg: bool = True
    ) -> Iterator[EvaluationExample]:
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
        manifest = self._index.manifest or {}
        self.description: Mapping[str, Any] = {
            "tfrecord": spec,
            **{name: manifest[name] for name in _MANIFEST_FACTS if name in manifest},
            **fingerprint.of_records(self._index),
            "shards": fingerprint.of_shards(self._index),
        }

    def __len__(self) -> int:
        return len(self._index)

    def names(self, stop: int) -> Sequence[str]:
        """Returns names of triplets; of other programs' records by reading them all.

        Args:
            stop: Position behind the last triplet.

        Returns:
            A name a triplet; names may repeat.

        Raises:
            InputError: If a record is damaged or is no triplet.
        """
        if self._index.names is not None:
            return self._index.names[:stop]
        return [
            _name(_parse(self._index.read(i), f"The record in {self._index.location(i)}"), i)
            for i in range(stop)
        ]

    def has_annotations(self, stop: int) -> bool:
        """Looks for an annotation, record by record until there is one.

        Args:
            stop: Position behind the last triplet.

        Returns:
            Whether any of the triplets has one.

        Raises:
            InputError: If a record is damaged or is no triplet.
        """
        return any(
            _is_annotated(_parse(self._index.read(i), f"The record in {self._index.location(i)}"))
            for i in range(stop)
        )

    def read(
        self, start: int, stop: int, *, exact_jpeg: bool = True
    ) -> Iterator[EvaluationExample]:
        """Reads triplets in the order of the records.

        Args:
            start: Position of the first triplet.
            stop: Position behind the last triplet.
            exact_jpeg: See `tf_example.decode_frames`.

        Yields:
            Triplets with decoded frames.

        Raises:
            InputError: If a record is damaged, is no triplet, or holds frames of different sizes.
        """
        for i in range(start, stop):
            yield decode_record(
                self._index.read(i),
                index=i,
                location=f"The record in {self._index.location(i)}",
                shard=os.path.basename(self._index.shards[self._index.shard[i]]),
                offset=int(self._index.offset[i]),
                exact_jpeg=exact_jpeg,
            )


class SubsetSource:
    """Some triplets of another source, numbered anew; an `ExampleSource`."""

    def __init__(
        self, source: ExampleSource, kept: Sequence[int], *, reason: str, stop: int | None = None
    ) -> None:
        """Chooses triplets.

        Args:
            source: All triplets.
            kept: Positions of the triplets that are kept, ascending.
            reason: Why the others are left out, for whoever reads the results.
            stop: Position behind the last triplet that could have been kept; that behind the last
                of all when None.
        """
        self._source = source
        self._kept = tuple(kept)
        stop = len(source) if stop is None else stop
        names, present = source.names(stop), set(self._kept)
        whole = source.description["records_sha256"]
        self.description: Mapping[str, Any] = {
            **source.description,
            "kept": len(self._kept),
            "left_out": [names[i] for i in range(stop) if i not in present],
            "left_out_because": reason,
            "records_sha256": fingerprint.of_texts([whole, *map(str, self._kept)]),
        }

    def __len__(self) -> int:
        return len(self._kept)

    def names(self, stop: int) -> Sequence[str]:
        """Returns the names of the kept triplets before position `stop`."""
        names = self._source.names(self._kept[stop - 1] + 1 if stop else 0)
        return [names[i] for i in self._kept[:stop]]

    def has_annotations(self, stop: int) -> bool:
        """Says whether any triplet up to the last of the kept ones has an annotation."""
        return self._source.has_annotations(self._kept[stop - 1] + 1 if stop else 0)

    def read(
        self, start: int, stop: int, *, exact_jpeg: bool = True
    ) -> Iterator[EvaluationExample]:
        """Reads kept triplets; positions are those among the kept ones."""
        for i in range(start, stop):
            position = self._kept[i]
            for example in self._source.read(position, position + 1, exact_jpeg=exact_jpeg):
                yield dataclasses.replace(example, index=i)


def decode_record(
    serialized: bytes,
    *,
    index: int,
    location: str,
    shard: str = "",
    offset: int = 0,
    exact_jpeg: bool = True,
) -> EvaluationExample:
    """Decodes the record of a triplet.

    Args:
        serialized: A `tf.train.Example`.
        index: Position in the dataset.
        location: What it is and where it lies, the beginning of messages.
        shard: File name of the shard, without folder.
        offset: Byte offset in the shard.
        exact_jpeg: See `tf_example.decode_frames`.

    Returns:
        The triplet with decoded frames.

    Raises:
        InputError: If it is no triplet, or holds frames of different sizes.
    """
    with tf.device("CPU:0"):
        parsed = _parse(serialized, location)
        try:
            frames = _decode(parsed, exact_jpeg=exact_jpeg)
            plain = exact_jpeg or not any(map(_is_jpeg, _encoded(parsed)))
            marked = frames if plain else _decode(parsed, exact_jpeg=True)
        except tf.errors.InvalidArgumentError as error:
            raise InputError(
                f"{location} is not a triplet of images: {error.message.splitlines()[0]}"
            ) from error
        values = {key: value.numpy() for key, value in parsed.items() if "encoded" not in key}
    sizes = {frame.shape for frame in frames.values()}
    if len(sizes) != 1:
        shown = ", ".join(f"{width}x{height}" for height, width, _ in sorted(sizes))
        raise InputError(f"{location} has frames of {shown}; expected three of one size.")
    return EvaluationExample(
        index=index,
        shard=shard,
        offset=offset,
        key=_key(values["path"]),
        name=_name(parsed, index),
        film=_text(values["triplet/film"]),
        annotation=_annotation(values),
        frame_marks=tuple(map(frame_content.mark, marked.values())),
        **frames,
    )


def _parse(serialized: bytes, location: str) -> dict[str, tf.Tensor]:
    try:
        with tf.device("CPU:0"):
            return tf_example.parse(serialized)
    except tf.errors.InvalidArgumentError as error:
        raise InputError(
            f"{location} is not a triplet of images: {error.message.splitlines()[0]}"
        ) from error


def _decode(parsed: Mapping[str, tf.Tensor], *, exact_jpeg: bool) -> dict[str, np.ndarray]:
    frames = tf_example.decode_frames(parsed, exact_jpeg=exact_jpeg)
    return {name: frame.numpy() for name, frame in frames.items()}


def _encoded(parsed: Mapping[str, tf.Tensor]) -> list[bytes]:
    return [parsed[f"frame_{i}/encoded"].numpy() for i in range(len(tf_example.FRAME_KEYS))]


def _is_jpeg(encoded: bytes) -> bool:
    return encoded.startswith(b"\xff\xd8\xff")


def _is_annotated(parsed: Mapping[str, tf.Tensor]) -> bool:
    # The annotation features are present together or not at all.
    return parsed["annotation/level"].numpy() != tf_example.NO_LEVEL


def _key(path: bytes) -> str:
    return _text(path).rstrip("/").rpartition("/")[2]


def _name(parsed: Mapping[str, tf.Tensor], index: int) -> str:
    name = _text(parsed["triplet/name"].numpy())
    return name or _key(parsed["path"].numpy()) or f"record_{index}"


def _annotation(values: dict[str, Any]) -> tf_example.Annotation | None:
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
