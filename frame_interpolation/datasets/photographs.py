"""A folder of photographs as a source of textures, parted into training and test photographs.

Photographs are 8-bit RGB. Transparent parts are laid over mid-grey, grey photographs get three
equal channels, and the orientation written by the camera is applied. Whether a photograph belongs
to the training or to the test split is a function of its file name alone (SHA-256), so that the
parting does not depend on what else lies in the folder.
"""

import functools
import hashlib
import pathlib

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from frame_interpolation import errors

SPLITS = ("train", "test")
EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp")
_TEST_SHARE = 0.15
_LARGEST_SIDE_PX = 1600  # Larger photographs are reduced: memory, and textures need no more.


def split_of(name: str) -> str:
    """Returns the split, 'train' or 'test', of the photograph with this file name."""
    position = int(hashlib.sha256(name.encode("utf-8")).hexdigest()[:8], 16) / 2**32
    return "test" if position < _TEST_SHARE else "train"


def list_photographs(folder: str | pathlib.Path, *, split: str) -> tuple[pathlib.Path, ...]:
    """Lists the photographs of one split, sorted by name.

    Args:
      folder: Folder with JPEG, PNG or WebP files; folders below it are not searched.
      split: 'train' or 'test'.

    Raises:
      InputError: The folder does not exist, or holds no photograph of the split.
    """
    folder = pathlib.Path(folder)
    if split not in SPLITS:
        raise errors.InputError(f"Unknown split {split!r}: expected one of {', '.join(SPLITS)}.")
    if not folder.is_dir():
        raise errors.InputError(f"{folder} is not a folder: give a folder of photographs.")
    paths = [p for p in folder.iterdir() if p.suffix.lower() in EXTENSIONS and p.is_file()]
    chosen = sorted((p for p in paths if split_of(p.name) == split), key=lambda p: p.name)
    if not chosen:
        raise errors.InputError(
            f"{folder} holds {len(paths)} photographs and none of the {split} split: expected "
            f"files ending in {', '.join(EXTENSIONS)}; add photographs."
        )
    return tuple(chosen)


def read_photograph(path: str | pathlib.Path) -> Image.Image:
    """Reads a photograph as 8-bit RGB, reduced to at most 1600 pixels a side.

    Raises:
      InputError: The file is not an image, or is damaged.
    """
    try:
        with Image.open(path) as file:
            file.draft("RGB", (_LARGEST_SIDE_PX, _LARGEST_SIDE_PX))
            photograph = _as_rgb(ImageOps.exif_transpose(file))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise errors.InputError(
            f"{path} cannot be read as an image ({error}): remove or replace it."
        ) from error
    photograph.thumbnail((_LARGEST_SIDE_PX, _LARGEST_SIDE_PX), Image.Resampling.LANCZOS)
    return photograph


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("P", "LA", "RGBA", "PA"):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "#808080"), image)
    return image.convert("RGB")


class PhotographTextures:
    """Draws random crops of photographs as textures; decoded photographs stay in memory.

    Args:
      paths: Photographs to draw from.
    """

    def __init__(self, paths: tuple[pathlib.Path, ...]):
        self._paths = tuple(paths)
        self._read = functools.cache(read_photograph)

    def draw(
        self, rng: np.random.Generator, *, extent_px: tuple[float, float], size: tuple[int, int]
    ) -> Image.Image:
        """Draws a texture.

        Args:
          rng: Source of all randomness.
          extent_px: (width, height) in pixels of the rendered frame that the texture will cover.
            The crop has at least as many photograph pixels where the photograph is large enough, so
            that photographs are reduced, not enlarged.
          size: (width, height) of the returned texture in its own pixels.

        Returns:
          8-bit RGB image of `size`.
        """
        for _ in range(4):  # Prefers a photograph that is large enough; takes the last otherwise.
            photograph = self._read(self._paths[rng.integers(len(self._paths))])
            largest = min(photograph.width / extent_px[0], photograph.height / extent_px[1])
            if largest >= 1.0:
                break
        scale = np.exp(rng.uniform(np.log(min(1.0, largest)), np.log(min(largest, 4.0))))
        width, height = extent_px[0] * scale, extent_px[1] * scale
        left = rng.uniform(0.0, max(photograph.width - width, 0.0))
        top = rng.uniform(0.0, max(photograph.height - height, 0.0))
        box = (
            left,
            top,
            min(left + width, photograph.width),
            min(top + height, photograph.height),
        )
        texture = photograph.resize(size, Image.Resampling.BICUBIC, box=box)
        if rng.random() < 0.5:
            texture = ImageOps.mirror(texture)
        if rng.random() < 0.4:
            texture = ImageEnhance.Color(texture).enhance(rng.uniform(0.5, 1.7))
        if rng.random() < 0.4:
            texture = ImageEnhance.Brightness(texture).enhance(rng.uniform(0.7, 1.25))
        return texture
