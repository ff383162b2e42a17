"""Bootstrap intervals: coverage, clusters, constants, order, missing values, speed."""

import math
import time

import numpy as np
import pytest

from frame_interpolation.eval import bootstrap


def _width(interval):
    return interval[1] - interval[0]


def test_intervals_cover_the_true_mean_as_often_as_they_say():
    rng = np.random.default_rng(1)
    intervals = bootstrap.mean_intervals(rng.normal(3.0, 2.0, (60, 400)))
    covered = np.mean([low <= 3.0 <= high for low, high in intervals])
    assert 0.91 <= covered <= 0.98
    # The textbook's width, 2 * 1.96 * sigma / sqrt(n).
    assert np.mean([_width(i) for i in intervals]) == pytest.approx(3.92 * 2 / 60**0.5, rel=0.05)


def test_with_clusters_only_the_interval_by_cluster_covers():
    rng = np.random.default_rng(2)
    clusters = [f"film_{i // 12}" for i in range(360)]
    # Triplets of a film share most of their difficulty.
    values = np.repeat(rng.normal(0, 2, (30, 300)), 12, axis=0) + rng.normal(0, 1, (360, 300))
    by_row = bootstrap.mean_intervals(values)
    by_cluster = bootstrap.cluster_mean_intervals(values, clusters)
    covered = [np.mean([low <= 0 <= high for low, high in each]) for each in (by_row, by_cluster)]
    assert covered[0] < 0.6 and 0.89 <= covered[1] <= 0.98
    assert all(_width(c) > 2 * _width(r) for r, c in zip(by_row, by_cluster, strict=True))


def test_clusters_of_one_row_each_are_rows():
    values = np.random.default_rng(3).normal(size=(200, 1))
    by_row = bootstrap.mean_intervals(values)[0]
    by_cluster = bootstrap.cluster_mean_intervals(values, [str(i) for i in range(200)])[0]
    np.testing.assert_allclose(by_row, by_cluster, atol=0.02)


def test_a_cluster_counts_by_its_size():
    # 90 rows of 0 in one film, 10 of 1 in the other: resamples have mean 0, 0.1 or 1.
    values = [0.0] * 90 + [1.0] * 10
    interval = bootstrap.mean_interval(values, ["a"] * 90 + ["b"] * 10)
    assert interval == (0.0, 1.0)


@pytest.mark.parametrize("constant", [0.1, 1e9 / 7, -3.3])
def test_equal_values_have_an_interval_without_width(constant):
    values = [constant] * 7
    assert bootstrap.mean_interval(values) == (constant, constant)
    assert bootstrap.mean_interval(values, list("aabbccc")) == (constant, constant)


def test_the_order_of_rows_and_the_other_columns_do_not_matter():
    rng = np.random.default_rng(4)
    values = rng.normal(size=(50, 3))
    values[rng.random(values.shape) < 0.2] = np.nan
    films = np.array([f"film {i % 7}" for i in range(50)])
    order = rng.permutation(50)
    np.testing.assert_allclose(
        bootstrap.mean_intervals(values), bootstrap.mean_intervals(values[order]), rtol=1e-12
    )
    np.testing.assert_allclose(
        bootstrap.cluster_mean_intervals(values, films),
        bootstrap.cluster_mean_intervals(values[order], films[order]),
        rtol=1e-12,
    )
    alone = bootstrap.mean_intervals(values[:, 1:2])[0]
    np.testing.assert_allclose(alone, bootstrap.mean_intervals(values)[1], rtol=1e-12)


def test_what_is_not_finite_is_left_out():
    values = [1.0, math.nan, 3.0, math.inf, 2.0, -math.inf]
    assert bootstrap.mean_interval(values) == bootstrap.mean_interval([3.0, 2.0, 1.0])
    films = ["a", "b", "b", "c", "c", "d"]
    assert bootstrap.mean_interval(values, films) == bootstrap.mean_interval([1, 3, 2], list("abc"))


@pytest.mark.parametrize("values", [[], [1.0], [1.0, math.nan]])
def test_too_few_have_none(values):
    assert bootstrap.mean_interval(values) is None
    assert bootstrap.mean_interval(values, ["a", "b"][: len(values)]) is None


def test_one_film_or_an_unknown_one_has_none():
    assert bootstrap.mean_interval([1.0, 2.0], ["a", "a"]) is None
    assert bootstrap.mean_interval([1.0, 2.0, 3.0], ["a", "b", ""]) is None


def test_many_groups_are_quick():
    rng = np.random.default_rng(5)
    values, films = rng.normal(size=(2000, 12)), rng.integers(1, 28, 2000).astype(str)
    start = time.process_time()
    for i in range(60):
        rows = slice(0, 2000 if i < 3 else 100 + 10 * i)
        bootstrap.mean_intervals(values[rows])
        bootstrap.cluster_mean_intervals(values[rows], films[rows])
    assert time.process_time() - start < 6.0  # 3 s of one free core, with room for a busy one.
