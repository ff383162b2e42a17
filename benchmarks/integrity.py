"""Times `atd12k.integrity` on hard-linked copies of drawn frames, and its parts at full size.

    python benchmarks/integrity.py [--triplets 1200] [--size 1280x720] [--workers 2]

1. A few triplets are drawn by `atd12k.sample` and hard-linked until there are as many as asked for,
   five in train_10k (JPEG of the size asked for) to one in test_2k_540p (PNG). The whole
   check is timed on them and multiplied to ATD-12K's 12,000 triplets. Every copy is read and
   decoded like a frame of its own, from the page cache: the time of a slow disk is not in it.
2. Copies are one picture to the search for near copies, so this part is timed at full size
   on made-up fingerprints: 12,000 of test (540 lines and original) against 30,000 of
   train, one in a hundred of them near something.
3. The memory of 42,000 different frames' fingerprints.

CPU time is that of all processes; on a busy machine only this can be compared.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator

import numpy as np

from atd12k import file_layout, sample
from atd12k.inspection import frame_file, progress, same_pictures, worker_pool

_WHOLE = 12_000
_TRAIN_PICTURES, _TEST_PICTURES = 30_000, 12_000
_LIMIT_S = 15 * 60


class _Timed:
    """Wall and CPU seconds of a block."""

    def __enter__(self) -> "_Timed":
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall_s, self.cpu_s = (
            time.perf_counter() - self._wall,
            time.process_time() - self._cpu,
        )


def _make_tree(root: pathlib.Path, *, triplets: int, size: tuple[int, int]) -> None:
    test = triplets // 6
    sample.draw_tree(root, train_triplets=6, test_triplets=3, sizes=[size])
    for folder, number in (
        (file_layout.TRAIN_FOLDER, triplets - test),
        (file_layout.TEST_FOLDERS["540p"], test),
    ):
        drawn = sorted((root / folder).iterdir())
        for copy in range(len(drawn), number):
            source = drawn[copy % len(drawn)]
            name = f"{source.name.rsplit('_', 2)[0]}_{500_000 + copy:06}_s1"
            target = root / folder / name
            target.mkdir()
            for frame in source.iterdir():
                os.link(frame, target / frame.name)
            if folder != file_layout.TRAIN_FOLDER:
                annotation = root / file_layout.ANNOTATION_FOLDER
                (annotation / name).mkdir()
                os.link(
                    annotation / source.name / f"{source.name}.json",
                    annotation / name / f"{name}.json",
                )


def _time_check(root: pathlib.Path, *, triplets: int, workers: int) -> None:
    command = [sys.executable, "-m", "atd12k.integrity", "--root", str(root), "--partial"]
    started = time.perf_counter()
    process = subprocess.Popen([*command, "--workers", str(workers)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout as stdout:
        printed = stdout.read()
    # Of the process and its workers, unlike what the module `resource` would say.
    _, status, usage = os.wait4(process.pid, 0)
    wall_s, cpu_s = time.perf_counter() - started, usage.ru_utime + usage.ru_stime
    if status:
        sys.exit(f"the copies were found to be wrong:\n{printed.decode()}")
    files = list(root.glob("*_*k*/*/frame*"))
    mean_kb = sum(file.stat().st_size for file in files) / len(files) / 1000
    factor = _WHOLE / triplets
    print(f"check of {triplets:,} triplets, frames of {mean_kb:.0f} kB, {workers} workers:")
    print(f"  wall {wall_s:.1f} s, CPU {cpu_s:.1f} s, start-up included")
    print(f"  CPU a triplet {1000 * cpu_s / triplets:.1f} ms")
    print(
        f"  times {factor:g} for {_WHOLE:,} triplets: wall {wall_s * factor / 60:.1f} min, "
        f"CPU {cpu_s * factor / 60:.1f} min (on {workers} free cores "
        f"{cpu_s * factor / workers / 60:.1f} min; the limit is {_LIMIT_S / 60:.0f})"
    )
    print(f"  peak memory of the largest process {usage.ru_maxrss / 1000:.0f} MB")


def _frames(number: int, *, seed: int, near: same_pictures.Pictures | None) -> Iterator:
    """Yields made-up frames; one in a hundred has nearly the fingerprint of one in `near`."""
    random = np.random.default_rng(seed)
    near = near or same_pictures.Pictures()
    hashes, thumbnails = near.hashes, near.thumbnails
    for index in range(number):
        if len(hashes) and index % 100 == 0:
            row = int(random.integers(len(hashes)))
            hash_, thumbnail = int(hashes[row]) ^ 5, thumbnails[row]
        else:
            hash_ = int(random.integers(2**64, dtype=np.uint64))
            thumbnail = random.integers(0, 256, 576).astype(np.uint8)
        digest = random.bytes(16)
        yield (
            f"folder/Disney_v4_{seed}_{index:06}_s1/frame1.jpg",
            frame_file.Frame(
                "JPEG", "RGB", (1280, 720), digest, digest, hash_, thumbnail.tobytes(), False
            ),
        )


def _time_search(root: pathlib.Path) -> None:
    train, test = same_pictures.Pictures(), same_pictures.Pictures()
    tracemalloc.start()
    for file, frame in _frames(_TRAIN_PICTURES, seed=0, near=None):
        train.add(file, frame)
    for file, frame in _frames(_TEST_PICTURES, seed=1, near=train):
        test.add(file, frame)
    kept_mb = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    print(
        f"fingerprints of {_TRAIN_PICTURES + _TEST_PICTURES:,} different frames: {kept_mb:.0f} MB"
    )
    # Files are not there: what is timed is the search, not the reading of the few found.
    with _Timed() as timed, worker_pool.WorkerPool(1) as pool:
        near = same_pictures.near_copies(
            str(root), train, test, pool=pool, open_progress=progress.Progress
        )
    print(
        f"search for near copies, {_TEST_PICTURES:,} against {_TRAIN_PICTURES:,}: "
        f"wall {timed.wall_s:.1f} s, CPU {timed.cpu_s:.1f} s, {near.compared} pairs left to compare"
    )


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--triplets", type=int, default=1200)
    parser.add_argument("--size", default="1280x720", help="of the training frames")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder) / "atd12k"
        _make_tree(root, triplets=options.triplets, size=(width, height))
        _time_check(root, triplets=options.triplets, workers=options.workers)
        _time_search(root)


if __name__ == "__main__":
    main()
