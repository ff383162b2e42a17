import io
import re

from atd12k.inspection import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_with_the_time_left_on_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(progress, "_REDRAW_EVERY_S", 0)
    stream = Terminal()
    with progress.Progress("reading", total=4, unit="triplets", stream=stream) as shown:
        for _ in range(4):
            shown.step()
    first, *_, last = stream.getvalue().split("\r")[1:]
    assert re.match(r"reading \[#+\.+\] 1/4 triplets, 0:00 elapsed, 0:00 left", first)
    assert "[" in last and "." not in last and last.endswith("\n")
    assert all(
        len(line.removesuffix("\n").removesuffix("\x1b[K")) < 80
        for line in stream.getvalue().split("\r")
    )


def test_few_plain_lines_elsewhere(monkeypatch):
    stream, now = io.StringIO(), [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with progress.Progress("reading", total=2048, unit="triplets", stream=stream) as shown:
        for _ in range(2048):
            now[0] += 1 / 64
            shown.step()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0] == "reading: 960/2,048 triplets, 0:15 elapsed, 0:17 left"
    assert lines[-1] == "reading: 2,048/2,048 triplets, 0:32 elapsed, 0:00 left"


def test_nothing_to_do_shows_nothing():
    stream = Terminal()
    with progress.Progress("reading", total=0, unit="triplets", stream=stream):
        pass
    assert stream.getvalue() == ""
