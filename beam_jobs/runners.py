"""Which runner runs a job, and with which of Beam's options.

The embedded runner is `FnApiRunner`, pinned: it comes with Beam and needs nothing else, where
today's `DirectRunner` first looks for another program to download. `--direct_running_mode=
multi_processing --direct_num_workers=N` makes it use N processes.
"""

import contextlib
import dataclasses
import difflib
import logging
from collections.abc import Iterator, Sequence
from typing import Final

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners import PipelineRunner, create_runner
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from beam_jobs.shard_plan import ShardTask
from beam_jobs.transforms import WriteShards, message_of_failure
from frame_interpolation.errors import InputError

EMBEDDED: Final = "embedded"
_EMBEDDED_NAMES: Final = (EMBEDDED, "FnApiRunner", "DirectRunner")


@dataclasses.dataclass(frozen=True)
class JobRunner:
    """A runner of Beam's and its options."""

    runner: PipelineRunner
    options: PipelineOptions

    def write_shards(self, tasks: Sequence[ShardTask]) -> None:
        """Runs the pipeline that writes shards, and waits for it.

        Raises:
            InputError: A shard could not be written.
        """
        try:
            with _quiet_beam(), beam.Pipeline(self.runner, self.options) as pipeline:
                _ = pipeline | "WriteShards" >> WriteShards(tasks)
        except Exception as error:
            message = message_of_failure(error)
            if message is None:
                raise
            raise InputError(message) from error


def create(
    name: str = EMBEDDED, beam_flags: Sequence[str] = (), *, own_flags: Sequence[str] = ()
) -> JobRunner:
    """Makes a runner.

    Args:
        name: 'embedded', or the name of a runner as Beam takes it.
        beam_flags: Flags of Beam's, like '--direct_num_workers=2'.
        own_flags: Names of the program's flags, to be suggested for misspelt ones.

    Raises:
        InputError: There is no such runner or flag.
    """
    if name in _EMBEDDED_NAMES:
        _check_flags(beam_flags, own_flags)
        return JobRunner(FnApiRunner(), PipelineOptions(list(beam_flags)))
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
