"""The files of a study."""

import csv
import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from frame_interpolation.errors import InputError
from frame_interpolation.eval import paired_comparison
from frame_interpolation.training import study_report
from frame_interpolation.training.study_results import Change, StudyResults


def _change(set_name, strategy, differences, baseline="start", seeds=(0, 1)):
    comparison = paired_comparison.compare(
        label=strategy,
        baseline=baseline,
        metric="psnr",
        values=[25.0 + difference for difference in differences],
        baseline_values=[25.0] * len(differences),
        films=["x", "y"] * (len(differences) // 2) if set_name == "animation" else [""] * 8,
        higher_is_better=True,
    )
    mean = comparison.mean_difference
    return Change(set_name, comparison, 25.0 + mean, {s: mean + 0.01 * s for s in seeds})


@pytest.fixture
def results():
    gains = {"all_layers": 0.5, "fusion_only": 0.2}
    spread = np.linspace(-0.1, 0.1, 8)
    changes = [
        _change(name, strategy, gain * sign + spread)
        for strategy, gain in gains.items()
        for name, sign in (("animation", 1), ("natural", -1))
    ]
    return StudyResults(
        title="A study",
        metric="psnr",
        num_steps=7,
        seeds=(0, 1),
        planned_seeds=3,
        strategies=tuple(gains),
        triplets={"animation": 8, "natural": 8},
        films={"animation": 2, "natural": 0},
        start={name: {"psnr": 25.0} for name in ("animation", "natural")},
        changes=tuple(changes),
        differences=(_change("animation", "fusion_only", spread - 0.3, baseline="all_layers"),),
        notes=("No leakage.",),
    )


def test_the_table_shows_gains_up_and_losses_up(results):
    table = study_report.main_table(results)
    strategy, gain, gain_seeds, loss, loss_seeds = table.rows[0]
    assert strategy == "all_layers"
    assert gain.startswith("+0.5")
    assert loss.startswith("+0.5") and "[+0." in loss  # A loss of half a decibel, not of minus.
    low, high = loss.split("[")[1].rstrip("]").split(", ")
    assert float(low) <= 0.5 <= float(high)
    assert gain_seeds.startswith("+0.5") and " to " in loss_seeds
    text = " ".join(table.notes)
    assert "2 of 3 seeds" in text and "No leakage." in text


def test_all_files_are_written(results, tmp_path):
    study_report.write(tmp_path, results)
    rows = list(csv.DictReader((tmp_path / "study.csv").open()))
    assert [(row["strategy"], row["baseline"]) for row in rows] == [
        ("all_layers", "start"),
        ("all_layers", "start"),
        ("fusion_only", "start"),
        ("fusion_only", "start"),
        ("fusion_only", "all_layers"),
    ]
    assert float(rows[1]["change"]) == pytest.approx(-0.5)
    assert rows[1]["film_low"] == "" and rows[0]["film_low"] != ""
    content = json.loads((tmp_path / "study.json").read_text())
    assert content["changes"][0]["gain"] == pytest.approx(0.5)
    assert "![Gain against loss](study.png)" in (tmp_path / "study.md").read_text()
    assert Image.open(tmp_path / "study.png").width > 600


def test_a_page_keeps_its_text_and_gets_the_newest_results(results, tmp_path):
    page = tmp_path / "about.md"
    page.write_text("# Method\n\nText.\n", encoding="utf-8")
    study_report.write_page(page, results)
    once = page.read_text(encoding="utf-8")
    assert once.startswith("# Method\n\nText.\n") and "A study" in once
    page.write_text(once + "\nMore.\n", encoding="utf-8")
    study_report.write_page(page, results)
    assert page.read_text(encoding="utf-8") == once + "\nMore.\n"
    assert (tmp_path / "images" / "about.png").exists()
    page.write_text(once.replace(study_report.PAGE_END, ""), encoding="utf-8")
    with pytest.raises(InputError, match="only one of the two"):
        study_report.write_page(page, results)


def test_a_single_strategy_is_compared_with_the_start_alone(results, tmp_path):
    alone = dataclasses.replace(results, strategies=("all_layers",), differences=())
    study_report.write(tmp_path, alone)
    assert "Against" not in (tmp_path / "study.md").read_text()
