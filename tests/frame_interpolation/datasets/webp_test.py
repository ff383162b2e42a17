import io

import numpy as np
import pytest
from PIL import Image

from frame_interpolation.datasets import frame_window, tf_example, webp
from frame_interpolation.datasets.tf_example import EncodedFrame
from frame_interpolation.errors import InputError

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)


def encoded(image_format, **options):
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, image_format, **options)
    return file.getvalue()


WEBP = encoded("WEBP", lossless=True)


def test_webp_is_told_by_its_head():
    assert webp.is_webp(WEBP)
    assert not webp.is_webp(encoded("PNG")) and not webp.is_webp(b"RIFF") and not webp.is_webp(b"")


def test_decoding():
    np.testing.assert_array_equal(webp.decode(WEBP), PIXELS)
    for damaged in (WEBP[:-40], WEBP[:20], encoded("PNG"), b""):
        with pytest.raises(InputError, match="the WebP image is damaged"):
            webp.decode(damaged)


def test_evaluation_decodes_records_of_any_mixture():
    import tensorflow as tf

    data = [WEBP, encoded("PNG"), WEBP]
    frames = [
        EncodedFrame(d, f, 32, 24) for d, f in zip(data, ["webp", "png", "webp"], strict=True)
    ]
    record = tf_example.encode(frames, path="p", name="n")
    in_graph = tf.data.Dataset.from_tensors(record).map(tf_example.parse)
    in_graph = in_graph.map(tf_example.decode_frames)
    assert in_graph.element_spec["x0"].shape.as_list() == [None, None, 3]
    for decoded in (tf_example.decode_frames(tf_example.parse(record)), next(iter(in_graph))):
        for frame in decoded.values():
            np.testing.assert_array_equal(frame, PIXELS)


@pytest.mark.parametrize("data", [WEBP[:-40], b"", b"RIFF", b"RIFF1234WEBP"])
def test_damaged_frames_are_tensorflows_usual_error(data):
    import tensorflow as tf

    parsed = {f"frame_{i}/encoded": tf.constant(data) for i in range(3)}
    with pytest.raises(tf.errors.InvalidArgumentError):
        tf_example.decode_frames(parsed)


def test_training_decodes_windows():
    window = frame_window.Window(top=-2, left=5, height=12, width=12)
    decoded = frame_window.decode_window(WEBP, window)
    np.testing.assert_array_equal(decoded, frame_window.decode_window(encoded("PNG"), window))
    with pytest.raises(InputError, match="damaged"):
        frame_window.decode_window(WEBP[:-40], window)
