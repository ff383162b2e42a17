"""The page of a report: the files that are the same in every report, and the page itself.

Style and scripts lie in `report_assets/` as they are; the page names them, `data.js` and the
pictures by relative addresses and nothing else, which its content security policy enforces. The
only text that is put into the page here is the title, escaped; everything else comes out of the
data and is set by scripts as text.
"""

import html
import importlib.resources
import io
import string
from pathlib import Path

from PIL import Image

from frame_interpolation.eval import evaluation_results, pictures

ASSETS_NAME = "assets"
WHEEL_NAME = "flow_wheel.png"
_WHEEL_SIDE_PX = 144
_PAGE_NAME = "report.html"


def render(title: str) -> str:
    """Writes the page.

    Args:
        title: Title of the page, any text.

    Returns:
        HTML.
    """
    template = string.Template(_assets()[_PAGE_NAME])
    return template.substitute(title=html.escape(title, quote=True))


def write_assets(output_dir: Path) -> None:
    """Writes what the page loads besides data and pictures into `assets/`.

    Args:
        output_dir: Folder of the report.
    """
    folder = output_dir / ASSETS_NAME
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in _assets().items():
        if name != _PAGE_NAME:
            evaluation_results.write_text(folder / name, text)
    wheel = io.BytesIO()
    Image.fromarray(pictures.flow_legend(_WHEEL_SIDE_PX)).save(wheel, "png")
    (folder / WHEEL_NAME).write_bytes(wheel.getvalue())


def _assets() -> dict[str, str]:
    """The files of `report_assets/` by name."""
    folder = importlib.resources.files("frame_interpolation.eval") / "report_assets"
    return {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted(folder.iterdir(), key=lambda path: path.name)
        if path.name.endswith((".css", ".js", ".html"))
    }
