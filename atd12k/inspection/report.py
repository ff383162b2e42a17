"""Tells what an inspection found: as text for people, complete as JSON for programs."""

import dataclasses
import json
import os
import tempfile
from collections.abc import Iterator
from typing import Any, Final

from atd12k import file_layout
from atd12k.inspection import accompaniments, findings, perceptual_hash, same_pictures, tree

FORMAT: Final = "atd12k.integrity/1"
_TEST_LEVEL_NAMES: Final = ("easy", "medium", "hard")


def as_json(inspection: tree.Inspection) -> dict[str, Any]:
    """Returns everything that was found, as what `json` can write. Lists are complete."""
    found = inspection.findings
    return {
        "format": FORMAT,
        "root": inspection.root,
        "verdict": "wrong" if found.wrong else "clean",
        "number_wrong": found.wrong,
        "accepted": sorted(found.accepted),
        "folders": [_folder(state) for state in inspection.folders.values()],
        "levels": {
            "counted": {str(level): inspection.levels[level] for level in (0, 1, 2)},
            "third_party_count": {
                str(level): n for level, n in accompaniments.LEVELS_BY_THIRD_PARTY.items()
            },
        },
        "films_shared_by_train_and_test": inspection.films_shared,
        "same_pictures": [shared._asdict() for shared in inspection.shared_pictures],
        "near_copies": _near_copies(inspection.near_copies),
        "findings": [
            {
                "kind": kind,
                "severity": found.severity(kind),
                "meaning": findings.KINDS[kind].meaning,
                "number": len(of_kind),
                "list": [{"where": f.where, "detail": f.detail} for f in of_kind],
            }
            for kind, of_kind in found.by_kind()
        ],
    }


def as_text(inspection: tree.Inspection, *, most_listed: int) -> str:
    """Returns the report for people.

    Args:
        inspection: What was found.
        most_listed: How many findings of each kind are listed.
    """
    return "\n".join(_lines(inspection, most_listed)) + "\n"


class JsonFile:
    """A file that appears when it is complete; made early, to fail before the work and not after.

    A context manager: without `write` nothing appears.
    """

    def __init__(self, path: str) -> None:
        """Makes the temporary file beside `path`.

        Raises:
            OSError: The file cannot be made there.
        """
        self._path = path
        if os.path.isdir(path):
            raise IsADirectoryError(21, "Is a folder, expected the name of a file", path)
        folder, name = os.path.split(path)
        try:
            handle, self._partial = tempfile.mkstemp(prefix=f".{name}.", dir=folder or ".")
        except OSError as error:
            error.filename = path  # Not that of the temporary file.
            raise
        self._file = os.fdopen(handle, "w", encoding="utf-8")

    def write(self, content: dict[str, Any]) -> None:
        """Writes the content and moves the file to its place."""
        json.dump(content, self._file, indent=1)
        self._file.write("\n")
        self._file.close()
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(self._partial, 0o666 & ~umask)  # mkstemp makes files for the owner alone.
        os.replace(self._partial, self._path)

    def __enter__(self) -> "JsonFile":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._file.close()
        finally:
            if os.path.exists(self._partial):
                os.unlink(self._partial)


def _folder(state: tree.FolderState) -> dict[str, Any]:
    return {
        "name": state.folder.name,
        "present": state.is_present,
        "needed": state.folder.is_needed,
        "triplets": state.triplets,
        "sound": state.sound,
        "published": state.folder.published,
        "frame_types": [
            {**kind._asdict(), "number": number} for kind, number in _by_number(state.frame_types)
        ],
        "films": dict(sorted(state.films.items())),
    }


def _near_copies(near: same_pictures.NearCopies) -> dict[str, Any]:
    return {
        "most_hash_bits": perceptual_hash.MOST_BITS,
        "pairs_with_close_hashes": near.candidates,
        "pairs_compared": near.compared,
        "pairs_left_out": near.left_out,
        "found": [
            {
                "test": copy.test,
                "train": copy.train,
                "hash_bits": copy.hash_bits,
                **{
                    name: round(value, 5) if isinstance(value, float) else value
                    for name, value in dataclasses.asdict(copy.closeness).items()
                    if name != "is_near_copy"
                },
            }
            for copy in near.found
        ],
    }


def _lines(inspection: tree.Inspection, most_listed: int) -> Iterator[str]:
    found = inspection.findings
    yield f"ATD-12K in {inspection.root}"
    yield ""
    yield f"{'folder':<28}{'triplets':>10}{'sound':>10}{'published':>11}"
    for name, state in inspection.folders.items():
        row = f"{name:<28}"
        if state.is_present:
            yield f"{row}{state.triplets:>10,}{state.sound:>10,}{state.folder.published:>11,}"
        else:
            remark = "" if state.folder.is_needed else "  (not needed)"
            yield f"{row}{'missing':>10}{'':>10}{state.folder.published:>11,}{remark}"
    yield ""
    yield "frames"
    for name, state in inspection.folders.items():
        for frame_type, number in _by_number(state.frame_types):
            size = f"{frame_type.width}x{frame_type.height}"
            yield f"  {name:<26}{number:>10,}  {frame_type.format} {size} {frame_type.mode}"
    yield from _levels_and_films(inspection)
    for kind, of_kind in found.by_kind():
        mark = "WRONG" if found.severity(kind) == findings.WRONG else "note"
        yield ""
        yield f"{mark}: {findings.KINDS[kind].meaning}: {len(of_kind):,}  [{kind}]"
        for finding in of_kind[:most_listed]:
            yield f"  {finding.where}" + (f": {finding.detail}" if finding.detail else "")
        if len(of_kind) > most_listed:
            yield f"  ... and {len(of_kind) - most_listed:,} more (all of them with --json)"
    yield ""
    if found.wrong:
        yield f"{found.wrong:,} findings are wrong."
    else:
        yield "Nothing is wrong."


def _levels_and_films(inspection: tree.Inspection) -> Iterator[str]:
    if inspection.folders[file_layout.ANNOTATION_FOLDER].is_present:
        theirs = accompaniments.LEVELS_BY_THIRD_PARTY
        counts = ", ".join(
            f"{inspection.levels[level]:,} {name}" for level, name in enumerate(_TEST_LEVEL_NAMES)
        )
        expected = ", ".join(
            f"{theirs[level]} {name}" for level, name in enumerate(_TEST_LEVEL_NAMES)
        )
        yield ""
        yield f"levels: {counts} (a third party's count: {expected})"
    states = inspection.folders
    test = set()
    for folder in file_layout.TEST_FOLDERS.values():
        test |= set(states[folder].films)
    yield ""
    yield (
        f"films: {len(states[file_layout.TRAIN_FOLDER].films)} in train, {len(test)} in test, "
        f"{len(inspection.films_shared)} in both"
    )
    near = inspection.near_copies
    if near.left_out:
        yield (
            f"{near.left_out:,} pairs of pictures with close thumbnails were not compared further: "
            f"at most {same_pictures.MOST_COMPARED} for each picture of test."
        )


def _by_number(counter: dict[tree.FrameType, int]) -> list[tuple[tree.FrameType, int]]:
    return sorted(counter.items(), key=lambda item: (-item[1], item[0]))
