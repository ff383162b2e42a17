"""--workers: the number of the embedded runner's processes, in Beam's words."""

from collections.abc import Sequence
from typing import Final

from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from beam_jobs import runners
from frame_interpolation.errors import InputError

_BEAMS_FLAGS: Final = ("--direct_num_workers", "--direct_running_mode")


def create_runner(
    name: str = runners.EMBEDDED,
    *,
    workers: int = 1,
    beam_flags: Sequence[str] = (),
    own_flags: Sequence[str] = (),
) -> runners.JobRunner:
    """Makes a runner with so many processes.

    Args:
        name: As `runners.create` takes it.
        workers: 1 to work in this process, more for as many others.
        beam_flags: Flags of Beam's from the command line.
        own_flags: Names of the program's flags, to be suggested for misspelt ones.

    Raises:
        InputError: There is no such runner or flag, or the number of processes is below 1, is
            given twice, or is not for that runner.
    """
    if workers < 1:
        raise InputError(f"--workers is {workers}, expected 1 or more.")
    if workers == 1:
        return runners.create(name, beam_flags, own_flags=own_flags)
    same = [flag for flag in beam_flags if flag.partition("=")[0] in _BEAMS_FLAGS]
    if same:
        raise InputError(f"--workers={workers} and {same[0]} say the same; leave one of them out.")
    processes = ["--direct_running_mode=multi_processing", f"--direct_num_workers={workers}"]
    created = runners.create(name, [*beam_flags, *processes], own_flags=own_flags)
    if not isinstance(created.runner, FnApiRunner):
        raise InputError(
            f"--workers={workers} is for the embedded runner; {name} has flags of its own for it."
        )
    return created
