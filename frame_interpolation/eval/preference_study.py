r"""Writes a page on which people say which of two results they prefer, without names.

    python -m eval.preference_study --results before=eval/before --results after=eval/after \
        --output_dir study --pairs 40 --seed 1

Needs results with pictures (eval_cli --output_frames). Writes

    study/page/index.html, study/page/images/   what participants get; opens from the file system
    study/key.json                              which pair was what; keep it to yourself

The answers come back as a CSV file each, which

    python -m eval.compare_cli ... --preferences answers.csv --preference_key study/key.json

reads. Which methods, triplets and sides a pair shows is drawn by the seed.
"""

import functools
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from frame_interpolation import program
from frame_interpolation.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from frame_interpolation.eval.named_results import NamedResult
    from frame_interpolation.eval.preference_page import ShownPair
    from frame_interpolation.eval.preference_pairs import StudyKey
    from frame_interpolation.eval.result_alignment import AlignedResults, Identity

FLAGS = flags.FlagValues()  # Its own, so that a test can import several programs.
_RESULTS = flags.DEFINE_multi_string(
    "results",
    [],
    "NAME=PATH of a result with pictures: a folder with results.json, or that file; repeat.",
    flag_values=FLAGS,
)
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", None, "Folder of the study.", required=True, flag_values=FLAGS
)
_PAIRS = flags.DEFINE_integer("pairs", 40, "Number of pairs to show.", flag_values=FLAGS)
_SEED = flags.DEFINE_integer("seed", 0, "What the pairs are drawn by.", flag_values=FLAGS)
_INTERSECTION = flags.DEFINE_bool(
    "intersection", False, "Use the triplets that all results have.", flag_values=FLAGS
)

_PAGE_FOLDER = "page"
_IMAGES_NAME = "images"


def main(argv: Sequence[str]) -> None:
    """Wires the flags to `run`."""
    del argv  # program.run refuses what is not a flag.
    run(
        results=_RESULTS.value,
        output_dir=_OUTPUT_DIR.value,
        pairs=_PAIRS.value,
        seed=_SEED.value,
        intersection=_INTERSECTION.value,
    )


def run(
    *,
    results: Sequence[str],
    output_dir: str,
    pairs: int = 40,
    seed: int = 0,
    intersection: bool = False,
) -> Path:
    """Writes a study.

    Args:
        results: 'NAME=PATH' of each result.
        output_dir: Folder of the study, which must not hold one.
        pairs: Number of pairs.
        seed: What they are drawn by.
        intersection: Use the triplets that all results have.

    Returns:
        The page.

    Raises:
        InputError: If results cannot be read or compared, have no pictures, or the folder holds
            a study already.
    """
    from frame_interpolation.eval import (
        evaluation_results,
        named_results,
        preference_page,
        preference_pairs,
    )

    named = [named_results.read(text, flag="results") for text in results]
    aligned = named_results.align(named, intersection=intersection)
    folder = Path(output_dir)
    key_path = folder / preference_pairs.KEY_NAME
    if key_path.exists():
        raise InputError(
            f"{output_dir!r} holds a study already, whose answers need its key; give another "
            "--output_dir, or remove it."
        )
    sources = _picture_folders(named, aligned)
    key = preference_pairs.draw_pairs(aligned, number=pairs, seed=seed, differ=_differ(sources))
    shown = _copy_pictures(key, sources, folder / _PAGE_FOLDER)
    page = folder / _PAGE_FOLDER / "index.html"
    evaluation_results.write_text(page, preference_page.render(key.study, shown))
    preference_pairs.write_key(key_path, key)
    if len(key.pairs) < pairs:
        print(f"Only {len(key.pairs)} pairs differ; {pairs} were asked for.")
    print(f"Page for participants: {page}\nKey, to be kept back: {key_path}")
    return page


def _picture_folders(
    named: Sequence["NamedResult"], aligned: "AlignedResults"
) -> dict[str, dict["Identity", Path]]:
    """The folder of the pictures of every triplet, by label."""
    from frame_interpolation.eval import result_alignment

    folders = {}
    for one in named:
        triplets = aligned[one.label].triplets
        keys = result_alignment.identities(triplets)
        folders[one.label] = dict(zip(keys, map(one.pictures_of, triplets), strict=True))
    return folders


def _differ(
    sources: Mapping[str, Mapping["Identity", Path]],
) -> Callable[["Identity", str, str], bool]:
    from frame_interpolation.eval import frame_store

    @functools.lru_cache(maxsize=8)
    def estimate(label: str, key: "Identity") -> "np.ndarray":
        return _read(sources[label][key] / frame_store.ESTIMATE)

    def differ(key: "Identity", one: str, other: str) -> bool:
        first, second = estimate(one, key), estimate(other, key)
        if first.shape != second.shape:
            raise InputError(
                f"The pictures of triplet {key[0]!r} have another size in {one!r} than in "
                f"{other!r}; evaluate again with --output_frames --overwrite."
            )
        return bool((first != second).any())

    return differ


def _copy_pictures(
    key: "StudyKey", sources: Mapping[str, Mapping["Identity", Path]], folder: Path
) -> list["ShownPair"]:
    """Writes the pictures under opaque names."""
    from frame_interpolation.eval import frame_store, preference_page, preference_pairs

    images = folder / _IMAGES_NAME
    if images.exists():
        shutil.rmtree(images)  # Of a study that was not finished, for it has no key.
    images.mkdir(parents=True)
    shown = []
    for pair in key.pairs:
        left, right = sources[pair.left][pair.triplet], sources[pair.right][pair.triplet]
        files = {
            "first": left / frame_store.FIRST,
            "left": left / frame_store.ESTIMATE,
            "right": right / frame_store.ESTIMATE,
            "last": left / frame_store.LAST,
        }
        addresses = {}
        for place, file in files.items():
            # Written anew, so that nothing in a file tells where it comes from.
            picture = _read(file)
            name = preference_pairs.picture_name(pair, place)
            frame_store.write_image(images / name, picture)
            addresses[place] = f"{_IMAGES_NAME}/{name}"
        height, width = picture.shape[:2]
        shown.append(
            preference_page.ShownPair(pair=pair.pair, width=width, height=height, **addresses)
        )
    return shown


def _read(path: Path) -> "np.ndarray":
    from frame_interpolation.eval import frame_store

    try:
        return frame_store.read_image(path)
    except FileNotFoundError as error:
        raise InputError(
            f"The picture {str(path)!r} is missing; evaluate again with --output_frames."
        ) from error


if __name__ == "__main__":
    program.run(main, FLAGS)
