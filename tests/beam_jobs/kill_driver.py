"""A program for `killed_driver_test`: runs the job in forked processes and kills them.

    python kill_driver.py INPUT OUTPUT {random SEED | renames}

What is interesting about a job are the moments around its file operations: before and after each
`create`, `rename` and `delete`, and in the middle of each `write`. They are numbered, and a
process kills itself at one of them, by SIGKILL, so that nothing is cleared away. Processes are
forked after Beam is loaded, which takes longer than a run.
"""

import logging
import os
import random
import shutil
import signal
import sys
import traceback

from apache_beam.io.filesystems import FileSystems

from beam_jobs import build_tfrecord, runners, shard_writing  # noqa: F401, for the forks.
from frame_interpolation.datasets import tfrecord
from frame_interpolation.errors import InputError


class Moments:
    """Counts the moments of a run and kills the process at one of them."""

    def __init__(self, deadly):
        self.names = []
        self._deadly = deadly
        for name in ("create", "rename", "delete"):
            self._wrap(name, getattr(FileSystems, name))

    def pass_by(self, name):
        if len(self.names) == self._deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        self.names.append(name)

    def _wrap(self, name, original):
        def wrapped(*args, **kwargs):
            self.pass_by(f"before {name}")
            result = original(*args, **kwargs)
            self.pass_by(f"after {name}")
            return File(result, self) if name == "create" else result

        setattr(FileSystems, name, staticmethod(wrapped))


class File:
    """A file that passes a moment in the middle of every write."""

    def __init__(self, file, moments):
        self._file = file
        self._moments = moments

    def write(self, data):
        half = len(data) // 2
        self._file.write(data[:half])
        self._file.flush()
        self._moments.pass_by("within write")
        self._file.write(data[half:])

    def close(self):
        self._file.close()


def run_job(root, output, deadly, names_file=None):
    """Runs the job in a process of its own, which dies at a moment. Tells whether it did."""
    child = os.fork()
    if not child:
        try:
            moments = Moments(deadly)
            build_tfrecord.build_tfrecord(
                dataset="atd12k",
                input_dir=root,
                output=output,
                split="train",
                num_shards=3,
                max_rejects=1,
            )
            if names_file:
                with open(names_file, "w") as file:
                    file.write("\n".join(moments.names))
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(3)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        check_nothing_is_half_taken(output)
        return True
    assert os.WEXITSTATUS(status) == 0, status
    return False


def check_nothing_is_half_taken(output):
    """A reader refuses an output of a killed job, or finds all of it."""
    try:
        index = tfrecord.build_index(f"{output}@3", allow_foreign=False)
    except InputError:
        return
    assert index.manifest is not None and len(list(index)) == index.manifest["records"]


def kill_at_random(root, output, moments, seed):
    """Kills one run after the other at random moments, until one has finished before that."""
    draw = random.Random(seed)
    kills = 0
    while run_job(root, output, draw.randrange(len(moments))):
        kills += 1
    return kills


def kill_in_renames(root, output, moments):
    """For every rename, kills a run just before and one just after it; then each is completed."""
    reference = contents(output)
    places = [i for i, name in enumerate(moments) if name.endswith("rename")]
    for place in places:
        shutil.rmtree(os.path.dirname(output))
        assert run_job(root, output, place)
        run_job(root, output, None)
        assert contents(output) == reference, f"killed at {place}: {moments[place]}"
    return len(places)


def contents(output):
    """The files of a finished output by name."""
    folder = os.path.dirname(output)
    found = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            found[name] = file.read()
    return found


def main(root, output, how, seed=0):
    """Prints how many runs were killed."""
    logging.disable(logging.WARNING)
    # A process less for every run; and the checkout may change between two of them.
    build_tfrecord._code_version = lambda: "0"
    names_file = f"{os.path.dirname(output)}.moments"
    run_job(root, output, None, names_file)
    with open(names_file) as file:
        moments = file.read().split("\n")
    if how == "renames":
        print(kill_in_renames(root, output, moments))
    else:
        shutil.rmtree(os.path.dirname(output))
        print(kill_at_random(root, output, moments, int(seed)))


if __name__ == "__main__":
    main(*sys.argv[1:])
