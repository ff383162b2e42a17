"""Decodes WebP frames, which TensorFlow cannot: through Pillow.

`beam_jobs.build_tfrecord --encoding=webp` writes them. FILM's own readers do not read them.
"""

import io

import numpy as np
from PIL import Image

from frame_interpolation.errors import InputError


def is_webp(encoded: bytes) -> bool:
    """Tells by its head whether a file is a WebP image."""
    return encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP"


def decode(encoded: bytes) -> np.ndarray:
    """Decodes a WebP file.

    Returns:
        (height, width, 3) uint8, RGB; alpha is dropped, as for the other formats.

    Raises:
        InputError: It is damaged, or no WebP.
    """
    try:
        with Image.open(io.BytesIO(encoded), formats=("WEBP",)) as image:
            return np.array(image.convert("RGB"))
    except (OSError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise InputError(f"the WebP image is damaged ({error})") from error
