"""Paired differences: what enters them, what the test says, and Holm's correction."""

import math

import numpy as np
import pytest
from scipy import stats

from frame_interpolation.eval import paired_comparison

INF = math.inf


def _compare(values, baseline, films=None, **changes):
    arguments = {"label": "b", "baseline": "a", "metric": "psnr", "higher_is_better": True}
    films = films or [f"film{i % 3}" for i in range(len(values))]
    return paired_comparison.compare(
        values=values, baseline_values=baseline, films=films, **{**arguments, **changes}
    )


def _numbers(count, shift=0.0, seed=0):
    return (np.random.default_rng(seed).normal(0, 1, count) + shift).tolist()


def test_a_clear_gain_is_found():
    found = _compare(_numbers(40, shift=3.0), _numbers(40, seed=1))
    expected = np.mean(np.subtract(_numbers(40, shift=3.0), _numbers(40, seed=1)))
    assert found.mean_difference == pytest.approx(expected)
    for low, high in (found.interval, found.film_interval):
        assert 0 < low < found.mean_difference < high
    assert found.p_value < 1e-6 and found.better > 35


def test_equal_methods_have_a_difference_of_zero_and_no_test():
    values = [*_numbers(10), INF]
    found = _compare(values, values)
    assert found.mean_difference == 0.0 and found.interval == (0.0, 0.0)
    assert (found.equal, found.better, found.worse, found.infinite) == (11, 0, 0, 0)
    assert found.p_value is None and found.reason == "no triplet differs"


def test_the_p_value_is_scipys_for_plain_differences():
    differences = _numbers(30, shift=0.4)
    p_value, reason = paired_comparison.signed_rank_test(differences)
    assert p_value == pytest.approx(stats.wilcoxon(differences).pvalue, abs=1e-12)
    assert reason == ""


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_differences_give_no_p_value_but_a_reason(count):
    found = _compare([1.0] * count + [0.0] * 9, [0.0] * (count + 9))
    assert found.p_value is None
    assert found.reason == (
        f"{count} triplets differ, at least 6 are needed" if count else "no triplet differs"
    )
    assert _compare([1.0] * 6, [0.0] * 6).p_value == pytest.approx(2 / 2**6)


def test_missing_and_infinite_values_are_counted():
    found = _compare([None, 1.0, INF, INF, 3.0], [1.0, None, 5.0, INF, 1.0])
    assert (found.pairs, found.missing, found.infinite, found.equal) == (3, 2, 1, 1)
    assert found.mean_difference == pytest.approx((0.0 + 2.0) / 2)
    assert (found.better, found.worse) == (2, 0)


def test_an_infinite_difference_has_the_largest_rank():
    small = [0.1, -0.2, 0.3, 0.4, -0.5, 0.6, 0.7]
    expected, _ = paired_comparison.signed_rank_test([*small, 100.0])
    assert paired_comparison.signed_rank_test([*small, INF])[0] == expected
    assert paired_comparison.signed_rank_test([*small, -INF])[0] != expected


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_better_follows_the_metric(higher_is_better):
    found = _compare([2.0, 3.0, 0.0], [1.0, 1.0, 1.0], higher_is_better=higher_is_better)
    assert (found.better, found.worse) == ((2, 1) if higher_is_better else (1, 2))
    assert found.mean_difference == pytest.approx(2 / 3)


def test_nothing_to_compare():
    found = _compare([None], [1.0])
    assert found.pairs == 0 and found.mean_difference is None and found.interval is None
    with pytest.raises(ValueError):
        _compare([1.0], [1.0, 2.0])


@pytest.mark.parametrize("films", [[""] * 12, ["one"] * 12])
def test_there_is_no_interval_by_film_without_several_films(films):
    found = _compare(_numbers(12), _numbers(12, seed=2), films=films)
    assert found.film_interval is None and found.interval is not None


def test_films_that_differ_widen_the_interval():
    offsets = np.repeat([-1.0, 0.0, 1.0, 2.0], 20)
    films = [f"film{i // 20}" for i in range(80)]
    found = _compare((offsets + 0.05 * np.array(_numbers(80))).tolist(), [0.0] * 80, films)
    widths = [high - low for low, high in (found.interval, found.film_interval)]
    assert widths[1] > 2 * widths[0]


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ([], []),
        ([0.03], [0.03]),
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),  # By hand: 3 x .01, 2 x .03, max(.06, .04).
        ([0.5, 0.9], [1.0, 1.0]),
        ([0.02, 0.02], [0.04, 0.04]),
    ],
)
def test_holm_by_hand(p_values, expected):
    assert paired_comparison.holm(p_values) == pytest.approx(expected)


def test_only_comparisons_with_a_p_value_are_corrected():
    many = [
        _compare(_numbers(20, shift=0.5), _numbers(20, seed=1)),
        _compare([1.0], [1.0]),
        _compare(_numbers(20, shift=0.9), _numbers(20, seed=1)),
    ]
    corrected = paired_comparison.correct(many)
    assert corrected[1].corrected_p is None
    assert corrected[2].corrected_p == pytest.approx(2 * many[2].p_value)
    assert all(c.corrected_p >= c.p_value for c in corrected if c.p_value is not None)
