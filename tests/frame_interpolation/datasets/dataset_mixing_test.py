import concurrent.futures

import numpy as np
import pytest

from frame_interpolation.datasets.dataset_mixing import MixedOrder

_SIZES = (5, 40, 7)
_WEIGHTS = (0.1, 0.3, 0.6)


def _records(count, first=0, sizes=_SIZES, weights=_WEIGHTS, seed=3):
    order = MixedOrder(sizes, weights, seed=seed)
    return np.array([order.record(n) for n in range(first, first + count)])


def _datasets(records, sizes=_SIZES):
    return np.searchsorted(np.cumsum(sizes), records, side="right")


def test_the_order_never_changes():
    # A run that goes on under a newer version of this code must see the same records.
    assert _records(12).tolist() == [45, 3, 51, 26, 50, 46, 40, 47, 49, 21, 48, 4]


@pytest.mark.parametrize("batch_size", [4, 8, 10, 32])
def test_each_batch_has_its_share_of_each_dataset(batch_size):
    counts = np.stack(
        [
            np.bincount(batch, minlength=3)
            for batch in _datasets(_records(40 * batch_size)).reshape(40, batch_size)
        ]
    )
    assert np.abs(counts - batch_size * np.array(_WEIGHTS)).max() < 2
    assert np.abs(counts.mean(0) / batch_size - _WEIGHTS).max() < 0.02


def test_the_shares_are_exact_in_the_long_run():
    counts = np.bincount(_datasets(_records(30 * 1024)))
    assert np.abs(counts - 30 * 1024 * np.array(_WEIGHTS)).max() < 2


def test_each_dataset_has_epochs_of_its_own():
    records = _records(3000)
    for dataset, first, size in ((0, 0, 5), (1, 5, 40), (2, 45, 7)):
        own = records[_datasets(records) == dataset] - first
        epochs = own[: len(own) // size * size].reshape(-1, size)
        assert np.all(np.sort(epochs, axis=1) == np.arange(size))
        assert len({tuple(epoch) for epoch in epochs}) > 1


def test_equal_datasets_have_unrelated_orders():
    records = _records(400, sizes=(50, 50), weights=(1, 1))
    left, right = (records[_datasets(records, (50, 50)) == d] % 50 for d in (0, 1))
    assert np.mean(left[:50] == right[:50]) < 0.2


def test_jumps_and_threads_do_not_matter():
    whole = _records(5000)
    np.testing.assert_array_equal(_records(100, first=4321), whole[4321:4421])
    order = MixedOrder(_SIZES, _WEIGHTS, seed=3)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        found = list(pool.map(order.record, range(4999, -1, -7)))
    np.testing.assert_array_equal(found, whole[4999::-7])
    assert MixedOrder(_SIZES, _WEIGHTS, seed=3).record(10**15) < sum(_SIZES)


def test_the_smallest_share_that_the_options_allow():
    datasets = _datasets(_records(4096, sizes=(3, 3), weights=(1, 999)), (3, 3))
    assert np.bincount(datasets).tolist() == [4, 4092]


def test_seeds_differ():
    assert np.any(_records(50) != _records(50, seed=4))


def test_a_replacement_comes_from_the_same_dataset():
    order = MixedOrder(_SIZES, _WEIGHTS, seed=3)
    for example in range(30):
        tried = [order.record(example, attempt=a) for a in range(5)]
        assert len(set(tried)) == 5
        assert len(set(_datasets(np.array(tried)))) == 1
