import errno
import subprocess
import sys
import time

import pytest
from absl import flags

from frame_interpolation import program
from frame_interpolation.errors import InputError


def _flag_values():
    values = flags.FlagValues()
    flags.DEFINE_string("output_dir", None, "Where to write.", flag_values=values)
    flags.DEFINE_integer("count", 3, "How many.", flag_values=values)
    flags.DEFINE_bool("fast", False, "Hurry.", flag_values=values)
    return values


def _run(main, arguments=(), flag_values=None, **options):
    with pytest.raises(SystemExit) as exit_info:
        program.run(main, flag_values or _flag_values(), argv=["prog", *arguments], **options)
    return exit_info.value.code


def _raiser(error):
    def main(argv):
        raise error

    return main


def test_main_gets_its_flags_and_its_status_is_the_exit_status():
    values = _flag_values()
    seen = []

    def main(argv):
        seen.append((argv, values.output_dir, values.count, values.fast))
        return 3

    assert _run(main, ["--output_dir=a b", "--count", "5", "--fast"], values) == 3
    assert seen == [(["prog"], "a b", 5, True)]
    assert _run(lambda argv: None) == 0


def test_two_programs_with_the_same_flags_live_in_one_process():
    first, second = _flag_values(), _flag_values()
    assert _run(lambda argv: None, ["--count=1"], first) == 0
    assert _run(lambda argv: None, ["--count=2"], second) == 0
    assert (first.count, second.count) == (1, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output_dri=x"], "Unknown command line flag 'output_dri'. Did you mean: output_dir?"),
        (["--count=many"], "count"),
        (["--nofast=1"], "fast"),
        (["stray"], "Unexpected argument 'stray'"),
    ],
)
def test_bad_flags_are_one_line_and_status_2(arguments, message, capsys):
    assert _run(lambda argv: pytest.fail("must not run"), arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ") and message in captured.err
    assert captured.err.count("\n") == 1 and not captured.out


def test_a_missing_required_flag_is_named(capsys):
    values = flags.FlagValues()
    flags.DEFINE_string("root", None, "Where.", flag_values=values, required=True)
    assert _run(lambda argv: None, [], values) == 2
    assert capsys.readouterr().err == "error: Missing --root. See --help.\n"


def test_unknown_flags_can_be_left_to_main():
    seen = []
    assert _run(seen.append, ["--count=1", "--runner=X", "rest"], keep_unknown=True) == 0
    assert seen == [["prog", "--runner=X", "rest"]]


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (InputError("The root is empty."), 1, "error: The root is empty.\n"),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "/no/where"),
            1,
            "error: /no/where: No such file or directory.\n",
        ),
        (
            OSError(errno.ENOSPC, "No space left on device", "a", None, "b"),
            1,
            "error: a -> b: No space left on device.\n",
        ),
        (OSError("cannot identify image"), 1, "error: cannot identify image\n"),
        (KeyboardInterrupt(), 130, "error: Interrupted.\n"),
    ],
)
def test_what_a_user_can_put_right_is_one_line(error, status, message, capsys):
    assert _run(_raiser(error)) == status
    assert capsys.readouterr().err == message


def test_the_mark_of_a_user_error_is_enough():
    class DatasetError(ValueError):
        is_user_error = True

    assert program.user_message(DatasetError("a level is missing")) == "a level is missing"
    assert program.user_message(ValueError("a bug")) is None


def test_a_bug_keeps_its_trace():
    with pytest.raises(ZeroDivisionError):
        program.run(_raiser(ZeroDivisionError()), _flag_values(), argv=["prog"])


def test_errors_of_tensorflow_that_files_cause_are_the_users():
    import tensorflow as tf

    def message(error):
        return program.user_message(error(None, None, text))

    errors = tf.errors
    text = "/no/where; No such file or directory"
    assert message(errors.NotFoundError) == text
    text = "Key model/kernel not found in checkpoint"
    assert message(errors.NotFoundError) is None
    text = "/root/x; Permission denied"
    assert message(errors.PermissionDeniedError) == text
    text = "/full/ckpt-1; No space left on device"
    assert message(errors.ResourceExhaustedError) == text
    text = "OOM when allocating tensor with shape[8,64]"
    assert message(errors.ResourceExhaustedError).startswith("Not enough memory")
    text = (
        "Graph execution error:\n\nDetected at node a\n\ncorrupted record\n\t [[{{node a}}]] [Op:b]"
    )
    assert message(errors.DataLossError) == "A file is damaged or was cut off: corrupted record"
    text = "Incompatible shapes: [1] vs. [2]"
    assert message(errors.InvalidArgumentError) is None


def test_an_input_error_inside_a_tensorflow_function_keeps_its_message():
    import tensorflow as tf

    def fail():
        raise InputError("Record 3 is damaged;\nbuild it again.")

    dataset = tf.data.Dataset.range(1).map(lambda i: tf.numpy_function(fail, [], tf.int64))
    with pytest.raises(tf.errors.OpError) as error:
        next(iter(dataset))
    assert program.user_message(error.value) == "Record 3 is damaged;\nbuild it again."


def test_help_is_quick_and_shows_the_program_and_its_flags(tmp_path):
    script = tmp_path / "demo.py"
    script.write_text(
        '"""Draws things.\n\n    python demo.py --output_dir X\n"""\n'
        "from absl import flags\n"
        "from frame_interpolation import config, program\n"
        "FLAGS = flags.FlagValues()\n"
        "flags.DEFINE_string('output_dir', None, 'Where to write.', flag_values=FLAGS)\n"
        "flags.DEFINE_integer('count', 3, 'How many.', flag_values=FLAGS)\n"
        "program.run(lambda argv: None, FLAGS)\n"
    )
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, script, "--help"], capture_output=True, text=True, check=True
    )
    assert time.monotonic() - start < 10.0  # 0.3 s where the machine has nothing else to do.
    assert done.stdout.startswith("Draws things.\n\n    python demo.py --output_dir X\n")
    assert "--output_dir" in done.stdout and "How many. (default: 3)" in done.stdout


def test_a_closed_pipe_is_no_bug():
    script = (
        "from absl import flags\n"
        "from frame_interpolation import program\n"
        "program.run(lambda argv: print('x\\n' * 200_000), flags.FlagValues())\n"
    )
    done = subprocess.run(
        f'"{sys.executable}" -c "$SCRIPT" | head -n 1',
        shell=True,
        env={"SCRIPT": script, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "x\n" and not done.stderr


def test_help_to_a_closed_pipe_ends_quietly():
    command = f"{sys.executable} -m frame_interpolation.training.train --help | true"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
