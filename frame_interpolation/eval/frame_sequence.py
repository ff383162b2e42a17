"""Folders of numbered frames: finding them, putting them in order, writing new ones.

A sequence is the image files that lie directly in a folder, in natural order (`frame_2` before
`frame_10`). What the programs here write is never taken as input: folders `interpolated_frames`,
the file `output_frame.png`, and hidden files, among which are the temporary ones.
"""

import contextlib
import glob
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from frame_interpolation.errors import InputError
from frame_interpolation.eval import image_io

OUTPUT_FOLDER = "interpolated_frames"
OUTPUT_VIDEO = "interpolated.mp4"
OUTPUT_FRAME = "output_frame.png"

_OUTPUT_PATTERN = re.compile(r"frame_[0-9]{3,}\.png")
# Left by file managers in every folder that they show.
_LITTER = frozenset([".DS_Store", "Thumbs.db", "desktop.ini"])


def natural_key(name: str) -> tuple[list[str | int], str]:
    """Gives the key that sorts names by the numbers in them: frame_2, frame_10, frame_010."""
    parts = re.split(r"([0-9]+)", name)
    numbered = [int(part) if i % 2 else part.casefold() for i, part in enumerate(parts)]
    return numbered, name


def find_folders(pattern: str) -> list[Path]:
    """Finds the folders that a pattern stands for.

    Args:
      pattern: a folder, taken literally if it exists, or a glob of folders (`**` goes deeper; `~`
        is the home folder). Folders named `interpolated_frames` are left out.

    Returns:
      The folders in natural order.

    Raises:
      InputError: there are none.
    """
    pattern = os.path.expanduser(pattern)
    names = [pattern] if os.path.isdir(pattern) else glob.glob(pattern, recursive=True)
    folders = {Path(name) for name in names if os.path.isdir(name)}
    folders = {folder for folder in folders if folder.name != OUTPUT_FOLDER}
    if not folders:
        raise InputError(
            f"The pattern {pattern!r} matches no folder: expected one or more folders that each "
            "hold the frames of a sequence (quote the pattern so that the shell leaves it alone)."
        )
    return sorted(folders, key=lambda folder: natural_key(str(folder)))


def list_frames(folder: Path) -> list[Path]:
    """Lists the frames of a sequence.

    Args:
      folder: holds the image files; other files and folders are passed over.

    Returns:
      At least two files, in natural order.

    Raises:
      InputError: there are fewer than two frames, two that differ in their suffix only, or the
        folder cannot be read.
    """
    try:
        files = [path for path in folder.iterdir() if _is_frame(path)]
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}.") from error
    if len(files) < 2:
        raise InputError(
            f"{folder} holds {'one frame' if files else 'no frames'}: expected at least two images "
            f"({' '.join(sorted(image_io.FRAME_SUFFIXES))})."
        )
    frames = sorted(files, key=lambda path: natural_key(path.name))
    _refuse_twins(frames)
    return frames


def check_frames(frames: Sequence[Path]) -> tuple[int, int]:
    """Reads all frames once, so that a damaged one is found before hours of work, not after.

    Args:
      frames: image files.

    Returns:
      Their common (height, width) in pixels.

    Raises:
      InputError: a frame cannot be read or has another size than the first one.
    """
    first_shape: tuple[int, ...] | None = None
    for path in frames:
        shape = image_io.read_image(path).shape
        if first_shape is None:
            first_shape = shape
        if shape != first_shape:
            raise InputError(
                f"{path} has {_size(shape)} and {frames[0]} has {_size(first_shape)}: expected "
                "frames of one size."
            )
    if first_shape is None:
        raise InputError("There are no frames to read; expected at least one.")
    return first_shape[0], first_shape[1]


def output_name(index: int, count: int) -> str:
    """Names the file of frame `index` of `count`: frame_000.png, or with more digits from 1001."""
    return f"frame_{index:0{max(3, len(str(count - 1)))}d}.png"


def check_replaceable(folder: Path) -> None:
    """Makes sure that `replaced_output_folder` can work.

    Args:
      folder: the folder of frames to be written, which may exist.

    Raises:
      InputError: its parent cannot be written, or it holds what no earlier run has written.
    """
    target = _resolved(folder)
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise InputError(f"{target.parent} cannot be written: change its permissions.")
    if not target.exists():
        return
    if not target.is_dir():
        raise InputError(f"{folder} is not a folder: move it away.")
    for name in sorted(os.listdir(target)):
        if name not in _LITTER and not _OUTPUT_PATTERN.fullmatch(name):
            raise InputError(
                f"{folder} holds {name}, which is not a frame of an earlier run and would be lost: "
                "move it away."
            )


@contextlib.contextmanager
def replaced_output_folder(folder: Path) -> Iterator[Path]:
    """Opens a folder that takes the place of `folder` when the block ends without an error.

    Args:
      folder: the folder of frames, replaced as a whole. If it is a symbolic link, what it points
        to is replaced and the link stays.

    Yields:
      An empty folder for the new frames, which lies beside `folder` under a hidden name.

    Raises:
      InputError: as `check_replaceable`.
    """
    check_replaceable(folder)
    target = _resolved(folder)
    workspace = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}."))
    try:
        fresh = workspace / "new"
        fresh.mkdir()
        yield fresh
        check_replaceable(folder)  # Hours may have gone by.
        _exchange(target, fresh, workspace / "old")
    finally:
        shutil.rmtree(workspace, ignore_errors=True)


def _exchange(target: Path, fresh: Path, old: Path) -> None:
    replaced = target.exists()
    if replaced:
        os.rename(target, old)
    try:
        os.rename(fresh, target)
    except OSError:
        if replaced:
            os.rename(old, target)
        raise


def _resolved(folder: Path) -> Path:
    return Path(os.path.realpath(folder))


def _is_frame(path: Path) -> bool:
    return (
        path.suffix.lower() in image_io.FRAME_SUFFIXES
        and not path.name.startswith(".")
        and path.name != OUTPUT_FRAME
        and path.is_file()
    )


def _refuse_twins(frames: Sequence[Path]) -> None:
    seen: dict[str, Path] = {}
    for path in frames:
        twin = seen.setdefault(path.stem, path)
        if twin is not path:
            raise InputError(
                f"{twin} and {path.name} are two files of one frame: keep one of them."
            )


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]} pixels"
