import os
import subprocess
import sys

from frame_interpolation.training import memory

# Frees a tensor that is too large for the C library to keep, and looks for the next one's place.
_PROGRAM = """
import resource
from frame_interpolation.training import memory
{call}
import tensorflow as tf

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(8):
        tf.fill([1 << 25], 1.0)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(faults())
"""


def _faults(call):
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(call=call)],
        env=environment | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(process.stdout.split()[-1])


def test_what_was_freed_is_not_asked_of_the_system_again():
    kept = _faults("memory.reuse_what_was_freed()")
    given_back = _faults("")
    assert given_back > 100
    assert kept < given_back / 10


def test_all_memory_of_the_machine_may_be_used_and_the_users_choice_stays():
    environment = {}
    memory.reuse_what_was_freed(environment)
    assert environment["TF_CPU_ALLOCATOR_USE_BFC"] == "true"
    assert int(environment["TF_CPU_BFC_MEM_LIMIT_IN_MB"]) > 100
    chosen = {"TF_CPU_ALLOCATOR_USE_BFC": "false", "TF_CPU_BFC_MEM_LIMIT_IN_MB": "7"}
    environment = dict(chosen)
    memory.reuse_what_was_freed(environment)
    assert environment == chosen
