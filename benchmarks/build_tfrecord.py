r"""Measures what the Beam job costs beside a bare loop, and whether its memory grows.

    python -m benchmarks.build_tfrecord --triplets 1000

writes frames of 1280x720 pixels as JPEG files, builds records of them (`--encoding keep`) in turns
with the job in one process and with loops of plain Python that write the same bytes, with no
checks, digests, sidecars or rejects:

    loop            what everybody writes: reads the three files, makes a `tf.train.Example`, and
                    writes it with `tf.io.TFRecordWriter`
    lean loop       the same with this project's encoder, which copies the images less often
    decoding loop   the lean loop, but decodes every frame, beside the job with
                    --frame_check=pixels

All in one process, in turns and in changing order, so that what else the machine does meets all
alike. The job's start-up is what it takes for a single triplet, and is taken off. Then

    python -m benchmarks.build_tfrecord --memory 1000,12000

runs the job on so many hard links to small frames, each number in a process of its own, and
prints the largest memory that each held.
"""

import functools
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from absl import flags

from frame_interpolation import program

FLAGS = flags.FlagValues()
_TRIPLETS = flags.DEFINE_integer(
    "triplets", 1000, "For the rate; 0 leaves it out.", flag_values=FLAGS
)
_REPEATS = flags.DEFINE_integer("repeats", 5, "Runs of each kind.", flag_values=FLAGS)
_PICTURES = flags.DEFINE_integer(
    "pictures", 24, "Different triplets; the others are copies.", flag_values=FLAGS
)
_SHARDS = flags.DEFINE_integer("num_shards", 8, "Shards to write.", flag_values=FLAGS)
_MEMORY = flags.DEFINE_list(
    "memory",
    [],
    "Numbers of triplets, for example 1000,12000, to measure memory.",
    flag_values=FLAGS,
)
_FOLDER = flags.DEFINE_string(
    "folder", None, "Where to work; a temporary folder by default.", flag_values=FLAGS
)

_WIDTH, _HEIGHT = 1280, 720


# What is compared with what.
_COMPARED = (("job", "loop"), ("job", "lean loop"), ("decoding job", "decoding loop"))


class Cost(NamedTuple):
    """Wall and processor time of one run, in seconds."""

    wall_s: float
    cpu_s: float


def main(argv: list[str]) -> None:
    """Measures what the flags ask for and prints tables."""
    del argv
    with tempfile.TemporaryDirectory(dir=_FOLDER.value) as folder:
        root = pathlib.Path(folder)
        if _TRIPLETS.value:
            measure_rate(
                root,
                triplets=_TRIPLETS.value,
                pictures=_PICTURES.value,
                num_shards=_SHARDS.value,
                repeats=_REPEATS.value,
            )
        if _MEMORY.value:
            measure_memory(root, counts=[int(count) for count in _MEMORY.value])


def measure_rate(
    root: pathlib.Path, *, triplets: int, pictures: int, num_shards: int, repeats: int
) -> None:
    """Prints triplets per second of the job and of the loops, and their ratios."""
    draw_triplets(root / "in", triplets=triplets, pictures=pictures)
    draw_triplets(root / "one", triplets=1, pictures=1)
    size = sum(path.stat().st_size for path in (root / "in").rglob("*.jpg"))
    print(
        f"{triplets} triplets of {_WIDTH}x{_HEIGHT} JPEG, {size / 1e6:.0f} MB, {num_shards} "
        f"shards, {os.cpu_count()} cores; {repeats} runs of each in turns, medians"
    )
    job = functools.partial(run_job, root / "in", root / "out" / "job", num_shards=num_shards)
    lean_loop = functools.partial(run_lean_loop, root / "in", root / "out" / "p", num_shards)
    kinds: dict[str, Callable[[], object]] = {
        "start-up": lambda: run_job(root / "one", root / "out" / "job", num_shards=1),
        "job": job,
        "loop": lambda: run_loop(root / "in", root / "out" / "p", num_shards),
        "lean loop": lean_loop,
        "decoding job": functools.partial(job, frame_check="pixels"),
        "decoding loop": functools.partial(lean_loop, decode=True),
    }
    check_bytes(root, kinds)
    rounds = measure_in_turns(kinds, root / "out", repeats)
    print_rates(rounds, triplets)


def draw_triplets(root: pathlib.Path, *, triplets: int, pictures: int) -> None:
    """Writes folders of three frames that compress like drawn film; see `--pictures`."""
    import numpy as np
    from PIL import Image

    draw = np.random.default_rng(0)
    for i in range(triplets):
        folder = root / f"{i:06d}"
        folder.mkdir(parents=True)
        for k in (1, 2, 3):
            name = folder / f"frame{k}.jpg"
            if i >= pictures:
                # A copy and no link: the pages of every file are read, as from a real dataset.
                shutil.copyfile(root / f"{i % pictures:06d}" / f"frame{k}.jpg", name)
                continue
            coarse = draw.integers(0, 256, (45, 80, 3), np.uint8)
            picture = Image.fromarray(coarse).resize((_WIDTH, _HEIGHT), Image.Resampling.BICUBIC)
            noise = draw.normal(0, 2, (_HEIGHT, _WIDTH, 1))
            grain = np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8)
            Image.fromarray(grain).save(name, quality=90)


def run_job(
    root: pathlib.Path, output: pathlib.Path, *, num_shards: int, frame_check: str = "structure"
) -> None:
    """Runs the job as the command does, in this process."""
    from beam_jobs import build_tfrecord

    build_tfrecord.build_tfrecord(
        dataset="triplet_folder",
        input_dir=str(root),
        output=str(output),
        num_shards=num_shards,
        frame_check=frame_check,
    )


def run_loop(root: pathlib.Path, output: pathlib.Path, num_shards: int) -> None:
    """Writes the job's shards with TensorFlow's own functions."""
    import tensorflow as tf

    train = tf.train
    for path, folders in _shards(root, output, num_shards):
        with tf.io.TFRecordWriter(str(path)) as writer:
            for folder in folders:
                texts = {"path": folder.name, "triplet/name": folder.name, "triplet/film": ""}
                values: dict[str, bytes | int] = {key: texts[key].encode() for key in texts}
                for i in range(3):
                    data = (folder / f"frame{i + 1}.jpg").read_bytes()
                    values |= {f"frame_{i}/encoded": data, f"frame_{i}/format": b"jpeg"}
                    values |= {f"frame_{i}/height": _HEIGHT, f"frame_{i}/width": _WIDTH}
                features = {
                    key: train.Feature(bytes_list=train.BytesList(value=[value]))
                    if isinstance(value, bytes)
                    else train.Feature(int64_list=train.Int64List(value=[value]))
                    for key, value in values.items()
                }
                example = train.Example(features=train.Features(feature=features))
                writer.write(example.SerializeToString(deterministic=True))


def run_lean_loop(
    root: pathlib.Path, output: pathlib.Path, num_shards: int, *, decode: bool = False
) -> None:
    """Writes the job's shards with the job's encoder and nothing around it."""
    from PIL import Image

    from frame_interpolation.datasets import tf_example, tfrecord

    for path, folders in _shards(root, output, num_shards):
        with open(path, "wb") as file:
            for folder in folders:
                frames = []
                for k in (1, 2, 3):
                    frame = folder / f"frame{k}.jpg"
                    data = frame.read_bytes()
                    if decode:
                        with Image.open(frame) as image:
                            image.draft("RGB", (1, 1))
                            image.load()
                    frames.append(tf_example.EncodedFrame(data, "jpeg", _WIDTH, _HEIGHT))
                record = tf_example.encode(frames, path=folder.name, name=folder.name)
                file.write(tfrecord.frame_record(record))


def _shards(
    root: pathlib.Path, output: pathlib.Path, num_shards: int
) -> Iterator[tuple[pathlib.Path, list[pathlib.Path]]]:
    """Yields the file of every shard and the folders that go into it, as the job deals them."""
    output.parent.mkdir(parents=True, exist_ok=True)
    folders = sorted(root.iterdir())
    for shard in range(num_shards):
        first, last = (len(folders) * (shard + k) // num_shards for k in (0, 1))
        yield (
            output.with_name(f"{output.name}-{shard:05d}-of-{num_shards:05d}"),
            folders[first:last],
        )


def check_bytes(root: pathlib.Path, kinds: dict[str, Callable[[], object]]) -> None:
    """Runs everything once, for the caches, and makes sure that all write the same.

    Raises:
        RuntimeError: They do not.
    """
    digests = {}
    for kind, run in kinds.items():
        run()
        if kind != "start-up":
            shards = sorted(path for path in (root / "out").iterdir() if path.name[-1].isdigit())
            digests[kind] = [hashlib.sha256(path.read_bytes()).hexdigest() for path in shards]
        shutil.rmtree(root / "out")
    if len({tuple(digest) for digest in digests.values()}) != 1:
        raise RuntimeError(f"the job and the loops write different bytes: {digests}")


def measure_in_turns(
    kinds: dict[str, Callable[[], object]], output: pathlib.Path, repeats: int
) -> list[dict[str, Cost]]:
    """Returns the cost of every kind in every round; a round takes them in another order."""
    shuffle = random.Random(0).shuffle
    rounds = []
    for i in range(repeats):
        costs = {}
        order = list(kinds)
        shuffle(order)
        for kind in order:
            costs[kind] = measure(kinds[kind])
            shutil.rmtree(output)
            print(f"round {i + 1}/{repeats}: {kind} {costs[kind].wall_s:.2f} s", file=sys.stderr)
        rounds.append(costs)
    return rounds


def measure(run: Callable[[], object]) -> Cost:
    """Runs something and returns what it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def print_rates(rounds: list[dict[str, Cost]], triplets: int) -> None:
    """Prints the table. A ratio is the median of the ratios within a round."""
    start_up = statistics.median(costs["start-up"].wall_s for costs in rounds)
    print(f"start-up of the job (one triplet): {start_up:.2f} s, taken off below")
    print(f"{'':14} {'triplets/s':>10} {'CPU ms/triplet':>15} {'rate':>6} {'1/CPU':>6}")
    for job, loop in _COMPARED:
        net = [
            {
                loop: costs[loop],
                job: Cost(*(a - b for a, b in zip(costs[job], costs["start-up"], strict=True))),
            }
            for costs in rounds
        ]
        for kind in (loop, job):
            wall = statistics.median(costs[kind].wall_s for costs in net)
            cpu = statistics.median(costs[kind].cpu_s for costs in net)
            rate, per_cpu = (
                statistics.median(costs[loop][k] / costs[kind][k] for costs in net) for k in (0, 1)
            )
            print(
                f"{kind:14} {triplets / wall:10.1f} {1e3 * cpu / triplets:15.2f} "
                f"{rate:6.0%} {per_cpu:6.0%}"
            )


def measure_memory(root: pathlib.Path, *, counts: list[int]) -> None:
    """Prints the largest resident memory of the job for each number of triplets."""
    from PIL import Image

    frame = root / "small.jpg"
    Image.effect_noise((64, 36), 40).convert("RGB").save(frame)
    print(f"{'triplets':>9} {'peak memory, MB':>16} {'records':>8}")
    for count in counts:
        tree = root / f"linked {count}"
        for i in range(count):
            folder = tree / f"{i:06d}"
            folder.mkdir(parents=True)
            for k in (1, 2, 3):
                os.link(frame, folder / f"frame{k}.jpg")
        peak_mb, records = _memory_of_job(tree, root / f"records {count}")
        shutil.rmtree(tree)
        print(f"{count:9} {peak_mb:16.1f} {records:8}")


def _memory_of_job(tree: pathlib.Path, output: pathlib.Path) -> tuple[float, int]:
    script = (
        "import json, pathlib, sys; from benchmarks import build_tfrecord as b;"
        "print(json.dumps(b.peak_memory_of_job(pathlib.Path(sys.argv[1]), "
        "pathlib.Path(sys.argv[2]))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tree), str(output)],
        cwd=pathlib.Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        check=True,
    )
    return tuple(json.loads(done.stdout.splitlines()[-1]))


def peak_memory_of_job(tree: pathlib.Path, output: pathlib.Path) -> tuple[float, int]:
    """Runs the job; returns the peak memory of this process so far in MB, and the records."""
    run_job(tree, output, num_shards=8)
    manifest = json.loads(pathlib.Path(f"{output}.manifest.json").read_text())
    # And not getrusage's, which a process takes over from the one that started it.
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) / 1024, manifest["records"]


if __name__ == "__main__":
    program.run(main, FLAGS)
