"""Records of hand-made triplets."""

import io
import pathlib

import numpy as np
import pytest
from PIL import Image

from frame_interpolation.datasets import record_collection, tf_example, tfrecord


def _encode(pixels, image_format, **save_options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, image_format.upper(), **save_options)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def encode_image():
    """Encodes (H, W, 3) uint8 pixels: encode_image(pixels, "png")."""
    return _encode


@pytest.fixture
def write_records(tmp_path):
    """Writes triplets, each three (H, W, 3) uint8 arrays or bytes, and opens them."""

    def write(triplets, *, image_format="png", name="records.tfrecord"):
        path: pathlib.Path = tmp_path / name
        with path.open("wb") as file:
            writer = tfrecord.ShardWriter(file)
            for i, triplet in enumerate(triplets):
                frames = []
                for frame in triplet:
                    data = frame if isinstance(frame, bytes) else _encode(frame, image_format)
                    # The stored sizes are not looked at.
                    frames.append(tf_example.EncodedFrame(data, image_format, 1, 1))
                record = tf_example.encode(frames, path=f"triplet_{i}", name=f"triplet_{i}")
                writer.write(record, name=f"triplet_{i}")
        return record_collection.open_records([str(path)], binding="training_dataset.file")

    return write


@pytest.fixture
def noise_triplets():
    """Makes n triplets of noise of one size: noise_triplets(3, (48, 64))."""

    def make(count, size, seed=0):
        random = np.random.default_rng(seed)
        return random.integers(0, 256, (count, 3, *size, 3), np.uint8)

    return make
