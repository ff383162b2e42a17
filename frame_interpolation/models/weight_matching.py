"""Matches the variables of a file with those of a model: by name, order and shape.

FILM's names are the same in every file but for the fusion layers, which Keras numbers with a
counter of the process (`fusion/conv2d_17/kernel`). Those are counted anew in their order, so that
the first convolution of `fusion` is `fusion/conv2d` in the file and in the model.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

Shape = tuple[int, ...]

_COUNTED_LAYER = re.compile(
    r"(?P<prefix>(?:.*/)?fusion/)(?P<layer>conv2d(?:_\d+)?)/(?P<last>[^/]+)"
)


def canonical_names(names: Sequence[str]) -> list[str]:
    """Counts the convolutions of `fusion` from zero, in the order in which they come.

    Args:
      names: full names of variables, in the model's order, with or without `:0`.

    Returns:
      The names without `:0`, in the same order.
    """
    ranks: dict[str, int] = {}
    canonical = []
    for name in names:
        name = name.removesuffix(":0")
        match = _COUNTED_LAYER.fullmatch(name)
        if match is None:
            canonical.append(name)
            continue
        layer = match["prefix"] + match["layer"]
        rank = ranks.setdefault(layer, len(ranks))
        number = f"_{rank}" if rank else ""
        canonical.append(f"{match['prefix']}conv2d{number}/{match['last']}")
    return canonical


def repeated(names: Sequence[str]) -> list[str]:
    """Names that occur more than once."""
    return [name for name, count in Counter(names).items() if count > 1]


def differences(expected: Mapping[str, Shape], found: Mapping[str, Shape]) -> list[str]:
    """Describes everything that does not match, a line each.

    Args:
      expected: shapes by canonical name, of the model.
      found: likewise, of the file.

    Returns:
      Lines `name: expected SHAPE, found SHAPE`, the model's variables first, then those that only
      the file has. Empty when all match.
    """
    lines = []
    for name in [*expected, *(name for name in found if name not in expected)]:
        wanted, got = expected.get(name), found.get(name)
        if wanted != got:
            lines.append(f"{name}: expected {describe(wanted)}, found {describe(got)}")
    return lines


def describe(shape: Shape | None) -> str:
    """A shape such as `3x3x64x128`."""
    if shape is None:
        return "nothing"
    return "x".join(map(str, shape)) if shape else "a scalar"
