"""Tables of means: rows, columns, differences, and what cannot be set side by side."""

import math

import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import score_table
from frame_interpolation.eval.evaluation_results import EvaluationResults
from frame_interpolation.eval.scored_triplet import ScoredTriplet

_NAMES = ("psnr", "ssim_atd12k", "psnr_roi", "ssim_atd12k_roi")


def _results(gain=0.0, names=_NAMES, levels=(0, 1, 2, 2), **identity):
    triplets = tuple(
        ScoredTriplet(
            index=i,
            shard="test",
            offset=i,
            key="k",
            name=f"t{i}",
            film="",
            level=level,
            frame_size=(960, 540),
            image_size=None,
            motion_roi=None,
            roi=None,
            general_motion_type=(),
            behavior=(),
            values={name: (20.0 + i + gain if "psnr" in name else 0.5) for name in names},
        )
        for i, level in enumerate(levels)
    )
    return EvaluationResults(
        experiment="test",
        identity={
            "protocol": "atd12k",
            "protocol_version": 1,
            "metrics": list(names),
            "triplets": len(levels),
            "records": "abc",
            **identity,
        },
        model={},
        dataset={"records": len(levels)},
        environment={},
        triplets=triplets,
    )


def test_one_result():
    text = score_table.to_text(score_table.build_table([("model", _results())]))
    assert text.splitlines() == [
        "         n   PSNR [dB]   SSIM (ATD-12K)",
        "whole    4      21.500           0.5000",
        "RoI      4      21.500           0.5000",
        "easy     1      20.000           0.5000",
        "medium   1      21.000           0.5000",
        "hard     2      22.500           0.5000",
    ]


def test_two_results_have_a_difference():
    before, after = _results(), _results(gain=1.25)
    text = score_table.to_text(score_table.build_table([("before", before), ("after", after)]))
    lines = text.splitlines()
    assert lines[0].split() == ["PSNR", "[dB]", "SSIM", "(ATD-12K)"]
    assert lines[1].split() == ["n", *["before", "after", "difference"] * 2]
    scores = ["21.500", "22.750", "+1.250", "0.5000", "0.5000", "+0.0000"]
    assert lines[2].split() == ["whole", "4", *scores]
    assert {len(line) for line in lines[1:]} == {len(lines[1])}


def test_three_results_have_none():
    table = score_table.build_table([(label, _results()) for label in "abc"], ["psnr"])
    assert [column.label for column in table.columns] == ["a", "b", "c"]


def test_without_levels_and_regions_there_are_no_such_rows():
    results = _results(names=("psnr",), levels=(None, None))
    table = score_table.build_table([("model", results)])
    assert [row.title for row in table.rows] == ["whole"]


def test_metrics_that_one_result_lacks_are_empty():
    table = score_table.build_table([("a", _results()), ("b", _results(names=("psnr",)))])
    ssim = [i for i, column in enumerate(table.columns) if column.metric.name == "ssim_atd12k"]
    assert [table.rows[0].values[i] for i in ssim] == [0.5, None, None]
    assert score_table.format_value(table.columns[ssim[1]], None) == "-"


def test_infinite_means_have_no_difference_and_a_note():
    before, after = _results(), _results(gain=math.inf)
    table = score_table.build_table([("before", before), ("after", after)], ["psnr"])
    assert table.rows[0].values == (21.5, math.inf, None)
    text = score_table.to_text(table)
    assert "note: after: psnr: 4 of 4 estimates equal the truth" in text


@pytest.mark.parametrize(
    ("identity", "named"),
    [
        ({"records": "xyz"}, "records"),
        ({"protocol": "film"}, "protocol"),
        ({"triplets": 3}, "trip"),
    ],
)
def test_results_on_other_triplets_are_not_set_side_by_side(identity, named):
    with pytest.raises(InputError, match=f"cannot be compared: {named}"):
        score_table.build_table([("a", _results()), ("b", _results(**identity))])


def test_labels_are_needed_and_differ():
    with pytest.raises(InputError, match="label 'a'"):
        score_table.build_table([("a", _results()), ("a", _results())])
    with pytest.raises(InputError, match="no results"):
        score_table.build_table([])
