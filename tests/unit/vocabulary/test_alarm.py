from __future__ import annotations

import signal
import threading
import time
from contextlib import suppress

import pytest

from gradcheck_cli.vocabulary.alarm import LateError, raised_after


def test_it_is_raised_in_the_midst_of_what_takes_too_long_and_is_gone_afterwards() -> None:
    started = time.monotonic()
    with pytest.raises(LateError), raised_after(0.05):
        time.sleep(5)
    assert time.monotonic() - started < 2
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_it_is_raised_again_for_code_that_catches_everything() -> None:
    with pytest.raises(LateError), raised_after(0.02):
        with suppress(BaseException):
            time.sleep(5)
        time.sleep(5)


def test_without_a_limit_off_the_main_thread_and_where_it_is_somebody_elses_nothing_happens() -> None:
    def quick() -> None:
        with raised_after(0.01):
            time.sleep(0.05)

    with raised_after(None):
        assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    thread = threading.Thread(target=quick)
    thread.start()
    thread.join()
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    try:
        quick()
        assert signal.getsignal(signal.SIGALRM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
