import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs.shard_plan import make_plan
from frame_interpolation.datasets.frame_options import UNCHANGED, FrameOptions
from frame_interpolation.datasets.tf_example import Annotation
from frame_interpolation.datasets.triplet import Triplet
from frame_interpolation.errors import InputError

TRIPLETS = [Triplet(f"t{i}", ("a", "b", "c"), f"t{i}", film="f") for i in range(100)]


def plan(triplets=TRIPLETS, num_shards=3, path="p", frames=UNCHANGED, **description):
    return make_plan(
        triplets, path=path, num_shards=num_shards, description=description, frame_options=frames
    )


@given(st.integers(1, 100), st.integers(1, 120))
def test_shards_hold_all_triplets_in_order_and_are_balanced(num_triplets, num_shards):
    made = plan(TRIPLETS[:num_triplets], num_shards)
    assert [t for task in made.tasks for t in task.triplets] == TRIPLETS[:num_triplets]
    sizes = [len(task.triplets) for task in made.tasks]
    assert len(sizes) == num_shards and max(sizes) - min(sizes) <= 1
    assert made.num_triplets == num_triplets


def test_tasks_know_their_file_and_plan():
    made = plan(path="/out/p")
    assert [t.path for t in made.tasks] == [f"/out/p-0000{i}-of-00003" for i in range(3)]
    assert [t.shard for t in made.tasks] == [0, 1, 2]
    assert {t.fingerprint for t in made.tasks} == {made.fingerprint}


def test_fingerprint_tells_what_changes_the_records():
    annotation = Annotation(0, (0, 0, 1, 1), (2, 2))
    one = TRIPLETS[0]
    changed = [
        plan(num_shards=4),
        plan(dataset="x"),
        plan(frames=FrameOptions("png")),
        plan(frames=FrameOptions("jpeg")),
        plan(frames=FrameOptions("jpeg", 90)),
        plan(TRIPLETS[1:]),
        plan(TRIPLETS[::-1]),
        plan([dataclasses.replace(one, annotation=annotation), *TRIPLETS[1:]]),
        plan([dataclasses.replace(one, film="g"), *TRIPLETS[1:]]),
    ]
    fingerprints = {made.fingerprint for made in [plan(), *changed]}
    assert len(fingerprints) == len(changed) + 1
    mended = dataclasses.replace(one, frames=("d", "e", "f"))
    assert plan([mended, *TRIPLETS[1:]], path="q").fingerprint == plan().fingerprint


def test_the_plan_file_lists_names_by_shard():
    content = json.loads(json.dumps(plan(TRIPLETS[:5], 2, dataset="d").as_json()))
    assert content["shards"] == [["t0", "t1"], ["t2", "t3", "t4"]]
    assert content["dataset"] == "d"


@pytest.mark.parametrize("num_shards", [0, -1, 100_000])
def test_wrong_numbers_of_shards(num_shards):
    with pytest.raises(InputError, match="--num_shards"):
        plan(num_shards=num_shards)


def test_nothing_to_write():
    with pytest.raises(InputError, match="no triplets"):
        plan([])
