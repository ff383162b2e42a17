"""From triplets of a dataset to batches for a method; the next is read while one is predicted."""

import itertools
import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from frame_interpolation.datasets.tf_example import Annotation
from frame_interpolation.errors import InputError
from frame_interpolation.eval import protocols
from frame_interpolation.eval.evaluation_example import EvaluationExample
from frame_interpolation.eval.method import PreparedTriplet

_Item = TypeVar("_Item")

DISAGREES = "annotation: made for an image of another size than the frame has"
"""The remark on a triplet whose region of interest may lie in the wrong place."""

# How much two aspect ratios may differ: sides are whole pixels.
_ASPECT_TOLERANCE = 0.02

_log = logging.getLogger(__name__)


def prepare(
    examples: Iterable[EvaluationExample], protocol: protocols.Protocol
) -> Iterator[PreparedTriplet]:
    """Brings triplets to the size at which they are scored.

    Args:
        examples: Triplets of a dataset.
        protocol: How frames are prepared.

    Yields:
        The triplets. One whose annotation was made for an image of another shape than the frames,
        or a smaller one, gets the remark `DISAGREES`; the first of them is logged.

    Raises:
        InputError: If nothing of a region of interest lies in its image.
    """
    told = False
    for example in examples:
        y = protocol.prepare(example.y)
        annotation, roi = example.annotation, None
        remarks: tuple[str, ...] = ()
        if annotation is not None:
            region = (annotation.motion_roi, annotation.image_size)
            try:
                roi = protocols.scale_region(*region, protocol.size_of(y))
                remarks = protocols.region_remarks(*region)
            except InputError as error:
                raise InputError(f"The annotation of triplet {example.name!r}: {error}") from error
            if _disagrees(annotation, example):
                remarks = (*remarks, DISAGREES)
                if not told:
                    told = True
                    _log.warning(
                        "Triplet %r: its annotation is for an image of %sx%s, its frames are "
                        "%dx%d. Its region of interest may lie in the wrong place. Further "
                        "triplets of this kind are only counted.",
                        *(example.name, *annotation.image_size),
                        *(example.y.shape[1], example.y.shape[0]),
                    )
        yield PreparedTriplet(
            example=example,
            x0=protocol.prepare(example.x0),
            y=y,
            x1=protocol.prepare(example.x1),
            roi=roi,
            remarks=remarks,
            scored_size=protocol.size_of(y),
        )


def batches(
    triplets: Iterable[PreparedTriplet], batch_size: int
) -> Iterator[list[PreparedTriplet]]:
    """Groups neighbours of equal size, so that the order of the dataset is kept.

    Args:
        triplets: Prepared triplets.
        batch_size: The most that a batch holds, at least 1.

    Yields:
        Batches, none empty.
    """
    for _, run in itertools.groupby(triplets, key=lambda triplet: triplet.y.shape):
        while batch := list(itertools.islice(run, batch_size)):
            yield batch


def read_ahead(items: Iterable[_Item]) -> Iterator[_Item]:
    """Yields items, each made in a thread of its own while the one before is being used.

    Args:
        items: What is slow to make; iterated in one thread at a time.

    Yields:
        The items in order. What making one raises, comes up in its place.
    """
    iterator, end = iter(items), object()
    with ThreadPoolExecutor(max_workers=1) as reader:
        coming = reader.submit(next, iterator, end)
        while (item := coming.result()) is not end:
            coming = reader.submit(next, iterator, end)
            yield item  # type: ignore[misc]  # Never `end`, which has no type of its own.


def _disagrees(annotation: Annotation, example: EvaluationExample) -> bool:
    # A record may hold the frames at a smaller size than the original; its shape stays.
    height, width = example.y.shape[:2]
    original_width, original_height = annotation.image_size
    if original_width < width or original_height < height:
        return True
    ratio = (width / height) / (original_width / original_height)
    return abs(ratio - 1) > _ASPECT_TOLERANCE
