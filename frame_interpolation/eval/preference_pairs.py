"""Which pairs of results people are shown, and the key that says what each pair was.

Pairs are drawn by a seed: every pair of methods equally often, on triplets in random order, and
each pair on random sides. What leaves this computer with the page are opaque names only, made of
the seed and the position; the key stays behind.
"""

import dataclasses
import hashlib
import itertools
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frame_interpolation.errors import InputError
from frame_interpolation.eval import evaluation_results, result_alignment
from frame_interpolation.eval.result_alignment import AlignedResults, Identity

FORMAT = "frame_interpolation.preference_key"
FORMAT_VERSION = 1
KEY_NAME = "key.json"


@dataclass(frozen=True)
class PreferencePair:
    """Two results of one triplet.

    Attributes:
        pair: Opaque name of the pair.
        triplet: Identity of the triplet (see `result_alignment`).
        left: Label of the result on the left, called A on the page.
        right: Label of the result on the right, called B.
    """

    pair: str
    triplet: Identity
    left: str
    right: str


@dataclass(frozen=True)
class StudyKey:
    """What the pairs of a study are.

    Attributes:
        study: Opaque name of the study.
        seed: What the pairs were drawn by.
        models: Fingerprint of the model of each label.
        pairs: The pairs in the order shown.
    """

    study: str
    seed: int
    models: Mapping[str, str]
    pairs: tuple[PreferencePair, ...]


def draw_pairs(
    aligned: AlignedResults,
    *,
    number: int,
    seed: int,
    differ: Callable[[Identity, str, str], bool],
) -> StudyKey:
    """Draws the pairs of a study.

    Args:
        aligned: Results of at least two methods.
        number: Number of pairs; fewer are drawn when there are not as many.
        seed: Any integer; the same gives the same study.
        differ: Whether two methods' pictures of a triplet differ at all; pairs that do not are
            passed over, for nobody could prefer one.

    Returns:
        The key.

    Raises:
        InputError: If there are fewer than two methods, `number` is not positive, or no pair
            differs.
    """
    if len(aligned.results) < 2:
        raise InputError("A preference needs two results; name at least two.")
    if number < 1:
        raise InputError(f"The number of pairs is {number}; give at least 1.")
    keys = result_alignment.identities(aligned.results[0][1].triplets)
    drawn = [
        (*((one, other) if _draw(seed, "side", one, other, key) % 2 else (other, one)), key)
        for one, other, key in itertools.islice(
            _in_turns(aligned.labels, keys, seed, differ), number
        )
    ]
    if not drawn:
        raise InputError("No two of the results differ on any triplet; there is nothing to prefer.")
    drawn.sort(key=lambda pair: _draw(seed, "order", *pair))
    models = {label: str(results.identity.get("model")) for label, results in aligned.results}
    study = _opaque(seed, "study", repr(drawn), repr(models))[:12]
    return StudyKey(
        study=study,
        seed=seed,
        models=models,
        pairs=tuple(
            PreferencePair(_opaque(study, "pair", str(i))[:16], key, left, right)
            for i, (left, right, key) in enumerate(drawn)
        ),
    )


def picture_name(pair: PreferencePair, place: str) -> str:
    """Returns the file name of a picture, which says nothing of what it shows.

    Args:
        pair: The pair.
        place: Where it stands in the pair, such as 'left'.

    Returns:
        A name of 20 hexadecimal digits with the suffix `.png`.
    """
    return f"{_opaque(pair.pair, place)[:20]}.png"


def write_key(path: Path, key: StudyKey) -> None:
    """Writes a key.

    Args:
        path: File to write.
        key: The key.
    """
    content = {"format": FORMAT, "format_version": FORMAT_VERSION, **dataclasses.asdict(key)}
    evaluation_results.write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def read_key(path: str | os.PathLike[str]) -> StudyKey:
    """Reads a key.

    Args:
        path: A file that `write_key` wrote.

    Returns:
        The key.

    Raises:
        InputError: If it is no key.
        FileNotFoundError: If there is no such file.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        if content["format"] != FORMAT or content["format_version"] != FORMAT_VERSION:
            raise ValueError(f"format {content['format']!r} {content['format_version']!r}")
        return _key_from_json(content)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise InputError(
            f"{os.fspath(path)!r} is no key of a preference study ({error}); name the "
            f"{KEY_NAME} that eval.preference_study wrote."
        ) from error


def _key_from_json(content: Mapping[str, Any]) -> StudyKey:
    models = {label: _text(model) for label, model in dict(content["models"]).items()}
    pairs = tuple(_pair_from_json(fields) for fields in content["pairs"])
    if not pairs or len({pair.pair for pair in pairs}) < len(pairs):
        raise ValueError("there are no pairs, or two of one name")
    return StudyKey(_text(content["study"]), int(content["seed"]), models, pairs)


def _pair_from_json(fields: Mapping[str, Any]) -> PreferencePair:
    name, number = fields["triplet"]
    pair = PreferencePair(
        pair=_text(fields["pair"]),
        triplet=(_text(name), int(str(number))),
        left=_text(fields["left"]),
        right=_text(fields["right"]),
    )
    if pair.left == pair.right:
        raise ValueError(f"pair {pair.pair!r} has {pair.left!r} on both sides")
    return pair


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _in_turns(
    labels: Sequence[str],
    keys: Sequence[Identity],
    seed: int,
    differ: Callable[[Identity, str, str], bool],
) -> Iterator[tuple[str, str, Identity]]:
    """Every pair of methods in turn, each with its own random order of triplets."""

    def triplets_of(one: str, other: str) -> Iterator[tuple[str, str, Identity]]:
        for key in sorted(keys, key=lambda key: _draw(seed, "triplet", one, other, key)):
            if differ(key, one, other):
                yield one, other, key

    queues = [triplets_of(*methods) for methods in itertools.combinations(labels, 2)]
    while queues:
        left = []
        for queue in queues:
            drawn = next(queue, None)
            if drawn is not None:
                yield drawn
                left.append(queue)
        queues = left


def _draw(seed: int, *parts: object) -> int:
    return int(_opaque(seed, *parts), 16)


def _opaque(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
