"""Test triplets among training records: copies, resized copies and equal names are found."""

import io

import numpy as np
import pytest

from frame_interpolation.eval import frame_content, leakage


def _frames(seed, scale=4):
    """Three frames of coarse noise."""
    rng = np.random.default_rng(seed)
    cells = rng.integers(20, 200, (3, 6, 8, 1))
    return list(np.kron(cells, np.ones((1, scale, scale, 3))).astype(np.uint8))


def _search(make_results, write_records, tmp_path, training, **fields):
    records = write_records(tmp_path / "train", training)
    results = make_results(
        {"psnr": [30.0] * 3},
        name=["a", "b", "c"],
        **{
            "frame_marks": [tuple(map(frame_content.mark, _frames(seed))) for seed in range(3)],
            **fields,
        },
    )
    return leakage.search(results.triplets, [records], progress_stream=io.StringIO())


def test_disjoint_sets_have_no_hit(make_results, write_records, tmp_path):
    training = [{"name": f"train{i}", "frames": _frames(10 + i)} for i in range(4)]
    report = _search(make_results, write_records, tmp_path, training)
    assert (report.hits, report.searched, report.tested, report.unmarked) == ((), 4, 3, 0)
    assert report.sentences()[0].startswith("0 of 3 test triplets are found among the 4")


@pytest.mark.parametrize(
    ("stolen", "kind", "frames"),
    [
        ({"name": "other", "frames": [*_frames(10)[:2], _frames(1)[0]]}, "same frame", (1, 3)),
        ({"name": "other", "frames": _frames(1, scale=12)}, "looks the same", (1, 1)),
        ({"name": "b", "frames": _frames(10)}, "same name", (0, 0)),
    ],
)
def test_a_copy_is_found(make_results, write_records, tmp_path, stolen, kind, frames):
    training = [{"name": "train", "frames": _frames(20)}, stolen]
    report = _search(make_results, write_records, tmp_path, training)
    (hit,) = report.hits
    assert (hit.kind, hit.test_name, hit.training_name) == (kind, "b", stolen["name"])
    assert (hit.test_frame, hit.training_frame) == frames
    text = " ".join(report.sentences())
    assert "1 of 3 test triplets" in text and kind in text and str(tmp_path / "train") in text


def test_equal_numbers_are_no_equal_names(make_results, write_records, tmp_path):
    marks = [tuple(map(frame_content.mark, _frames(seed))) for seed in range(2)]
    results = make_results({"psnr": [30.0] * 2}, name=["000001", "00001/0001"], frame_marks=marks)
    training = [{"name": "000001", "frames": _frames(10)}, {"name": "2", "frames": _frames(0)}]
    training.append({"name": "00001/0001", "frames": _frames(11)})
    records = write_records(tmp_path / "train", training)
    report = leakage.search(results.triplets, [records], progress_stream=io.StringIO())
    found = [(hit.kind, hit.test_name, hit.training_name) for hit in report.hits]
    assert found == [("same frame", "000001", "2"), ("same name", "00001/0001", "00001/0001")]


def test_the_strongest_finding_of_a_triplet_is_kept(make_results, write_records, tmp_path):
    training = [{"name": "a", "frames": _frames(20)}, {"name": "x", "frames": _frames(0)}]
    report = _search(make_results, write_records, tmp_path, training)
    assert [hit.kind for hit in report.hits] == ["same frame"]


def test_plain_frames_are_not_taken_for_one_another(make_results, write_records, tmp_path):
    plain = [np.full((24, 32, 3), level, np.uint8) for level in (0, 1, 2)]
    marks = tuple(frame_content.mark(frame + np.uint8(1)) for frame in plain[1:]) * 2
    training = [{"name": "train", "frames": [plain[0]] * 3}]
    report = _search(make_results, write_records, tmp_path, training, frame_marks=marks[:3])
    assert report.hits == ()


def test_older_results_are_compared_by_name_only(make_results, write_records, tmp_path):
    training = [{"name": "c", "frames": _frames(0), "film": "film1"}]
    report = _search(make_results, write_records, tmp_path, training, frame_marks=())
    assert [(hit.kind, hit.test_name) for hit in report.hits] == [("same name", "c")]
    assert report.unmarked == 3 and report.shared_films == ("film1",)
    assert "only their names were compared" in " ".join(report.sentences())
