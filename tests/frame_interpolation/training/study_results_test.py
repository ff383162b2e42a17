"""Gains and losses, computed by hand."""

import math

import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval import evaluation_results, protocols, scored_triplet
from frame_interpolation.training import study_results
from frame_interpolation.training.study_options import StudyOptions

_SCORES = {  # By set and label: PSNR and L1 of four triplets, which are of two films.
    ("animation", None): [20.0, 22.0, 24.0, None],
    ("animation", "a_seed0"): [21.0, 23.0, 25.0, 30.0],
    ("animation", "a_seed1"): [23.0, 23.0, 27.0, 30.0],
    ("animation", "b_seed0"): [20.0, 21.0, math.inf, 30.0],
    ("animation", "b_seed1"): [20.0, 21.0, 24.0, 30.0],
    ("natural", None): [30.0, 30.0, 30.0, 30.0],
    ("natural", "a_seed0"): [29.0, 29.0, 29.0, 29.0],
    ("natural", "a_seed1"): [28.0, 28.0, 28.0, 28.0],
    ("natural", "b_seed0"): [30.0, 30.0, 30.0, 30.0],
    ("natural", "b_seed1"): [30.0, 30.0, 30.0, 30.0],
}


def _results(set_name, values):
    films = ["x", "x", "y", "y"] if set_name == "animation" else [""] * 4
    triplets = tuple(
        scored_triplet.ScoredTriplet(
            index=i, shard="s", offset=i, key=f"t{i}", name=f"t{i}", film=films[i], level=None,
            frame_size=(32, 24), image_size=None, motion_roi=None, roi=None,
            general_motion_type=(), behavior=(),
            values={"psnr": value, "l1": None if value is None else 1 / value},
        )
        for i, value in enumerate(values)
    )  # fmt: skip
    version = protocols.find("film").version
    names = {"protocol": "film", "protocol_version": version, "metrics": ["psnr", "l1"]}
    return evaluation_results.EvaluationResults(
        experiment=set_name,
        identity={**names, "triplets": 4, "model": "m", "records": set_name},
        model={},
        dataset={"records": 4},
        environment={},
        triplets=triplets,
    )


@pytest.fixture(scope="module")
def path_of(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")

    def path(set_name, label):
        return folder / f"{set_name}_{label}" / "results.json"

    for key, values in _SCORES.items():
        path(*key).parent.mkdir()
        evaluation_results.write_results(path(*key).parent, _results(key[0], values))
    return path


def _read(path_of, seeds=(0, 1), **changes):
    options = {"strategies": {"a": {}, "b": {}}, "seeds": (0, 1), "train_records": "r"}
    options |= {"animation_records": "s", "natural_records": "t", **changes}
    return study_results.read(StudyOptions(**options), path_of, seeds=seeds)


def test_gains_are_means_over_seeds_of_changes_on_the_same_triplets(path_of):
    results = _read(path_of)
    change = results.change("a", "animation")
    # Seeds averaged: 22, 23, 26 against 20, 22, 24; the fourth has no value before.
    assert change.gain == pytest.approx(5 / 3)
    assert change.gains_by_seed == {0: pytest.approx(1.0), 1: pytest.approx(7 / 3)}
    assert change.seed_deviation == pytest.approx((4 / 3) / math.sqrt(2))
    assert change.comparison.missing == 1
    assert change.comparison.film_interval == pytest.approx((1.5, 2.0))  # Each film alone.
    assert change.gain_interval == pytest.approx((1.0, 2.0))  # Triplets: the wider one.
    assert results.films == {"animation": 2, "natural": 0}
    assert results.start["animation"]["psnr"] == pytest.approx(22.0)


def test_a_loss_is_a_negative_gain_and_lower_may_be_better(path_of):
    results = _read(path_of)
    assert results.change("a", "natural").gain == pytest.approx(-1.5)
    assert results.change("a", "natural").gain_interval == pytest.approx((-1.5, -1.5))
    lower = results.change("a", "natural", "l1")
    assert lower.gain == pytest.approx(1 / 30 - (1 / 29 + 1 / 28) / 2)
    assert lower.comparison.worse == 4
    low, high = lower.gain_interval
    assert low <= lower.gain <= high


def test_an_infinite_score_has_no_finite_gain(path_of):
    comparison = _read(path_of).change("b", "animation").comparison
    assert (comparison.infinite, comparison.mean_difference) == (1, pytest.approx(-0.5))


def test_strategies_are_compared_with_the_first_seed_by_seed(path_of):
    differences = {change.set_name: change for change in _read(path_of).differences}
    natural = differences["natural"]
    assert natural.comparison.baseline == "a"
    assert natural.by_seed == {0: pytest.approx(1.0), 1: pytest.approx(2.0)}
    assert natural.gain == pytest.approx(1.5)


def test_seeds_that_are_not_finished_are_left_out(path_of):
    results = _read(path_of, seeds=(1,))
    assert results.seeds == (1,) and results.planned_seeds == 2
    assert results.change("a", "animation").gain == pytest.approx(7 / 3)
    assert results.change("a", "animation").seed_deviation is None


def test_a_metric_that_was_not_measured_is_refused(path_of):
    with pytest.raises(InputError, match="the evaluation on animation has psnr, l1"):
        _read(path_of, metric="ssim")
