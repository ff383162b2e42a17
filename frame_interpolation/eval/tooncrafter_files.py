"""The files that ToonCrafter's public script reads and writes.

Facts of https://github.com/Doubiiu/ToonCrafter (`scripts/evaluation/inference.py`, `scripts/run.*`,
`prompts/512_interp`), which the export follows:

- It sorts the images of a folder by name and takes the first two as the first pair, and so on, for
  as many pairs as the one text file beside them has non-empty lines. Here names begin with the
  triplet's number, so that pairs stay together and in the order of the dataset.
- It scales the shorter side to 320 and crops the middle to 512x320. Here pictures are letter-boxed
  to 512x320 beforehand (see `letterbox`), which leaves it nothing to scale or crop.
- It holds all pairs of a folder in main memory as 16 frames each, 31 MB a pair; so the export is
  divided into parts of some hundred pairs, one folder and one run each.
- An output is called as the pair's first image up to its first dot, plus `_sample0.mp4`, in
  `<savedir>/samples_separate`. That path is made by replacing every `samples` in a whole path, so
  the path of the export must not hold that word, and none of the marks `*?[` that patterns have.
- It writes 16 frames as H.264 in 4:2:0 with a constant rate factor of 10, which is lossy.

    <export>/prompts/part_000/<name>_frame1.png, <name>_frame3.png, prompts.txt
    <export>/results/part_000/samples_separate/<name>_frame1_sample0.mp4

Frame k of the 16 is at the time k/15: no frame is half way, and 7 and 8 lie on either side.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from frame_interpolation.errors import InputError
from frame_interpolation.eval import (
    evaluation_results,
    external_export,
    frame_store,
    letterbox,
    protocols,
    video_frames,
)
from frame_interpolation.eval.evaluation_example import EvaluationExample, ExampleSource
from frame_interpolation.eval.progress import Progress

PROMPTS_FOLDER: Final = "prompts"
PROMPTS_FILE: Final = "prompts.txt"
FRAME_SIZE: Final = (512, 320)
VIDEO_FRAMES: Final = 16
MIDDLE_FRAMES: Final = (7, 8)
BOX: Final = letterbox.fit((960, 540), FRAME_SIZE)
"""Where the picture, 960x540 by the protocol, lies in the script's frames: 512x288."""

LOSSES: Final = (
    "Decoded from lossy video, as its script writes it: H.264 with a constant rate factor of 10, "
    "colour at half the resolution (4:2:0)."
)
TIMES: Final = (
    "No frame of the 16 is half way: frame 7 is at 7/15 and frame 8 at 8/15 of the time between "
    "the inputs, while the truth is half way."
)
"""What everybody has to know who reads scores of these frames."""

_PROTOCOL: Final = protocols.find("atd12k")
_NOTES: Final = (
    "Needs a checkout of https://github.com/Doubiiu/ToonCrafter with its weights in "
    "`checkpoints/tooncrafter_512_interp_v1/model.ckpt`, its environment, and a GPU with some "
    "27 GB of memory; its README names 24 s a pair on an A100.",
    f"The inputs are 960x540 brought to {BOX.picture_size[0]}x{BOX.picture_size[1]} (Pillow "
    f"LANCZOS) between black bars of {BOX.top} rows in {FRAME_SIZE[0]}x{FRAME_SIZE[1]}; the "
    "collection cuts the bars away again.",
    f"Writes {VIDEO_FRAMES} frames a pair to "
    f"`{external_export.RESULTS_FOLDER}/<part>/samples_separate/<name>_frame1_sample0.mp4`. No "
    "frame is half way; 7 and 8 (counted from 0) lie on either side and are scored both. "
    "The video is lossy: H.264 with a constant rate factor of 10, colour at half the resolution.",
    "Every part starts from the same seed. Its noise differs between GPUs and library versions.",
)
_OUTPUT: Final = re.compile(r"(?P<name>.+)_frame1_sample0\.mp4")
_MAX_NAME: Final = 60
_FLAGS: Final = (
    "--seed 123 --ckpt_path checkpoints/tooncrafter_512_interp_v1/model.ckpt "
    "--config configs/inference_512_v1.0.yaml",
    f"--n_samples 1 --bs 1 --height {FRAME_SIZE[1]} --width {FRAME_SIZE[0]} "
    f"--video_length {VIDEO_FRAMES} --frame_stride 10",
    "--unconditional_guidance_scale 7.5 --ddim_steps 50 --ddim_eta 1.0",
    "--timestep_spacing uniform_trailing --guidance_rescale 0.7",
    "--text_input --perframe_ae --interp",
)


@dataclass(frozen=True)
class FoundVideos:
    """Which video is that of which triplet.

    Attributes:
        files: A file by the triplet's exported name.
        unknown: Outputs of no exported triplet.
    """

    files: Mapping[str, Path]
    unknown: tuple[Path, ...]


def export(
    folder: Path,
    source: ExampleSource,
    stop: int,
    *,
    prompt: str,
    part_size: int,
    overwrite: bool = False,
) -> external_export.Written:
    """Writes all that the script reads, but for the code and the weights.

    Args:
        folder: Folder of the export.
        source: The triplets.
        stop: Number of triplets, from the first.
        prompt: The text for every pair.
        part_size: Pairs that one run takes, at least 1.
        overwrite: Replace an earlier export.

    Returns:
        What was written.

    Raises:
        InputError: If a triplet is damaged, the folder is in use or its path is one that the script
            misreads, or the prompt is not one line.
    """
    check_folder(folder)
    check_prompt(prompt)
    if part_size < 1:
        raise InputError(f"--part_size is {part_size}, expected 1 or more.")
    exported = exported_names(source.names(stop))
    external_export.prepare_folder(folder, (PROMPTS_FOLDER,), overwrite=overwrite)
    parts = -(-stop // part_size)
    with Progress("exporting", total=stop) as progress:
        for i, example in enumerate(source.read(0, stop)):
            part = folder / PROMPTS_FOLDER / part_name(i // part_size)
            write_pair(part, exported[i], example)
            progress.step()
    for number in range(parts):
        pairs = min(part_size, stop - number * part_size)
        write_prompts(folder / PROMPTS_FOLDER / part_name(number), prompt, pairs)
    return external_export.Written(
        exported=exported,
        title=f"ToonCrafter on {stop} triplets",
        variable="TOONCRAFTER",
        script=script(parts),
        notes=_NOTES,
    )


def exported_names(names: Sequence[str]) -> list[str]:
    """Names triplets so that the script keeps them apart and in order.

    Args:
        names: Names of the triplets, any text.

    Returns:
        Names of ASCII letters, digits, '_' and '-', sorted, no two alike.
    """
    digits = max(len(str(len(names))), 5)
    return [
        f"{i:0{digits}d}_{frame_store.safe_name(name).replace('.', '_')[:_MAX_NAME]}"
        for i, name in enumerate(names)
    ]


def part_name(number: int) -> str:
    """Returns the folder name of a part."""
    return f"part_{number:03d}"


def check_folder(folder: Path) -> None:
    """Refuses a folder for an export in which the script would go astray.

    Args:
        folder: Folder of the export.

    Raises:
        InputError: If its absolute path holds a word or mark that means something to the script.
    """
    path = str(folder.absolute())
    found = [text for text in ("samples", "*", "?", "[") if text in path]
    if found:
        raise InputError(
            f"The path {path!r} holds {found[0]!r}, which ToonCrafter's script would misread; give "
            "an --export_dir without it."
        )


def check_prompt(prompt: str) -> None:
    """Refuses a prompt that is not one line of text.

    Args:
        prompt: The text for all pairs.

    Raises:
        InputError: If it is empty or has several lines.
    """
    if not prompt.strip() or len(prompt.splitlines()) != 1:
        raise InputError(f"--prompt is {prompt!r}, expected one line of text that is not empty.")


def write_pair(folder: Path, name: str, example: EvaluationExample) -> None:
    """Writes the two inputs of a triplet, letter-boxed.

    Args:
        folder: Folder of the part.
        name: What the triplet is called there.
        example: The triplet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in ((1, example.x0), (3, example.x1)):
        pixels = frame_store.to_bytes(_PROTOCOL.prepare(frame))
        frame_store.write_image(folder / f"{name}_frame{number}.png", BOX.add(pixels))


def write_prompts(folder: Path, prompt: str, pairs: int) -> None:
    """Writes the text file of a part: one line a pair.

    Args:
        folder: Folder of the part.
        prompt: The line.
        pairs: Number of pairs.
    """
    evaluation_results.write_text(folder / PROMPTS_FILE, f"{prompt.strip()}\n" * pairs)


def script(parts: int) -> str:
    """Returns the lines of a shell script that run ToonCrafter's script on an export.

    Args:
        parts: Number of parts.

    Returns:
        Lines that expect the folder of the checkout in $TOONCRAFTER and that of the export in
        $HERE. The flags are those of its own `scripts/run.*`.
    """
    lines = ['cd "$TOONCRAFTER"']
    for number in range(parts):
        part = part_name(number)
        words = [
            "python scripts/evaluation/inference.py",
            f'--prompt_dir "$HERE/{PROMPTS_FOLDER}/{part}"',
            f'--savedir "$HERE/{external_export.RESULTS_FOLDER}/{part}"',
            *_FLAGS,
        ]
        lines.append(" \\\n  ".join(words))
    return "\n".join(lines) + "\n"


def find_videos(results: Path, exported: Sequence[str], names: Sequence[str]) -> FoundVideos:
    """Looks for the script's outputs, in whatever folders below.

    Args:
        results: Folder that holds them.
        exported: What the triplets are called in the export.
        names: Their own names, which somebody who ran the script on pairs of his own making may
            have used; taken where no two triplets share one.

    Returns:
        What was found.

    Raises:
        InputError: If there is no such folder, or two videos are of one triplet.
    """
    if not results.is_dir():
        raise InputError(f"There is no folder {str(results)!r} of ToonCrafter's outputs.")
    counts = Counter(names)
    called = {name: other for name, other in zip(names, exported, strict=True) if counts[name] == 1}
    called.update({other: other for other in exported})
    files, unknown = dict[str, Path](), []
    for path in sorted(results.rglob("*.mp4")):
        match = _OUTPUT.fullmatch(path.name)
        if match is None or match["name"] not in called:
            unknown.append(path)
        elif (earlier := files.setdefault(called[match["name"]], path)) != path:
            raise InputError(
                f"Two videos are of one pair: {str(earlier)!r} and {str(path)!r}; keep one."
            )
    return FoundVideos(files, tuple(unknown))


def read_middle_frames(path: Path) -> dict[int, np.ndarray]:
    """Reads the frames of a video that straddle the middle.

    Args:
        path: An output of the script.

    Returns:
        uint8 (320, 512, 3) RGB by the frame's number, counted from 0.

    Raises:
        InputError: If it is no video, is cut, or has another number or size of frames; names it.
    """
    frames = video_frames.read_frames(path, most=VIDEO_FRAMES + 1)
    size = (frames[0].shape[1], frames[0].shape[0])
    if size != FRAME_SIZE:
        raise InputError(
            f"The video {str(path)!r} has frames of {size[0]}x{size[1]}, expected "
            f"{FRAME_SIZE[0]}x{FRAME_SIZE[1]}; run the script with the flags of "
            f"{external_export.COMMANDS_FILE}."
        )
    if len(frames) != VIDEO_FRAMES:
        found = f"more than {VIDEO_FRAMES}" if len(frames) > VIDEO_FRAMES else str(len(frames))
        raise InputError(
            f"The video {str(path)!r} has {found} frames that can be decoded, expected "
            f"{VIDEO_FRAMES}; it is cut, damaged or of another program. Make it again."
        )
    return {number: frames[number] for number in MIDDLE_FRAMES}
