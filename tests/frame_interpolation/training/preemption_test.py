import os
import signal
import threading

import pytest

from frame_interpolation.training.preemption import StopSignal


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_first_signal_only_sets_the_flag(number, status):
    before = signal.getsignal(number)
    with StopSignal() as stop:
        assert not stop()
        os.kill(os.getpid(), number)
        assert stop()
        assert stop.exit_status == status
        # The next one has its usual effect again.
        assert signal.getsignal(number) == before
    assert signal.getsignal(number) == before


def test_nothing_is_left_behind_without_a_signal():
    before = signal.getsignal(signal.SIGTERM)
    with StopSignal():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_outside_the_main_thread_it_catches_nothing():
    stopped = []

    def enter():
        with StopSignal() as stop:
            stopped.append(stop())

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert stopped == [False]
