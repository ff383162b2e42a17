"""Finds pictures that are in train and in test: the same pixels, or nearly the same ones.

The same pixels are found by digests; near copies by `perceptual_hash`, whose last comparison reads
the two files again. Of each distinct picture one file is compared, and with every picture of test
at most `MOST_COMPARED` of train, those whose thumbnails are closest: a title that both hold a
hundred times would otherwise make ten thousand pairs.
"""

import os
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from atd12k.inspection import frame_file, perceptual_hash
from atd12k.inspection.worker_pool import WorkerPool

MOST_COMPARED: Final = 16
_THUMBNAIL_BYTES: Final = perceptual_hash.THUMBNAIL_SIZE[0] * perceptual_hash.THUMBNAIL_SIZE[1]


class SharedPicture(NamedTuple):
    """A picture whose very pixels are in train and in test.

    Attributes:
        test: Files in the test folders, relative to the root.
        train: Files in the train folder, likewise.
        same_file: Whether a file of test and one of train are equal byte by byte.
        is_flat: Whether it is of a single colour.
    """

    test: tuple[str, ...]
    train: tuple[str, ...]
    same_file: bool
    is_flat: bool


class NearCopy(NamedTuple):
    """A picture of test and one of train that look the same.

    Attributes:
        test: Files in the test folders that hold the one, relative to the root.
        train: Files in the train folder that hold the other, likewise.
        hash_bits: Number of bits in which the hashes differ.
        closeness: The comparison of the miniatures.
    """

    test: tuple[str, ...]
    train: tuple[str, ...]
    hash_bits: int
    closeness: perceptual_hash.Closeness


@dataclass
class NearCopies:
    """What the search for near copies gave.

    Attributes:
        found: The near copies, in the order of the listing.
        candidates: Number of pairs whose hashes are close.
        compared: Number of pairs that were compared by their files.
        left_out: Number of pairs with close thumbnails that exceeded `MOST_COMPARED`.
    """

    found: list[NearCopy] = field(default_factory=list)
    candidates: int = 0
    compared: int = 0
    left_out: int = 0


@dataclass
class Pictures:
    """The distinct pictures of a split, about 800 bytes each however large the frames are.

    Attributes:
        files: The files that hold each picture, by its pixel digest, in the order of the listing.
        file_digests: Digests of these files, likewise.
        row: Row of each picture that is not flat in `hashes` and `thumbnails`.
    """

    files: dict[bytes, list[str]] = field(default_factory=dict)
    file_digests: dict[bytes, set[bytes]] = field(default_factory=dict)
    row: dict[bytes, int] = field(default_factory=dict)
    _hashes: array = field(default_factory=lambda: array("Q"))
    _thumbnails: bytearray = field(default_factory=bytearray)

    def add(self, file: str, frame: frame_file.Frame) -> None:
        """Adds a frame, `file` being relative to the root."""
        digest = frame.pixel_digest
        if digest not in self.files:
            self.files[digest], self.file_digests[digest] = [], set()
            if not frame.is_flat:
                self.row[digest] = len(self.row)
                self._hashes.append(frame.hash)
                self._thumbnails += frame.thumbnail
        self.files[digest].append(file)
        self.file_digests[digest].add(frame.file_digest)

    def is_flat(self, digest: bytes) -> bool:
        """Tells whether a picture is of a single colour."""
        return digest not in self.row

    @property
    def hashes(self) -> np.ndarray:
        """(n,) uint64, of the pictures that are not flat."""
        return np.array(self._hashes, np.uint64)

    @property
    def thumbnails(self) -> np.ndarray:
        """(n, 576) uint8, of the pictures that are not flat."""
        return np.frombuffer(bytes(self._thumbnails), np.uint8).reshape(-1, _THUMBNAIL_BYTES)


def shared_pictures(train: Pictures, test: Pictures) -> list[SharedPicture]:
    """Returns the pictures whose pixels are in both splits, in the order of test."""
    return [
        SharedPicture(
            test=tuple(files),
            train=tuple(train.files[digest]),
            same_file=bool(test.file_digests[digest] & train.file_digests[digest]),
            is_flat=test.is_flat(digest),
        )
        for digest, files in test.files.items()
        if digest in train.files
    ]


def near_copies(
    root: str,
    train: Pictures,
    test: Pictures,
    *,
    pool: WorkerPool,
    open_progress: Callable[..., AbstractContextManager[Any]],
) -> NearCopies:
    """Returns the pictures of test that look like one of train, without those that are in both.

    Args:
        root: The dataset's root.
        train: Pictures of the train folder.
        test: Pictures of the test folders.
        pool: Where files are compared.
        open_progress: Called as open_progress(title, total=..., unit=...); what it gives is
            stepped after each picture whose file was compared.
    """
    result = NearCopies()
    tasks, pairs = [], []
    test_digests, train_digests = list(test.row), list(train.row)
    for number, partners, bits in _candidates(train, test, result):
        test_digest = test_digests[number]
        others = [train_digests[partner] for partner in partners]
        pairs.append((test_digest, others, bits))
        files = [test.files[test_digest][0], *(train.files[other][0] for other in others)]
        tasks.append([os.path.join(root, file) for file in files])
        result.compared += len(others)
    compared = pool.map(compare_files, tasks)
    with open_progress("comparing", total=len(tasks), unit="pictures") as progress:
        for (test_digest, others, bits), answers in zip(pairs, compared, strict=True):
            test_files = tuple(test.files[test_digest])
            for other, different_bits, closeness in zip(others, bits, answers, strict=True):
                if closeness is not None and closeness.is_near_copy:
                    train_files = tuple(train.files[other])
                    near = NearCopy(test_files, train_files, int(different_bits), closeness)
                    result.found.append(near)
            progress.step()
    return result


def compare_files(paths: Sequence[str]) -> list[perceptual_hash.Closeness | None]:
    """Compares the first picture with each of the others; None where one can no longer be read."""
    first = frame_file.read_miniature(paths[0])
    others = map(frame_file.read_miniature, paths[1:])
    return [
        None if first is None or other is None else perceptual_hash.closeness(first, other)
        for other in others
    ]


def _candidates(
    train: Pictures, test: Pictures, result: NearCopies
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yields rows of test with the rows of train whose hash and thumbnail are close."""
    test_thumbnails, train_thumbnails = test.thumbnails, train.thumbnails
    excluded = _rows_of_same_pixels(train, test)
    hashes = perceptual_hash.pairs_within(test.hashes, train.hashes)
    for number, partners, bits in hashes:
        if number in excluded:
            keep = partners != excluded[number]
            partners, bits = partners[keep], bits[keep]
        result.candidates += len(partners)
        differences, close = perceptual_hash.thumbnail_differences(
            test_thumbnails[number], train_thumbnails[partners]
        )
        partners, bits, differences = partners[close], bits[close], differences[close]
        if len(partners) > MOST_COMPARED:
            result.left_out += len(partners) - MOST_COMPARED
            closest = np.argsort(differences, kind="stable")[:MOST_COMPARED]
            closest.sort()
            partners, bits = partners[closest], bits[closest]
        if len(partners):
            yield number, partners, bits


def _rows_of_same_pixels(train: Pictures, test: Pictures) -> Mapping[int, int]:
    return {row: train.row[digest] for digest, row in test.row.items() if digest in train.row}
