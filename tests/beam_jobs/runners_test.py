import copy
import errno
import os
import pathlib
import re
import shlex
import signal

import apache_beam as beam
import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import DirectOptions, S3Options
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from beam_jobs import build_tfrecord, runners, shard_writing
from beam_jobs.shard_plan import ShardTask
from frame_interpolation.errors import InputError

TASKS = [ShardTask(path=f"/nowhere/p{i}", shard=i, fingerprint="f", triplets=()) for i in range(2)]


@pytest.mark.parametrize("name", ["embedded", "FnApiRunner", "DirectRunner"])
def test_the_embedded_runner_is_pinned(name):
    assert type(runners.create(name).runner) is FnApiRunner


@pytest.mark.parametrize("name", ["Embeded", "no.such.Runner", "apache_beam.runners.NoRunner"])
def test_an_unknown_runner_is_named(name):
    with pytest.raises(InputError, match=f"--runner is '{name}'"):
        runners.create(name)


@pytest.mark.parametrize(
    "flags",
    [
        ["--direct_running_mode=multi_processing", "--direct_num_workers", "2"],
        ["--save_main_session"],
        ["--staging_location=x", "--project", "y"],
    ],
)
def test_beams_flags_pass(flags):
    runners.create(beam_flags=flags)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--direct_num_worker=2"], "unknown flag --direct_num_worker; did you mean "
         "--direct_num_workers?"),
        (["--max_reject", "3"], "unknown flag --max_reject; did you mean --max_rejects?"),
        (["--zzzzqqqq"], "unknown flag --zzzzqqqq; see --help."),
        (["extra"], "unexpected argument 'extra'"),
        (["--direct_num_workers=2", "extra"], "unexpected argument 'extra'"),
        (["-x"], "unexpected argument '-x'"),
    ],
)  # fmt: skip
def test_misspelt_flags_are_errors(flags, message):
    with pytest.raises(InputError) as caught:
        runners.create(beam_flags=flags, own_flags=["max_rejects"])
    assert message in str(caught.value)


def documented_commands():
    text = (pathlib.Path(__file__).parents[2] / "docs" / "distributed_runners.md").read_text()
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            _, found, arguments = line.partition("-m beam_jobs.build_tfrecord ")
            if found:
                yield shlex.split(arguments)


def test_the_documented_commands_name_runners_and_flags_that_there_are():
    understood = []
    for arguments in documented_commands():
        flags = copy.deepcopy(build_tfrecord.FLAGS)
        beam_flags = flags(["program", *arguments], known_only=True)[1:]
        created = runners.create(flags["runner"].value, beam_flags, own_flags=list(flags))
        understood.append(type(created.runner).__name__)
    assert understood == ["DaskRunner", "FlinkRunner", "PortableRunner", "DataflowRunner"]


def fail_with(monkeypatch, error):
    def fail(task):
        raise error

    monkeypatch.setattr(shard_writing, "write_shard", fail)


def test_a_full_disk_is_one_sentence(monkeypatch):
    fail_with(monkeypatch, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/out/p"))
    with pytest.raises(InputError, match=r"^/out/p: No space left on device\.$"):
        runners.create().write_shards(TASKS)


def test_a_bug_stays_a_bug(monkeypatch):
    fail_with(monkeypatch, KeyError("a bug"))
    with pytest.raises(Exception, match="a bug") as caught:
        runners.create().write_shards(TASKS)
    assert not isinstance(caught.value, InputError)


MULTI_PROCESSING = ["--direct_running_mode=multi_processing", "--direct_num_workers=2"]


def test_file_systems_know_their_flags_before_there_is_a_pipeline():
    runners.create(beam_flags=["--s3_region_name=here"])
    assert FileSystems._pipeline_options.view_as(S3Options).s3_region_name == "here"


def test_worker_processes_are_ours_and_know_the_file_systems_flags():
    created = runners.create(beam_flags=[*MULTI_PROCESSING, "--s3_region_name=here"])
    assert created.options.view_as(DirectOptions).direct_num_workers == 2
    assert (
        b"-m beam_jobs.embedded_worker"
        in created.runner._default_environment.to_runner_api(None).payload
    )
    told = created.runner._provision_info.provision_info.pipeline_options["options"]
    assert told["s3_region_name"] == "here"
    assert told["sdk_harness_log_level_overrides"]["beam_jobs"] == "INFO"


class Die(beam.PTransform):
    def expand(self, pbegin):
        return pbegin | beam.Create([int(signal.SIGKILL)]) | beam.Map(signal.raise_signal)


@pytest.mark.slow
@pytest.mark.timeout(300)
# Of the threads of Beam's that read what the process sent.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_worker_process_ends_the_run():
    with pytest.raises(InputError, match=r"a worker process died.*run the job again"):
        runners.create(beam_flags=MULTI_PROCESSING).run(Die(), num_elements=1)
