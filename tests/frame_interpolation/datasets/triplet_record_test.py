"""The record of a triplet: files as they are, and triplets that cannot be used."""

import numpy as np
import pytest
from PIL import Image

from frame_interpolation.datasets import tf_example
from frame_interpolation.datasets.frame_options import FrameError
from frame_interpolation.datasets.triplet import Triplet
from frame_interpolation.datasets.triplet_record import triplet_record


def _triplet(folder, sizes=((6, 4),) * 3, mode="RGB"):
    files = []
    for i, size in enumerate(sizes):
        files.append(str(folder / f"{i}.png"))
        Image.new(mode, size, 40 * i).save(files[-1])
    return Triplet(name="name", frames=tuple(files), path="folder/name")


def test_the_record_holds_the_files_bytes(tmp_path):
    triplet = _triplet(tmp_path)
    record, conversions = triplet_record(triplet)
    parsed = tf_example.parse(record)
    assert not conversions and parsed["triplet/name"] == b"name"
    for i, file in enumerate(triplet.frames):
        with open(file, "rb") as content:
            assert parsed[f"frame_{i}/encoded"].numpy() == content.read()


def test_what_was_converted_is_told(tmp_path):
    record, conversions = triplet_record(_triplet(tmp_path, mode="L"))
    assert conversions == ["greyscale"] * 3
    frames = tf_example.decode_frames(tf_example.parse(record))
    np.testing.assert_array_equal(frames["x1"][0, 0], [80, 80, 80])


def test_triplets_that_cannot_be_used(tmp_path):
    with pytest.raises(FrameError, match="6x4, 6x4, 5x4") as raised:
        triplet_record(_triplet(tmp_path, ((6, 4), (6, 4), (5, 4))))
    assert raised.value.reason == "unequal_sizes"
    with pytest.raises(FrameError, match="2 images"):
        triplet_record(Triplet(name="a", frames=(), path="a", defect="2 images"))
