"""Which method flags name, and where its results go."""

import shutil
from pathlib import Path

import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval.methods.method_choice import MethodChoice


@pytest.fixture
def run_folder(tmp_path, golden_dir):
    """A run that has a checkpoint and no SavedModel yet."""
    shutil.copytree(golden_dir / "reference_checkpoint", tmp_path / "runs" / "run0" / "train")
    return tmp_path / "runs" / "run0"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "none of them"),
        ({"model_path": "a", "command": "b"}, "--model_path and --command"),
        ({"base_folder": "a", "baseline": "b", "predictions": "c"}, "--base_folder and --pred"),
    ],
)
def test_exactly_one_names_the_method(given, named):
    with pytest.raises(InputError, match=rf"Exactly one of --model_path, .*got {named}"):
        MethodChoice(**given)


def test_results_lie_beside_what_was_evaluated(run_folder, toy_model_path, tmp_path):
    (tmp_path / "methods" / "rife").mkdir(parents=True)
    train = run_folder / "train"
    for given, parent in (
        ({"model_path": toy_model_path}, Path(toy_model_path).parent),
        ({"model_path": f"{toy_model_path}/"}, Path(toy_model_path).parent),
        ({"checkpoint": str(train)}, run_folder),
        ({"checkpoint": str(train / "ckpt-1234")}, run_folder),
        ({"base_folder": str(run_folder.parent)}, run_folder),
        ({"predictions": str(tmp_path / "methods" / "rife")}, tmp_path / "methods"),
    ):
        assert MethodChoice(**given).results_parent() == parent, given
    for given in ({"command": "x"}, {"baseline": "average"}):
        with pytest.raises(InputError, match="needs --output_dir"):
            MethodChoice(**given).results_parent()


def test_a_run_is_its_saved_model_or_its_newest_checkpoint(run_folder, toy_model_path, make_source):
    choice = MethodChoice(base_folder=str(run_folder.parent))
    method, _ = choice.create(make_source(), stop=1)
    assert method.description["kind"] == "checkpoint" and method.description["step"] == 1234
    shutil.copytree(toy_model_path, run_folder / "saved_model")
    method, _ = choice.create(make_source(), stop=1)
    assert method.description["kind"] == "saved_model"
    assert choice.results_parent() == run_folder
    with pytest.raises(InputError, match=r"run7.*no checkpoint in .*run7/train"):
        MethodChoice(base_folder=str(run_folder.parent), label="run7").found_path()


def test_the_configuration_of_a_checkpoint_is_that_of_its_run(run_folder, make_source):
    choice = MethodChoice(checkpoint=str(run_folder / "train" / "ckpt-1234"))
    assert choice.network_config() is None
    (run_folder / "config.gin").write_text("film_net.filters = 3\n")
    assert choice.network_config() == str(run_folder / "config.gin")
    assert MethodChoice(checkpoint="x", run_config="other.gin").network_config() == "other.gin"
    assert MethodChoice(baseline="average").network_config() is None
    with pytest.raises(InputError, match=r"options of the network.*filters"):
        choice.create(make_source(), stop=1, film_net={"filters": "many"})


@pytest.mark.parametrize("name", ["model_path", "checkpoint", "predictions"])
def test_what_is_not_there_is_named(name, make_source, tmp_path):
    choice = MethodChoice(**{name: str(tmp_path / "nowhere")})
    with pytest.raises(InputError, match="nowhere"):
        choice.create(make_source(), stop=1)


def test_triplets_without_prediction_are_left_out_on_request(tmp_path, make_source, caplog):
    from PIL import Image

    (tmp_path / "p").mkdir()
    for name in ("b", "d"):
        Image.new("RGB", (32, 24)).save(tmp_path / "p" / f"{name}.png")
    source = make_source("abcd")
    with pytest.raises(InputError, match=r"2 of 4 .*'a', 'c'.*--allow_missing_predictions"):
        MethodChoice(predictions=str(tmp_path / "p")).create(source, stop=4)
    choice = MethodChoice(predictions=str(tmp_path / "p"), allow_missing_predictions=True)
    method, subset = choice.create(source, stop=4)
    assert list(subset.names(len(subset))) == ["b", "d"] and method.description["files"] == 2
    assert subset.description["left_out"] == ["a", "c"] and "'a', 'c'" in caplog.text
    # Of the first two triplets the second has one.
    assert len(choice.create(source, stop=2)[1]) == 1
