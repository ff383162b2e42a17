"""Interpolates between the frames of whole sequences.

    python -m eval.interpolator_cli --pattern 'shots/*' --model_path saved_model \
        --times_to_interpolate 3 --output_video

Each folder that matches the pattern holds the frames of one sequence, in natural order of their
names. Into each folder go `interpolated_frames/frame_000.png`, ... (more digits for more than 1000
frames), which replace those of an earlier run when all of them are there, and with --output_video
`interpolated.mp4`. The given frames are among the written ones, unchanged if they have 8 bits a
channel and no transparency.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from frame_interpolation import program

if TYPE_CHECKING:
    import tqdm

    from frame_interpolation.eval.recursion import Interpolation


FLAGS = flags.FlagValues()  # Its own, so that a test can import several programs.
_PATTERN = flags.DEFINE_string(
    "pattern",
    None,
    "A folder of frames, or a quoted glob of such folders, e.g. 'shots/*'.",
    required=True,
    flag_values=FLAGS,
)
_MODEL_PATH = flags.DEFINE_string(
    "model_path", None, "Folder of the SavedModel.", required=True, flag_values=FLAGS
)
_TIMES_TO_INTERPOLATE = flags.DEFINE_integer(
    "times_to_interpolate",
    5,
    "Levels of recursion t: 2^t - 1 frames are put between each two.",
    lower_bound=0,
    flag_values=FLAGS,
)
_FPS = flags.DEFINE_float(
    "fps", 30, "Playback rate of the video, in frames a second.", flag_values=FLAGS
)
_OUTPUT_VIDEO = flags.DEFINE_bool(
    "output_video", False, "Also write interpolated.mp4 (needs ffmpeg).", flag_values=FLAGS
)
_ALIGN = flags.DEFINE_integer(
    "align",
    64,
    "Repeat the border of the frames until their sides are multiples of this, and crop the "
    "result. 1: leave the frames as they are.",
    lower_bound=1,
    flag_values=FLAGS,
)
_BLOCK_HEIGHT = flags.DEFINE_integer(
    "block_height",
    1,
    "Cut the frames into this many overlapping tiles along the height, to need less memory.",
    lower_bound=1,
    flag_values=FLAGS,
)
_BLOCK_WIDTH = flags.DEFINE_integer(
    "block_width",
    1,
    "Cut the frames into this many overlapping tiles along the width, to need less memory.",
    lower_bound=1,
    flag_values=FLAGS,
)


def main(argv: Sequence[str]) -> None:
    """Wires the flags to `run`."""
    del argv  # program.run refuses what is not a flag.
    for path in run(
        pattern=_PATTERN.value,
        model_path=_MODEL_PATH.value,
        times_to_interpolate=_TIMES_TO_INTERPOLATE.value,
        fps=_FPS.value,
        output_video=_OUTPUT_VIDEO.value,
        align=_ALIGN.value,
        block_height=_BLOCK_HEIGHT.value,
        block_width=_BLOCK_WIDTH.value,
    ):
        print(f"Wrote {path}")


def run(
    *,
    pattern: str,
    model_path: str,
    times_to_interpolate: int = 5,
    fps: float = 30.0,
    output_video: bool = False,
    align: int = 64,
    block_height: int = 1,
    block_width: int = 1,
) -> list[Path]:
    """Interpolates the sequences in all folders that match a pattern.

    All inputs are checked before the first frame is computed.

    Args:
      pattern: a folder or a glob of folders, see `frame_sequence.find_folders`.
      model_path: folder of a SavedModel.
      times_to_interpolate: levels of recursion, at least 0.
      fps: playback rate of the videos, in frames a second.
      output_video: whether to write videos.
      align: see `inference.load_interpolator`, also for the next two.
      block_height: number of tiles along the height.
      block_width: number of tiles along the width.

    Returns:
      The folders and videos that were written.

    Raises:
      InputError: the frames, the model or an option cannot be used, or writing failed.
    """
    import tqdm

    from frame_interpolation.eval import frame_sequence, inference, recursion, video_io

    inference.check_model_folder(model_path)
    sequences = {
        folder: frame_sequence.list_frames(folder)
        for folder in frame_sequence.find_folders(pattern)
    }
    total = sum(
        recursion.count_frames(len(frames), times_to_interpolate) for frames in sequences.values()
    )
    if output_video:
        video_io.check_encoder(fps=fps)
    for folder, frames in sequences.items():
        frame_sequence.check_replaceable(folder / frame_sequence.OUTPUT_FOLDER)
        frame_sequence.check_frames(frames)
    interpolation = inference.load_interpolator(
        model_path, align=align, block_height=block_height, block_width=block_width
    )
    written = []
    with tqdm.tqdm(total=total, unit="frame") as progress:
        for folder, frames in sequences.items():
            progress.set_description(folder.name)
            output = folder / frame_sequence.OUTPUT_FOLDER
            files = _write_frames(frames, output, interpolation, times_to_interpolate, progress)
            written.append(output)
            if output_video:
                progress.set_description(f"{folder.name}: video")
                written.append(_write_video(files, folder / frame_sequence.OUTPUT_VIDEO, fps))
    return written


def _write_frames(
    frames: Sequence[Path],
    output: Path,
    interpolation: "Interpolation",
    times_to_interpolate: int,
    progress: "tqdm.tqdm",
) -> list[Path]:
    """Fills the folder `output` with the interpolated sequence and lists its files."""
    from frame_interpolation.eval import frame_sequence, image_io, recursion

    count = recursion.count_frames(len(frames), times_to_interpolate)
    names = [frame_sequence.output_name(i, count) for i in range(count)]
    sequence = recursion.interpolate_recursively(
        (image_io.read_image(path) for path in frames),
        interpolation,
        times_to_interpolate=times_to_interpolate,
    )
    with frame_sequence.replaced_output_folder(output) as folder:
        for name, frame in zip(names, sequence, strict=True):
            image_io.write_image(folder / name, frame)
            progress.update()
    return [output / name for name in names]


def _write_video(files: Sequence[Path], video: Path, fps: float) -> Path:
    """Makes the video from the written frames, so that these are safe if ffmpeg fails."""
    from frame_interpolation.eval import image_io, video_io

    images = (image_io.to_uint8(image_io.read_image(path)) for path in files)
    video_io.write_video(video, images, fps=fps)
    return video


if __name__ == "__main__":
    program.run(main, FLAGS)
