"""The job on a Dask cluster of processes on this machine, one of which is killed at its work."""

import contextlib
import ctypes
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("distributed")

_ROOT = pathlib.Path(__file__).parents[2]
_PATIENCE_S = 180

# Read by every worker when it starts: the first one that gets to a certain triplet tells its
# process number and goes no further, in the middle of a shard.
_PRELOAD = """
import os, time
from frame_interpolation.datasets import tfrecord

def dask_setup(worker):
    write = tfrecord.ShardWriter.write

    def write_or_stick(self, record, *, name):
        if name == {triplet!r}:
            told = {told!r} + f".{{os.getpid()}}"
            with open(told, "w") as file:
                file.write(str(os.getpid()))
            try:
                os.link(told, {told!r})
            except FileExistsError:
                pass
            else:
                time.sleep(1000)
        write(self, record, name=name)

    tfrecord.ShardWriter.write = write_or_stick
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def wait_for(condition, what, processes=()):
    deadline = time.monotonic() + _PATIENCE_S
    while not (result := condition()):
        for process in processes:
            assert process.poll() is None, f"ended while waiting for {what}: {process.args}"
        assert time.monotonic() < deadline, f"waited {_PATIENCE_S} s for {what}"
        time.sleep(0.05)
    return result


def die_with_parent():
    """Has the system kill this process when the one that started it has ended, however it did."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))  # PR_SET_PDEATHSIG


@contextlib.contextmanager
def started(*arguments, log):
    """A Python process with its children; all of them are killed at the end."""
    with open(log, "w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *map(str, arguments)],
            cwd=_ROOT,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def read_address(scheduler_file):
    try:
        return json.loads(scheduler_file.read_text())["address"]
    except (FileNotFoundError, ValueError):
        return None


@pytest.fixture
def cluster(tmp_path):
    """Starts a scheduler and two workers; yields its address and the two processes."""
    with contextlib.ExitStack() as stack:
        scheduler = stack.enter_context(
            started(
                *("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"),
                *("--dashboard-address", "127.0.0.1:0", "--no-show"),
                *("--scheduler-file", tmp_path / "scheduler.json"),
                log=tmp_path / "scheduler.log",
            )
        )
        address = wait_for(
            lambda: read_address(tmp_path / "scheduler.json"), "the scheduler", [scheduler]
        )
        (tmp_path / "preload.py").write_text(
            _PRELOAD.format(triplet="t011", told=str(tmp_path / "stuck"))
        )
        workers = [
            stack.enter_context(
                started(
                    *("distributed.cli.dask_worker", address, "--host", "127.0.0.1"),
                    *("--nthreads", "1", "--no-nanny"),
                    *("--dashboard-address", "127.0.0.1:0"),
                    *("--local-directory", tmp_path, "--preload", tmp_path / "preload.py"),
                    log=tmp_path / f"worker{i}.log",
                )
            )
            for i in range(2)
        ]
        yield address, workers


def files(folder):
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    manifest = json.loads(found.pop("p.manifest.json"))
    manifest.pop("code_version")  # Of a checkout that may change meanwhile.
    return found | {"manifest": manifest}


def test_a_killed_worker_leaves_no_trace_in_the_output(cluster, tmp_path, write_triplet):
    from beam_jobs.build_tfrecord import build_tfrecord

    address, workers = cluster
    for i in range(24):
        write_triplet(tmp_path / "in" / f"t{i:03d}", seed=i)
    with started(
        *("beam_jobs.build_tfrecord", "--dataset", "triplet_folder"),
        *("--input_dir", tmp_path / "in", "--num_shards", 8),
        *("--output_tfrecord_filepath", tmp_path / "dask" / "p"),
        *("--runner", "apache_beam.runners.dask.dask_runner.DaskRunner"),
        *("--dask_client_address", address),
        log=tmp_path / "driver.log",
    ) as driver:
        wait_for((tmp_path / "stuck").exists, "a worker to stick", [driver, *workers])
        # t011 is the last of three triplets in its shard: half of the shard's file is there.
        assert list((tmp_path / "dask").glob("p-00003-of-00008.tmp-*"))
        wait_for(lambda: list((tmp_path / "dask").glob("p-*.json")), "the other worker", [driver])
        assert not (tmp_path / "dask" / "p-00003-of-00008").exists()
        os.kill(int((tmp_path / "stuck").read_text()), signal.SIGKILL)
        wait_for(lambda: driver.poll() is not None, "the end of the job")
        assert driver.returncode == 0, (tmp_path / "driver.log").read_text()
    assert sorted(worker.poll() for worker in workers if worker.poll() is not None) == [-9]

    build_tfrecord(
        dataset="triplet_folder",
        input_dir=str(tmp_path / "in"),
        output=str(tmp_path / "embedded" / "p"),
        num_shards=8,
    )
    written = files(tmp_path / "dask")
    assert len(written) == 8 + 8 + 1  # Shards, sidecars, manifest: nothing temporary.
    assert written == files(tmp_path / "embedded")
    assert written["manifest"]["names"] == [f"t{i:03d}" for i in range(24)]
