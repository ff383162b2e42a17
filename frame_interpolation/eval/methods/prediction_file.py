"""Reads a frame that some method has made, in any of the formats that methods write.

    .png .jpg .jpeg .webp .bmp .tif .tiff    8 bits a channel; PNG and TIFF also 16, at full
                                             precision; TIFF also floating-point numbers
    .npy                                     (H, W, 3), (H, W, 1) or (H, W): uint8, uint16, or
                                             floating-point numbers in [0, 1]

Greyscale and palettes become RGB. An alpha channel is composited over white, the colour of paper,
as the frames of a dataset are. Floating-point numbers must be finite, and are refused where they
are plainly not in [0, 1]: a method that writes 0 to 255 would otherwise be scored as white. What a
colour profile says is ignored, as it is in the frames of a dataset.
"""

import os
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageOps

from frame_interpolation.errors import InputError

SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".npy")

_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PNG_BIT_DEPTH: Final = 24  # Where it stands: 8 signature, 8 chunk header, 4 width, 4 height.
_PLAIN_MODES: Final = ("1", "L", "P", "RGB")
_ALPHA_MODES: Final = ("LA", "PA", "RGBA")
_PAPER: Final = (255, 255, 255, 255)
_DAMAGE: Final = (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError)
# Networks overshoot a little, and what they write unclipped is clipped before it is scored.
_FLOAT_RANGE: Final = (-1.0, 2.0)


def read_prediction(path: str | os.PathLike[str]) -> np.ndarray:
    """Reads a predicted frame.

    Args:
        path: The file; what it holds is told by its suffix.

    Returns:
        uint8 (H, W, 3) RGB where the file has 8 bits a channel, else float32 (H, W, 3), nominally
        in [0, 1] and finite, not clipped.

    Raises:
        InputError: If the file is missing, damaged, of another format, or holds values that are
            not finite or not in the range above; names the file.
    """
    path = Path(path)
    try:
        return _read(path)
    except FileNotFoundError:
        raise InputError(f"The prediction {str(path)!r} does not exist.") from None
    except InputError:
        raise
    except (Image.DecompressionBombError, *_DAMAGE, cv2.error) as error:
        raise InputError(
            f"The prediction {str(path)!r} is damaged or not a {path.suffix} file: {error}"
        ) from error


def resize_prediction(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Brings a prediction to another size with Pillow's LANCZOS, as the protocols do.

    Args:
        frame: uint8 or float32 (H, W, 3).
        size: (width, height) in pixels.

    Returns:
        (height, width, 3) of the same type; float32 values may leave the range of `frame`.
    """
    if frame.dtype == np.uint8:
        return np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS))
    planes = [
        np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS))
        for plane in np.moveaxis(frame, -1, 0)
    ]
    return np.stack(planes, axis=-1)


def to_float(frame: np.ndarray) -> np.ndarray:
    """Returns a prediction as float32 (H, W, 3), 8-bit values divided by 255."""
    if frame.dtype == np.uint8:
        return frame.astype(np.float32) / np.float32(255.0)
    return frame


def _read(path: Path) -> np.ndarray:
    suffix = path.suffix.lower()
    if suffix == ".npy":
        array = np.load(path, allow_pickle=False)
        if not isinstance(array, np.ndarray):
            raise ValueError("it is an archive of several arrays")
        return _from_array(array, path)
    if suffix in (".tif", ".tiff") and (deep := _read_deep(path)).dtype != np.uint8:
        return _from_array(deep, path)
    with path.open("rb") as file:
        head = file.read(_PNG_BIT_DEPTH + 1)
    if head.startswith(_PNG_SIGNATURE):
        with Image.open(path) as image:
            image.verify()  # The checksums of all chunks, which decoders pass over.
        if head[_PNG_BIT_DEPTH] == 16:
            return _from_array(_read_deep(path), path)
    with Image.open(path) as image:
        return _from_image(image, path)


def _read_deep(path: Path) -> np.ndarray:
    """Reads more than 8 bits a channel, which Pillow would cut down; RGB or RGBA order."""
    array = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if array is None:
        raise ValueError("it cannot be decoded")
    if array.ndim == 3 and array.shape[2] in (3, 4):
        code = cv2.COLOR_BGR2RGB if array.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
        array = cv2.cvtColor(array, code)
    return array


def _from_image(image: Image.Image, path: Path) -> np.ndarray:
    image.load()
    if image.mode not in _PLAIN_MODES + _ALPHA_MODES:
        raise InputError(
            f"The prediction {str(path)!r} has pixels of kind {image.mode}, expected RGB, RGBA, "
            "greyscale or a palette; convert it."
        )
    upright = ImageOps.exif_transpose(image)
    if upright.mode in _ALPHA_MODES or "transparency" in upright.info:
        paper = Image.new("RGBA", upright.size, _PAPER)
        upright = Image.alpha_composite(paper, upright.convert("RGBA"))
    return np.asarray(upright.convert("RGB"))


def _from_array(array: np.ndarray, path: Path) -> np.ndarray:
    if array.ndim == 2:
        array = array[..., None]
    channels = array.shape[-1] if array.ndim == 3 else 0
    whole = array.dtype in (np.uint8, np.uint16)
    is_number = whole or np.issubdtype(array.dtype, np.floating)
    if channels not in (1, 2, 3, 4) or not array.size or not is_number:
        raise InputError(
            f"The prediction {str(path)!r} holds {array.dtype} of shape {array.shape}; expected "
            "uint8, uint16 or floating-point numbers of shape (H, W, 3)."
        )
    if array.dtype == np.uint8 and channels in (1, 3):
        return np.ascontiguousarray(np.broadcast_to(array, (*array.shape[:2], 3)))
    scale = np.float32(np.iinfo(array.dtype).max if whole else 1.0)
    frame = array.astype(np.float32) / scale
    if not whole:
        _check_floats(frame, path)
    if channels in (2, 4):
        alpha = frame[..., -1:]
        frame = frame[..., :-1] * alpha + (1 - alpha)
    return np.ascontiguousarray(np.broadcast_to(frame, (*frame.shape[:2], 3)))


def _check_floats(frame: np.ndarray, path: Path) -> None:
    bad = frame.size - int(np.count_nonzero(np.isfinite(frame)))
    if bad:
        raise InputError(
            f"The prediction {str(path)!r} has {bad} of {frame.size} values that are not finite "
            "numbers; make it again."
        )
    low, high = float(frame.min()), float(frame.max())
    if low < _FLOAT_RANGE[0] or high > _FLOAT_RANGE[1]:
        raise InputError(
            f"The prediction {str(path)!r} has values from {low:g} to {high:g}; expected "
            "floating-point numbers in [0, 1]. Divide them by what white is."
        )
