"""The datasets that can be turned into records, by the name on the command line.

A dataset is a function that lists the triplets of a split. Another one is a module that lists its
triplets and an entry in `datasets.dataset_listings`; nothing else differs between datasets.
"""

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from atd12k import annotations, file_layout, splits
from atd12k.errors import DatasetError
from frame_interpolation.datasets.dataset_listings import (
    LISTINGS,
    DatasetListing,
    from_listed_files,
)
from frame_interpolation.datasets.frame_options import FrameOptions
from frame_interpolation.datasets.triplet import Triplet, check_names
from frame_interpolation.errors import InputError

_log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class ListingOptions:
    """What the command line says about which triplets of a dataset to take.

    Attributes:
        validation_share: Share of the training triplets that the split `val` gets, in [0, 1].
        split_seed: Another number puts other films into `val`.
        test_frames: ATD-12K's test frames: '540p' or 'original'.
        allow_missing_annotations: Whether test triplets may lack their annotation.
    """

    validation_share: float = 0.1
    split_seed: int = 0
    test_frames: str = "540p"
    allow_missing_annotations: bool = False

    def __post_init__(self):
        if not 0.0 <= self.validation_share <= 1.0:
            raise InputError(f"--validation_share is {self.validation_share}, expected 0 to 1.")
        if self.test_frames not in file_layout.TEST_FOLDERS:
            raise InputError(
                f"--test_frames is {self.test_frames!r}, expected one of "
                f"{', '.join(file_layout.TEST_FOLDERS)}."
            )


@dataclasses.dataclass(frozen=True)
class Listing:
    """The triplets of a split, and what is known about the dataset besides.

    Attributes:
        triplets: In the order of the records.
        options: The options that had a say in it.
        splits: Names of the triplets by split, for the lists beside the records.
        facts: Goes into the manifest as it is.
        split: Which split it is.
    """

    triplets: Sequence[Triplet]
    options: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    splits: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    split: str = ""


@dataclasses.dataclass(frozen=True)
class Dataset:
    """A dataset by name.

    Attributes:
        splits: Their names; the first is the default where there is one only.
        list_split: (root, split, options) to the triplets of that split.
        scale_factor: That of the frames where the command line gives none.
    """

    splits: tuple[str, ...]
    list_split: Callable[[str, str, ListingOptions], Listing]
    scale_factor: int = 1


def find(dataset: str) -> Dataset:
    """Returns a dataset by its name.

    Raises:
        InputError: There is no such dataset.
    """
    if dataset not in DATASETS:
        raise InputError(f"--dataset is {dataset!r}, expected one of {', '.join(DATASETS)}.")
    return DATASETS[dataset]


def list_split(dataset: str, root: str, split: str | None, options: ListingOptions) -> Listing:
    """Lists the triplets of a dataset's split.

    Args:
        dataset: A name in `DATASETS`.
        root: The dataset's folder.
        split: One of the dataset's splits; may be None where there is one only.
        options: Which triplets to take.

    Raises:
        InputError, atd12k.errors.DatasetError: There is no such dataset or split, or its files
            are not as expected.
    """
    known = find(dataset).splits
    if split is None and len(known) == 1:
        split = known[0]
    if split not in known:
        raise InputError(f"--split of {dataset} is {split!r}, expected one of {', '.join(known)}.")
    listing = DATASETS[dataset].list_split(root, split, options)
    check_names([triplet.name for triplet in listing.triplets], root=root)
    return dataclasses.replace(listing, split=split)


def check_annotations(listing: Listing, options: FrameOptions) -> None:
    """Refuses changes of the frames after which annotations would point elsewhere.

    A region of interest is found again in a resized frame, because it is stored with the size of
    the image that it belongs to and both axes have a scale of their own; in a crop it is not.

    Raises:
        InputError: Annotated triplets are to be cropped.
    """
    annotated = any(triplet.annotation is not None for triplet in listing.triplets)
    if annotated and options.center_crop_factor != 1:
        raise InputError(
            f"--center_crop_factor={options.center_crop_factor} would leave the regions of "
            f"interest of the split {listing.split!r} in the wrong place; leave it out."
        )


def _list_atd12k(root: str, split: str, options: ListingOptions) -> Listing:
    if split == "test":
        return _list_atd12k_test(root, options)
    files = file_layout.list_triplets(root, file_layout.TRAIN_FOLDER)
    parts = splits.split_by_film(
        {file.name: file.film for file in files},
        validation_share=options.validation_share,
        seed=options.split_seed,
    )
    chosen = set(getattr(parts, split))
    if not chosen:
        raise InputError(
            f"the split {split!r} is empty: {root!r} holds "
            f"{len({file.film for file in files})} film(s) to train on, and --validation_share is "
            f"{options.validation_share}. A film is never parted: it takes two, and a share "
            f"between 0 and 1, to have both train and val."
        )
    return Listing(
        triplets=from_listed_files(file for file in files if file.name in chosen),
        options={
            "validation_share": options.validation_share,
            "split_seed": options.split_seed,
        },
        splits=parts._asdict(),
        facts=_film_facts(parts._asdict(), _test_names(root)),
    )


def _list_atd12k_test(root: str, options: ListingOptions) -> Listing:
    files = file_layout.list_triplets(root, file_layout.TEST_FOLDERS[options.test_frames])
    names = [file.name for file in files]
    annotated = annotations.read_annotations(
        root, names, allow_missing=options.allow_missing_annotations
    )
    return Listing(
        triplets=from_listed_files(files, annotated),
        options={
            "test_frames": options.test_frames,
            "allow_missing_annotations": options.allow_missing_annotations,
        },
        splits={"test": names},
        facts=_film_facts(
            {file_layout.TRAIN_FOLDER: _names_if_any(root, file_layout.TRAIN_FOLDER)}, names
        ),
    )


def _test_names(root: str) -> list[str]:
    found = (_names_if_any(root, folder) for folder in file_layout.TEST_FOLDERS.values())
    return next((names for names in found if names), [])


def _names_if_any(root: str, folder: str) -> list[str]:
    # A copy may hold one part of the dataset only; the films of the other are then not known.
    try:
        return file_layout.list_names(root, folder)
    except DatasetError:
        return []


def _film_facts(parts: Mapping[str, Sequence[str]], test: Sequence[str]) -> dict[str, Any]:
    """Returns the films of each part, and those that the test split shares with the others."""
    films = {
        part: sorted({file_layout.film_of(name) for name in names})
        for part, names in {**parts, "test": test}.items()
    }
    shared = sorted(
        set(films["test"]) & {film for part in parts for film in films[part]} - {file_layout.OTHER}
    )
    if shared:
        _log.warning(
            "%d films occur in both %s and the test folder, the first is %r: the test measures "
            "unseen moments of known films.",
            *(len(shared), file_layout.TRAIN_FOLDER, shared[0]),
        )
    return {"films": films, "films_shared_with_test": shared}


def _listed(listing: DatasetListing) -> Dataset:
    return Dataset(
        listing.splits,
        lambda root, split, options: Listing(listing.list_triplets(root, split)),
        listing.scale_factor,
    )


DATASETS: Final[Mapping[str, Dataset]] = {
    "atd12k": Dataset(("train", "val", "test"), _list_atd12k),
    **{name: _listed(listing) for name, listing in LISTINGS.items()},
}
