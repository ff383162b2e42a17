"""Videos from frames, through mediapy and the program ffmpeg.

Frames are (H, W, 3) uint8 RGB. The video is H.264 in 4:2:0, which every player can show, with the
colours of BT.709 and marked so: unmarked BT.601, ffmpeg's default, looks off where a player guesses
by the size. A picture with an odd side is extended by repeating its last row or column.
"""

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from frame_interpolation.errors import InputError

# 18 is taken to be visually lossless; H.264's default of 23 softens thin lines.
_CONSTANT_RATE_FACTOR = 18
_FFMPEG_ARGUMENTS = [
    *("-vf", "scale=out_color_matrix=bt709:out_range=tv"),
    *("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"),
    *("-color_range", "tv", "-movflags", "+faststart"),
]


def check_encoder(*, fps: float) -> None:
    """Makes sure that videos can be written, by writing a tiny one.

    Args:
      fps: playback rate of the videos to come, in frames a second.

    Raises:
      InputError: ffmpeg is missing, or it cannot encode H.264 at this rate.
    """
    if shutil.which("ffmpeg") is None:
        raise InputError(
            "Writing a video needs the program ffmpeg, which was not found: install it (for "
            "example by apt-get install ffmpeg), or do without the video."
        )
    with tempfile.TemporaryDirectory() as folder:
        write_video(Path(folder) / "trial.mp4", [np.zeros((64, 64, 3), np.uint8)], fps=fps)


def write_video(path: str | os.PathLike[str], frames: Iterable[np.ndarray], *, fps: float) -> None:
    """Writes a video; the file appears under its name only when it is complete.

    Args:
      path: name of the video, ending in `.mp4`; an older one is replaced.
      frames: at least one frame (H, W, 3) uint8, all of one size; read one by one.
      fps: playback rate in frames a second, above 0.

    Raises:
      InputError: there are no frames, `fps` is not positive, or ffmpeg failed.
    """
    path = Path(path)
    if not fps > 0:
        raise InputError(f"fps is {fps}; expected a number of frames a second above 0.")
    # ffmpeg goes by the suffix, so the temporary name has to keep it.
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        _encode(temporary, frames, fps)
        os.replace(temporary, path)
    except (OSError, RuntimeError) as error:
        raise InputError(f"The video {path} could not be written by ffmpeg: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _encode(path: Path, frames: Iterable[np.ndarray], fps: float) -> None:
    import mediapy

    remaining = iter(frames)
    first = next(remaining, None)
    if first is None:
        raise InputError("A video needs at least one frame; got none.")
    first = _with_even_sides(first)
    height, width = first.shape[:2]
    with mediapy.VideoWriter(
        path,
        (height, width),
        fps=fps,
        crf=_CONSTANT_RATE_FACTOR,
        encoded_format="yuv420p",
        ffmpeg_args=_FFMPEG_ARGUMENTS,
    ) as writer:
        writer.add_image(first)
        for frame in remaining:
            writer.add_image(_with_even_sides(frame))


def _with_even_sides(frame: np.ndarray) -> np.ndarray:
    height, width = frame.shape[:2]
    return np.pad(frame, [(0, height % 2), (0, width % 2), (0, 0)], mode="edge")
