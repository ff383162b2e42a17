"""Which record is the n-th training example: a pure function of the seed and n.

Examples are counted from 0 without end. With N records, example n belongs to epoch n // N and is
record P[n % N], where P is that epoch's permutation: the records sorted by a hash of (seed, epoch,
record). So a run that goes on at step k needs to know only k, and nothing depends on the number of
threads, on buffers or on how much was read before.

The hash is the finaliser of SplitMix64 (Steele, Lea & Flood, "Fast splittable pseudorandom number
generators", OOPSLA 2014), written out here because the streams of library generators may change
from version to version.
"""

import collections
import threading

import numpy as np

# Sorting a million hashes takes a tenth of a second; two epochs are in use around a boundary.
_EPOCHS_KEPT = 3


def hash_uint64(values: np.ndarray | np.uint64) -> np.ndarray:
    """Scrambles integers one to one (SplitMix64).

    Args:
      values: uint64, an array or one number.

    Returns:
      uint64 array of the same shape.
    """
    with np.errstate(over="ignore"):  # Modulo 2**64 is meant.
        z = np.asarray(values, np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def epoch_permutation(num_records: int, *, seed: int, epoch: int) -> np.ndarray:
    """Returns the order of the records in one epoch.

    Args:
      num_records: N.
      seed: 0 or more.
      epoch: 0 or more.

    Returns:
      (N,) int64, each of 0..N-1 once.
    """
    key = hash_uint64(np.uint64(seed))
    key = hash_uint64(key ^ np.uint64(epoch))
    hashes = hash_uint64(np.arange(num_records, dtype=np.uint64) ^ key)
    # The hash is one to one, so no two are equal and the order is the same for every algorithm.
    return np.argsort(hashes).astype(np.int64)


class ExampleOrder:
    """Maps the count of an example to its record. Safe to use from many threads.

    Attributes:
      num_records: N.
      seed: chooses the order.
    """

    def __init__(self, num_records: int, *, seed: int):
        """Takes N, at least 1, and a seed, at least 0."""
        self.num_records = num_records
        self.seed = seed
        self._permutations: collections.OrderedDict[int, np.ndarray] = collections.OrderedDict()
        self._lock = threading.Lock()

    def record(self, example: int, *, attempt: int = 0) -> int:
        """Returns the record, in [0, N), of example n (0, 1, ... without end).

        Args:
          example: n.
          attempt: how many records cannot be used in its place: a replaces the record by the a-th
            after it in the same epoch.
        """
        epoch, position = divmod(int(example), self.num_records)
        return int(self._permutation(epoch)[(position + attempt) % self.num_records])

    def _permutation(self, epoch: int) -> np.ndarray:
        with self._lock:
            if epoch not in self._permutations:
                self._permutations[epoch] = epoch_permutation(
                    self.num_records, seed=self.seed, epoch=epoch
                )
                while len(self._permutations) > _EPOCHS_KEPT:
                    self._permutations.popitem(last=False)
            return self._permutations[epoch]
