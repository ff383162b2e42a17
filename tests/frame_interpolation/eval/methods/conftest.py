"""Prepared triplets for methods to work on."""

import numpy as np
import pytest

from frame_interpolation.eval import protocols
from frame_interpolation.eval.evaluation_example import EvaluationExample
from frame_interpolation.eval.method import PreparedTriplet


@pytest.fixture
def make_triplet():
    """`make_triplet(index, name, (x0, y, x1))`: uint8 frames, drawn from the index by default."""

    def make(index=0, name=None, frames=None, size=(32, 24)):
        if frames is None:
            random = np.random.default_rng(index)
            frames = random.integers(0, 256, (3, size[1], size[0], 3), np.uint8)
        name = f"t{index}" if name is None else name
        example = EvaluationExample(index, "", 0, name, name, "", *frames, None)
        x0, y, x1 = map(protocols.find("film").prepare, frames)
        return PreparedTriplet(example, x0, y, x1, None)

    return make


@pytest.fixture
def make_source(tmp_path, write_records):
    """`make_source(names)`: records of triplets called so."""

    def make(names="a"):
        from frame_interpolation.eval.evaluation_example import RecordSource

        path = write_records(tmp_path / f"{names}.tfrecord", [{"name": name} for name in names])
        return RecordSource(path)

    return make
