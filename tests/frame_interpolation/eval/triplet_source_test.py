"""Image files as a source: equal to records of them in frames, annotations and fingerprint."""

import io

import numpy as np
import pytest
from PIL import Image

from frame_interpolation.datasets import tfrecord
from frame_interpolation.datasets.frame_options import FrameOptions
from frame_interpolation.datasets.tf_example import Annotation
from frame_interpolation.datasets.triplet import Triplet
from frame_interpolation.datasets.triplet_record import triplet_record
from frame_interpolation.errors import InputError
from frame_interpolation.eval.evaluation_example import RecordSource
from frame_interpolation.eval.triplet_source import TripletSource

# A region whose numbers no float32 holds exactly, as records do.
_ANNOTATION = Annotation(2, (0.1, 1.7, 8.3, 5.9), (24, 16), ("translation", "rotation"))


@pytest.fixture
def triplets(tmp_path):
    random = np.random.default_rng(5)
    made = []
    for i, suffix in enumerate(("png", "jpg", "png")):
        folder = tmp_path / "tree" / f"t{i}"
        folder.mkdir(parents=True)
        files = [str(folder / f"frame{k}.{suffix}") for k in (1, 2, 3)]
        for file in files:
            pixels = random.integers(0, 256, (16, 24, 4 if i == 2 else 3), np.uint8)
            Image.fromarray(pixels).save(file)
        made.append(
            Triplet(f"t{i}", tuple(files), f"test/t{i}", "film", _ANNOTATION if i else None)
        )
    return made


@pytest.mark.parametrize("options", [FrameOptions(), FrameOptions(scale_factor=2)])
def test_equal_to_records_of_the_same_files(tmp_path, triplets, options):
    with open(tmp_path / "records", "wb") as file:
        writer = tfrecord.ShardWriter(file)
        for triplet in triplets:
            writer.write(triplet_record(triplet, options)[0], name=triplet.name)
    records = RecordSource(str(tmp_path / "records"))
    files = TripletSource(triplets, frame_options=options, progress_stream=io.StringIO())
    assert len(files) == len(records) and list(files.names(3)) == list(records.names(3))
    assert files.description["records_sha256"] == records.description["records_sha256"]
    for one, other in zip(files.read(0, 3), records.read(0, 3), strict=True):
        for frame in ("x0", "y", "x1"):
            np.testing.assert_array_equal(getattr(one, frame), getattr(other, frame))
        same = ("index", "key", "name", "film", "annotation")
        assert [getattr(one, f) for f in same] == [getattr(other, f) for f in same]
    assert files.description["annotated"] == 2


def test_what_is_wrong_with_files_is_known_at_once(triplets):
    with open(triplets[2].frames[1], "r+b") as file:
        file.truncate(100)
    triplets.append(Triplet("t3", (), "test/t3", defect="2 images, expected 3"))
    stream = io.StringIO()
    with pytest.raises(InputError, match=r"2 of 4 triplets .*'t2' in .*frame2.*'t3'.*2 images"):
        TripletSource(triplets, progress_stream=stream)
    # Those beyond the limit are not looked at.
    source = TripletSource(triplets, limit=2, progress_stream=stream)
    assert len(source) == 4 and [e.name for e in source.read(0, 2)] == ["t0", "t1"]


def test_a_file_that_changes_meanwhile_is_named(triplets):
    source = TripletSource(triplets, progress_stream=io.StringIO())
    with open(triplets[1].frames[2], "wb"):
        pass
    with pytest.raises(InputError, match=r"'t1' has changed.*frame3.jpg"):
        list(source.read(0, 3))
