"""Renders triplets of natural motion, with true middle frames, from a folder of photographs.

    python -m frame_interpolation.datasets.natural_motion
        --photographs DIR --output_dir DIR --triplets 8000 --size 160 --split train --workers 2

Writes <output_dir>/<index>/frame{1,2,3}.jpg (8-bit RGB; the second is the middle one), which
`beam_jobs.build_tfrecord --dataset triplet_folder` reads, and settings.json. A triplet depends on
the seed, the split, its index, the size and the photographs, not on the number of workers. A run
that was stopped goes on where it stopped. About 15 % of the photographs, chosen by file name, are
kept for the test split.
"""

import dataclasses
import hashlib
import json
import multiprocessing
import os
import pathlib
import shutil
import signal
import sys
import time
from collections.abc import Iterable

import numpy as np
from absl import flags
from PIL import Image

from frame_interpolation import errors, program
from frame_interpolation.datasets import moving_layers, photographs

FLAGS = flags.FlagValues()  # Its own, so that one process can import several programs.
_PHOTOGRAPHS = flags.DEFINE_string(
    "photographs", None, "Folder of photographs.", flag_values=FLAGS, required=True
)
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", None, "Folder to write to.", flag_values=FLAGS, required=True
)
_TRIPLETS = flags.DEFINE_integer(
    "triplets", 1000, "Number of triplets.", lower_bound=1, flag_values=FLAGS
)
_SIZE = flags.DEFINE_integer(
    "size", 160, "Side of the square frames in pixels.", lower_bound=32, flag_values=FLAGS
)
_SPLIT = flags.DEFINE_enum(
    "split", "train", photographs.SPLITS, "Photographs to use.", flag_values=FLAGS
)
_SEED = flags.DEFINE_integer("seed", 0, "Seed.", lower_bound=0, flag_values=FLAGS)
_WORKERS = flags.DEFINE_integer(
    "workers", 2, "Number of processes.", lower_bound=1, flag_values=FLAGS
)

FRAME_NAMES = ("frame1.jpg", "frame2.jpg", "frame3.jpg")
SETTINGS_NAME = "settings.json"
_JPEG_QUALITY = 95


@dataclasses.dataclass(frozen=True)
class Rendering:
    """What decides the triplets, and where they go; small, to be sent to worker processes.

    Attributes:
      photograph_paths: Photographs of the split.
      output_dir: Existing folder.
      split: 'train' or 'test'.
      seed: Seed.
      size: Side of the square frames in pixels.
    """

    photograph_paths: tuple[pathlib.Path, ...]
    output_dir: pathlib.Path
    split: str
    seed: int
    size: int

    def settings(self) -> dict:
        """Everything that the pixels depend on, for settings.json."""
        return {
            "seed": self.seed,
            "split": self.split,
            "size": self.size,
            "photographs": {
                path.name: hashlib.sha256(path.read_bytes()).hexdigest()
                for path in self.photograph_paths
            },
        }

    def write(self, index: int, textures: photographs.PhotographTextures) -> None:
        """Renders the triplet of an index and writes its folder."""
        rng = np.random.default_rng((self.seed, photographs.SPLITS.index(self.split), index))
        scene = moving_layers.draw_scene(rng, textures, side_px=self.size)
        unfinished = self.output_dir / f".{triplet_name(index)}.tmp"
        shutil.rmtree(unfinished, ignore_errors=True)  # Left by a run that was stopped.
        unfinished.mkdir()
        for name, frame in zip(FRAME_NAMES, moving_layers.render_triplet(scene), strict=True):
            Image.fromarray(frame).save(unfinished / name, quality=_JPEG_QUALITY, subsampling=0)
        os.replace(unfinished, self.output_dir / triplet_name(index))


def triplet_name(index: int) -> str:
    """Folder name of the triplet of an index."""
    return f"{index:06d}"


class _Worker:
    """Writes triplets and keeps the decoded photographs; one in each process."""

    def __init__(self, rendering: Rendering):
        self._rendering = rendering
        self._textures = photographs.PhotographTextures(rendering.photograph_paths)

    def write(self, index: int) -> None:
        self._rendering.write(index, self._textures)


_worker: _Worker | None = None  # The worker of a worker process.


def _start_worker(rendering: Rendering) -> None:
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent ends the pool.
    _worker = _Worker(rendering)


def _write_in_worker(index: int) -> None:
    if _worker is None:
        raise RuntimeError("The worker process was not started by _start_worker.")
    _worker.write(index)


def _write_settings(output_dir: pathlib.Path, settings: dict) -> None:
    """Writes the settings, or checks them against those of an earlier run."""
    path = output_dir / SETTINGS_NAME
    text = json.dumps(settings, indent=2) + "\n"
    if path.exists():
        if path.read_text(encoding="utf-8") != text:
            raise errors.InputError(
                f"{output_dir} was rendered with other settings or photographs than those given "
                f"(see {SETTINGS_NAME} in it): choose another --output_dir or remove this one."
            )
        return
    if any(output_dir.iterdir()):
        raise errors.InputError(
            f"{output_dir} is not empty and holds no {SETTINGS_NAME}: choose a new --output_dir."
        )
    unfinished = path.with_name(f".{SETTINGS_NAME}.tmp")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)


def run(
    *,
    photograph_dir: str | pathlib.Path,
    output_dir: str | pathlib.Path,
    triplets: int,
    size: int = 160,
    split: str = "train",
    seed: int = 0,
    workers: int = 1,
) -> int:
    """Renders the triplets 0 ... triplets - 1 that are not there yet.

    Args:
      photograph_dir: Folder of photographs.
      output_dir: Folder to write to; it is made.
      triplets: Number of triplets.
      size: Side of the square frames in pixels.
      split: 'train' or 'test'.
      seed: Seed.
      workers: Number of processes; 1 renders in this one.

    Returns:
      The number of triplets that were rendered.

    Raises:
      InputError: No photographs of the split, or the folder holds something else.
    """
    paths = photographs.list_photographs(photograph_dir, split=split)
    output_dir = pathlib.Path(output_dir)
    output_dir.mkdir(parents=True, exist_ok=True)
    rendering = Rendering(paths, output_dir, split=split, seed=seed, size=size)
    _write_settings(output_dir, rendering.settings())
    missing = [i for i in range(triplets) if not (output_dir / triplet_name(i)).exists()]
    started = time.monotonic()
    if workers == 1:
        _show_progress(map(_Worker(rendering).write, missing), len(missing), started)
    else:
        context = multiprocessing.get_context("spawn")
        with context.Pool(workers, _start_worker, (rendering,)) as pool:
            done = pool.imap_unordered(_write_in_worker, missing, chunksize=8)
            _show_progress(done, len(missing), started)
    return len(missing)


def _show_progress(results: Iterable[None], total: int, started: float) -> None:
    """Draws the results and reports every 500th on stderr."""
    for count, _ in enumerate(results, start=1):
        if count % 500 == 0 or count == total:
            seconds = time.monotonic() - started
            print(f"{count}/{total} triplets, {seconds / count:.3f} s each", file=sys.stderr)


def main(argv: list[str]) -> None:
    """Wires the flags to `run`."""
    del argv
    count = run(
        photograph_dir=_PHOTOGRAPHS.value,
        output_dir=_OUTPUT_DIR.value,
        triplets=_TRIPLETS.value,
        size=_SIZE.value,
        split=_SPLIT.value,
        seed=_SEED.value,
        workers=_WORKERS.value,
    )
    print(f"Rendered {count} triplets of natural motion in {_OUTPUT_DIR.value}.")


if __name__ == "__main__":
    program.run(main, FLAGS)
