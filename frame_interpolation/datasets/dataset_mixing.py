"""Which record is the n-th training example where several datasets are mixed by weight.

A dataset with the share s of the weights has s of the examples, whatever its size, so a small one
comes round more often; each goes through epochs of its own (`example_order`). The examples are
dealt out in blocks. Within a block the turns of each dataset are spaced evenly, from a start that
depends on (seed, block, dataset): a batch of B examples has about s B of each, and never all of
one by chance. The counts of whole blocks are exact fractions, so n alone tells how many examples
each dataset has had before, and nothing else has to be known to go on at any step.
"""

import fractions
import functools
import itertools
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from frame_interpolation.datasets.example_order import ExampleOrder, hash_uint64

# So long that the smallest share that the options allow has a turn in every block.
_BLOCK = 1024
_BLOCKS_KEPT = 4


class Order(Protocol):
    """Maps the count of an example to its record; see `example_order.ExampleOrder`."""

    def record(self, example: int, *, attempt: int = 0) -> int:
        """Returns the record of an example, or the one to try after `attempt` bad ones."""


class _Block(NamedTuple):
    """Whose turn it is: for each place the dataset, and its how-manieth example that is."""

    dataset: np.ndarray
    occurrence: np.ndarray


class MixedOrder:
    """Maps the count of an example to its record. Safe to use from many threads."""

    def __init__(self, sizes: Sequence[int], weights: Sequence[float], *, seed: int):
        """Prepares the order.

        Args:
          sizes: how many records each dataset has, each at least 1; the records are numbered
            through in this order, as by `record_collection.RecordCollection`.
          weights: one for each, positive, none below a thousandth of their sum.
          seed: 0 or more; chooses the orders.
        """
        self._first_records = [0, *itertools.accumulate(sizes)]
        exact = [fractions.Fraction(repr(float(weight))) for weight in weights]
        self._shares_up_to = [sum(exact[:d]) / sum(exact) for d in range(len(exact) + 1)]
        self._seed = seed
        self._orders = [
            ExampleOrder(size, seed=int(self._hash(d, 0))) for d, size in enumerate(sizes)
        ]
        self._block = functools.lru_cache(_BLOCKS_KEPT)(self._create_block)

    def record(self, example: int, *, attempt: int = 0) -> int:
        """Returns the record of example n (0, 1, ... without end).

        Args:
          example: n.
          attempt: as `ExampleOrder.record` takes it; the dataset stays the same.
        """
        block, place = divmod(int(example), _BLOCK)
        turns = self._block(block)
        dataset = int(turns.dataset[place])
        order = self._orders[dataset]
        count = int(turns.occurrence[place])
        return self._first_records[dataset] + order.record(count, attempt=attempt)

    def _create_block(self, block: int) -> _Block:
        before, after = self._counts(block), self._counts(block + 1)
        datasets, counts, times = [], [], []
        for d, (first, end) in enumerate(zip(before, after, strict=True)):
            phase = float(self._hash(d, block + 1)) / 2.0**64
            datasets.append(np.full(end - first, d))
            counts.append(np.arange(first, end))
            times.append((np.arange(end - first) + phase) / (end - first))
        in_time = np.argsort(np.concatenate(times), kind="stable")
        return _Block(np.concatenate(datasets)[in_time], np.concatenate(counts)[in_time])

    def _counts(self, block: int) -> list[int]:
        """How many examples each dataset has had before a block."""
        ends = [block * _BLOCK * share // 1 for share in self._shares_up_to]
        return [int(end - start) for start, end in itertools.pairwise(ends)]

    def _hash(self, dataset: int, purpose: int) -> np.ndarray:
        key = hash_uint64(np.uint64(self._seed))
        key = hash_uint64(key ^ np.uint64(dataset + 1))
        return hash_uint64(key ^ np.uint64(purpose))
