"""Progress on a terminal and in a log."""

import io

from frame_interpolation.eval.progress import Progress


def test_plain_lines_in_a_log():
    stream = io.StringIO()
    with Progress("evaluating", total=4, done=1, stream=stream, line_every_s=0.0) as progress:
        for _ in range(3):
            progress.step()
    lines = stream.getvalue().splitlines()
    assert [line.split(",")[0] for line in lines] == [f"evaluating: {i}/4" for i in (2, 3, 4)]
    assert all("s each" in line and "left" in line for line in lines)


def test_a_log_is_not_flooded_but_gets_the_end():
    stream = io.StringIO()
    with Progress("evaluating", total=100, stream=stream, line_every_s=3600.0) as progress:
        for _ in range(100):
            progress.step()
    assert [line.split(",")[0] for line in stream.getvalue().splitlines()] == [
        "evaluating: 100/100"
    ]


def test_a_bar_on_a_terminal():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    with Progress("evaluating", total=4, done=1, stream=stream) as progress:
        progress.step(3)
    assert "\r" in stream.getvalue() and "4/4" in stream.getvalue()
