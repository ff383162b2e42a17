"""The camera stand: where it looks, and the picture it takes of a stack of cels.

Conventions are those of `drawing`: world units are pixels of a 540-line frame around the middle of
the frame; pictures are RGB with y down.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from atd12k.cartoon.drawing import Cel, Clip, Gradient, Polygon, Texture

LINES = 540  # World units from the top to the bottom of a frame.
_NEAREST_ZOOM_DEPTH = 1.6


@dataclass(frozen=True)
class Camera:
    """Where the camera looks: (x, y) in world units and a zoom around it (1 is 1:1)."""

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0


@dataclass(frozen=True)
class Sheet:
    """A cel at a depth.

    Attributes:
      cel: What is drawn.
      depth: Share of the camera's move that it follows, 0 (far) .. about 1.5 (near).
      scenery: Whether it is background or foreground and not action.
    """

    cel: Cel
    depth: float
    scenery: bool


def screen_affine(camera: Camera, depth: float, aspect: float) -> tuple[float, np.ndarray]:
    """Returns (scale, offset): screen = scale * world + offset, in pixels of a 540-line frame.

    Args:
      camera: The camera.
      depth: Depth of the sheet.
      aspect: Width of the frame over its height.
    """
    zoom = 1 + (camera.zoom - 1) * min(depth, _NEAREST_ZOOM_DEPTH)
    centre = np.array([LINES * aspect / 2, LINES / 2])
    return zoom, centre - zoom * depth * np.array([camera.x, camera.y])


def photograph(
    sheets: Sequence[Sheet], camera: Camera, *, size: tuple[int, int], supersampling: int = 4
) -> Image.Image:
    """Returns the picture of a stack of cels, the first one lowest.

    Args:
      sheets: The stack.
      camera: Where the camera looks.
      size: (width, height) of the picture in pixels; a height of 540 shows one world unit a pixel.
      supersampling: How many times larger, in each direction, it is drawn before averaging.
    """
    width, height = size
    image = Image.new("RGB", (width * supersampling, height * supersampling))
    for sheet in sheets:
        scale, offset = screen_affine(camera, sheet.depth, width / height)
        factor = height / LINES * supersampling
        image = _Exposure(image, sheet.cel, scale * factor, offset * factor, supersampling).take()
    return image.reduce(supersampling)


class _Exposure:
    """One cel painted onto a picture: pixel = scale * world + offset."""

    def __init__(
        self, image: Image.Image, cel: Cel, scale: float, offset: np.ndarray, supersampling: int
    ):
        self._image = image
        self._instructions, vertices = cel.developed()
        self._scale, self._offset, self._supersampling = scale, offset, supersampling
        pixels = np.rint(vertices * scale + offset - 0.5)
        self._pixels = np.clip(pixels, -30_000, 30_000).astype(np.int64)
        self._visible = self._visibility()

    def _visibility(self) -> list[bool]:
        """Returns for each instruction whether its polygon touches the picture."""
        spans = [
            (instruction.start, instruction.stop)
            for instruction in self._instructions
            if isinstance(instruction, Polygon | Clip)
        ]
        if not spans:
            return [True] * len(self._instructions)
        # Spans are stored one after another, so their starts cut the vertices into polygons.
        starts = np.array([start for start, _ in spans])
        low = np.minimum.reduceat(self._pixels, starts)
        high = np.maximum.reduceat(self._pixels, starts)
        inside = (high >= 0).all(axis=1) & (low[:, 0] < self._image.width)
        inside &= low[:, 1] < self._image.height
        answers = iter(inside.tolist())
        return [
            next(answers) if isinstance(instruction, Polygon | Clip) else True
            for instruction in self._instructions
        ]

    def take(self) -> Image.Image:
        """Paints the cel and returns the picture."""
        self._paint(0, len(self._instructions), self._image, (0, 0))
        return self._image

    def _paint(self, first: int, last: int, image: Image.Image, corner: tuple[int, int]) -> None:
        """Paints some instructions onto `image`, whose (0, 0) is the pixel `corner`."""
        opaque, blended = ImageDraw.Draw(image), ImageDraw.Draw(image, "RGBA")
        index = first
        while index < last:
            instruction = self._instructions[index]
            index += 1
            if isinstance(instruction, Polygon):
                if self._visible[index - 1]:
                    span = slice(instruction.start, instruction.stop)
                    points = (self._pixels[span] - corner).ravel().tolist()
                    draw = opaque if len(instruction.color) == 3 else blended
                    draw.polygon(points, fill=instruction.color)
            elif isinstance(instruction, Clip):
                if self._visible[index - 1]:
                    self._paint_clipped(instruction, index, image, corner)
                index += instruction.count
            elif isinstance(instruction, Gradient):
                self._paint_gradient(instruction, image)
            else:
                self._mottle(instruction, image)

    def _paint_clipped(
        self, clip: Clip, first: int, image: Image.Image, corner: tuple[int, int]
    ) -> None:
        outline = self._pixels[clip.start : clip.stop]
        left, top = np.maximum(outline.min(axis=0), corner).tolist()
        right, bottom = np.minimum(
            outline.max(axis=0) + 1, np.add(corner, (image.width, image.height))
        ).tolist()
        if right <= left or bottom <= top:
            return
        box = (left - corner[0], top - corner[1], right - corner[0], bottom - corner[1])
        part = image.crop(box)
        self._paint(first, first + clip.count, part, (left, top))
        mask = Image.new("L", part.size)
        ImageDraw.Draw(mask).polygon((outline - (left, top)).ravel().tolist(), fill=255)
        image.paste(part, box, mask)

    def _paint_gradient(self, gradient: Gradient, image: Image.Image) -> None:
        rows = (np.arange(image.height) + 0.5 - self._offset[1]) / self._scale
        share = np.clip((rows - gradient.y0) / (gradient.y1 - gradient.y0), 0.0, 1.0)
        top, bottom = np.array(gradient.top[:3]), np.array(gradient.bottom[:3])
        colors = (top + share[:, None] * (bottom - top) + 0.5).astype(np.int64).tolist()
        draw = ImageDraw.Draw(image)
        for y, color in enumerate(colors):
            draw.rectangle((0, y, image.width, y), fill=tuple(color))

    def _mottle(self, texture: Texture, image: Image.Image) -> None:
        step = self._supersampling
        small = np.asarray(image.reduce(step), dtype=np.float32)
        height, width = small.shape[:2]
        columns = ((np.arange(width) + 0.5) * step - self._offset[0]) / self._scale / 7
        rows = ((np.arange(height) + 0.5) * step - self._offset[1]) / self._scale / 7
        mottle = _periodic_samples(rows, _periodic_samples(columns, texture.tile.T).T)
        toned = small * (1 + texture.strength * mottle[..., None]) + 0.5
        picture = np.clip(toned, 0, 255).astype(np.uint8)[:, None, :, None]
        large = np.broadcast_to(picture, (height, step, width, step, 3))
        image.paste(Image.fromarray(large.reshape(height * step, width * step, 3)))


def _periodic_samples(positions: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Returns values (n, ...) at fractional, wrapped positions along the first axis."""
    floor = np.floor(positions).astype(np.int64)
    share = (positions - floor).astype(np.float32)[:, None]
    share = share * share * (3 - 2 * share)
    count = len(values)
    return values[floor % count] * (1 - share) + values[(floor + 1) % count] * share
