"""Lists what lies in the dataset's folders, whatever its state; opens no file.

Unlike `atd12k.file_layout.list_triplets`, which is for programs that need sound data, a folder that
cannot be read does not end the listing, and what is not part of the dataset is listed as well.
"""

import os
import re
from typing import Final, NamedTuple

from atd12k import file_layout
from atd12k.errors import DatasetError
from atd12k.inspection.findings import Findings

FLOW_FOLDER: Final = "test_2k_pre_calc_sgm_flows"
FLOW_FILES: Final = ("guide_flo13.npy", "guide_flo31.npy")
FRAME_NUMBERS: Final = (1, 2, 3)


class Folder(NamedTuple):
    """A folder of the dataset.

    Attributes:
        name: Its name.
        published: Number of triplets in the published dataset.
        is_needed: Whether training and evaluation need it.
        has_frames: Whether it holds triplets of frames.
    """

    name: str
    published: int
    is_needed: bool
    has_frames: bool


FOLDERS: Final = (
    Folder(file_layout.TRAIN_FOLDER, 10_000, True, True),
    Folder(file_layout.TEST_FOLDERS["540p"], 2_000, True, True),
    Folder(file_layout.TEST_FOLDERS["original"], 2_000, False, True),
    Folder(file_layout.ANNOTATION_FOLDER, 2_000, True, False),
    Folder(FLOW_FOLDER, 2_000, False, False),
)

_FRAME_FILE: Final = re.compile(r"frame([123])\.(?:jpg|jpeg|png)", re.IGNORECASE)


class Triplet(NamedTuple):
    """A folder of frames.

    Attributes:
        name: The folder's name.
        folder: The folder relative to the root, with slashes.
        files: Names of the files of frame1, frame2 and frame3, None where one is missing.
    """

    name: str
    folder: str
    files: tuple[str | None, str | None, str | None]


def present_folders(root: str, findings: Findings) -> list[Folder]:
    """Returns those of the dataset's folders that are there, and notes the absent ones.

    Raises:
        DatasetError: `root` is not a folder or holds no folder of frames.
        OSError: `root` cannot be listed.
    """
    names = [folder.name for folder in FOLDERS if folder.has_frames]
    expected = f"expected the folder that holds {names[0]!r}, {names[1]!r} or {names[2]!r}"
    if not os.path.isdir(root):
        state = "a file" if os.path.exists(root) else "missing"
        raise DatasetError(f"{root!r} is {state}; {expected}.")
    held = sorted(os.listdir(root))
    present = [folder for folder in FOLDERS if os.path.isdir(os.path.join(root, folder.name))]
    if not any(folder.has_frames for folder in present):
        shown = ", ".join(map(repr, held[:5])) or "nothing"
        more = f" and {len(held) - 5} more" if len(held) > 5 else ""
        raise DatasetError(f"{root!r} is not ATD-12K: it holds {shown}{more}; {expected}.")
    for folder in FOLDERS:
        if folder not in present:
            kind = "folder_missing" if folder.is_needed else "optional_folder_absent"
            findings.add(kind, folder.name)
    known = {folder.name for folder in present}
    for entry in held:
        # Hidden ones are nobody's business here; our own unfinished report may be among them.
        if entry not in known and not entry.startswith("."):
            findings.add("extra_file", entry)
    return present


def list_triplets(root: str, folder: Folder, findings: Findings) -> list[Triplet]:
    """Lists the triplets of a folder of frames, sorted by name.

    Missing and doubled frames, folders that cannot be read and extra files are noted.
    """
    triplets = []
    for name in triplet_names(root, folder, findings):
        where = f"{folder.name}/{name}"
        held = entries(root, where, findings)
        if held is None:
            continue
        found: dict[int, list[str]] = {number: [] for number in FRAME_NUMBERS}
        for entry in held:
            match = _FRAME_FILE.fullmatch(entry)
            if match:
                found[int(match[1])].append(entry)
            else:
                findings.add("extra_file", f"{where}/{entry}")
        for number, files in found.items():
            if not files:
                findings.add("frame_missing", where, f"no frame{number}.jpg or .png")
            elif len(files) > 1:
                findings.add("frame_ambiguous", where, " and ".join(files))
        first, middle, last = (files[0] if files else None for files in found.values())
        triplets.append(Triplet(name, where, (first, middle, last)))
    return triplets


def triplet_names(root: str, folder: Folder, findings: Findings) -> list[str]:
    """Returns the names of the folders in one of the dataset's folders, sorted.

    Files beside them are noted as extra, an empty folder as such.
    """
    held = entries(root, folder.name, findings)
    if held is None:
        return []
    names = []
    for entry in held:
        path = os.path.join(root, folder.name, entry)
        if entry.startswith(".") or not os.path.isdir(path):
            findings.add("extra_file", f"{folder.name}/{entry}")
        else:
            names.append(entry)
    if not names:
        findings.add("folder_empty", folder.name)
    return names


def entries(root: str, where: str, findings: Findings) -> list[str] | None:
    """Returns the names in a folder, sorted; None, and a finding, where it cannot be read."""
    try:
        return sorted(os.listdir(os.path.join(root, where)))
    except OSError as error:
        findings.add("folder_unreadable", where, error.strerror or str(error))
        return None
