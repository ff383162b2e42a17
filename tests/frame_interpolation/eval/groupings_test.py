"""Groups of triplets: annotation, origin, difficulty, and what is not known."""

import pytest

from atd12k import annotations
from frame_interpolation.eval import difficulty, groupings
from frame_interpolation.eval.groupings import GROUPINGS
from frame_interpolation.eval.scored_triplet import ScoredTriplet


def _triplet(index=0, **changes):
    fields = {
        "index": index,
        "shard": "test",
        "offset": 0,
        "key": "key",
        "name": f"triplet_{index}",
        "film": "",
        "level": None,
        "frame_size": (960, 540),
        "image_size": None,
        "motion_roi": None,
        "roi": None,
        "general_motion_type": (),
        "behavior": (),
        "values": {},
    }
    return ScoredTriplet(**{**fields, **changes})


def _members(name, triplets):
    return GROUPINGS[name].members(triplets)


def test_words_are_those_of_the_dataset():
    assert groupings.MOTION_TYPES == annotations.GENERAL_MOTION_TYPES
    assert groupings.BEHAVIORS == annotations.BEHAVIORS


def test_a_triplet_may_be_in_several_groups_and_is_in_each_once():
    triplets = [
        _triplet(0, general_motion_type=("deformation", "translation")),
        _triplet(1, general_motion_type=("Translation", "wobble", "shimmer")),
    ]
    assert _members("motion_type", triplets) == {
        "translation": [0, 1],
        "deformation": [0],
        "other": [1],
    }


def test_what_some_triplets_lack_is_a_group_and_what_all_lack_is_none():
    triplets = [_triplet(0, behavior=("walking",)), _triplet(1), _triplet(2, behavior=("others",))]
    members = _members("behavior", triplets)
    assert list(members) == ["walking", "others", "not given"]
    assert members["not given"] == [1]
    assert _members("behavior", [_triplet(), _triplet(1)]) == {}


@pytest.mark.parametrize(
    ("film", "name", "expected"),
    [
        ("Japan_v2_0", "Japan_v2_0_000001_s1", ("Eastern",)),
        ("Disney_v4_21", "x", ("Western",)),
        ("", "Disney_v4_21_001097_s1", ("Western",)),
        ("Lottie_bacon", "x", ("other",)),
        ("Japanese_garden", "x", ("other",)),
        ("", "sequence_7", ()),
    ],
)
def test_regions(film, name, expected):
    assert groupings.region_of(_triplet(film=film, name=name)) == expected


def test_levels_and_films_stand_in_their_natural_order():
    triplets = [
        _triplet(0, film="Disney_v4_10", level=2),
        _triplet(1, film="Disney_v4_2", level=0),
        _triplet(2, film="other", level=7),
        _triplet(3, film="Disney_v4_2", level=1),
    ]
    assert list(_members("level", triplets)) == ["easy", "medium", "hard", "7"]
    assert list(_members("film", triplets)) == ["Disney_v4_2", "Disney_v4_10", "other"]


def test_measures_are_grouped_by_range():
    triplets = [
        _triplet(0, measures={"motion_px": 55.0, "flat_share": 0.5}),
        _triplet(1, measures={"motion_px": 0.0, "flat_share": 0.95}),
        _triplet(2, measures={"flat_share": 0.3}),  # A cut: its motion was not measured.
    ]
    motion = _members("motion_px", triplets)
    assert motion == {"0-5 px": [1], "40 px and more": [0], "not measured": [2]}
    assert list(_members("flat_share", triplets)) == ["25-50 %", "50-75 %", "90-100 %"]
    assert _members("motion_px", [_triplet()]) == {}


def test_every_measure_has_a_grouping():
    assert set(difficulty.MEASURES) < set(GROUPINGS)


def test_titles():
    assert groupings.title_of("motion_type/scaling") == ("general motion type", "scaling")
    assert groupings.title_of("film/a/b") == ("film", "a/b")
