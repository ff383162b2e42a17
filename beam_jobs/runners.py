"""Which runner runs a job, and with which of Beam's options.

The embedded runner is `FnApiRunner`, pinned: it comes with Beam and needs nothing else, where
today's `DirectRunner` first looks for another program to download. `--direct_running_mode=
multi_processing --direct_num_workers=N` makes it use N processes.

Any other runner is named as Beam names it; of Dask's, `dask_pipelines` says what it can run.
"""

import contextlib
import dataclasses
import difflib
import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Final

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import (
    AzureOptions,
    DirectOptions,
    HadoopFileSystemOptions,
    PipelineOptions,
    S3Options,
)
from apache_beam.portability import python_urns
from apache_beam.portability.api import beam_provision_api_pb2
from apache_beam.runners import PipelineRunner, create_runner
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.portability.fn_api_runner.fn_runner import ExtendedProvisionInfo
from apache_beam.runners.portability.fn_api_runner.worker_handlers import (
    SubprocessSdkWorkerHandler,
    WorkerHandler,
)
from apache_beam.runners.portability.local_job_service import SubprocessSdkWorker
from apache_beam.transforms.environments import SubprocessSDKEnvironment
from google.protobuf import struct_pb2

from beam_jobs import dask_pipelines
from beam_jobs.shard_plan import ShardTask
from beam_jobs.transforms import ShardError, WriteShards, message_of_failure
from frame_interpolation.errors import InputError

EMBEDDED: Final = "embedded"
_EMBEDDED_NAMES: Final = (EMBEDDED, "FnApiRunner", "DirectRunner")
_FILE_SYSTEM_OPTIONS: Final = (AzureOptions, HadoopFileSystemOptions, S3Options)
_PACKAGES: Final = ("atd12k", "beam_jobs", "frame_interpolation")
# How long the end of a worker process is waited for when the run is over.
_PATIENCE_SECONDS = 20.0


@dataclasses.dataclass(frozen=True)
class JobRunner:
    """A runner of Beam's and its options."""

    runner: PipelineRunner
    options: PipelineOptions

    def write_shards(self, tasks: Sequence[ShardTask]) -> None:
        """Runs the pipeline that writes shards, and waits for it.

        Raises:
            InputError: A shard could not be written, or the runner cannot be reached.
        """
        self.run(WriteShards(tasks), num_elements=len(tasks))

    def run(self, transform: beam.PTransform, *, num_elements: int) -> None:
        """Runs a pipeline of one transform, and waits for it.

        Args:
            transform: From the beginning of a pipeline to its end.
            num_elements: How many elements it creates, each worth a task of its own.

        Raises:
            InputError: A shard could not be written, the runner cannot be reached, or it cannot
                run such a pipeline.
        """
        pipeline = beam.Pipeline(self.runner, self.options)
        _ = pipeline | transform
        is_dask = type(self.runner).__name__ == dask_pipelines.RUNNER_NAME
        if is_dask:
            dask_pipelines.check_shape(pipeline)
            dask_pipelines.set_partitions(pipeline.options, num_elements)
        result = None
        try:
            with _quiet_beam():
                result = pipeline.run()
                result.wait_until_finish()
        except Exception as error:
            message = message_of_failure(error)
            if message is None and is_dask:
                message = dask_pipelines.message_of_failure(error)
            if message is None:
                raise
            raise InputError(message) from error
        finally:
            dask_pipelines.close_client(result)


def create(
    name: str = EMBEDDED, beam_flags: Sequence[str] = (), *, own_flags: Sequence[str] = ()
) -> JobRunner:
    """Makes a runner, and lets Beam's file systems know the flags that are for them.

    Args:
        name: 'embedded', or the name of a runner as Beam takes it.
        beam_flags: Flags of Beam's, like '--direct_num_workers=2'.
        own_flags: Names of the program's flags, to be suggested for misspelt ones.

    Raises:
        InputError: There is no such runner or flag.
    """
    if name in _EMBEDDED_NAMES:
        _check_flags(beam_flags, own_flags)
        job_runner = _embedded(beam_flags)
    else:
        job_runner = _by_name(name, beam_flags, own_flags)
    # A pipeline does so as well, but the output is looked at before there is one.
    FileSystems.set_options(job_runner.options)
    return job_runner


def _by_name(name: str, beam_flags: Sequence[str], own_flags: Sequence[str]) -> JobRunner:
    try:
        runner = create_runner(name)
    except (ValueError, ImportError, AttributeError) as error:
        raise InputError(
            f"--runner is {name!r}, which Beam does not know or which needs packages that are not "
            f"installed ({error}); expected {EMBEDDED!r} or a runner of Beam's."
        ) from error
    # Only now, since a runner may bring flags of its own.
    _check_flags(beam_flags, own_flags)
    return JobRunner(runner, PipelineOptions(list(beam_flags)))


def _embedded(beam_flags: Sequence[str]) -> JobRunner:
    options = PipelineOptions(list(beam_flags))
    direct = options.view_as(DirectOptions)
    if direct.direct_running_mode != "multi_processing":
        return JobRunner(FnApiRunner(), options)
    # The runner would start Beam's own program for workers, which logs fifteen lines a process,
    # and would keep the options from them, those of the file systems among them.
    direct.direct_running_mode = "in_memory"
    environment = SubprocessSDKEnvironment.from_command_string(
        f"{sys.executable} -m beam_jobs.embedded_worker"
    )
    return JobRunner(FnApiRunner(environment, provision_info=_provision(options)), options)


def _provision(options: PipelineOptions) -> ExtendedProvisionInfo:
    """Returns what worker processes are told: options, and which loggers may be heard."""
    told: dict[str, Any] = {
        "default_sdk_harness_log_level": "WARNING",
        "sdk_harness_log_level_overrides": {
            "apache_beam": "ERROR",
            **{package: "INFO" for package in _PACKAGES},
        },
    }
    for view in _FILE_SYSTEM_OPTIONS:
        given = options.view_as(view).get_all_options(drop_default=True, current_only=True)
        told.update({k: v if isinstance(v, bool) else str(v) for k, v in given.items()})
    struct = struct_pb2.Struct()
    struct.update({"options": told})
    return ExtendedProvisionInfo(beam_provision_api_pb2.ProvisionInfo(pipeline_options=struct))


@WorkerHandler.register_environment(python_urns.SUBPROCESS_SDK, bytes)
class _WatchedWorker(SubprocessSdkWorkerHandler):
    """A worker process whose death ends the run; Beam would wait for its answer for ever."""

    def start_worker(self) -> None:
        self.worker = SubprocessSdkWorker(
            self._worker_command_line, self.control_address, self.provision_info, self.worker_id
        )
        self.worker_thread = threading.Thread(target=self._run, name="run_worker", daemon=True)
        self.worker_thread.start()

    def stop_worker(self) -> None:
        # A process that was still starting when another one died may not hear that the run is
        # over, and Beam would wait for its end for ever. It ends with this process at the latest,
        # which closes its connection.
        self.worker_thread.join(_PATIENCE_SECONDS)

    def _run(self) -> None:
        try:
            self.worker.run()
        except RuntimeError as error:
            message = (
                f"a worker process died, perhaps for lack of memory ({error}); run the job again "
                f"to complete the output, with fewer workers if need be."
            )
            self.control_conn.abort(ShardError.marked(message))


def _check_flags(flags: Sequence[str], own_flags: Sequence[str]) -> None:
    """Refuses what is neither a flag of the program nor one of Beam's."""
    _check_shape(flags)
    with _without_logging():
        options = PipelineOptions(list(flags))
        known = set(options.get_all_options())
        unknown = sorted(set(options.get_all_options(retain_unknown_options=True)) - known)
    if unknown:
        close = difflib.get_close_matches(unknown[0], [*own_flags, *known], 1)
        hint = f"; did you mean --{close[0]}?" if close else "; see --help."
        raise InputError(f"unknown flag --{unknown[0]}{hint}")


def _check_shape(flags: Sequence[str]) -> None:
    """Refuses arguments that are not flags, nor the value after one."""
    before = ""
    for flag in flags:
        is_value = before.startswith("--") and "=" not in before
        if not flag.startswith("--") and not is_value:
            raise InputError(f"unexpected argument {flag!r}; every option is a --flag, see --help.")
        before = flag


@contextlib.contextmanager
def _quiet_beam() -> Iterator[None]:
    """Keeps Beam from printing the stack trace of an exception that is raised as well."""
    logger = logging.getLogger("apache_beam")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextlib.contextmanager
def _without_logging() -> Iterator[None]:
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
