"""By what triplets are grouped: annotation, origin, and what makes drawings hard.

A group has the name '<grouping>/<value>', such as 'level/easy'. A triplet may belong to several
groups of one grouping, for it may show several kinds of motion. What the annotation calls by a
word that is not ATD-12K's is in the group 'other', and so are films of another origin; when some
triplets say something and others do not, the others form the group 'not given', so that the
numbers of a grouping account for all triplets.
"""

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from frame_interpolation.eval import difficulty
from frame_interpolation.eval.protocols import LEVEL_NAMES
from frame_interpolation.eval.scored_triplet import ScoredTriplet

MOTION_TYPES = ("translation", "rotation", "scaling", "deformation")
BEHAVIORS = ("speaking", "walking", "eating", "sporting", "fetching", "others")
REGIONS = {"Japan": "Eastern", "Disney": "Western"}
"""Region by the first part of the film's name (arXiv 2104.02495)."""

OTHER = "other"
NOT_GIVEN = "not given"
_LAST = (difficulty.NOT_MEASURED, OTHER, NOT_GIVEN)


@dataclass(frozen=True)
class Grouping:
    """One way to group triplets.

    Attributes:
        name: First part of the groups' names.
        title: The same for people.
        values_of: The values of a triplet; none when nothing is known about it.
        order: Values in the order in which they are shown; others follow by name.
    """

    name: str
    title: str
    values_of: Callable[[ScoredTriplet], Sequence[str]]
    order: tuple[str, ...] = ()

    def members(self, triplets: Sequence[ScoredTriplet]) -> dict[str, list[int]]:
        """Groups triplets.

        Args:
            triplets: The triplets.

        Returns:
            Positions of the triplets by value, in the order in which groups are shown; empty when
            nothing is known about any of them. A position stands under each of its values once.
        """
        members: dict[str, list[int]] = {}
        unknown = []
        for position, triplet in enumerate(triplets):
            values = dict.fromkeys(self.values_of(triplet))
            for value in values:
                members.setdefault(value, []).append(position)
            if not values:
                unknown.append(position)
        if members and unknown:
            members.setdefault(NOT_GIVEN, []).extend(unknown)
        return {value: members[value] for value in sorted(members, key=self._rank)}

    def _rank(self, value: str) -> tuple[int, int, tuple[tuple[int, str], ...]]:
        if value in self.order:
            return 0, self.order.index(value), ()
        if value in _LAST:
            return 2, _LAST.index(value), ()
        return 1, 0, _natural(value)


def level_of(triplet: ScoredTriplet) -> tuple[str, ...]:
    """Returns the name of the triplet's level, or nothing when it has none."""
    if triplet.level is None:
        return ()
    if 0 <= triplet.level < len(LEVEL_NAMES):
        return (LEVEL_NAMES[triplet.level],)
    return (str(triplet.level),)


def region_of(triplet: ScoredTriplet) -> tuple[str, ...]:
    """Returns where the triplet's film comes from, by its name or else by the triplet's.

    A triplet without film and annotation, which is none of ATD-12K's kind, has no region.
    """
    first = (triplet.film or triplet.name).partition("_")[0]
    if first in REGIONS:
        return (REGIONS[first],)
    return (OTHER,) if triplet.film or triplet.level is not None else ()


def film_of(triplet: ScoredTriplet) -> tuple[str, ...]:
    """Returns the triplet's film, or nothing when it is not known."""
    return (triplet.film,) if triplet.film else ()


def range_of(triplet: ScoredTriplet, *, name: str) -> tuple[str, ...]:
    """Returns the range that a measure of the triplet falls into.

    Args:
        triplet: The triplet.
        name: A name in `difficulty.MEASURES`.

    Returns:
        The range, 'not measured' where this measure could not be taken, nothing where none was.
    """
    if not triplet.measures:
        return ()
    return (difficulty.MEASURES[name].range_of(triplet.measures.get(name)),)


def _known(words: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    lower = (word.strip().lower() for word in words)
    return tuple(word if word in known else OTHER for word in lower if word)


def _natural(value: str) -> tuple[tuple[int, str], ...]:
    """Sorts film 2 before film 10."""
    parts = re.findall(r"[0-9]+|[^0-9]+", value)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


GROUPINGS: dict[str, Grouping] = {
    grouping.name: grouping
    for grouping in (
        Grouping("level", "level", level_of, LEVEL_NAMES),
        Grouping(
            "motion_type",
            "general motion type",
            lambda triplet: _known(triplet.general_motion_type, MOTION_TYPES),
            MOTION_TYPES,
        ),
        Grouping(
            "behavior",
            "behaviour",
            lambda triplet: _known(triplet.behavior, BEHAVIORS),
            BEHAVIORS,
        ),
        Grouping("region", "region", region_of, tuple(REGIONS.values())),
        *(
            Grouping(
                measure.name,
                measure.title,
                functools.partial(range_of, name=measure.name),
                measure.ranges,
            )
            for measure in difficulty.MEASURES.values()
        ),
        Grouping("film", "film", film_of),
    )
}
"""Grouping by name, in the order in which they are shown."""


def title_of(group_name: str) -> tuple[str, str]:
    """Returns the title of a group's grouping and its value: ('level', 'easy')."""
    name, _, value = group_name.partition("/")
    grouping = GROUPINGS.get(name)
    return (grouping.title if grouping else name), value
