"""Which triplets of a report get pictures, when there are too many for all of them.

Those that a reader asks for first: the worst, the best, the most improved and the most damaged by
every metric and method, and a random sample, taken in turns until the number is reached.
"""

import itertools
import math
from collections.abc import Iterator, Sequence

Scores = Sequence[float | None]

DEFAULT_SEED = 1
_MASK = 0xFFFFFFFF


def choose(
    count: int,
    max_count: int,
    *,
    columns: Sequence[tuple[Sequence[Scores], bool]],
    seed: int = DEFAULT_SEED,
) -> list[int]:
    """Chooses triplets.

    Args:
        count: Number of triplets.
        max_count: How many to choose.
        columns: For each metric, the scores of every method on every triplet, the baseline's
            first, and whether higher is better.
        seed: Seed of the random sample.

    Returns:
        Positions in ascending order; all when there are no more than `max_count`.
    """
    if count <= max_count:
        return list(range(count))
    orders = [order for methods, higher in columns for order in _orders(methods, higher)]
    orders.append(iter(random_order(count, seed)))
    chosen: set[int] = set()
    for position in itertools.chain.from_iterable(itertools.zip_longest(*orders)):
        if len(chosen) >= max_count:
            break
        if position is not None:
            chosen.add(position)
    return sorted(chosen)


def random_order(count: int, seed: int) -> list[int]:
    """Puts positions in an order that depends on the seed alone.

    The page puts its random gallery in the same order (`randomOrder` in `model.js`), so that the
    first triplets of it are those with pictures. That is why the order comes of a mixing of 32-bit
    integers and not of SHA-256, which a page opened from a file cannot compute at once.

    Args:
        count: Number of positions.
        seed: An integer from 0 to 2**32 - 1.

    Returns:
        The positions 0 to `count` - 1.
    """
    start = _mix(seed)
    return sorted(range(count), key=lambda i: (_mix((start + i) & _MASK), i))


def _mix(value: int) -> int:
    value = ((value ^ (value >> 16)) * 0x7FEB352D) & _MASK
    value = ((value ^ (value >> 15)) * 0x846CA68B) & _MASK
    return value ^ (value >> 16)


def _orders(methods: Sequence[Scores], higher_is_better: bool) -> Iterator[Iterator[int]]:
    """For every method: worst first, best first, most improved first, most damaged first."""
    sign = 1.0 if higher_is_better else -1.0
    baseline = methods[0]
    for scores in methods:
        known = {i: sign * value for i, value in enumerate(scores) if value is not None}
        gains = {
            i: value - sign * before
            for i, value in known.items()
            if (before := baseline[i]) is not None and math.isfinite(value - before)
        }
        yield iter(sorted(known, key=known.__getitem__))
        yield iter(sorted(known, key=known.__getitem__, reverse=True))
        if scores is not baseline:
            yield iter(sorted(gains, key=gains.__getitem__, reverse=True))
            yield iter(sorted(gains, key=gains.__getitem__))
