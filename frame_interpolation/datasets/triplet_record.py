"""From a triplet on disk to the record that stands for it, the same wherever it is made."""

from frame_interpolation.datasets import tf_example
from frame_interpolation.datasets.frame_file import read_frame
from frame_interpolation.datasets.frame_options import UNCHANGED, FrameError, FrameOptions
from frame_interpolation.datasets.triplet import Triplet


def triplet_record(
    triplet: Triplet, frame_options: FrameOptions = UNCHANGED
) -> tuple[bytes, list[str]]:
    """Reads the frames of a triplet and encodes its record.

    Args:
        triplet: Where its frames lie.
        frame_options: What is done to them. The annotation stays in pixels of the original image.

    Returns:
        The serialised `tf.train.Example`, and what had to be done to each frame that was not
        8-bit RGB (see `frame_file`).

    Raises:
        FrameError: The triplet cannot be used.
    """
    if triplet.defect:
        raise FrameError("not_three_frames", triplet.defect)
    files = [read_frame(path, frame_options) for path in triplet.frames]
    sizes = [f"{file.frame.width}x{file.frame.height}" for file in files]
    if len(set(sizes)) != 1:
        raise FrameError("unequal_sizes", f"frames of {', '.join(sizes)}, expected one size")
    record = tf_example.encode(
        [file.frame for file in files],
        path=triplet.path,
        name=triplet.name,
        film=triplet.film,
        annotation=triplet.annotation,
    )
    return record, [file.conversion for file in files if file.conversion]
