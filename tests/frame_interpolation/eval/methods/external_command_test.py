"""An external command: what it finds and must leave, failures, time limit, killed children."""

import os
import signal
import sys
import textwrap
import time

import numpy as np
import pytest

from frame_interpolation.errors import InputError
from frame_interpolation.eval.methods import external_command

_COPIES_FIRST = """
    import pathlib, shutil, sys
    inputs, outputs = map(pathlib.Path, sys.argv[1:])
    assert not list(outputs.iterdir())
    for folder in sorted(inputs.iterdir()):
        assert sorted(f.name for f in folder.iterdir()) == ["frame1.png", "frame3.png"]
        shutil.copy(folder / "frame1.png", outputs / f"{folder.name}.png")
"""


@pytest.fixture
def make_method(tmp_path):
    def make(code, *, words="{inputs} {outputs}", **options):
        script = tmp_path / "a script.py"
        script.write_text(textwrap.dedent(code))
        template = f"'{sys.executable}' '{script}' {words}"
        given = {"timeout_s": 30, "batch_size": 2, **options}
        return external_command.create_method(template, **given)

    return make


def test_what_a_program_finds_and_leaves(make_method, make_triplet):
    method = make_method(_COPIES_FIRST)
    triplets = [make_triplet(0, "plain"), make_triplet(1, "../a b"), make_triplet(2, "plain")]
    images = method.load()(triplets)
    np.testing.assert_array_equal(images, [triplet.x0 for triplet in triplets])
    assert method.batch_size == 2 and method.description["kind"] == "command"


def test_marks_may_stand_within_words(make_method, make_triplet):
    code = _COPIES_FIRST.replace("sys.argv[1:]", "(a.split('=')[1] for a in sys.argv[1:])")
    method = make_method(code, words="--from={inputs} --to={outputs}")
    assert method.load()([make_triplet(0)]).shape == (1, 24, 32, 3)


def test_a_changed_script_is_another_method(make_method):
    marks = [make_method(code).description["fingerprint"] for code in ("1", "2", "1")]
    assert marks[0] == marks[2] != marks[1]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys; sys.exit('no weights')", r"ended with status 1.*\n  no weights"),
        ("raise ValueError('x' * 5)", r"(?s)status 1.*Traceback.*ValueError: xxxxx"),
        ("import os; os.kill(os.getpid(), 11)", r"signal 11.*wrote no message"),
        ("print('done')", r"(?s)2 of 2 triplets have no prediction.*t0\.png or t0/frame2.*done"),
        (
            "import sys; [print(i, 'ü' * 200) for i in range(500)]; sys.exit(3)",
            r"(?s)status 3.*lines were:(?!.*\b470 ).*\b499 ",
        ),
        ("import sys; sys.exit('\\033[31mred\\a')", r"\n   \[31mred$"),
    ],
)
def test_failures_show_the_last_lines(make_method, make_triplet, code, message):
    with pytest.raises(InputError, match=message):
        make_method(code).load()([make_triplet(0), make_triplet(1)])


def test_an_output_of_another_size_is_refused_or_resized(make_method, make_triplet):
    code = """
        import sys
        from PIL import Image
        Image.new("RGB", (8, 6)).save(sys.argv[2] + "/t0.png")
        print("made it smaller")
    """
    with pytest.raises(
        InputError,
        match=r"(?s)without an error, but: .*'t0' is 8x6 pixels, expected 32x24.*made it smaller",
    ):
        make_method(code).load()([make_triplet(0)])
    assert make_method(code, resize=True).load()([make_triplet(0)]).shape == (1, 24, 32, 3)


_HANGS = """
    import os, pathlib, subprocess, sys, time
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    pathlib.Path({pids!r}).write_text(f"{{os.getpid()}} {{child.pid}}")
    print("begun", flush=True)
    time.sleep(600)
"""


def _is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _await_end(pids):
    ends = time.monotonic() + 10
    while any(map(_is_running, pids)) and time.monotonic() < ends:
        time.sleep(0.05)
    return not any(map(_is_running, pids))


def test_the_whole_group_is_ended_when_the_time_is_up(make_method, make_triplet, tmp_path):
    code = _HANGS.format(pids=str(tmp_path / "pids"))
    started = time.monotonic()
    with pytest.raises(InputError, match=r"longer than 2 s .*--command_timeout_s.*\n  begun"):
        make_method(code, timeout_s=2).load()([make_triplet(0)])
    assert time.monotonic() - started < 20
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2 and _await_end(pids)


def test_what_is_left_running_ends_with_the_program(make_method, make_triplet, tmp_path):
    pids = str(tmp_path / "pids")
    leaves_a_child = f"""
        import subprocess
        busy = "import sys, time\\nwhile True: open(sys.argv[1], 'w').close(); time.sleep(0.001)"
        child = subprocess.Popen([sys.executable, "-c", busy, sys.argv[2] + "/late"])
        pathlib.Path({pids!r}).write_text(str(child.pid))
    """
    code = textwrap.dedent(_COPIES_FIRST) + textwrap.dedent(leaves_a_child)
    images = make_method(code).load()([make_triplet(0)])
    assert images.shape == (1, 24, 32, 3)
    assert _await_end([int((tmp_path / "pids").read_text())])


def test_an_interruption_ends_the_group_too(make_method, make_triplet, tmp_path):
    def interrupt(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 2)
    try:
        with pytest.raises(KeyboardInterrupt):
            make_method(_HANGS.format(pids=str(tmp_path / "pids"))).load()([make_triplet(0)])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert _await_end([int(pid) for pid in (tmp_path / "pids").read_text().split()])


@pytest.mark.parametrize(
    ("template", "options", "message"),
    [
        ("true {inputs}", {}, r"lacks \{outputs\}"),
        ("", {}, r"lacks \{inputs\} and \{outputs\}"),
        ("true '{inputs} {outputs}", {}, "cannot be split"),
        ("no_such_program_here {inputs} {outputs}", {}, "no program 'no_such_program_here'"),
        ("true {inputs} {outputs}", {"timeout_s": 0}, "--command_timeout_s is 0"),
        ("true {inputs} {outputs}", {"timeout_s": float("nan")}, "--command_timeout_s is nan"),
        ("true {inputs} {outputs}", {"batch_size": 0}, "--command_batch_size is 0"),
    ],
)
def test_bad_templates(template, options, message):
    with pytest.raises(InputError, match=message):
        external_command.create_method(template, **{"timeout_s": 1, "batch_size": 1, **options})


def test_nothing_is_left_in_the_temporary_folder(make_method, make_triplet, tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    make_method(_COPIES_FIRST).load()([make_triplet(0)])
    with pytest.raises(InputError):
        make_method("1 / 0").load()([make_triplet(0)])
    assert not os.listdir(folder)
