import os

import pytest

from frame_interpolation import config
from frame_interpolation.errors import InputError
from frame_interpolation.training.run_folder import RunFolder, write_text

_OLD = "training.num_steps = 10\n"
_NEW = "training.num_steps = 20\n"


@pytest.fixture
def folder(tmp_path):
    return RunFolder(str(tmp_path / "runs"), "run0")


def _claim(folder, text, *, begun=True, **arguments):
    folder.claim(text, begun=begun, describe_difference=config.describe_difference, **arguments)


def _read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def test_a_new_run_keeps_its_configuration(folder):
    _claim(folder, _OLD, begun=False)
    assert _read(folder.config) == _OLD
    _claim(folder, _OLD)
    assert os.listdir(folder.path) == ["config.gin"]


def test_another_configuration_is_refused_with_what_differs(folder):
    _claim(folder, _OLD)
    with pytest.raises(InputError, match=r"training\.num_steps: 10 before, 20 now") as error:
        _claim(folder, _NEW)
    assert "--allow_config_changes" in str(error.value)
    assert _read(folder.config) == _OLD


def test_a_change_that_is_allowed_keeps_the_former_configuration_beside(folder):
    _claim(folder, _OLD)
    _claim(folder, _NEW, allow_changes=True)
    _claim(folder, _OLD, allow_changes=True)
    assert _read(folder.config) == _OLD
    assert _read(os.path.join(folder.path, "config.0.gin")) == _OLD
    assert _read(os.path.join(folder.path, "config.1.gin")) == _NEW


def test_an_attempt_that_never_got_to_a_checkpoint_is_replaced(folder):
    _claim(folder, _OLD, begun=False)
    _claim(folder, _NEW, begun=False)
    assert _read(folder.config) == _NEW


def test_a_run_is_trained_by_one_process_at_a_time(folder):
    with folder.locked():
        with pytest.raises(InputError, match="another process is training"):
            with folder.locked():
                pass
    with folder.locked():
        pass


@pytest.mark.parametrize("label", ["", ".", "..", "a/b", "/a"])
def test_a_label_is_the_plain_name_of_a_folder(label, tmp_path):
    with pytest.raises(InputError, match="--label"):
        RunFolder(str(tmp_path), label)


def test_a_text_is_never_half_written(tmp_path, monkeypatch):
    path = str(tmp_path / "a.txt")
    write_text(path, "before")

    def fail(source, target):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_text(path, "after")
    assert _read(path) == "before"
