import json

import pytest

from beam_jobs import output_state, shard_plan, shard_writing
from frame_interpolation.datasets import tfrecord, triplet_folder
from frame_interpolation.errors import InputError


@pytest.fixture
def make_plan(tmp_path, write_triplet):
    for i in range(4):
        write_triplet(tmp_path / "in" / f"t{i}", seed=i)

    def make(num_shards=2, **description):
        return shard_plan.make_plan(
            triplet_folder.list_triplets(str(tmp_path / "in")),
            path=str(tmp_path / "out" / "p"),
            num_shards=num_shards,
            description={"options": {"num_shards": num_shards}, **description},
        )

    return make


def prepare(plan, overwrite=False):
    output_state.prepare(plan, overwrite=overwrite)


def write(plan):
    for task in plan.tasks:
        shard_writing.write_shard(task)


def finish(plan, max_rejects=0, **splits):
    return output_state.finish(
        plan,
        max_rejects=max_rejects,
        code_version="1",
        splits=splits,
        dataset_facts={"films": ["a"]},
    )


def files(tmp_path):
    return {path.name: path.stat().st_ino for path in (tmp_path / "out").iterdir()}


def test_the_manifest_says_what_the_output_is(make_plan, tmp_path):
    plan = make_plan(dataset="d")
    prepare(plan)
    write(plan)
    manifest = finish(plan, train=["t0", "ö"], val=[])
    assert json.loads((tmp_path / "out" / "p.manifest.json").read_text()) == manifest
    assert manifest["records"] == manifest["planned"] == 4
    assert manifest["names"] == ["t0", "t1", "t2", "t3"]
    assert manifest["dataset"] == "d" and manifest["options"] == {"num_shards": 2}
    assert manifest["films"] == ["a"] and manifest["code_version"] == "1"
    assert manifest["rejects"] == manifest["conversions"] == {}
    assert [shard["records"] for shard in manifest["shards"]] == [2, 2]
    assert (tmp_path / "out" / "p.split-train.txt").read_text() == "t0\nö\n"
    assert (tmp_path / "out" / "p.split-val.txt").read_text() == ""
    assert not (tmp_path / "out" / "p.plan.json").exists()
    assert len(tfrecord.build_index(f"{tmp_path}/out/p@2", allow_foreign=False)) == 4


@pytest.mark.parametrize("shards_written", [0, 1, 2])
def test_an_unfinished_output_is_not_read_and_is_completed(make_plan, tmp_path, shards_written):
    plan = make_plan()
    prepare(plan)
    for task in plan.tasks[:shards_written]:
        shard_writing.write_shard(task)
    with pytest.raises(InputError, match=r"lacks|not finished"):
        tfrecord.build_index(f"{tmp_path}/out/p@2")
    before = files(tmp_path)
    prepare(make_plan())
    write(plan)
    finish(plan)
    after = files(tmp_path)
    kept = [task.path.rpartition("/")[2] for task in plan.tasks[:shards_written]]
    assert all(before[name] == after[name] for name in kept)
    assert len(tfrecord.build_index(f"{tmp_path}/out/p@2")) == 4


def test_other_options_on_an_unfinished_path_are_refused(make_plan, tmp_path, write_triplet):
    prepare(make_plan(share=0.1))
    with pytest.raises(InputError, match=r"unfinished output with share 0\.1 instead of 0\.2"):
        prepare(make_plan(share=0.2))
    with pytest.raises(InputError, match=r"unfinished output with options.* instead of"):
        prepare(make_plan(num_shards=3, share=0.1))
    write_triplet(tmp_path / "in" / "t9")
    with pytest.raises(InputError, match="unfinished output with other triplets"):
        prepare(make_plan(share=0.1))
    prepare(make_plan(share=0.2), overwrite=True)


def test_a_damaged_plan_file_is_refused(make_plan, tmp_path):
    prepare(make_plan())
    (tmp_path / "out" / "p.plan.json").write_text("{")
    with pytest.raises(InputError, match="unfinished output"):
        prepare(make_plan())


def test_a_finished_output_is_refused_without_overwrite(make_plan, tmp_path):
    plan = make_plan()
    prepare(plan)
    write(plan)
    finish(plan)
    before = files(tmp_path)
    with pytest.raises(InputError, match=r"is finished, with 4 records; pass --overwrite"):
        prepare(make_plan())
    with pytest.raises(InputError, match=r"4 records and with options .*2} instead of .*3}; pass"):
        prepare(make_plan(num_shards=3))
    assert files(tmp_path) == before
    (tmp_path / "out" / "p.manifest.json").write_text("{")
    with pytest.raises(InputError, match="is finished"):
        prepare(plan)


@pytest.mark.parametrize("lost", ["p-00001-of-00002", "p-00001-of-00002.json", "cut", "manifest"])
def test_a_finished_output_that_lost_something_is_completed(make_plan, tmp_path, lost):
    plan = make_plan()
    prepare(plan)
    write(plan)
    manifest = finish(plan)
    out = tmp_path / "out"
    if lost == "cut":
        (out / "p-00001-of-00002").write_bytes((out / "p-00001-of-00002").read_bytes()[:-1])
    elif lost == "manifest":
        (out / "p.manifest.json").unlink()
        (out / "p-00001-of-00002").unlink()
    else:
        (out / lost).unlink()
    before = files(tmp_path)
    with pytest.raises(InputError, match="--overwrite"):
        prepare(make_plan(other=1))
    assert files(tmp_path) == before
    prepare(make_plan())
    assert (out / "p.plan.json").exists() and not (out / "p.manifest.json").exists()
    write(plan)
    assert finish(plan) == manifest
    after = files(tmp_path)
    assert before["p-00000-of-00002"] == after["p-00000-of-00002"]
    assert len(tfrecord.build_index(f"{out}/p@2", allow_foreign=False)) == 4
    with pytest.raises(InputError, match="is finished, with 4 records"):
        prepare(make_plan())


def test_overwriting_leaves_nothing_of_the_old_output(make_plan, tmp_path):
    old = make_plan(num_shards=3)
    prepare(old)
    write(old)
    finish(old)
    (tmp_path / "out" / "p-notes.txt").write_text("mine")
    (tmp_path / "out" / "p2-00000-of-00003").write_text("another's")
    (tmp_path / "out" / f"p-00000-of-00003.tmp-{'0' * 32}").write_text("interrupted")
    new = make_plan(num_shards=2)
    prepare(new, overwrite=True)
    assert set(files(tmp_path)) == {"p.plan.json", "p-notes.txt", "p2-00000-of-00003"}
    write(new)
    finish(new)
    assert len(tfrecord.build_index(f"{tmp_path}/out/p")) == 4


def test_other_peoples_shards_are_refused(make_plan, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "p-00000-of-00007").write_text("")
    with pytest.raises(InputError, match=r"did not write.*p-00000-of-00007"):
        prepare(make_plan())


def test_a_job_killed_while_overwriting_is_completed(make_plan, tmp_path):
    old = make_plan(num_shards=3)
    prepare(old)
    write(old)
    manifest = finish(old)
    new = make_plan(num_shards=2)
    prepare(new, overwrite=True)
    # As if killed after the plan was written and before the manifest was deleted.
    (tmp_path / "out" / "p.manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(InputError, match="not finished"):
        tfrecord.build_index(f"{tmp_path}/out/p@3")
    prepare(new)
    assert not (tmp_path / "out" / "p.manifest.json").exists()
    write(new)
    finish(new)
    assert len(tfrecord.build_index(f"{tmp_path}/out/p@2")) == 4


def test_two_jobs_cannot_mix(make_plan, tmp_path):
    first, second = make_plan(a=1), make_plan(a=2)
    prepare(first)
    shard_writing.write_shard(first.tasks[0])
    prepare(second, overwrite=True)
    write(second)
    shard_writing.write_shard(first.tasks[1])  # A worker of the first job is still at it.
    for plan in (first, second):
        with pytest.raises(InputError, match="no sidecar of this job"):
            finish(plan)
    assert not (tmp_path / "out" / "p.manifest.json").exists()
    write(second)
    finish(second)


def test_a_job_does_not_finish_what_another_took_over(make_plan, tmp_path):
    first, second = make_plan(a=1), make_plan(a=2)
    prepare(first)
    write(first)
    prepare(second, overwrite=True)
    write(first)  # Its workers end last: all sidecars are theirs.
    with pytest.raises(InputError, match=r"another job, with a 2 instead of 1, has taken"):
        finish(first)
    assert not (tmp_path / "out" / "p.manifest.json").exists()
    write(second)
    assert finish(second)["a"] == 2


def test_a_shard_that_changes_before_the_end_is_noticed(make_plan):
    plan = make_plan()
    prepare(plan)
    write(plan)
    with open(plan.tasks[1].path, "ab") as file:
        file.write(b"x")
    with pytest.raises(InputError, match=r"p-00001-of-00002' has .* bytes, expected"):
        finish(plan)


def test_rejects_above_the_limit_fail_the_job_and_say_how_to_allow_them(make_plan, tmp_path):
    (tmp_path / "in" / "t1" / "frame2.png").write_bytes(b"")
    (tmp_path / "in" / "t3" / "frame2.png").unlink()
    plan = make_plan()
    prepare(plan)
    write(plan)
    with pytest.raises(InputError) as caught:
        finish(plan, max_rejects=1)
    for part in ("2 of 4 triplets", "'t1': empty_frame, 'frame2.png'", "--max_rejects=2"):
        assert part in str(caught.value)
    assert not (tmp_path / "out" / "p.manifest.json").exists()
    lines = (tmp_path / "out" / "p.rejects.jsonl").read_text().splitlines()
    assert [json.loads(line)["triplet"] for line in lines] == ["t1", "t3"]
    prepare(plan)
    write(plan)
    manifest = finish(plan, max_rejects=2)
    assert manifest["rejects"] == {"empty_frame": 1, "not_three_frames": 1}
    assert manifest["records"] == 2 and manifest["planned"] == 4


def test_mended_triplets_leave_the_list_of_rejects(make_plan, tmp_path, write_triplet):
    (tmp_path / "in" / "t1" / "frame2.png").write_bytes(b"")
    plan = make_plan()
    prepare(plan)
    write(plan)
    with pytest.raises(InputError, match="--max_rejects"):
        finish(plan)
    write_triplet(tmp_path / "in" / "t1")
    prepare(make_plan())
    write(make_plan())
    assert finish(make_plan())["records"] == 4
    assert not (tmp_path / "out" / "p.rejects.jsonl").exists()


def test_an_empty_result_is_an_error(make_plan, tmp_path):
    for i in range(4):
        (tmp_path / "in" / f"t{i}" / "frame2.png").write_bytes(b"")
    plan = make_plan()
    prepare(plan)
    write(plan)
    with pytest.raises(InputError, match="none of the 4 triplets"):
        finish(plan, max_rejects=9)
    assert not (tmp_path / "out" / "p.manifest.json").exists()
