import os
import signal
import subprocess
import sys

import pytest

from beam_jobs import output_lock
from frame_interpolation.errors import InputError

HOLDER = """
import sys, time
from beam_jobs import output_lock
with output_lock.held(sys.argv[1]):
    print("held", flush=True)
    time.sleep(600)
"""


def test_one_holder_at_a_time_and_nothing_left_behind(tmp_path):
    path = str(tmp_path / "out" / "p")
    with output_lock.held(path):
        assert os.listdir(tmp_path / "out") == ["p.lock"]
        message = rf"another job \(process {os.getpid()}\) is writing to '{path}'; wait for it"
        with pytest.raises(InputError, match=message):
            with output_lock.held(path):
                pass
        with output_lock.held(f"{path}2"):  # Its neighbour's is another lock.
            pass
    assert os.listdir(tmp_path / "out") == []
    with pytest.raises(KeyError):
        with output_lock.held(path):
            raise KeyError
    with output_lock.held(path):
        pass


def test_a_killed_holder_holds_nothing(tmp_path):
    path = str(tmp_path / "p")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError, match=rf"process {holder.pid}"):
            with output_lock.held(path):
                pass
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    assert os.path.exists(output_lock.lock_path(path))
    with output_lock.held(path):
        pass
    assert os.listdir(tmp_path) == []


def test_other_file_systems_are_not_locked():
    with output_lock.held("gs://bucket/p"), output_lock.held("gs://bucket/p"):
        pass
