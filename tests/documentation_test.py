"""What the documents say is there."""

import dataclasses
import pathlib
import re

import pytest

from frame_interpolation.eval.options import EvaluationOptions, ExperimentOptions
from frame_interpolation.training.experiment import Experiment

_ROOT = pathlib.Path(__file__).parents[1]
_DOCUMENTS = sorted(
    path
    for path in _ROOT.rglob("*.md")
    if not any(part.startswith(".") or part == "demo_output" for part in path.parts[1:])
)


def _options():
    yield from ((field.name, field.type) for field in dataclasses.fields(Experiment))
    yield from (("experiment", ExperimentOptions), ("evaluation", EvaluationOptions))


@pytest.mark.parametrize(("selector", "options"), list(_options()))
def test_every_option_is_documented(selector, options):
    text = (_ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    missing = [f.name for f in dataclasses.fields(options) if f"`{f.name}`" not in text]
    assert f"`{selector}`" in text
    assert not missing, f"Add {missing} of {selector} to docs/configuration.md."


@pytest.mark.parametrize("document", _DOCUMENTS, ids=lambda path: str(path.relative_to(_ROOT)))
def test_links_lead_to_files(document):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
    missing = [link for link in links if not (document.parent / link).exists()]
    assert not missing, f"{document.name} links to {missing}, which do not exist."


def test_configurations_named_in_the_readme_exist():
    text = (_ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"gin_configs/[\w/]+\.gin", text))
    assert named
    assert not [name for name in named if not (_ROOT / name).exists()]
