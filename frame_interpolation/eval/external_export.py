"""What an export for another method's program leaves for the collection of its outputs.

`names.json` says from which dataset the triplets came and what each is called in the export, so
that outputs find their way back:

    {"format": 1, "method": "tooncrafter",
     "source": {"tfrecord": "test@4"},              or the flags of a tree of image files
     "records_sha256": "...",
     "triplets": [{"name": "Japan_v2_...", "exported": "00000_Japan_v2_..."}, ...]}

The triplets are those of the dataset from the first, in its order. The file is written last and
marks a whole export.
"""

import dataclasses
import json
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from frame_interpolation.errors import InputError
from frame_interpolation.eval import evaluation_results

NAMES_FILE: Final = "names.json"
COMMANDS_FILE: Final = "COMMANDS.md"
SCRIPT_FILE: Final = "commands.sh"
RESULTS_FOLDER: Final = "results"
"""Where the other program is told to write."""

_FORMAT: Final = 1
SHOWN: Final = 20
"""How many of many names or problems a message shows."""


@dataclass(frozen=True)
class Export:
    """What was exported.

    Attributes:
        method: Name of the method.
        source: Where the triplets come from, as flags by name.
        records_sha256: Fingerprint of the dataset.
        names: Names of the triplets in the order of the dataset.
        exported: What each is called in the export; no two alike.
    """

    method: str
    source: Mapping[str, Any]
    records_sha256: str
    names: tuple[str, ...]
    exported: tuple[str, ...]


@dataclass(frozen=True)
class Written:
    """What a method's files are, and how they are used.

    Attributes:
        exported: What each triplet is called, in the order of the dataset.
        title: Heading, one line.
        variable: Environment variable that names the folder of the program's checkout.
        script: Lines of shell that expect this variable and the folder of the export in $HERE.
        notes: Paragraphs on what is needed and what to know.
    """

    exported: Sequence[str]
    title: str
    variable: str
    script: str
    notes: Sequence[str]


def write(folder: Path, export: Export) -> None:
    """Writes `names.json`.

    Args:
        folder: Folder of the export.
        export: What was exported.
    """
    fields = dataclasses.asdict(export)
    names, exported = fields.pop("names"), fields.pop("exported")
    fields = {"format": _FORMAT, **fields}
    fields["triplets"] = [
        {"name": name, "exported": other} for name, other in zip(names, exported, strict=True)
    ]
    text = json.dumps(fields, indent=1, ensure_ascii=False) + "\n"
    evaluation_results.write_text(folder / NAMES_FILE, text)


def read(folder: Path, *, method: str) -> Export:
    """Reads what `write` wrote.

    Args:
        folder: Folder of the export.
        method: The method whose outputs are to be collected.

    Returns:
        What was exported.

    Raises:
        InputError: If there is no whole export for this method.
    """
    path = folder / NAMES_FILE
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        if fields["format"] != _FORMAT:
            raise InputError(f"{str(path)!r} has the format {fields['format']!r}, expected 1.")
        export = Export(
            method=fields["method"],
            source=dict(fields["source"]),
            records_sha256=fields["records_sha256"],
            names=tuple(str(triplet["name"]) for triplet in fields["triplets"]),
            exported=tuple(str(triplet["exported"]) for triplet in fields["triplets"]),
        )
    except FileNotFoundError:
        raise InputError(
            f"{str(folder)!r} holds no {NAMES_FILE}: it is no export, or one that was not "
            "finished; run --step export first."
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{str(path)!r} is damaged ({type(error).__name__}: {error}); export again."
        ) from error
    if export.method != method:
        raise InputError(
            f"{str(folder)!r} is an export for {export.method!r}, not for {method!r}; correct "
            "--method or --export_dir."
        )
    return export


def prepare_folder(folder: Path, parts: Sequence[str], *, overwrite: bool) -> None:
    """Makes an empty folder for an export.

    Args:
        folder: Folder of the export; made when it does not exist.
        parts: Names of the folders that the export will write.
        overwrite: Remove an earlier export. What the other program wrote stays.

    Raises:
        InputError: If the folder holds something and `overwrite` is not set, or is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{str(folder)!r} is a file; give another --export_dir.")
    if folder.is_dir() and any(folder.iterdir()):
        if not overwrite:
            raise InputError(
                f"{str(folder)!r} is not empty; give another --export_dir, or --overwrite to "
                f"replace an export that lies there (what is in {RESULTS_FOLDER}/ stays)."
            )
        (folder / NAMES_FILE).unlink(missing_ok=True)  # First: it marks a whole export.
        for part in parts:
            if (folder / part).is_dir():
                shutil.rmtree(folder / part)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULTS_FOLDER).mkdir(exist_ok=True)


def shown(names: Sequence[str]) -> str:
    """Returns the first of some names, quoted, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(map(repr, names[:SHOWN])) + more


def write_commands(folder: Path, written: Written, *, then: str) -> str:
    """Writes how the other program is run: `commands.sh`, and `COMMANDS.md` for people.

    Args:
        folder: Folder of the export.
        written: What was written.
        then: The command that collects the outputs.

    Returns:
        The text of `COMMANDS.md`.
    """
    variable, script = written.variable, written.script
    head = (
        f"#!/bin/sh\n# {written.title}\nset -eu\n"
        f': "${{{variable}:?set {variable} to the folder of the checkout}}"\n'
        'HERE=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)\n'
    )
    evaluation_results.write_text(folder / SCRIPT_FILE, head + script)
    here = shlex.quote(str(folder.absolute()))
    by_hand = f"{variable}=/path/to/the/checkout\nHERE={here}\n{script}"
    text = "\n\n".join(
        [
            f"# {written.title}",
            *written.notes,
            "In the environment of that program:",
            _block(
                f"{variable}=/path/to/the/checkout sh "
                f"{shlex.quote(str(folder.absolute() / SCRIPT_FILE))}"
            ),
            "which is the same as",
            _block(by_hand),
            "Then, here:",
            _block(then),
        ]
    )
    evaluation_results.write_text(folder / COMMANDS_FILE, text + "\n")
    return text


def _block(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.rstrip().splitlines())
