import io
import logging
import os
import pty
import re
import select
import termios

import pytest

from frame_interpolation.training.progress import Progress, format_duration
from frame_interpolation.training.train_loop import StepResult


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def _result(step, num_steps=1000):
    return StepResult(step, num_steps, {"loss": 0.25}, {})


def test_a_pipe_gets_plain_lines_now_and_then_with_the_time_left(caplog):
    now = [0.0]
    with caplog.at_level(logging.INFO):
        progress = Progress(
            first_step=100, num_steps=1000, stream=io.StringIO(), clock=lambda: now[0]
        )
        for step, seconds in [(101, 50.0), (102, 51.0), (161, 110.0)]:
            now[0] = seconds
            progress(_result(step))
        progress.close()
    # The 50 seconds of the first step, which builds the graph, do not count: 60 steps in 60 s.
    assert caplog.messages == ["step 161/1000  loss 0.2500  1.00 steps/s  0:13:59 left"]


def test_the_last_step_is_always_told(caplog):
    with caplog.at_level(logging.INFO):
        progress = Progress(
            first_step=0, num_steps=2, stream=io.StringIO(), clock=iter([0.0, 1.0, 1.5]).__next__
        )
        progress(_result(1, 2))
        progress(_result(2, 2))
    assert caplog.messages == ["step 2/2  loss 0.2500  2.00 steps/s  0:00:00 left"]


def test_a_terminal_gets_a_bar():
    terminal = _Terminal()
    progress = Progress(first_step=0, num_steps=2, stream=terminal)
    progress(_result(1, 2))
    progress(_result(2, 2))
    progress.close()
    assert "2/2" in terminal.getvalue()
    # Time spent and time left.
    assert re.search(r"2/2 \[\d\d:\d\d<\d\d:\d\d", terminal.getvalue())
    assert "loss 0.2500" in terminal.getvalue()


@pytest.mark.parametrize("size", [(0, 0), (0, 110), (24, 0), (24, 110)])
def test_a_terminal_of_unknown_size_gets_a_bar_too(size):
    ours, its = pty.openpty()
    termios.tcsetwinsize(its, size)
    with open(its, "w", encoding="utf-8") as terminal:
        progress = Progress(first_step=0, num_steps=2, stream=terminal)
        progress(_result(1, 2))
        progress(_result(2, 2))
        progress.close()
        shown = b""
        while b"2/2 [" not in shown and select.select([ours], [], [], 5.0)[0]:
            shown += os.read(ours, 10_000)
    os.close(ours)
    assert b"2/2 [" in shown


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00:00"), (59.6, "0:01:00"), (3725, "1:02:05")]
)
def test_durations(seconds, text):
    assert format_duration(seconds) == text
