"""Means over triplets and groups, and what they leave out."""

import math

import pytest

from frame_interpolation.eval import score_summary
from frame_interpolation.eval.scored_triplet import ScoredTriplet


def _triplet(index, level, **values):
    return ScoredTriplet(
        index=index,
        shard="test",
        offset=0,
        key="key",
        name=f"triplet_{index}",
        film="",
        level=level,
        frame_size=(960, 540),
        image_size=(1280.0, 720.0),
        motion_roi=(0.0, 0.0, 8.0, 8.0),
        roi=(0, 0, 6, 6),
        general_motion_type=(),
        behavior=(),
        values=values,
    )


def test_the_plain_mean():
    score = score_summary.mean_score([10.0, 20.0, 60.0])
    assert score == score_summary.Score(mean=30.0, count=3, infinite=0, missing=0)


def test_infinite_and_missing_values_are_counted_beside_the_mean():
    score = score_summary.mean_score([10.0, math.inf, None, 20.0, None])
    assert score == score_summary.Score(mean=15.0, count=2, infinite=1, missing=2)


def test_only_infinite_values_have_an_infinite_mean():
    assert score_summary.mean_score([math.inf, math.inf]).mean == math.inf


def test_no_value_has_no_mean():
    assert score_summary.mean_score([None]).mean is None
    assert score_summary.mean_score([]).mean is None


def test_groups():
    triplets = [
        _triplet(0, 2, psnr=20.0, psnr_roi=10.0),
        _triplet(1, 0, psnr=30.0, psnr_roi=None),
        _triplet(2, 2, psnr=math.inf, psnr_roi=12.0),
        _triplet(3, None, psnr=40.0, psnr_roi=14.0),
    ]
    groups = score_summary.summarize(triplets, ["psnr", "psnr_roi"])
    assert [name for name in groups if not name.startswith("region/")] == [
        "whole",
        "roi",
        "level/easy",
        "level/hard",
        "level/not given",
    ]
    assert groups["whole"].scores["psnr"].mean == 30.0
    assert groups["roi"].scores["psnr_roi"].mean == 12.0
    assert groups["level/easy"].scores["psnr"].mean == 30.0
    assert groups["level/hard"].triplets == 2
    score = groups["level/hard"].scores["psnr"]
    assert (score.mean, score.count, score.infinite, score.missing) == (20.0, 1, 1, 0)
    assert groups["level/not given"].scores["psnr"].mean == 40.0
    assert list(groups["level/hard"].scores) == ["psnr"]  # Level scores are of whole images.


def test_notes_say_what_the_means_leave_out():
    triplets = [
        _triplet(0, None, psnr=math.inf, ssim_roi=None),
        _triplet(1, None, psnr=30.0, ssim_roi=0.5),
    ]
    notes = score_summary.notes(score_summary.summarize(triplets, ["psnr", "ssim_roi"]))
    assert len(notes) == 2
    assert notes[0].startswith("psnr: 1 of 2 estimates equal the truth")
    assert notes[1].startswith("ssim_roi: missing for 1 of 2 triplets, whose region has a side")
    assert "11 px" in notes[1]
    assert all(note.endswith("the mean is that of the others.") for note in notes)
    notes = score_summary.notes(score_summary.summarize(triplets[:1], ["psnr", "ssim_roi"]))
    assert notes[0].endswith(
        "1 of 1 estimates equal the truth (infinite); the mean is infinite, too."
    )
    assert notes[1].endswith("there is no mean.")


def test_without_region_columns_there_is_no_region_group():
    groups = score_summary.summarize([_triplet(0, None, psnr=1.0)], ["psnr"])
    assert list(groups) == ["whole"]


@pytest.mark.parametrize("value", [1.5, math.inf, None])
def test_a_triplet_survives_json(value):
    import json

    triplet = _triplet(0, 1, psnr=value)
    text = json.dumps(triplet.to_json(), allow_nan=False)
    assert ScoredTriplet.from_json(json.loads(text)) == triplet
