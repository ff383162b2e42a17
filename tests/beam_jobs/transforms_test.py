import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from beam_jobs import shard_plan, shard_writing, transforms
from frame_interpolation.datasets import triplet_folder


@pytest.fixture
def plan(tmp_path, write_triplet):
    for i in range(5):
        write_triplet(tmp_path / "in" / f"t{i}", seed=i)
    (tmp_path / "in" / "t3" / "frame1.png").write_bytes(b"")
    return shard_plan.make_plan(
        triplet_folder.list_triplets(str(tmp_path / "in")),
        path=str(tmp_path / "p"),
        num_shards=3,
        description={},
    )


def test_the_pipeline_writes_what_a_loop_writes(plan, tmp_path):
    pipeline = beam.Pipeline(FnApiRunner())
    _ = pipeline | transforms.WriteShards(plan.tasks)
    result = pipeline.run()
    result.wait_until_finish()
    counters = {
        counter.key.metric.name: counter.committed
        for counter in result.metrics().query()["counters"]
    }
    assert counters == {"records": 4, "rejected_empty_frame": 1}
    names = sorted(path.name for path in tmp_path.iterdir() if path.is_file())
    written = {name: (tmp_path / name).read_bytes() for name in names}
    assert len(written) == 6
    for name in names:
        (tmp_path / name).unlink()
    for task in plan.tasks:
        shard_writing.write_shard(task)
    assert written == {name: (tmp_path / name).read_bytes() for name in names}


@pytest.mark.parametrize("message", ["plain", 'with "quotes" >> and \\', "zwei\nZeilen ö", ""])
def test_a_workers_message_is_found_in_any_text(message):
    error = transforms.ShardError.marked(message)
    wrapped = RuntimeError(f"Traceback ...\n{error} [while running 'Write']\n{error} again")
    assert transforms.message_of_failure(wrapped) == message
    assert transforms.message_of_failure(RuntimeError("something else")) is None
