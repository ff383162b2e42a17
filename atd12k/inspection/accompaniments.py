"""Checks what accompanies the test frames: annotations and precomputed optical flows."""

import os
from collections import Counter
from collections.abc import Collection

import numpy as np

from atd12k import annotations
from atd12k.errors import DatasetError
from atd12k.inspection import listing
from atd12k.inspection.findings import Findings

# A third party's count in the published test set, by level.
LEVELS_BY_THIRD_PARTY = {0: 798, 1: 634, 2: 568}


def check_annotations(
    root: str, folder: listing.Folder, triplets: Collection[str], findings: Findings
) -> tuple[int, int, Counter[int]]:
    """Reads all annotations and compares them with the test triplets.

    Args:
        root: The dataset's root.
        folder: The folder of annotations.
        triplets: Names of the test triplets.
        findings: Where to note what is missing, malformed, superfluous or odd.

    Returns:
        The number of annotations, that of sound ones, and how many sound ones have each level.
    """
    names = listing.triplet_names(root, folder, findings)
    remarks = annotations.Remarks()
    levels: Counter[int] = Counter()
    files = sound = 0
    for name in names:
        where = f"{folder.name}/{name}"
        present = _check_folder(root, where, (f"{name}.json",), findings)
        if not present:
            continue
        files += 1
        if name not in triplets:
            findings.add("annotation_without_triplet", where)
        path = os.path.join(root, folder.name, name, f"{name}.json")
        if not os.path.isfile(path):
            findings.add("annotation_malformed", f"{where}/{name}.json", "not a regular file")
            continue
        try:
            levels[annotations.read_annotation(path, remarks).level] += 1
            sound += 1
        except DatasetError as error:
            findings.add("annotation_malformed", f"{where}/{name}.json", _without(path, error))
        except OSError as error:
            detail = error.strerror or str(error)
            findings.add("annotation_malformed", f"{where}/{name}.json", detail)
    for name in sorted(triplets):
        path = os.path.join(root, folder.name, name, f"{name}.json")
        if not os.path.lexists(path):
            findings.add("annotation_missing", f"{folder.name}/{name}/{name}.json")
    for kind, details in remarks.found.items():
        for detail in details:
            relative = detail.replace(os.path.join(root, ""), "")
            findings.add("annotation_remark", folder.name, f"{relative}: {kind}")
    return files, sound, levels


def check_flows(
    root: str, folder: listing.Folder, triplets: Collection[str], findings: Findings
) -> tuple[int, int]:
    """Checks that the precomputed flows are there, whole, and NumPy arrays of numbers.

    Returns:
        The number of triplets with a folder of flows, and that of those with two sound files.
    """
    names = listing.triplet_names(root, folder, findings)
    sound = 0
    for name in names:
        where = f"{folder.name}/{name}"
        present = _check_folder(root, where, listing.FLOW_FILES, findings)
        defects = [_flow_defect(os.path.join(root, where, file)) for file in present]
        for file, defect in zip(present, defects, strict=True):
            if defect:
                findings.add("flow_unreadable", f"{where}/{file}", defect)
        missing = [file for file in listing.FLOW_FILES if file not in present]
        for file in missing:
            findings.add("flow_missing", f"{where}/{file}")
        sound += not missing and not any(defects)
    for name in sorted(set(triplets) - set(names)):
        findings.add("flow_missing", f"{folder.name}/{name}")
    return len(names), sound


def _check_folder(
    root: str, where: str, expected: Collection[str], findings: Findings
) -> list[str]:
    """Returns which of the expected files are there; notes the others as extra."""
    entries = listing.entries(root, where, findings) or []
    for entry in entries:
        if entry not in expected:
            findings.add("extra_file", f"{where}/{entry}")
    return [file for file in expected if file in entries]


def _flow_defect(path: str) -> str:
    if not os.path.isfile(path):
        return "not a regular file"
    try:
        # Mapped, so that the header is read and the length checked, but not the values.
        flow = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        return error.strerror or str(error)
    except (ValueError, EOFError, SyntaxError) as error:
        return str(error)
    if not isinstance(flow, np.ndarray) or not np.issubdtype(flow.dtype, np.floating):
        return f"holds {getattr(flow, 'dtype', type(flow).__name__)}, expected floating point"
    return "" if flow.size else "holds no values"


def _without(path: str, error: DatasetError) -> str:
    return str(error).removeprefix(repr(path)).lstrip(": ")
