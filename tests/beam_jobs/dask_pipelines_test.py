import concurrent.futures

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from beam_jobs import dask_pipelines, runners, transforms
from beam_jobs.shard_plan import ShardTask
from frame_interpolation.errors import InputError

DASK = "apache_beam.runners.dask.dask_runner.DaskRunner"


class Twice(beam.ParDo):
    def __init__(self):
        super().__init__(lambda x: [x, x])


def two_ends(numbers):
    _ = numbers | "One" >> beam.Map(str)
    _ = numbers | "Other" >> beam.Map(repr)


def tagged(numbers):
    split = numbers | "Split" >> beam.ParDo(lambda x: [x]).with_outputs("odd", main="even")
    _ = split.odd | beam.Map(str)


def side_input(numbers):
    _ = numbers | "Share" >> beam.Map(lambda x, total: x / total, beam.pvalue.AsSingleton(numbers))


def grouping(numbers):
    _ = numbers | beam.GroupBy(lambda x: x % 2)


def subclass(numbers):
    _ = numbers | "Twice" >> Twice()


@pytest.mark.parametrize(
    ("build", "trouble"),
    [
        (two_ends, "2 ends (One, Other), and only the last is computed"),
        (tagged, "'Split/ParDo(CallableWrapperDoFn)' has tagged outputs (odd), which are merged"),
        (side_input, "'Share' has side inputs"),
        (grouping, "GroupByKey' is a GroupByKey"),
        (subclass, "'Twice' is a Twice"),
    ],
)
def test_what_dask_would_run_only_in_part_is_refused(build, trouble):
    pipeline = beam.Pipeline()
    build(pipeline | beam.Create([1, 2, 3]))
    with pytest.raises(InputError) as caught:
        dask_pipelines.check_shape(pipeline)
    assert trouble in str(caught.value) and "one Create followed by ParDos" in str(caught.value)


def test_two_beginnings_are_refused():
    pipeline = beam.Pipeline()
    _ = pipeline | "One" >> beam.Create([1])
    _ = pipeline | "Other" >> beam.Create([2]) | beam.Map(str)
    with pytest.raises(InputError, match="2 ends"):
        dask_pipelines.check_shape(pipeline)


def test_the_job_and_other_lines_of_pardos_pass():
    pipeline = beam.Pipeline()
    _ = pipeline | transforms.WriteShards([ShardTask("/p", 0, "f", ())])
    dask_pipelines.check_shape(pipeline)
    pipeline = beam.Pipeline()
    _ = pipeline | beam.Create([1]) | beam.Map(str) | beam.Filter(bool) | beam.FlatMap(list)
    dask_pipelines.check_shape(pipeline)


def test_a_refused_pipeline_never_reaches_the_cluster():
    pytest.importorskip("distributed")

    class Grouped(beam.PTransform):
        def expand(self, pbegin):
            return pbegin | beam.Create([(1, 2)]) | beam.GroupByKey()

    job_runner = runners.create(DASK, ["--dask_client_address=tcp://127.0.0.1:9"])
    with pytest.raises(InputError, match="cannot run this pipeline"):
        job_runner.run(Grouped(), num_elements=1)


@pytest.mark.parametrize(
    ("flags", "partitions"),
    [
        ([], {"npartitions": 40}),
        (["--dask_npartitions=3"], {"npartitions": 3}),
        (["--dask_partition_size=5"], {"partition_size": 5}),
    ],
)
def test_every_shard_is_a_task_unless_the_flags_say_otherwise(flags, partitions):
    pytest.importorskip("distributed")
    from apache_beam.runners.dask.dask_runner import DaskOptions

    options = PipelineOptions(flags)
    dask_pipelines.set_partitions(options, 40)
    view = options.view_as(DaskOptions)
    found = {"npartitions": view.npartitions, "partition_size": view.partition_size}
    assert {key: value for key, value in found.items() if value} == partitions


def test_no_scheduler_is_one_sentence():
    pytest.importorskip("distributed")
    flags = ["--dask_client_address=tcp://127.0.0.1:9", "--dask_connection_timeout=1"]
    with pytest.raises(InputError, match=r"no Dask scheduler answers.*--dask_client_address"):
        runners.create(DASK, flags).write_shards([ShardTask("/nowhere/p", 0, "f", ())])


class KilledWorker(Exception):  # noqa: N818, the name of Dask's.
    pass


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ModuleNotFoundError("No module named 'beam_jobs'"), "No module named 'beam_jobs'.*import"),
        (RuntimeError("Error during deserialization of the task graph."), "cannot load the job"),
        (KilledWorker("Attempted to run task 4 times"), "every worker that began it died"),
        (concurrent.futures.CancelledError("lost"), "connection to the Dask scheduler was lost"),
    ],
)
def test_failures_of_a_cluster_say_what_to_do(error, message):
    import re

    assert re.search(message, dask_pipelines.message_of_failure(error))
    wrapped = RuntimeError("while running")
    wrapped.__cause__ = error
    assert re.search(message, dask_pipelines.message_of_failure(wrapped))


def test_other_failures_are_left_alone():
    assert dask_pipelines.message_of_failure(KeyError("a bug")) is None
    assert dask_pipelines.message_of_failure(OSError(28, "No space left on device")) is None


def test_runners_without_a_client_are_left_alone():
    dask_pipelines.close_client(None)
    dask_pipelines.close_client(object())
