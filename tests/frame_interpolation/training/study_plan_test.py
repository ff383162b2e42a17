"""The tasks of a study."""

import pathlib

import pytest

from frame_interpolation import config
from frame_interpolation.errors import InputError
from frame_interpolation.training import study_plan
from frame_interpolation.training.study_options import StudyOptions

_CONFIGS = sorted((pathlib.Path(__file__).parents[3] / "gin_configs/studies").glob("*_model*.gin"))
_RECORDS = ("train", "rehearsal", "animation", "natural")


def _plan(folder):
    options = StudyOptions(
        start_model="start/saved_model",
        configs="base.gin",
        bindings="training.learning_rate = 0.5",
        strategies={"plain": {}, "guarded": {"configs": "guard.gin", "rehearsal": True}},
        seeds=(0, 7),
        num_steps=9,
        train_records="films@2",
        rehearsal_records="video@1",
        animation_records="other_films@2",
        natural_records="other_video@1",
    )
    return study_plan.Plan(options, folder, "cpu")


def test_every_strategy_has_its_first_seed_before_any_has_its_second(tmp_path):
    start, *seeds = _plan(tmp_path).rounds()
    assert [task.kind for task in start] == ["animation", "natural"]
    assert [[task.log.stem for task in tasks if task.kind == "train"] for tasks in seeds] == [
        ["plain_seed0", "guarded_seed0"],
        ["plain_seed7", "guarded_seed7"],
    ]
    tasks = [task for tasks in (start, *seeds) for task in tasks]
    assert len({task.result for task in tasks}) == len({task.log for task in tasks}) == len(tasks)
    assert all(task.command[-1] == "--mode=cpu" for task in tasks)


def test_runs_of_strategies_differ_in_what_sets_them_apart_alone(tmp_path):
    plan = _plan(tmp_path)
    plain, guarded = plan.options.all_strategies
    assert plan.gin_files(plain) == ["base.gin"]
    assert plan.gin_files(guarded) == ["base.gin", "guard.gin"]
    one, other = (plan.gin_bindings(strategy, 7) for strategy in (plain, guarded))
    assert "training_dataset.files = ['films@2']" in one
    assert "training_dataset.files = ['films@2', 'video@1']" in other
    assert set(one) & set(other) == {
        "training.learning_rate = 0.5",
        "pretrained.path = 'start/saved_model'",
        "training_dataset.seed = 7",
        "training.seed = 7",
        "training.num_steps = 9",
    }


def test_a_task_is_done_when_its_result_is_there(tmp_path):
    task = _plan(tmp_path).rounds()[0][0]
    assert not task.is_done
    task.result.parent.mkdir(parents=True)
    task.result.touch()
    assert task.is_done


def test_a_strategy_without_any_gin_file_is_refused(tmp_path):
    records = {f"{name}_records": name for name in _RECORDS}
    options = StudyOptions(strategies={"a": {"configs": "a.gin"}, "b": {}}, **records)
    with pytest.raises(InputError, match="'b' has no gin file"):
        study_plan.check_gin_files_are_given(options)


@pytest.mark.parametrize("path", _CONFIGS, ids=lambda path: path.stem)
def test_the_runs_of_shipped_studies_can_be_configured(path, tmp_path):
    from frame_interpolation.training.experiment import Experiment

    config.parse([path], [f"study.{name}_records = {name!r}" for name in _RECORDS])
    plan = study_plan.Plan(config.make(StudyOptions), tmp_path)
    assert len(plan.options.strategies) == 5
    for strategy in plan.options.all_strategies:
        config.parse(plan.gin_files(strategy), plan.gin_bindings(strategy, 0))
        experiment = Experiment.create(config.make)
        assert experiment.pretrained.path == plan.options.start_model
        assert len(experiment.training_dataset.paths) == 1 + strategy.rehearsal
