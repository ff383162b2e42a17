"""What the processor of this machine can compute, as Linux describes it.

TensorFlow computes bfloat16 and float16 on every processor, but without vector instructions that
are wide enough it leaves the gradients of convolutions to code that is many times slower than that
for float32.
"""

import platform

_CPUINFO = "/proc/cpuinfo"
# What TensorFlow 2.15 asks for before it takes oneDNN's kernels of the type.
_NEEDED = {"mixed_bfloat16": "avx512f", "mixed_float16": "avx512_fp16"}


def name() -> str:
    """Returns the name of the processor, or of its architecture where that is all that is known."""
    return _described("model name") or platform.processor() or platform.machine()


def is_slow_in(precision: str) -> bool:
    """Tells whether a training step takes this processor many times as long as in float32.

    Args:
      precision: `float32`, `mixed_bfloat16` or `mixed_float16`.

    Returns:
      False also where the instructions of the processor are not known.
    """
    instructions = _described("flags").split()
    return bool(instructions) and _NEEDED.get(precision, instructions[0]) not in instructions


def _described(key: str) -> str:
    """The value of the first line with a key, or nothing."""
    try:
        with open(_CPUINFO, encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith(key):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return ""
