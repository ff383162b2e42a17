"""Parts train_10k into training and validation: by film, never by triplet.

ATD-12K has no official validation split, and neighbouring frames of one shot occur among its
triplets, so that a split by triplet would measure memory. The rule:

1. Films are ranked by SHA-256 of '<seed>:<film>'.
2. The first k films of the ranking are the validation split. k is the number, at least one and
   leaving at least one film to train on, for which the number of validation triplets comes
   closest to the wanted share of all; the smaller k of two that are equally close.
3. A share of 0 takes no film and a share of 1 takes all of them.

So a film is never on both sides, both sides have films whenever there are two and the share lies
between 0 and 1, a larger share only ever adds films to the validation split, and the order of the
files, the number of processes and Python's hash seed have no influence.
"""

import collections
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from atd12k.errors import DatasetError


class Split(NamedTuple):
    """Names of the triplets on either side, sorted."""

    train: tuple[str, ...]
    val: tuple[str, ...]


def split_by_film(films: Mapping[str, str], *, validation_share: float, seed: int = 0) -> Split:
    """Parts triplets by film; see the module's documentation for the rule.

    Args:
        films: The film of each triplet, by the triplet's name.
        validation_share: Wanted share of validation triplets, in [0, 1].
        seed: Any whole number; another seed ranks the films in another way.

    Raises:
        DatasetError: The share is not in [0, 1].
    """
    if not 0.0 <= validation_share <= 1.0:
        raise DatasetError(f"the validation share is {validation_share}, expected 0 to 1.")
    validation_films = _validation_films(
        collections.Counter(films.values()), validation_share, seed
    )
    return Split(
        train=tuple(sorted(name for name, film in films.items() if film not in validation_films)),
        val=tuple(sorted(name for name, film in films.items() if film in validation_films)),
    )


def _validation_films(sizes: Mapping[str, int], share: float, seed: int) -> set[str]:
    ranking = sorted(sizes, key=lambda film: (_rank(film, seed), film))
    if share in (0.0, 1.0):
        return set(ranking) if share else set()
    if len(ranking) < 2:
        return set()
    wanted = share * sum(sizes.values())
    taken, distances = 0, []
    for film in ranking[:-1]:
        taken += sizes[film]
        distances.append(abs(taken - wanted))
    return set(ranking[: distances.index(min(distances)) + 1])


def _rank(film: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}:{film}".encode("utf-8", "surrogateescape")).hexdigest()
