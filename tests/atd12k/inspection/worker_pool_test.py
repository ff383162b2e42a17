import os
import signal
import subprocess
import sys
import time

import pytest

from atd12k.errors import DatasetError
from atd12k.inspection import worker_pool


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_tasks(workers):
    with worker_pool.WorkerPool(workers) as pool:
        assert list(pool.map(abs, range(-20, 0), chunk=3)) == list(range(20, 0, -1))


def test_a_worker_that_dies_is_told_in_a_sentence():
    with pytest.raises(DatasetError, match="ended abruptly"), worker_pool.WorkerPool(2) as pool:
        list(pool.map(os._exit, [9, 9]))


def test_there_is_at_least_one_worker():
    with pytest.raises(DatasetError, match="workers is 0, expected 1 or more"):
        worker_pool.WorkerPool(0)


def test_workers_end_with_a_parent_that_is_killed():
    program = (
        "import os, time\n"
        "from atd12k.inspection import worker_pool\n"
        "if __name__ == '__main__':\n"
        "    with worker_pool.WorkerPool(2) as pool:\n"
        "        (pid,) = pool.map(eval, [\"__import__('os').getpid()\"])\n"
        "        print(pid, flush=True)\n"
        "        list(pool.map(time.sleep, [60, 60]))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    worker = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 20
    while _runs(worker):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
