"""Puts the pictures of one triplet of two evaluations side by side.

    python tools/compose_result.py --before BEFORE/frames/TRIPLET --after AFTER/frames/TRIPLET \
        --output docs/images/before_after.png

The folders are those that `eval.eval_cli --output_frames` writes. `--box` (left, top, width, height
in pixels) adds a second row with that part, enlarged.
"""

import argparse
import pathlib

from PIL import Image, ImageDraw, ImageFont

_WIDTH = 420
_CAPTION = 26
_GAP = 6


def main() -> None:
    """Reads the arguments and writes the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", required=True, type=pathlib.Path)
    parser.add_argument("--after", required=True, type=pathlib.Path)
    parser.add_argument("--output", required=True, type=pathlib.Path)
    parser.add_argument("--box", nargs=4, type=int, metavar=("X", "Y", "W", "H"))
    arguments = parser.parse_args()
    pictures = {
        "first frame": arguments.before / "frame1.png",
        "last frame": arguments.before / "frame3.png",
        "true middle": arguments.before / "ground_truth.png",
        "before fine-tuning": arguments.before / "frame2.png",
        "after fine-tuning": arguments.after / "frame2.png",
    }
    columns = [_column(Image.open(path), title, arguments.box) for title, path in pictures.items()]
    sheet = Image.new("RGB", (len(columns) * (_WIDTH + _GAP) - _GAP, columns[0].height), "white")
    for index, column in enumerate(columns):
        sheet.paste(column, (index * (_WIDTH + _GAP), 0))
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(arguments.output, optimize=True)


def _column(image: Image.Image, title: str, box: list[int] | None) -> Image.Image:
    image = image.convert("RGB")
    rows = [image]
    if box:
        left, top, width, height = box
        rows.append(image.crop((left, top, left + width, top + height)))
    rows = [
        row.resize((_WIDTH, round(row.height * _WIDTH / row.width)), Image.Resampling.LANCZOS)
        for row in rows
    ]
    height = _CAPTION + sum(row.height + _GAP for row in rows) - _GAP
    column = Image.new("RGB", (_WIDTH, height), "white")
    font = ImageFont.load_default(16)
    ImageDraw.Draw(column).text((4, 3), title, fill="black", font=font)
    top = _CAPTION
    for row in rows:
        column.paste(row, (0, top))
        top += row.height + _GAP
    return column


if __name__ == "__main__":
    main()
