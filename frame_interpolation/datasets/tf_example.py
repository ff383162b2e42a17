"""The record: one `tf.train.Example` for three neighbouring frames of a film.

The layout is FILM's (https://arxiv.org/abs/2202.04901, its released evaluation records):

    frame_{0,1,2}/encoded   bytes   the image file; frame_1 is the middle one, the ground truth
    frame_{0,1,2}/format    bytes   'png' or 'jpeg'; 'webp' only where a job was told to
    frame_{0,1,2}/height    int64   pixels
    frame_{0,1,2}/width     int64   pixels
    path                    bytes   folder of the middle frame, relative to the dataset's root

FILM's readers ask for these features and ignore all others. This project adds

    triplet/name                    bytes   unique within the dataset
    triplet/film                    bytes   what a split must not part; empty when unknown
    annotation/level                int64   0 easy, 1 medium, 2 hard
    annotation/motion_roi           float   x, y, width, height in pixels of the original image
    annotation/image_size           int64   width, height of the original image in pixels
    annotation/general_motion_type  bytes   any number of words
    annotation/behavior             bytes   any number of words

of which the five annotations are left out together when a triplet has none.

`encode` does not need TensorFlow: a Beam worker that only copies image files would spend longer
on importing it than on its work, and `tf.train.Example` cannot be had without that import. The
protocol-buffer wire format of the four messages involved is twenty lines, fixed for ever by its
specification (https://protobuf.dev/programming-guides/encoding), and written with sorted keys it
gives the same bytes everywhere, which protobuf's own serialisers do not promise. A test holds it
equal to TensorFlow's. `parse` and `decode_frames` import TensorFlow when they are called.
"""

from __future__ import annotations

import atexit
import dataclasses
import functools
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from frame_interpolation.errors import InputError

if TYPE_CHECKING:
    import tensorflow as tf

# Marks the absence of an annotation in what `parse` returns; real levels are 0, 1 and 2.
NO_LEVEL: Final = -1

# What joins the words of one annotation in what `parse` returns, so no word may contain it.
WORD_SEPARATOR: Final = ","

FRAME_FORMATS: Final = ("png", "jpeg", "webp")

# Which frame is which in FILM's vocabulary: the network gets x0 and x1 and predicts y.
FRAME_KEYS: Final = ("x0", "y", "x1")


@dataclasses.dataclass(frozen=True)
class Feature:
    """How one feature is stored and what stands for it where a record lacks it.

    Attributes:
        kind: 'bytes', 'int64' or 'float'.
        size: number of values; 1 parses to a scalar, None is any number of words, which parse to
            one scalar string joined by `WORD_SEPARATOR`.
        default: the value of a record without the feature; None makes the feature obligatory.
    """

    kind: str
    size: int | None = 1
    default: bytes | int | float | None = b""


def _frame_features() -> dict[str, Feature]:
    features = {}
    for i in range(3):
        features[f"frame_{i}/encoded"] = Feature("bytes", default=None)
        features[f"frame_{i}/format"] = Feature("bytes")
        features[f"frame_{i}/height"] = Feature("int64", default=0)
        features[f"frame_{i}/width"] = Feature("int64", default=0)
    return features


FEATURES: Final[Mapping[str, Feature]] = {
    **_frame_features(),
    "path": Feature("bytes"),
    "triplet/name": Feature("bytes"),
    "triplet/film": Feature("bytes"),
    "annotation/level": Feature("int64", default=NO_LEVEL),
    "annotation/motion_roi": Feature("float", size=4, default=0.0),
    "annotation/image_size": Feature("int64", size=2, default=0),
    "annotation/general_motion_type": Feature("bytes", size=None),
    "annotation/behavior": Feature("bytes", size=None),
}


@dataclasses.dataclass(frozen=True)
class Annotation:
    """What a person or a program noted about a triplet (ATD-12K, arXiv 2104.02495).

    Attributes:
        level: difficulty: 0 easy, 1 medium, 2 hard.
        motion_roi: (x, y, width, height) of what moves, in pixels of the original image.
        image_size: (width, height) of the original image in pixels; the frames in the record may
            have another size.
        general_motion_type: words like 'translation'; may be empty.
        behavior: words like 'walking'; may be empty.
    """

    level: int
    motion_roi: tuple[float, float, float, float]
    image_size: tuple[int, int]
    general_motion_type: tuple[str, ...] = ()
    behavior: tuple[str, ...] = ()

    def __post_init__(self):
        object.__setattr__(self, "motion_roi", tuple(self.motion_roi))
        object.__setattr__(self, "image_size", tuple(self.image_size))
        object.__setattr__(self, "general_motion_type", tuple(self.general_motion_type))
        object.__setattr__(self, "behavior", tuple(self.behavior))
        if self.level not in (0, 1, 2):
            raise InputError(f"annotation level is {self.level!r}, expected 0, 1 or 2.")
        if len(self.motion_roi) != 4 or len(self.image_size) != 2:
            raise InputError(
                f"annotation has motion_roi {self.motion_roi!r} and image_size "
                f"{self.image_size!r}, expected (x, y, width, height) and (width, height)."
            )
        for word in self.general_motion_type + self.behavior:
            if WORD_SEPARATOR in word:
                raise InputError(f"annotation word {word!r} must not contain {WORD_SEPARATOR!r}.")


@dataclasses.dataclass(frozen=True)
class EncodedFrame:
    """An image file in memory: its bytes, one of `FRAME_FORMATS`, and its size in pixels."""

    data: bytes
    format: str
    width: int
    height: int

    def __post_init__(self):
        if self.format not in FRAME_FORMATS:
            raise InputError(f"frame format is {self.format!r}, expected one of {FRAME_FORMATS}.")


def encode(
    frames: Sequence[EncodedFrame],
    *,
    path: str,
    name: str = "",
    film: str = "",
    annotation: Annotation | None = None,
) -> bytes:
    """Serialises a triplet as a `tf.train.Example`; the same input gives the same bytes.

    Args:
        frames: first, middle and last frame, all of one size.
        path: folder of the middle frame; its last component is the row key of FILM's tables.
        name: name of the triplet, unique within the dataset.
        film: what a split by film must keep together.
        annotation: further features, or None.

    Returns:
        The serialised message, without the framing of a TFRecord.

    Raises:
        InputError: there are not three frames, their sizes differ, or a text is not valid Unicode.
    """
    if len(frames) != 3:
        raise InputError(f"triplet {name or path!r} has {len(frames)} frames, expected 3.")
    sizes = [(frame.width, frame.height) for frame in frames]
    if len(set(sizes)) != 1:
        shown = ", ".join(f"{width}x{height}" for width, height in sizes)
        raise InputError(f"triplet {name or path!r} has frames of {shown}, expected one size.")
    values: dict[str, list] = {"path": [path], "triplet/name": [name], "triplet/film": [film]}
    for i, frame in enumerate(frames):
        values[f"frame_{i}/encoded"] = [frame.data]
        values[f"frame_{i}/format"] = [frame.format]
        values[f"frame_{i}/height"] = [frame.height]
        values[f"frame_{i}/width"] = [frame.width]
    if annotation is not None:
        for field in dataclasses.fields(annotation):
            value = getattr(annotation, field.name)
            values[f"annotation/{field.name}"] = (
                list(value) if isinstance(value, tuple) else [value]
            )
    return _serialise_example(values)


def parse(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
    """Parses one record; the images stay encoded. Works eagerly and in a graph.

    Args:
        serialized: scalar string, one `tf.train.Example`: this project's or FILM's.

    Returns:
        A tensor for every key of `FEATURES`, all of fixed shape so that they can be batched:
        scalars (string or int64), `annotation/motion_roi` (4,) float32, `annotation/image_size`
        (2,) int64. A record without annotation has level `NO_LEVEL` and zeros elsewhere.
        `annotation/general_motion_type` and `annotation/behavior` are scalar strings, their words
        joined by `WORD_SEPARATOR`; `split_words` parts them again.

    Raises:
        tf.errors.InvalidArgumentError: not an Example, or one without three encoded frames.
    """
    import tensorflow as tf

    parsed = tf.io.parse_single_example(serialized, parsing_features())
    for key, feature in FEATURES.items():
        if feature.size is None:
            parsed[key] = tf.strings.reduce_join(parsed[key], separator=WORD_SEPARATOR)
    return parsed


def parsing_features() -> dict[str, object]:
    """Returns `FEATURES` as `tf.io` needs it, with words as ragged features."""
    import tensorflow as tf

    dtypes = {"bytes": tf.string, "int64": tf.int64, "float": tf.float32}
    features: dict[str, object] = {}
    for key, feature in FEATURES.items():
        dtype = dtypes[feature.kind]
        if feature.size is None:
            features[key] = tf.io.RaggedFeature(dtype)
        elif feature.size == 1:
            features[key] = tf.io.FixedLenFeature((), dtype, feature.default)
        else:
            default = [feature.default] * feature.size
            features[key] = tf.io.FixedLenFeature((feature.size,), dtype, default)
    return features


def decode_frames(
    parsed: Mapping[str, tf.Tensor], *, exact_jpeg: bool = False
) -> dict[str, tf.Tensor]:
    """Decodes the three images of a parsed record as FILM does, and WebP. Eagerly or in a graph.

    Args:
        parsed: what `parse` returned.
        exact_jpeg: Decode JPEG by the accurate transform, as Pillow and OpenCV do, to the same
            pixels. TensorFlow's default, and with it FILM's, is a faster transform, which is off
            by up to five grey levels.

    Returns:
        {'x0', 'y', 'x1'}: (height, width, 3) uint8, RGB. Colour profiles and orientation tags
        inside the files are ignored, as FILM ignores them.

    Raises:
        tf.errors.InvalidArgumentError: an image is damaged or of an unknown format.
    """
    decode = _decoder(exact_jpeg)
    return {key: decode(parsed[f"frame_{i}/encoded"]) for i, key in enumerate(FRAME_KEYS)}


@functools.cache
def _decoder(exact_jpeg: bool) -> Callable[[tf.Tensor], tf.Tensor]:
    """The decoder of one frame, a graph, so that a damaged WebP fails as other formats do."""
    import tensorflow as tf

    from frame_interpolation.datasets import webp

    def decode_others(encoded):
        if not exact_jpeg:
            return tf.io.decode_image(encoded, channels=3, expand_animations=False)
        return tf.cond(
            tf.io.is_jpeg(encoded),
            lambda: tf.io.decode_jpeg(encoded, channels=3, dct_method="INTEGER_ACCURATE"),
            lambda: tf.io.decode_image(encoded, channels=3, expand_animations=False),
        )

    def decode(encoded):
        frame = tf.cond(
            _is_webp(encoded),
            lambda: tf.numpy_function(webp.decode, [encoded], tf.uint8, stateful=False),
            lambda: decode_others(encoded),
        )
        return tf.ensure_shape(frame, (None, None, 3))

    # Left to the interpreter's end, it would outlive what its destructor needs and complain.
    atexit.register(_decoder.cache_clear)
    with tf.init_scope(), tf.device("CPU"):  # It may be wanted first inside another graph.
        function = tf.function(decode, autograph=False)
        return function.get_concrete_function(tf.TensorSpec((), tf.string))


def _is_webp(encoded: tf.Tensor) -> tf.Tensor:
    """`webp.is_webp` in a graph; there must be something to cut from a file that is too short."""
    import tensorflow as tf

    head = tf.strings.join([tf.strings.substr(encoded, 0, 12), " " * 12])
    parts = tf.strings.substr(head, 0, 4), tf.strings.substr(head, 8, 4)
    return tf.logical_and(tf.equal(parts[0], b"RIFF"), tf.equal(parts[1], b"WEBP"))


def split_words(joined: bytes | str) -> tuple[str, ...]:
    """Parts what `parse` returns for a list of words: b'a,b' gives ('a', 'b')."""
    text = joined.decode("utf-8") if isinstance(joined, bytes) else joined
    return tuple(text.split(WORD_SEPARATOR)) if text else ()


# The wire format. An Example holds Features (field 1), a map from name to Feature (field 1), which
# is a repeated message of key (field 1) and value (field 2). A Feature holds one of BytesList
# (field 1), FloatList (2) or Int64List (3), each with a repeated `value` (field 1), packed if it
# is a number. All the fields are length-delimited.
_LIST_FIELD: Final = {"bytes": 1, "float": 2, "int64": 3}
_LENGTH_DELIMITED: Final = 2


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _delimited(field: int, *payload: bytes) -> tuple[bytes, ...]:
    """Frames a message. It stays in parts, so that images are copied once, at the very end."""
    length = sum(map(len, payload))
    return _varint(field << 3 | _LENGTH_DELIMITED), _varint(length), *payload


def _text(key: str, value: str | bytes) -> bytes:
    if isinstance(value, bytes):
        return value
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InputError(
            f"{key} is {value!r}, which is not valid Unicode; rename the file or folder."
        ) from error


def _serialise_feature(key: str, values: Sequence) -> tuple[bytes, ...]:
    kind = FEATURES[key].kind
    if kind == "bytes":
        texts = [part for value in values for part in _delimited(1, _text(key, value))]
        return _delimited(_LIST_FIELD[kind], *texts)
    if kind == "float":
        packed = struct.pack(f"<{len(values)}f", *values)
    else:
        # Negative numbers are written as their 64-bit two's complement.
        packed = b"".join(_varint(value & 0xFFFFFFFFFFFFFFFF) for value in values)
    return _delimited(_LIST_FIELD[kind], *_delimited(1, packed))


def _serialise_example(values: Mapping[str, Sequence]) -> bytes:
    parts = [
        part
        for key in sorted(values)
        for part in _delimited(
            1, *_delimited(1, key.encode()), *_delimited(2, *_serialise_feature(key, values[key]))
        )
    ]
    return b"".join(_delimited(1, *parts))
