"""The files that AnimeInterp's public test script reads and writes.

Facts of https://github.com/lisiyao21/AnimeInterp (`test_anime_sequence_one_by_one.py`, its dataset
and config classes, `models/sgm_model/gen_sgm.py`), which the export follows:

- It lists the folder of frames and takes every entry as a triplet, and in each folder the sorted
  files as first, middle and last frame; so there is nothing else in them. Frames are 960x540.
- The flows are `guide_flo13.npy` and `guide_flo31.npy`, (2, H, W): x and y in pixels.
- It reads the annotation of every triplet for figures of its own, and ends at one that is missing
  or whose region is smaller than SSIM's 7 px window. Such triplets get the whole frame and level 0
  here; its own figures by region and level are then meaningless, ours do not depend on them.
- The settings are a Python module, found by a name from which all of '.', 'p', 'y' are stripped at
  the end, so it must not end in these letters; names with a leading underscore are no settings.
- It writes `<store_path>/<triplet>/frame2.png`, and beside it the inputs and flows as JPEG.

    <export>/test_2k_540p/<triplet>/frame{1,2,3}.png
    <export>/test_2k_annotations/<triplet>/<triplet>.json
    <export>/test_2k_pre_calc_sgm_flows/<triplet>/guide_flo{13,31}.npy
    <export>/without_flows/<triplet>        links to the frames that lack flows, if any
    <export>/animeinterp_settings.py
"""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from frame_interpolation.datasets.tf_example import Annotation
from frame_interpolation.errors import InputError
from frame_interpolation.eval import evaluation_results, external_export, frame_store, protocols
from frame_interpolation.eval.evaluation_example import EvaluationExample, ExampleSource
from frame_interpolation.eval.progress import Progress

FRAMES_FOLDER: Final = "test_2k_540p"
ANNOTATIONS_FOLDER: Final = "test_2k_annotations"
FLOWS_FOLDER: Final = "test_2k_pre_calc_sgm_flows"
WITHOUT_FLOWS_FOLDER: Final = "without_flows"
FOLDERS: Final = (FRAMES_FOLDER, ANNOTATIONS_FOLDER, FLOWS_FOLDER, WITHOUT_FLOWS_FOLDER)
SETTINGS_FILE: Final = "animeinterp_settings.py"
FLOW_FILES: Final = ("guide_flo13.npy", "guide_flo31.npy")

_PROTOCOL: Final = protocols.find("atd12k")
SIZE: Final = (960, 540)
"""(width, height) of the frames that its script takes and makes."""

_SSIM_WINDOW: Final = 7

_SETTINGS: Final = '''\
"""Settings of AnimeInterp's test script for the frames beside this file."""

import os as _os

_here = _os.path.dirname(_os.path.abspath(__file__))

testset_root = _os.path.join(_here, {frames!r})
test_flow_root = _os.path.join(_here, {flows!r})
test_annotation_root = _os.path.join(_here, {annotations!r})
store_path = _os.path.join(_here, {results!r})

test_size = ({width}, {height})
test_crop_size = ({width}, {height})
mean = [0.0, 0.0, 0.0]
std = [1, 1, 1]
inter_frames = 1

model = "AnimeInterp"
pwc_path = None
checkpoint = "checkpoints/anime_interp_full.ckpt"
'''


def export(
    folder: Path,
    source: ExampleSource,
    stop: int,
    *,
    flows_dir: str | None = None,
    copy_flows: bool = False,
    overwrite: bool = False,
) -> external_export.Written:
    """Writes all that the test script reads, but for the code and the weights.

    Args:
        folder: Folder of the export.
        source: The triplets.
        stop: Number of triplets, from the first.
        flows_dir: Folder that holds `<triplet>/guide_flo{13,31}.npy`, or None.
        copy_flows: Copy the flows instead of linking to them.
        overwrite: Replace an earlier export.

    Returns:
        What was written. The triplets are called as `predictions` wants them.

    Raises:
        InputError: If a triplet or flow is damaged, or the folder is in use.
    """
    names, folder_names = source.names(stop), frame_store.FolderNames()
    exported = [folder_names.assign(name, i) for i, name in enumerate(names)]
    external_export.prepare_folder(folder, FOLDERS, overwrite=overwrite)
    missing = add_flows(
        folder, None if flows_dir is None else Path(flows_dir), names, exported, copy=copy_flows
    )
    stand_ins = []
    with Progress("exporting", total=stop) as progress:
        for name, example in zip(exported, source.read(0, stop), strict=True):
            if not write_triplet(folder, name, example):
                stand_ins.append(example.name)
            progress.step()
    write_settings(folder)
    return external_export.Written(
        exported=exported,
        title=f"AnimeInterp on {stop} triplets",
        variable="ANIMEINTERP",
        script=script(bool(missing)),
        notes=_notes(stop, missing, stand_ins),
    )


def write_triplet(folder: Path, name: str, example: EvaluationExample) -> bool:
    """Writes the frames and the annotation of a triplet.

    Args:
        folder: Folder of the export.
        name: What the triplet is called there.
        example: The triplet.

    Returns:
        Whether the annotation is the triplet's own, and not a stand-in.
    """
    frames_folder = folder / FRAMES_FOLDER / name
    frames_folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate((example.x0, example.y, example.x1), start=1):
        pixels = frame_store.to_bytes(_PROTOCOL.prepare(frame))
        frame_store.write_image(frames_folder / f"frame{number}.png", pixels)
    size = SIZE
    annotation = example.annotation
    is_own = annotation is not None and _is_readable(annotation, size)
    if annotation is None or not is_own:
        annotation = Annotation(level=0, motion_roi=(0, 0, *size), image_size=size)
    x, y, width, height = annotation.motion_roi
    content = {
        "level": annotation.level,
        "motion_RoI": {"x": x, "y": y, "width": width, "height": height},
        "image_size": list(annotation.image_size),
        "general_motion_type": list(annotation.general_motion_type),
        "behavior": list(annotation.behavior),
    }
    path = folder / ANNOTATIONS_FOLDER / name / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    evaluation_results.write_text(path, json.dumps(content, ensure_ascii=False) + "\n")
    return is_own


def write_settings(folder: Path) -> None:
    """Writes the settings of the test script, with paths relative to their own file.

    Args:
        folder: Folder of the export.
    """
    text = _SETTINGS.format(
        frames=FRAMES_FOLDER,
        flows=FLOWS_FOLDER,
        annotations=ANNOTATIONS_FOLDER,
        results=external_export.RESULTS_FOLDER,
        width=SIZE[0],
        height=SIZE[1],
    )
    evaluation_results.write_text(folder / SETTINGS_FILE, text)


def add_flows(
    folder: Path,
    flows_dir: Path | None,
    names: Sequence[str],
    exported: Sequence[str],
    *,
    copy: bool = False,
) -> list[str]:
    """Links or copies the pre-computed flows of triplets.

    For triplets without flows, links to their frames are made in a folder of their own, from which
    AnimeInterp's program can compute them.

    Args:
        folder: Folder of the export.
        flows_dir: Folder that holds `<triplet>/guide_flo{13,31}.npy`, or None.
        names: Names of the triplets.
        exported: What they are called in the export.
        copy: Copy the files instead of linking to them.

    Returns:
        Names of the triplets that lack one or both flows.

    Raises:
        InputError: If a file is no flow.
    """
    (folder / FLOWS_FOLDER).mkdir(exist_ok=True)
    missing = []
    for name, other in zip(names, exported, strict=True):
        # A name that is a path is never looked up: it could lead out of the folder.
        is_plain = name not in (".", "..") and not any(mark in name for mark in "/\\\0")
        files = [flows_dir / name / file for file in FLOW_FILES] if flows_dir and is_plain else []
        if not files or not all(file.is_file() for file in files):
            missing.append(name)
            link = folder / WITHOUT_FLOWS_FOLDER / other
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(Path("..", FRAMES_FOLDER, other))
            continue
        (folder / FLOWS_FOLDER / other).mkdir()
        for file in files:
            _check_flow(file)
            target = folder / FLOWS_FOLDER / other / file.name
            if copy:
                shutil.copyfile(file, target)
            else:
                target.symlink_to(os.path.abspath(file))
    return missing


def script(missing_flows: bool) -> str:
    """Returns the lines of a shell script that run AnimeInterp's programs on an export.

    Args:
        missing_flows: Whether flows have to be computed first.

    Returns:
        Lines that expect the folder of the checkout in $ANIMEINTERP and that of the export in
        $HERE.
    """
    lines = ['cd "$ANIMEINTERP"']
    if missing_flows:
        lines.append(
            f'python models/sgm_model/gen_sgm.py "$HERE/{WITHOUT_FLOWS_FOLDER}" '
            f'"$HERE/{FLOWS_FOLDER}" --use_gpu'
        )
    lines.append(f'python test_anime_sequence_one_by_one.py "$HERE/{SETTINGS_FILE}"')
    return "\n".join(lines) + "\n"


def _notes(stop: int, missing: Sequence[str], stand_ins: Sequence[str]) -> list[str]:
    notes = [
        "Needs a checkout of https://github.com/lisiyao21/AnimeInterp with its weights in "
        "`checkpoints/anime_interp_full.ckpt`, and an environment for it: its README asks for "
        "PyTorch up to 1.1; its code also needs a GPU, CuPy, easydict, OpenCV, Python before 3.10, "
        "Pillow before 10 and scikit-image 0.16 to 0.18.",
        f"Writes `{external_export.RESULTS_FOLDER}/<triplet>/frame2.png`. The figures that it "
        "prints are its own; the collection makes ours from these frames.",
    ]
    if missing:
        notes.append(
            f"**Flows are missing** for {len(missing)} of {stop} triplets: "
            f"{external_export.shown(missing)}. They come with ATD-12K, in "
            f"`{FLOWS_FOLDER}/<triplet>/` ({' and '.join(FLOW_FILES)}). Either name that folder by "
            "--flows_dir and export again, or let the first command compute them. That program "
            "also needs torch_scatter and NumPy before 1.24, and loads VGG-19's weights by "
            "torchvision; flows of other versions of its libraries may differ a little from the "
            "published ones."
        )
    if stand_ins:
        notes.append(
            f"{len(stand_ins)} of {stop} triplets have no annotation with which its script gets "
            f"through: {external_export.shown(stand_ins)}. They got the whole frame and level 0, "
            "so its own figures by region and level mean nothing; ours do not depend on them."
        )
    return notes


def _is_readable(annotation: Annotation, size: tuple[int, int]) -> bool:
    """Tells whether the test script gets through with an annotation."""
    x, y = annotation.motion_roi[:2]
    if x < 0 or y < 0:
        return False  # It would count from the other side of the frame.
    box = protocols.scale_region(annotation.motion_roi, annotation.image_size, size)
    return min(box[2:]) >= _SSIM_WINDOW


def _check_flow(path: Path) -> None:
    try:
        flow = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"The flow {str(path)!r} is damaged ({error}); copy it again.") from error
    if flow.ndim != 3 or flow.shape[0] != 2 or not np.issubdtype(flow.dtype, np.floating):
        raise InputError(
            f"The flow {str(path)!r} holds {flow.dtype} of shape {flow.shape}; expected "
            "floating-point numbers of shape (2, height, width)."
        )
