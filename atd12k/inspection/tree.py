"""Inspects a whole dataset: lists it, decodes every frame, and compares train with test.

Frames are decoded in the workers, a triplet at a time; of a frame, only what
`frame_file.Frame` holds comes back, and of a sound one some 800 bytes stay (45 MB for
all of ATD-12K, whatever the size of the frames). Results come in the order of the listing, so the
report is the same for any number of workers.
"""

import functools
import os
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from atd12k import file_layout
from atd12k.inspection import accompaniments, frame_file, listing, same_pictures
from atd12k.inspection.findings import Findings
from atd12k.inspection.worker_pool import WorkerPool

# Small enough that the two last workers end nearly together, large enough to send seldom.
_TRIPLETS_AT_ONCE = 4


class FrameType(NamedTuple):
    """What frames are counted by: format ('JPEG', 'PNG'), width and height in pixels, and mode."""

    format: str
    width: int
    height: int
    mode: str


@dataclass
class FolderState:
    """What is in one of the dataset's folders.

    Attributes:
        folder: Which folder.
        is_present: Whether it is there.
        triplets: Number of triplets (of annotations, of pairs of flows).
        sound: Number of those without a defect of their own.
        frame_types: Number of frames of each type.
        films: Number of triplets of each film.
    """

    folder: listing.Folder
    is_present: bool = False
    triplets: int = 0
    sound: int = 0
    frame_types: Counter[FrameType] = field(default_factory=Counter)
    films: Counter[str] = field(default_factory=Counter)


@dataclass
class Inspection:
    """All that was found.

    Attributes:
        root: The dataset's root, as it was given.
        folders: State of every folder, present or not, by name.
        findings: What is wrong and what is worth knowing.
        levels: Number of sound annotations of each level.
        films_shared: Films with triplets in train and in test, sorted.
        shared_pictures: Pictures whose pixels are in train and in test.
        near_copies: Pictures in test that look like one in train.
    """

    root: str
    folders: dict[str, FolderState]
    findings: Findings
    levels: Counter[int] = field(default_factory=Counter)
    films_shared: list[str] = field(default_factory=list)
    shared_pictures: list[same_pictures.SharedPicture] = field(default_factory=list)
    near_copies: same_pictures.NearCopies = field(default_factory=same_pictures.NearCopies)


class Progress(Protocol):
    """What shows the progress of a loop."""

    def step(self) -> None:
        """Is called after each step."""


# Called as open_progress(title, total=..., unit=...).
OpenProgress = Callable[..., AbstractContextManager[Progress]]


def inspect(
    root: str, *, workers: int, findings: Findings, open_progress: OpenProgress
) -> Inspection:
    """Inspects the dataset below `root`.

    Args:
        root: Folder that holds train_10k and the others.
        workers: Number of processes; 1 for none but this one.
        findings: An empty list, which decides what counts as wrong.
        open_progress: Makes what shows the progress, for example `progress.Progress`.

    Raises:
        DatasetError: `root` is not ATD-12K's, or `workers` is less than 1.
        OSError: `root` cannot be listed.
    """
    with WorkerPool(workers) as pool:
        present = listing.present_folders(root, findings)
        result = Inspection(root, {f.name: FolderState(f) for f in listing.FOLDERS}, findings)
        for folder in present:
            result.folders[folder.name].is_present = True
        triplets = _list(result)
        train, test = _inspect_frames(result, triplets, pool, open_progress)
        test_names = _check_test_folders(result, triplets)
        _check_accompaniments(result, test_names)
        _check_counts(result)
        _compare_films(result)
        _compare_pictures(result, train, test, pool, open_progress)
    return result


def _list(result: Inspection) -> dict[str, list[listing.Triplet]]:
    triplets = {}
    for name, state in result.folders.items():
        if not (state.is_present and state.folder.has_frames):
            continue
        triplets[name] = listing.list_triplets(result.root, state.folder, result.findings)
        state.triplets = len(triplets[name])
        for triplet in triplets[name]:
            state.films[file_layout.film_of(triplet.name)] += 1
            if not file_layout.is_published_name(triplet.name):
                result.findings.add("name_pattern", triplet.folder)
    return triplets


def _inspect_frames(
    result: Inspection,
    triplets: dict[str, list[listing.Triplet]],
    pool: WorkerPool,
    open_progress: OpenProgress,
) -> tuple[same_pictures.Pictures, same_pictures.Pictures]:
    """Decodes all frames; returns the pictures of train and those of the test folders."""
    train, test = same_pictures.Pictures(), same_pictures.Pictures()
    tasks = [(name, triplet) for name, listed in triplets.items() for triplet in listed]
    frames = pool.map(
        functools.partial(_inspect_triplet, result.root),
        (triplet for _, triplet in tasks),
        chunk=_TRIPLETS_AT_ONCE,
    )
    with open_progress("reading frames", total=len(tasks), unit="triplets") as progress:
        for (name, triplet), inspected in zip(tasks, frames, strict=True):
            is_train = name == file_layout.TRAIN_FOLDER
            _judge_triplet(result, name, triplet, inspected, train if is_train else test)
            progress.step()
    return train, test


def _inspect_triplet(
    root: str, triplet: listing.Triplet
) -> list[frame_file.Frame | frame_file.Defect | None]:
    return [
        None if file is None else frame_file.inspect(os.path.join(root, triplet.folder, file))
        for file in triplet.files
    ]


def _judge_triplet(
    result: Inspection,
    folder: str,
    triplet: listing.Triplet,
    inspected: list[frame_file.Frame | frame_file.Defect | None],
    pictures: same_pictures.Pictures,
) -> None:
    """Notes what is wrong within a triplet and adds its sound frames to the pictures."""
    state, findings = result.folders[folder], result.findings
    sound: dict[str, frame_file.Frame] = {}
    for file, found in zip(triplet.files, inspected, strict=True):
        where = f"{triplet.folder}/{file}"
        if isinstance(found, frame_file.Defect):
            findings.add(found.kind, where, found.detail)
        elif found is not None and file is not None:
            sound[file] = found
            state.frame_types[FrameType(found.format, *found.size, found.mode)] += 1
            pictures.add(where, found)
            if found.mode not in frame_file.READ_MODES:
                findings.add("frame_unsupported", where, f"mode {found.mode}")
            elif found.mode != "RGB":
                findings.add("other_mode", where, f"mode {found.mode}")
            if found.is_flat:
                findings.add("flat_frame", where)
    sizes = {frame.size for frame in sound.values()}
    if len(sizes) > 1:
        shown = ", ".join(f"{file} {f.size[0]}x{f.size[1]}" for file, f in sound.items())
        findings.add("sizes_differ", triplet.folder, shown)
    same = _same_within(sound)
    if same:
        findings.add("identical_frames", triplet.folder, same)
    read = [frame for frame in sound.values() if frame.mode in frame_file.READ_MODES]
    state.sound += len(read) == len(listing.FRAME_NUMBERS) and len(sizes) == 1 and not same


def _same_within(frames: dict[str, frame_file.Frame]) -> str:
    """Returns the files that hold the same picture, in words, or an empty text."""
    by_pixels: dict[bytes, list[str]] = {}
    for file, frame in frames.items():
        by_pixels.setdefault(frame.pixel_digest, []).append(file)
    groups = [" = ".join(files) for files in by_pixels.values() if len(files) > 1]
    return ", ".join(groups)


def _check_test_folders(result: Inspection, triplets: dict[str, list[listing.Triplet]]) -> set[str]:
    """Compares the two folders of test frames; returns the names in either."""
    names = {
        folder: {triplet.name for triplet in triplets[folder]}
        for folder in file_layout.TEST_FOLDERS.values()
        if folder in triplets
    }
    everything = set().union(*names.values())
    for folder, present in names.items():
        for name in sorted(everything - present):
            result.findings.add("test_folders_differ", f"{folder}/{name}", "is in the other only")
    return everything


def _check_accompaniments(result: Inspection, test_names: set[str]) -> None:
    state = result.folders[file_layout.ANNOTATION_FOLDER]
    if state.is_present:
        state.triplets, state.sound, result.levels = accompaniments.check_annotations(
            result.root, state.folder, test_names, result.findings
        )
        expected = accompaniments.LEVELS_BY_THIRD_PARTY
        if any(result.levels[level] != number for level, number in expected.items()):
            counted = ", ".join(f"{result.levels[level]} of level {level}" for level in expected)
            theirs = "/".join(map(str, expected.values()))
            detail = f"{counted}; the third party's {theirs}"
            result.findings.add("levels_differ", state.folder.name, detail)
    state = result.folders[listing.FLOW_FOLDER]
    if state.is_present:
        state.triplets, state.sound = accompaniments.check_flows(
            result.root, state.folder, test_names, result.findings
        )


def _check_counts(result: Inspection) -> None:
    for name, state in result.folders.items():
        published = state.folder.published
        if state.is_present and state.triplets != published:
            detail = f"{state.triplets:,}, published are {published:,}"
            result.findings.add("count_differs", name, detail)


def _compare_films(result: Inspection) -> None:
    train = result.folders[file_layout.TRAIN_FOLDER].films
    test: Counter[str] = Counter()
    for folder in file_layout.TEST_FOLDERS.values():
        test |= result.folders[folder].films
    shared = sorted((train.keys() & test.keys()) - {file_layout.OTHER})
    result.films_shared = shared
    for film in shared:
        detail = f"{train[film]:,} triplets in train, {test[film]:,} in test"
        result.findings.add("film_shared", film, detail)


def _compare_pictures(
    result: Inspection,
    train: same_pictures.Pictures,
    test: same_pictures.Pictures,
    pool: WorkerPool,
    open_progress: OpenProgress,
) -> None:
    result.shared_pictures = same_pictures.shared_pictures(train, test)
    for shared in result.shared_pictures:
        kind = "flat_picture_shared" if shared.is_flat else "same_picture"
        how = "the same file as" if shared.same_file else "the same pixels as"
        detail = f"{how} {_first_and_number(shared.train)}"
        result.findings.add(kind, _first_and_number(shared.test), detail)
    result.near_copies = same_pictures.near_copies(
        result.root, train, test, pool=pool, open_progress=open_progress
    )
    for near in result.near_copies.found:
        detail = (
            f"looks like {_first_and_number(near.train)}: {near.hash_bits} of 64 bits and "
            f"{near.closeness.changed_share:.2%} of the picture differ"
        )
        result.findings.add("near_copy", _first_and_number(near.test), detail)


def _first_and_number(files: tuple[str, ...]) -> str:
    return files[0] if len(files) == 1 else f"{files[0]} (and {len(files) - 1} more)"
