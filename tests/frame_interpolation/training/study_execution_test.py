"""Running tasks: what is done is not repeated, and what stops one stops the study."""

import os
import signal
import sys
import threading

import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.training import study_execution
from frame_interpolation.training.study_options import StudyOptions
from frame_interpolation.training.study_plan import Plan, Task


@pytest.fixture
def plan(tmp_path):
    records = {"train_records": "a", "animation_records": "b", "natural_records": "c"}
    return Plan(StudyOptions(strategies={"all": {"configs": "a.gin"}}, **records), tmp_path)


def _task(plan, name, kind="train", code=""):
    command = (sys.executable, "-c", code)
    return Task(name, kind, command, plan.folder / name, plan.folder / "logs" / f"{name}.txt")


def _run(plan, tasks, run_task, **arguments):
    study_execution.run_round(plan, tasks, remaining=tasks, run_task=run_task, **arguments)


class _Runner:
    """Makes the results of tasks, but for one that fails."""

    def __init__(self, failing=None):
        self.ran, self._failing = [], failing

    def __call__(self, task):
        self.ran.append(task.name)
        if task.name == self._failing:
            return 3
        task.result.touch()
        return 0


def test_a_study_goes_on_behind_what_is_done(plan, caplog):
    tasks = [_task(plan, name) for name in ("one", "two", "three")]
    with pytest.raises(InputError, match="'two' ended with status 3"):
        _run(plan, tasks, _Runner(failing="two"))
    again = _Runner()
    with caplog.at_level("INFO"):
        _run(plan, tasks, again)
    assert again.ran == ["two", "three"]
    assert "[2/3] two" in caplog.text
    _run(plan, tasks, again)
    assert again.ran == ["two", "three"]


def test_a_task_that_leaves_no_result_has_failed(plan):
    with pytest.raises(InputError, match="status 0"):
        _run(plan, [_task(plan, "idle")], lambda task: 0)


def test_the_time_left_comes_from_whole_tasks_of_each_kind(plan):
    times = iter([0.0, 10.0, 10.0, 40.0, 100.0, 101.0])
    tasks = [_task(plan, "one"), _task(plan, "two"), _task(plan, "three", "natural")]
    tasks[2].log.parent.mkdir()
    tasks[2].log.touch()  # It was begun earlier.
    _run(plan, tasks, _Runner(), clock=lambda: next(times))
    durations = study_execution.read_durations(plan)
    assert durations == {"train": [10.0, 30.0]}
    assert study_execution.seconds_left(tasks[:2], durations) == 40.0
    assert study_execution.seconds_left(tasks, durations) is None


def test_what_a_task_prints_goes_to_its_log_and_into_the_error(plan):
    code = "import sys; print('said'); sys.exit('The disk is full.')"
    with study_execution.TaskProcess() as run_task:
        with pytest.raises(InputError, match="status 1"):
            _run(plan, [_task(plan, "one", code=code)], run_task)
    assert "said" in (plan.folder / "logs" / "one.txt").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_handed_to_the_task_and_ends_the_study(plan, number):
    code = (
        "import signal, sys, time\n"
        "def save(number, frame): print('saved', number, flush=True); sys.exit(128 + number)\n"
        "signal.signal(signal.SIGTERM, save)\n"
        f"open({str(plan.folder / 'ready')!r}, 'w').close()\n"
        "time.sleep(60)\n"
    )
    first, second = _task(plan, "one", code=code), _task(plan, "two")

    def send():
        while not (plan.folder / "ready").exists():
            waiting.wait(0.02)
        os.kill(os.getpid(), number)

    waiting = threading.Event()
    sender = threading.Thread(target=send)
    sender.start()
    with study_execution.TaskProcess() as run_task:
        with pytest.raises(study_execution.Stopped) as stopped:
            _run(plan, [first, second], run_task)
    sender.join()
    assert stopped.value.exit_status == 128 + number
    assert first.log.read_text().strip() == f"saved {int(signal.SIGTERM)}"
    assert not second.log.exists()
