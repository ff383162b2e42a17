"""Draws a small dataset in ATD-12K's layout: cartoons of our own, for demonstrations and tests.

    python -m atd12k.sample --output_dir ROOT [--seed 0] [--train_triplets 48]
        [--test_triplets 15] [--size 960x540 ...] [--workers N]

The frames are drawn by `atd12k.cartoon`: nine little films, six to train on and three others to
test on. Nothing in them comes from ATD-12K, and the names say so: a triplet is called
`Sample_v1_<film>_<frame>_s<step>`, where <frame> is the number of its first frame in the film at 24
frames a second, and <step> says that the shot is drawn on ones, twos or threes: the three frames
lie <step> frames apart, so each shows a new drawing and the middle one is true.

The layout is that of `atd12k.file_layout`: training frames are JPEG of the sizes asked for, test
frames PNG of 960x540 as in ATD-12K's test set at 540 lines. The annotations of the test triplets
are computed from the known motion (`atd12k.cartoon.true_motion`). `image_size` is the size of the
frames before they were reduced to 540 lines, and `motion_RoI` is in pixels of that size.

The same arguments give the same bytes (with the same Pillow), whatever the number of workers.
"""

import argparse
import concurrent.futures
import json
import math
import multiprocessing
import os
import pathlib
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from atd12k import file_layout
from atd12k.cartoon import editing, films
from atd12k.errors import DatasetError

TEST_SIZE = (960, 540)
DEFAULT_TRAIN_TRIPLETS = 48
DEFAULT_TEST_TRIPLETS = 15
_SIDES = (64, 3840)
_MOST_TRIPLETS = 10_000
_JPEG_QUALITY = 95

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class DrawnTriplet:
    """A triplet that was drawn.

    Attributes:
      split: 'train' or 'test'.
      name: Its name.
      film: Its film, the name up to the six digits.
      level: 0 easy, 1 medium, 2 hard.
      motion_px: True mean displacement between its outer frames, pixels of 540 lines.
      general_motion_type: Dominant motion.
      behavior: What its figures do.
    """

    split: str
    name: str
    film: str
    level: int
    motion_px: float
    general_motion_type: str
    behavior: str


@dataclass(frozen=True)
class _Order:
    """What a worker draws."""

    split: str
    film: films.Film
    shot: int
    seed: int
    size: tuple[int, int]
    folder: str


def draw_tree(
    root: str | os.PathLike[str],
    *,
    seed: int = 0,
    train_triplets: int = DEFAULT_TRAIN_TRIPLETS,
    test_triplets: int = DEFAULT_TEST_TRIPLETS,
    sizes: Sequence[tuple[int, int]] = (TEST_SIZE,),
    workers: int | None = None,
    progress: Progress | None = None,
) -> list[DrawnTriplet]:
    """Draws a dataset tree; it appears at `root` when it is complete.

    Args:
      root: Folder to make; it must not exist or be empty.
      seed: Seed of all that is left to chance.
      train_triplets: Number of triplets in train_10k.
      test_triplets: Number of triplets in test_2k_540p, each with an annotation.
      sizes: (width, height) of the training frames in pixels, the films taking them in turn.
      workers: Number of processes; None for one a core, 1 for none but this one.
      progress: Called as progress(done, total) after each triplet.

    Returns:
      What was drawn, training triplets first.

    Raises:
      DatasetError: `root` is in use or an argument is out of range.
      OSError: The files cannot be written.
    """
    root = pathlib.Path(root)
    _check(root, seed, train_triplets, test_triplets, sizes, workers)
    root.parent.mkdir(parents=True, exist_ok=True)
    partial = root.parent / f".{root.name}.partial-{os.getpid()}"
    partial.mkdir()
    try:
        orders = list(_orders(partial, seed, train_triplets, test_triplets, sizes))
        for folder in (
            file_layout.TRAIN_FOLDER,
            file_layout.TEST_FOLDERS["540p"],
            file_layout.ANNOTATION_FOLDER,
        ):
            (partial / folder).mkdir()
        drawn = []
        for triplet in _draw_all(orders, workers or len(os.sched_getaffinity(0))):
            drawn.append(triplet)
            if progress:
                progress(len(drawn), len(orders))
        if root.exists():
            root.rmdir()  # Empty, or another program has written into it meanwhile.
        os.replace(partial, root)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return drawn


def _check(
    root: pathlib.Path,
    seed: int,
    train_triplets: int,
    test_triplets: int,
    sizes: Sequence[tuple[int, int]],
    workers: int | None,
) -> None:
    if not root.name:
        raise DatasetError(f"'{root}' cannot be an output folder; name a folder to make")
    if root.exists() and not root.is_dir():
        raise DatasetError(f"{root} is a file; name a folder that does not exist yet")
    if root.exists() and any(root.iterdir()):
        raise DatasetError(f"{root} is not empty; name a folder that does not exist yet")
    for name, value in (("train_triplets", train_triplets), ("test_triplets", test_triplets)):
        if not 0 <= value <= _MOST_TRIPLETS:
            raise DatasetError(f"{name} is {value}; expected 0 to {_MOST_TRIPLETS}")
    if train_triplets + test_triplets == 0:
        raise DatasetError("train_triplets and test_triplets are both 0; nothing would be drawn")
    if seed < 0:
        raise DatasetError(f"seed is {seed}; expected 0 or more")
    if workers is not None and workers < 1:
        raise DatasetError(f"workers is {workers}; expected 1 or more")
    if not sizes:
        raise DatasetError("no size was given; expected one such as 960x540")
    low, high = _SIDES
    for width, height in sizes:
        if not (low <= width <= high and low <= height <= high):
            raise DatasetError(f"size {width}x{height}: expected sides of {low} to {high} pixels")
        if not 0.5 <= width / height <= 3:
            raise DatasetError(f"size {width}x{height}: expected a width of 0.5 to 3 heights")


def _orders(
    root: pathlib.Path,
    seed: int,
    train_triplets: int,
    test_triplets: int,
    sizes: Sequence[tuple[int, int]],
) -> Iterator[_Order]:
    for number in range(train_triplets):
        shot, film = divmod(number, len(films.TRAIN_FILMS))
        size = sizes[film % len(sizes)]
        yield _Order("train", films.TRAIN_FILMS[film], shot, seed, size, str(root))
    for number in range(test_triplets):
        shot, film = divmod(number, len(films.TEST_FILMS))
        yield _Order("test", films.TEST_FILMS[film], shot, seed, TEST_SIZE, str(root))


def _draw_all(orders: list[_Order], workers: int) -> Iterator[DrawnTriplet]:
    """Yields the drawn triplets in order."""
    workers = min(workers, len(orders))
    if workers == 1:
        yield from map(_draw, orders)
        return
    # Processes are spawned: forking a program in which TensorFlow runs threads may hang.
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(workers, mp_context=context) as pool:
        try:
            yield from pool.map(_draw, orders, chunksize=1)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _draw(order: _Order) -> DrawnTriplet:
    width, height = order.size
    take = editing.choose_take(order.film, order.shot, seed=order.seed, aspect=width / height)
    shot, motion = take.stage.shot, take.motion
    film = f"Sample_v1_{order.film.number}"
    name = f"{film}_{take.film_frame:06d}_s{shot.step}"
    root, test = pathlib.Path(order.folder), order.split == "test"
    folder = root / (file_layout.TEST_FOLDERS["540p"] if test else file_layout.TRAIN_FOLDER) / name
    folder.mkdir()
    for number, exposure in enumerate(take.exposures, start=1):
        picture = take.stage.picture(exposure, size=order.size)
        if test:
            picture.save(folder / f"frame{number}.png")
        else:
            picture.save(folder / f"frame{number}.jpg", quality=_JPEG_QUALITY, subsampling=0)
    if test:
        content = annotation(take, original_size=order.film.original_size)
        path = root / file_layout.ANNOTATION_FOLDER / name / f"{name}.json"
        path.parent.mkdir()
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return DrawnTriplet(
        order.split,
        name,
        film,
        motion.level,
        motion.motion_px,
        motion.general_type,
        shot.behavior,
    )


def annotation(take: editing.Take, *, original_size: tuple[int, int]) -> dict[str, object]:
    """Returns the content of an annotation file; see ATD-12K's keys in `atd12k.annotations`.

    Args:
      take: The triplet.
      original_size: (width, height) to which `motion_RoI` refers; it must be a multiple of a third
        of 960x540, and the region's corners lie on a grid of three pixels of 960x540, so that the
        evaluation's division of every side by width / 960 gives back whole pixels.
    """
    motion = take.motion
    scale_x, scale_y = original_size[0] / TEST_SIZE[0], original_size[1] / TEST_SIZE[1]
    left, top = (3 * math.floor(edge / 3) for edge in motion.roi[:2])
    right, bottom = (3 * math.ceil(edge / 3) for edge in motion.roi[2:])
    return {
        "level": motion.level,
        "motion_RoI": {
            "x": round(left * scale_x),
            "y": round(top * scale_y),
            "width": round((right - left) * scale_x),
            "height": round((bottom - top) * scale_y),
        },
        "image_size": list(original_size),
        "general_motion_type": motion.general_type,
        "behavior": take.stage.shot.behavior,
    }


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if not match:
        raise argparse.ArgumentTypeError(f"'{text}' is no size; expected one such as 960x540")
    return int(match[1]), int(match[2])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m atd12k.sample",
        description="Draws a small dataset of cartoons in ATD-12K's layout.",
    )
    parser.add_argument("--output_dir", required=True, help="folder to make")
    parser.add_argument("--seed", type=int, default=0, help="other seeds give other shots")
    parser.add_argument("--train_triplets", type=int, default=DEFAULT_TRAIN_TRIPLETS, metavar="N")
    parser.add_argument("--test_triplets", type=int, default=DEFAULT_TEST_TRIPLETS, metavar="N")
    parser.add_argument(
        "--size",
        type=_size,
        nargs="+",
        default=[TEST_SIZE],
        metavar="WxH",
        help="sizes of the training frames, the films taking them in turn (960x540)",
    )
    parser.add_argument("--workers", type=int, help="processes (default: one a core)")
    return parser


def _show_progress(done: int, total: int) -> None:
    end = "\n" if done == total else ""
    if sys.stderr.isatty():
        print(f"\rdrawn {done} of {total} triplets", end=end, file=sys.stderr, flush=True)
    elif done == total or done % 10 == 0:
        print(f"drawn {done} of {total} triplets", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the program and returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        drawn = draw_tree(
            options.output_dir,
            seed=options.seed,
            train_triplets=options.train_triplets,
            test_triplets=options.test_triplets,
            sizes=options.size,
            workers=options.workers,
            progress=_show_progress,
        )
    except DatasetError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        print(f"error: {error.strerror or error}{where}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    for split in ("train", "test"):
        levels = Counter(triplet.level for triplet in drawn if triplet.split == split)
        print(f"{split}: {levels[0]} easy, {levels[1]} medium, {levels[2]} hard triplets")
    return 0


if __name__ == "__main__":
    sys.exit(main())
