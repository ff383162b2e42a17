"""Finds what AnimeInterp and ToonCrafter wrote for an export, and makes methods of it.

AnimeInterp's frames are scored where they lie. Of ToonCrafter's videos the two frames that straddle
the middle are decoded, freed of their bars, and kept as folders of predictions of their own:

    <export>/collected/tooncrafter_frame7/<triplet>/frame2.png      512x288, lossless
    <export>/collected/tooncrafter_frame8/<triplet>/frame2.png
"""

import dataclasses
import logging
import shutil
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image

from frame_interpolation.errors import InputError
from frame_interpolation.eval import (
    animeinterp_files,
    external_export,
    frame_store,
    tooncrafter_files,
)
from frame_interpolation.eval.evaluation_example import ExampleSource, SubsetSource
from frame_interpolation.eval.external_export import Export
from frame_interpolation.eval.method import Method
from frame_interpolation.eval.methods import networks, predictions
from frame_interpolation.eval.methods.predictions import FoundPredictions
from frame_interpolation.eval.progress import Progress

COLLECTED_FOLDER: Final = "collected"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outputs:
    """What a method wrote for the triplets of an export.

    Attributes:
        names: Names of all exported triplets.
        present: Positions of those that have an output.
        folders: The predictions by label, all for the triplets in `present`.
        facts: What the results say of each label besides.
        are_smaller: Whether the frames are smaller than 960x540, as the method makes them.
        notes: What a reader of the scores has to know.
    """

    names: tuple[str, ...]
    present: tuple[int, ...]
    folders: Mapping[str, FoundPredictions]
    facts: Mapping[str, Mapping[str, Any]]
    are_smaller: bool = False
    notes: tuple[str, ...] = ()

    def subset_of(self, source: ExampleSource) -> ExampleSource:
        """Returns the triplets of the export's dataset that have an output."""
        if len(self.present) == len(self.names):
            return source
        return SubsetSource(source, self.present, reason="the method has no output for them")

    def method(self, label: str, *, at_their_size: bool) -> Method:
        """Makes a method of the outputs.

        Args:
            label: A label in `folders`.
            at_their_size: Whether frames that are smaller than 960x540 are scored as they are;
                they are enlarged otherwise.

        Returns:
            The method.
        """
        resize = self.are_smaller and not at_their_size
        made = predictions.create_method(self.folders[label], resize=resize)
        return dataclasses.replace(made, description={**made.description, **self.facts[label]})

    def method_beside(self, folder: str) -> Method:
        """Makes a method of another folder, for the same triplets.

        Args:
            folder: A SavedModel, or predicted frames.

        Returns:
            The method.

        Raises:
            InputError: If it is neither, or a triplet in `present` has no prediction in it.
        """
        if (Path(folder) / "saved_model.pb").is_file():
            return networks.saved_model(folder)
        found = predictions.find(folder, self.names)
        return predictions.create_method(_restrict(found, self.present))


def collect(
    folder: Path, export: Export, *, results_dir: str | None = None, allow_missing: bool = False
) -> Outputs:
    """Finds the outputs for an export.

    Args:
        folder: Folder of the export.
        export: What was exported.
        results_dir: Folder of the outputs; `results/` in `folder` if None.
        allow_missing: Go on with what is there.

    Returns:
        The outputs.

    Raises:
        InputError: If outputs are missing, damaged or ambiguous; names them.
    """
    results = Path(results_dir) if results_dir else folder / external_export.RESULTS_FOLDER
    if export.method == "animeinterp":
        if not results.is_dir():
            raise InputError(f"There is no folder {str(results)!r} of AnimeInterp's outputs.")
        found = predictions.find_files(results, export.names)
        missing = [export.exported[i] for i, file in enumerate(found.files) if file is None]
        _check_missing(missing, export, results, allow_missing)
        _check_sizes([file for file in found.files if file is not None])
        _report_unknown(_unknown_folders(results, export))
        facts = {"method": "AnimeInterp"}
        return Outputs(
            export.names,
            found.present,
            {"animeinterp": found.only_present()},
            {"animeinterp": facts},
        )
    return _collect_tooncrafter(folder, results, export, allow_missing)


def named_folders(texts: Sequence[str], *, taken: Container[str]) -> dict[str, str]:
    """Reads the values of --beside.

    Args:
        texts: NAME=FOLDER each.
        taken: Names that are in use.

    Returns:
        Folders by name.

    Raises:
        InputError: If a text has another form, or a name is in use or cannot name a folder.
    """
    folders: dict[str, str] = {}
    for text in texts:
        name, _, folder = text.partition("=")
        if not folder or frame_store.safe_name(name) != name:
            raise InputError(
                f"--beside is {text!r}, expected NAME=FOLDER with a NAME of letters, digits, '.', "
                "'_' and '-'."
            )
        if name in folders or name in taken:
            raise InputError(f"--beside names {name!r} twice, or as the method; choose another.")
        if not Path(folder).is_dir():
            raise InputError(f"--beside {text!r}: there is no folder {folder!r}.")
        folders[name] = folder
    return folders


def _collect_tooncrafter(
    folder: Path, results: Path, export: Export, allow_missing: bool
) -> Outputs:
    found = tooncrafter_files.find_videos(results, export.exported, export.names)
    present = [i for i, name in enumerate(export.exported) if name in found.files]
    missing = [name for name in export.exported if name not in found.files]
    _check_missing(missing, export, results, allow_missing)
    _report_unknown([path.name for path in found.unknown])
    labels = {number: f"tooncrafter_frame{number}" for number in tooncrafter_files.MIDDLE_FRAMES}
    roots = {number: folder / COLLECTED_FOLDER / label for number, label in labels.items()}
    for root in roots.values():  # What an earlier collection left may be of other videos.
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
    folder_names = frame_store.FolderNames()
    places = [folder_names.assign(name, i) for i, name in enumerate(export.names)]
    problems = []
    with Progress("decoding", total=len(present)) as progress:
        for i in present:
            try:
                frames = tooncrafter_files.read_middle_frames(found.files[export.exported[i]])
            except InputError as error:
                problems.append(str(error))
                continue
            for number, frame in frames.items():
                place = roots[number] / places[i]
                place.mkdir()
                picture = tooncrafter_files.BOX.remove(frame)
                frame_store.write_image(place / frame_store.ESTIMATE, picture)
            progress.step()
    if problems:
        raise InputError(
            f"{len(problems)} of {len(present)} videos cannot be used. "
            + " ".join(problems[: external_export.SHOWN])
        )
    return Outputs(
        names=export.names,
        present=tuple(present),
        folders={
            label: predictions.find(roots[number], export.names).only_present()
            for number, label in labels.items()
        },
        facts={
            label: {
                "method": "ToonCrafter",
                "frame": f"{number} (counted from 0, of {tooncrafter_files.VIDEO_FRAMES})",
                "time": number / (tooncrafter_files.VIDEO_FRAMES - 1),
                "video": tooncrafter_files.LOSSES,
                "timing": tooncrafter_files.TIMES,
                "letterbox": dataclasses.asdict(tooncrafter_files.BOX),
            }
            for number, label in labels.items()
        },
        are_smaller=True,
        notes=(tooncrafter_files.LOSSES, tooncrafter_files.TIMES),
    )


def _restrict(found: FoundPredictions, present: Sequence[int]) -> FoundPredictions:
    return FoundPredictions(
        found.folder,
        tuple(found.names[i] for i in present),
        tuple(found.files[i] for i in present),
    )


def _check_missing(
    missing: Sequence[str], export: Export, results: Path, allow_missing: bool
) -> None:
    if not missing:
        return
    text = (
        f"{len(missing)} of {len(export.names)} triplets have no output in {str(results)!r}: "
        f"{external_export.shown(missing)}."
    )
    if len(missing) == len(export.names):
        raise InputError(
            f"{text} Run what {external_export.COMMANDS_FILE} says, or name the folder by "
            "--results_dir."
        )
    if not allow_missing:
        raise InputError(
            f"{text} Run the rest of the commands, or pass --allow_missing_predictions to score "
            "the others alone."
        )
    _log.warning("%s They are left out.", text)


def _check_sizes(files: Sequence[Path]) -> None:
    """Refuses outputs that are no images of the size of the inputs, before any is scored."""
    problems = []
    for file in files:
        try:
            with Image.open(file) as image:
                if image.size != animeinterp_files.SIZE:
                    problems.append(f"{str(file)!r} is {image.width}x{image.height}")
        except (OSError, ValueError, SyntaxError) as error:
            problems.append(f"{str(file)!r} is no image ({error})")
    if problems:
        width, height = animeinterp_files.SIZE
        hidden = len(problems) - external_export.SHOWN
        more = f"; and {hidden} more" if hidden > 0 else ""
        raise InputError(
            f"{len(problems)} of {len(files)} outputs cannot be used, expected {width}x{height}: "
            f"{'; '.join(problems[: external_export.SHOWN])}{more}."
        )


def _unknown_folders(results: Path, export: Export) -> list[str]:
    known = set(export.exported)
    return sorted(p.name for p in results.iterdir() if p.is_dir() and p.name not in known)


def _report_unknown(unknown: Sequence[str]) -> None:
    if unknown:
        _log.warning(
            "%d outputs are of no exported triplet and are left alone: %s.",
            len(unknown),
            external_export.shown(unknown),
        )
