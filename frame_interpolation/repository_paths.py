"""The one rule for relative paths: the current directory first, then the repository root.

Configurations name files such as `assets/film_small/saved_model`, and the programs start from the
repository root as well as from inside `frame_interpolation/`.
"""

import pathlib

REPOSITORY_ROOT = pathlib.Path(__file__).resolve().parents[1]


def find(path: str | pathlib.Path) -> str:
    """Finds a file or folder that exists, or a prefix of files such as a checkpoint's.

    Args:
      path: absolute, relative, or of a remote file system (`gs://...`, returned as it is).

    Returns:
      `path` where it exists as seen from the current directory, else the path below the repository
      root where it exists there, else `path` as it was given, so that an error names what the user
      wrote.
    """
    given = str(path)
    if "://" in given or not given:
        return given
    expanded = pathlib.Path(given).expanduser()
    if expanded.is_absolute() or _exists(expanded):
        return str(expanded)
    below_root = REPOSITORY_ROOT / expanded
    return str(below_root) if _exists(below_root) else given


def _exists(path: pathlib.Path) -> bool:
    # A checkpoint `ckpt-7` is no file of that name; it is there when its index is.
    return path.exists() or path.with_name(f"{path.name}.index").exists()
