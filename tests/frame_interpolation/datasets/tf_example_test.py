import dataclasses
import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from frame_interpolation.datasets import tf_example, tfrecord
from frame_interpolation.datasets.tf_example import Annotation, EncodedFrame
from frame_interpolation.errors import InputError

FRAMES = [EncodedFrame(bytes([i]) * size, "png", 200, 4) for i, size in enumerate((1, 127, 70000))]
ANNOTATION = Annotation(
    level=2,
    motion_roi=(1, 2.5, 300, 4),
    image_size=(1920, 1080),
    general_motion_type=("rotation", "scaling"),
    behavior=(),
)


@pytest.mark.parametrize("annotation", [None, ANNOTATION])
@pytest.mark.parametrize("name", ["", "ünïcode 名", "x" * 200])
def test_encode_equals_tensorflows_own_serialisation(annotation, name):
    import tensorflow as tf

    encoded = tf_example.encode(FRAMES, path="a/b", name=name, film="f", annotation=annotation)

    def text(*values):
        encoded_values = [v if isinstance(v, bytes) else v.encode() for v in values]
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=encoded_values))

    def whole(*values):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))

    features = {"path": text("a/b"), "triplet/name": text(name), "triplet/film": text("f")}
    for i, frame in enumerate(FRAMES):
        features[f"frame_{i}/encoded"] = text(frame.data)
        features[f"frame_{i}/format"] = text(frame.format)
        features[f"frame_{i}/height"] = whole(frame.height)
        features[f"frame_{i}/width"] = whole(frame.width)
    if annotation:
        roi = tf.train.FloatList(value=annotation.motion_roi)
        features["annotation/level"] = whole(2)
        features["annotation/motion_roi"] = tf.train.Feature(float_list=roi)
        features["annotation/image_size"] = whole(1920, 1080)
        features["annotation/general_motion_type"] = text("rotation", "scaling")
        features["annotation/behavior"] = text()
    example = tf.train.Example(features=tf.train.Features(feature=features))
    assert encoded == example.SerializeToString(deterministic=True)


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, 2**63 - 1, -1, -(2**63)])
def test_whole_numbers_are_written_as_protobuf_writes_them(value):
    import tensorflow as tf

    frame = EncodedFrame(b"", "png", value, 0)
    encoded = tf_example.encode([frame] * 3, path="")
    example = tf.train.Example.FromString(encoded)
    assert example.features.feature["frame_2/width"].int64_list.value == [value]


def test_reference_records_parse_and_decode(golden_dir):
    index = tfrecord.build_index(f"{golden_dir}/reference_triplets.tfrecord@2")
    parsed = [tf_example.parse(record) for record in index]
    assert [p["path"].numpy() for p in parsed] == [b"clip_00", b"clip_02", b"clip_01", b"clip_03"]
    assert [p["frame_1/format"].numpy() for p in parsed] == [b"jpeg", b"jpeg", b"png", b"png"]
    for p in parsed:
        assert p["annotation/level"].numpy() == tf_example.NO_LEVEL
        assert p["annotation/motion_roi"].numpy().tolist() == [0, 0, 0, 0]
        assert p["annotation/behavior"].numpy() == b""
        assert p["triplet/name"].numpy() == b""
        frames = tf_example.decode_frames(p)
        shape = (p["frame_1/height"].numpy(), p["frame_1/width"].numpy(), 3)
        assert {key: frame.shape for key, frame in frames.items()} == dict.fromkeys(
            ("x0", "y", "x1"), shape
        )
        assert all(frame.numpy().dtype == np.uint8 for frame in frames.values())


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize(("size", "mode"), [((33, 17), "RGB"), ((16, 40), "L")])
def test_exact_jpeg_is_what_pillow_reads(size, mode, subsampling):
    pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    file = io.BytesIO()
    progressive = subsampling == 1
    Image.fromarray(pixels).convert(mode).save(
        file, "JPEG", quality=80, subsampling=subsampling, progressive=progressive
    )
    record = tf_example.encode([EncodedFrame(file.getvalue(), "jpeg", *size)] * 3, path="")
    parsed = tf_example.parse(record)
    expected = np.asarray(Image.open(file).convert("RGB"))
    exact = tf_example.decode_frames(parsed, exact_jpeg=True)["y"].numpy()
    np.testing.assert_array_equal(exact, expected)
    # FILM's differs, which is why there are two.
    assert (tf_example.decode_frames(parsed)["y"].numpy() != expected).any()


def test_the_references_feature_map_reads_our_records():
    import tensorflow as tf

    feature_map = {"path": tf.io.FixedLenFeature((), tf.string, default_value="")}
    for i in range(3):
        for key, dtype, default in (
            ("encoded", tf.string, ""),
            ("format", tf.string, "jpg"),
            ("height", tf.int64, 0),
            ("width", tf.int64, 0),
        ):
            feature_map[f"frame_{i}/{key}"] = tf.io.FixedLenFeature((), dtype, default)
    encoded = tf_example.encode(FRAMES, path="a/b", name="n", annotation=ANNOTATION)
    parsed = tf.io.parse_single_example(encoded, feature_map)
    assert [parsed[f"frame_{i}/encoded"].numpy() for i in range(3)] == [f.data for f in FRAMES]
    assert parsed["path"].numpy() == b"a/b"
    assert parsed["frame_0/width"].numpy() == 200
    assert parsed["frame_0/height"].numpy() == 4


def test_parse_returns_what_was_encoded_in_a_graph_and_in_batches():
    import tensorflow as tf

    records = [
        tf_example.encode(FRAMES, path="p", name="ü", film="f", annotation=ANNOTATION),
        tf_example.encode(FRAMES, path="p", name="b", film="f"),
    ]
    dataset = tf.data.Dataset.from_tensor_slices(records).map(tf_example.parse).batch(2)
    assert all(spec.shape.rank is not None for spec in dataset.element_spec.values())
    (batch,) = dataset
    assert set(batch) == set(tf_example.FEATURES)
    assert batch["annotation/level"].numpy().tolist() == [2, -1]
    assert batch["annotation/motion_roi"].numpy().tolist() == [[1, 2.5, 300, 4], [0, 0, 0, 0]]
    assert batch["annotation/image_size"].numpy().tolist() == [[1920, 1080], [0, 0]]
    assert batch["triplet/name"].numpy()[0].decode() == "ü"
    words = batch["annotation/general_motion_type"].numpy()
    assert [tf_example.split_words(w) for w in words] == [("rotation", "scaling"), ()]
    assert tf_example.split_words("a") == ("a",)


def test_a_record_without_a_frame_is_refused():
    import tensorflow as tf

    with pytest.raises(tf.errors.InvalidArgumentError, match="frame_0/encoded"):
        tf_example.parse(tf.train.Example().SerializeToString())


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (FRAMES[:2], "2 frames, expected 3"),
        ([*FRAMES[:2], dataclasses.replace(FRAMES[0], width=201)], "200x4, 200x4, 201x4"),
    ],
)
def test_encode_refuses_wrong_frames(frames, message):
    with pytest.raises(InputError, match=f"'the one'.*{message}"):
        tf_example.encode(frames, path="p", name="the one")


def test_encode_refuses_what_is_not_unicode():
    with pytest.raises(InputError, match="triplet/name"):
        tf_example.encode(FRAMES, path="p", name="\udcff")


@pytest.mark.parametrize(
    "change",
    [{"level": 3}, {"motion_roi": (1, 2, 3)}, {"image_size": (1,)}, {"behavior": ("a,b",)}],
)
def test_annotation_refuses(change):
    with pytest.raises(InputError, match="annotation"):
        dataclasses.replace(ANNOTATION, **change)


def test_encoded_frame_refuses_other_formats():
    with pytest.raises(InputError, match="gif"):
        EncodedFrame(b"", "gif", 1, 1)


def test_encoding_needs_no_tensorflow():
    code = (
        "import sys; from frame_interpolation.datasets import tf_example, tfrecord;"
        "tf_example.encode([tf_example.EncodedFrame(b'', 'png', 1, 1)] * 3, path='');"
        "sys.exit('tensorflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
