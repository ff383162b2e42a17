"""A whole study of two strategies and two seeds, with networks of a few weights."""

import csv
import json
import shutil

import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.training import study, train

_CONFIG = """
study.title = 'Tiny study'
study.strategies = {{
    'all_layers': {{}},
    'rehearsed_output': {{
        'bindings': ["fine_tuning.trained = ['output']", 'training_dataset.weights = [1, 1]'],
        'rehearsal': True,
    }},
}}
study.seeds = [0, 1]
study.num_steps = 2
study.configs = [{gin_file!r}]
study.start_model = {start!r}
study.train_records = ['{golden}/reference_triplets.tfrecord-00000-of-00002']
study.rehearsal_records = ['{golden}/reference_triplets.tfrecord-00000-of-00002']
study.animation_records = '{golden}/reference_triplets.tfrecord-00001-of-00002'
study.natural_records = '{golden}/reference_triplets.tfrecord@2'
study.animation_config = {evaluation!r}
study.natural_config = {evaluation!r}
"""
_EVALUATION = """
experiment.name = 'tiny'
evaluation.metrics = ['psnr', 'l1']
evaluation.max_examples = 2
"""


@pytest.fixture(scope="module")
def settings(gin_file, golden_dir, tmp_path_factory):
    """Keyword arguments of a tiny study."""
    folder = tmp_path_factory.mktemp("study")
    start = ["training.num_steps = 1", "training.seed = 3"]
    train.run(
        gin_files=[gin_file], gin_bindings=start, base_folder=str(folder), label="a", mode="cpu"
    )
    evaluation = folder / "evaluation.gin"
    evaluation.write_text(_EVALUATION)
    names = {
        "gin_file": gin_file,
        "start": str(folder / "a" / "saved_model"),
        "golden": golden_dir,
        "evaluation": str(evaluation),
    }
    path = folder / "study.gin"
    path.write_text(_CONFIG.format(**names))
    return {"configs": [str(path)], "mode": "cpu"}


@pytest.mark.slow
def test_a_study_is_finished_by_the_same_command_and_is_that_of_its_settings(
    settings, tmp_path, caplog
):
    folder, page = tmp_path / "out", tmp_path / "docs" / "page.md"
    page.parent.mkdir()
    assert study.run(**settings, output_dir=str(folder), page=str(page)) == 0
    rows = list(csv.DictReader((folder / "study.csv").open()))
    gains = [row for row in rows if row["baseline"] == "start" and row["metric"] == "psnr"]
    assert [(row["set"], row["strategy"], row["seeds"]) for row in gains] == [
        ("animation", "all_layers", "2"),
        ("animation", "rehearsed_output", "2"),
        ("natural", "all_layers", "2"),
        ("natural", "rehearsed_output", "2"),
    ]
    assert len({row["change"] for row in gains}) == 4
    content = json.loads((folder / "study.json").read_text())
    # The natural set holds the shard that was trained on, and the study says so.
    assert any("found among" in note and not note.startswith("0 of") for note in content["notes"])
    assert "Tiny study" in page.read_text()
    runs = sorted(path.name for path in (folder / "runs").iterdir())
    assert runs == [
        f"{name}_seed{n}" for name in ("all_layers", "rehearsed_output") for n in (0, 1)
    ]

    # A study that was killed goes on with what it lacks; the rest is not made again.
    kept = folder / "runs" / "all_layers_seed0" / "saved_model" / "saved_model.pb"
    before, table = kept.stat().st_mtime_ns, (folder / "study.csv").read_text()
    shutil.rmtree(folder / "runs" / "rehearsed_output_seed1" / "batch_eval" / "natural")
    with caplog.at_level("INFO"):
        assert study.run(**settings, output_dir=str(folder)) == 0
    assert "13 of 14 tasks are done already" in caplog.text
    assert kept.stat().st_mtime_ns == before
    assert (folder / "study.csv").read_text() == table

    with pytest.raises(InputError, match=r"begun with other settings.*num_steps: 2 before, 3 now"):
        study.run(**settings, output_dir=str(folder), gin_bindings=["study.num_steps = 3"])


@pytest.mark.parametrize(
    ("binding", "message"),
    [
        (
            "study.strategies = {'a': {'bindings': ['training.nums = 1']}}",
            "The strategy 'a': .*nums",
        ),
        (
            "study.strategies = {'a': {'bindings': ['training.learning_rate = 0']}}",
            "'a': .*above 0",
        ),
        ("study.metric = 'ssim'", "does not have"),
        ("study.start_model = 'nowhere'", "no SavedModel"),
        ("study.train_records = ['nowhere@2']", "nowhere"),
    ],
)
def test_a_mistake_is_told_before_anything_is_trained(settings, tmp_path, binding, message):
    with pytest.raises((InputError, OSError), match=message):
        study.run(**settings, output_dir=str(tmp_path / "out"), gin_bindings=[binding])
    assert not (tmp_path / "out").exists()
