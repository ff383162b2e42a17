"""Preparing and batching: sizes, annotations that do not fit, and reading ahead."""

import threading

import numpy as np
import pytest

from frame_interpolation.datasets.tf_example import Annotation
from frame_interpolation.errors import InputError
from frame_interpolation.eval import protocols, triplet_preparation
from frame_interpolation.eval.evaluation_example import EvaluationExample


def _example(size=(32, 24), annotated=None, index=0):
    frame = np.zeros((size[1], size[0], 3), np.uint8)
    annotation = annotated and Annotation(0, (1, 1, 4, 4), annotated)
    return EvaluationExample(index, "s", 0, "k", f"n{index}", "f", frame, frame, frame, annotation)


def _prepare(*examples):
    return list(triplet_preparation.prepare(examples, protocols.find("film")))


@pytest.mark.parametrize(
    ("annotated", "disagrees"),
    [
        ((32, 24), False),
        ((64, 48), False),  # A record of resized frames.
        ((65, 48), False),  # Sides are whole pixels.
        ((16, 12), True),
        ((64, 36), True),
    ],
)
def test_an_annotation_of_another_image_is_remarked(annotated, disagrees, caplog):
    examples = [_example(annotated=annotated, index=i) for i in range(2)]
    for triplet in _prepare(*examples):
        assert triplet.remarks == ((triplet_preparation.DISAGREES,) if disagrees else ())
    assert len(caplog.records) == int(disagrees)


def test_a_triplet_without_annotation_has_no_region():
    assert _prepare(_example())[0].roi is None


def test_batches_keep_the_order_and_part_sizes():
    sizes = [(4, 4), (4, 4), (4, 4), (6, 4), (4, 4)]
    prepared = _prepare(*(_example(size, index=i) for i, size in enumerate(sizes)))
    batches = list(triplet_preparation.batches(prepared, 2))
    assert [[t.example.index for t in batch] for batch in batches] == [[0, 1], [2], [3], [4]]


def test_one_item_is_read_ahead_and_errors_come_in_their_place():
    started = [threading.Event() for _ in range(3)]

    def items():
        for i, event in enumerate(started):
            event.set()
            yield i
        raise InputError("damaged")

    found = []
    with pytest.raises(InputError, match="damaged"):
        for i in triplet_preparation.read_ahead(items()):
            found.append(i)
            if i + 1 < len(started):
                assert started[i + 1].wait(10)
            assert not any(event.is_set() for event in started[i + 2 :])
    assert found == [0, 1, 2]
    assert list(triplet_preparation.read_ahead([])) == []
