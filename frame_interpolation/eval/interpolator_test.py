"""Writes the frame in the middle of two frames.

    python -m eval.interpolator_test --frame1 one.png --frame2 two.png \
        --model_path saved_model --output_frame middle.png

The model is a SavedModel of this project or a released FILM model. The frames are images of one
size; see `frame_interpolation/eval/image_io.py` for what is done with greyscale, transparency and
16-bit images.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from absl import flags

from frame_interpolation import program
from frame_interpolation.errors import InputError

FLAGS = flags.FlagValues()  # Its own, so that a test can import several programs.
_FRAME1 = flags.DEFINE_string(
    "frame1", None, "Image file of the first frame.", required=True, flag_values=FLAGS
)
_FRAME2 = flags.DEFINE_string(
    "frame2", None, "Image file of the second frame.", required=True, flag_values=FLAGS
)
_MODEL_PATH = flags.DEFINE_string(
    "model_path", None, "Folder of the SavedModel.", required=True, flag_values=FLAGS
)
_OUTPUT_FRAME = flags.DEFINE_string(
    "output_frame",
    None,
    "Image file to write; an older one is replaced. Default: output_frame.png in the folder of "
    "--frame1.",
    flag_values=FLAGS,
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
    output = run(
        frame1=_FRAME1.value,
        frame2=_FRAME2.value,
        model_path=_MODEL_PATH.value,
        output_frame=_OUTPUT_FRAME.value,
        align=_ALIGN.value,
        block_height=_BLOCK_HEIGHT.value,
        block_width=_BLOCK_WIDTH.value,
    )
    print(f"Wrote {output}")


def run(
    *,
    frame1: str,
    frame2: str,
    model_path: str,
    output_frame: str | None = None,
    align: int = 64,
    block_height: int = 1,
    block_width: int = 1,
) -> Path:
    """Interpolates two image files.

    Args:
      frame1: image file.
      frame2: image file of the same size.
      model_path: folder of a SavedModel.
      output_frame: image file to write; `<folder of frame1>/output_frame.png` if None.
      align: see `inference.load_interpolator`, also for the next two.
      block_height: number of tiles along the height.
      block_width: number of tiles along the width.

    Returns:
      The file that was written.

    Raises:
      InputError: a frame or the model cannot be used, or the output cannot be written.
    """
    from frame_interpolation.eval import frame_sequence, image_io, inference

    output = Path(output_frame or Path(frame1).parent / frame_sequence.OUTPUT_FRAME)
    image_io.output_format(output)
    _refuse_overwriting(output, (frame1, frame2))
    inference.check_model_folder(model_path)
    frame_sequence.check_frames([Path(frame1), Path(frame2)])
    interpolate = inference.load_interpolator(
        model_path, align=align, block_height=block_height, block_width=block_width
    )
    x0, x1 = (image_io.read_image(path)[None] for path in (frame1, frame2))
    image_io.write_image(output, interpolate(x0, x1)[0])
    return output


def _refuse_overwriting(output: Path, inputs: Sequence[str]) -> None:
    for path in inputs:
        if output.exists() and os.path.exists(path) and os.path.samefile(output, path):
            raise InputError(
                f"The output {output} is one of the input frames: give another --output_frame."
            )


if __name__ == "__main__":
    program.run(main, FLAGS)
