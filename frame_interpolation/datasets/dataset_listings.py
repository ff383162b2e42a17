"""The datasets whose triplets this package lists by itself, by their names on command lines.

ATD-12K is not among them: its layout belongs to the package `atd12k`, which only programs import.
They turn what it lists into triplets by `from_listed_files`.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from frame_interpolation.datasets import middlebury, triplet_folder, ucf101, vimeo90k, xiph
from frame_interpolation.datasets.tf_example import Annotation
from frame_interpolation.datasets.triplet import Triplet

# The split of a dataset that has none.
WHOLE: Final = "all"


@dataclasses.dataclass(frozen=True)
class DatasetListing:
    """How the triplets of a dataset are listed.

    Attributes:
        splits: Names of its splits; `WHOLE` alone where there are none.
        list_triplets: (root, split) to the triplets of that split.
        scale_factor: That of the frames where nothing else is asked for (see `frame_options`).
    """

    splits: tuple[str, ...]
    list_triplets: Callable[[str, str], Sequence[Triplet]]
    scale_factor: int = 1


def from_listed_files(
    files: Iterable[Any], annotations: Mapping[str, Any] | None = None
) -> list[Triplet]:
    """Turns what `atd12k` lists into triplets.

    Args:
        files: What `atd12k.file_layout.list_triplets` returned: name, folder, frames, film, defect.
        annotations: By name, what `atd12k.annotations.read_annotations` returned: dataclasses with
            the fields of `tf_example.Annotation`. None stands for none.

    Returns:
        A triplet each, in the same order.
    """
    found = annotations or {}
    return [
        Triplet(
            name=file.name,
            frames=file.frames,
            path=file.folder,
            film=file.film,
            annotation=(
                Annotation(**dataclasses.asdict(found[file.name])) if file.name in found else None
            ),
            defect=file.defect,
        )
        for file in files
    ]


def _whole(list_triplets: Callable[[str], Sequence[Triplet]]) -> DatasetListing:
    """A dataset without splits, of which all is taken."""
    return DatasetListing((WHOLE,), lambda root, split: list_triplets(root))


LISTINGS: Final[Mapping[str, DatasetListing]] = {
    "vimeo90k": DatasetListing(vimeo90k.SPLITS, vimeo90k.list_triplets),
    "middlebury": _whole(middlebury.list_triplets),
    "ucf101": _whole(ucf101.list_triplets),
    "xiph": dataclasses.replace(_whole(xiph.list_triplets), scale_factor=xiph.SCALE_FACTOR),
    "triplet_folder": _whole(triplet_folder.list_triplets),
}
