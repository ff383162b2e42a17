"""Times the scoring of one 960x540 triplet on one core: every metric but LPIPS, and the difficulty.

    python -m benchmarks.scoring [--triplet FOLDER] [--repeats 7]

The triplet is FOLDER/frame1, frame2 and frame3 (PNG or JPEG, resized as the protocol has it) or a
drawn one; the estimate is the average of the outer frames, the region a box of 480x270 in the
middle. The process keeps to one core, and every library to one thread. Each line is the least of
several runs: by the clock, and in processor time, which other programs disturb less. LPIPS is timed
apart, with random weights of AlexNet's shapes, for it has no part in the limit.
"""

import argparse
import os
import pathlib
import tempfile
import time
from collections.abc import Callable

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import cv2
import numpy as np
import tensorflow as tf

from atd12k import file_layout, sample
from frame_interpolation.eval import difficulty, image_io, lpips, metrics, protocols
from frame_interpolation.eval.scoring import Scorer

_LIMIT_MS = 500.0
_BOX = (240, 135, 480, 270)
_CHANNELS = (3, 64, 192, 384, 256, 256)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--triplet", help="folder of the three frames; a drawn one by default")
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    _keep_to_one_core()
    protocol = protocols.find("atd12k")
    first, middle, last = map(protocol.prepare, _frames(options.triplet))
    estimate = protocol.finish((first + last) / 2)

    def report(title: str, work: Callable[[], object]) -> float:
        wall_ms, cpu_ms = _least_ms(work, options.repeats)
        print(f"{title:36}{wall_ms:10.1f}{cpu_ms:10.1f}")
        return cpu_ms

    print(f"{'one core, 960x540':36}{'clock ms':>10}{'CPU ms':>10}")
    names = [name for name in metrics.METRICS if not metrics.needs_lpips_weights(name)]
    for name in names:
        report(name, _work(Scorer([name]), estimate, middle))
        both = Scorer([name, name + metrics.ROI_SUFFIX])
        report(f"{name}, with the region", _work(both, estimate, middle))
    everything = [*names, *(name + metrics.ROI_SUFFIX for name in names)]
    scoring_ms = report("all of them, with the region", _work(Scorer(everything), estimate, middle))
    bytes_of = [np.uint8(np.round(255 * frame)) for frame in (first, middle, last)]
    difficulty_ms = report("difficulty", lambda: difficulty.measure(*bytes_of))
    print(f"sum: {scoring_ms + difficulty_ms:.0f} ms of CPU; the limit is {_LIMIT_MS:.0f} ms")
    with tempfile.TemporaryDirectory() as folder:
        weights = _random_weights(pathlib.Path(folder) / "weights.npz")
        report("lpips", _work(Scorer(["lpips"], lpips_weights=weights), estimate, middle))


def _keep_to_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    cv2.setNumThreads(1)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _frames(folder: str | None) -> list[np.ndarray]:
    if folder is not None:
        paths = [next(pathlib.Path(folder).glob(f"frame{i}.*")) for i in (1, 2, 3)]
        return [np.uint8(np.round(255 * image_io.read_image(str(path)))) for path in paths]
    with tempfile.TemporaryDirectory() as drawn:
        root = pathlib.Path(drawn) / "atd12k"
        sample.draw_tree(root, train_triplets=1, test_triplets=1, sizes=[(960, 540)])
        triplet = next((root / file_layout.TEST_FOLDERS["540p"]).iterdir())
        return _frames(str(triplet))


def _work(scorer: Scorer, estimate: np.ndarray, truth: np.ndarray) -> Callable[[], object]:
    return lambda: scorer.score(estimate, truth, _BOX)


def _least_ms(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    work()  # Not the first time, when TensorFlow builds what it keeps.
    runs = []
    for _ in range(repeats):
        started = time.perf_counter(), time.process_time()
        work()
        runs.append((time.perf_counter() - started[0], time.process_time() - started[1]))
    return 1e3 * min(run[0] for run in runs), 1e3 * min(run[1] for run in runs)


def _random_weights(path: pathlib.Path) -> str:
    random = np.random.default_rng(0)
    weights = {}
    for k, side in enumerate(lpips.KERNEL_SIDES_PX, start=1):
        before, channels = _CHANNELS[k - 1 : k + 1]
        kernel = random.normal(size=(side, side, before, channels)) / side / before**0.5
        weights[f"conv{k}/kernel"] = kernel.astype(np.float32)
        weights[f"conv{k}/bias"] = np.zeros(channels, np.float32)
        weights[f"linear{k}/weights"] = random.random(channels).astype(np.float32)
    np.savez(path, **weights)
    return str(path)


if __name__ == "__main__":
    main()
