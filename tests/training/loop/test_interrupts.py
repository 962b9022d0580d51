"""Signals wait until a step is done, unless somebody insists."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ddsp.training.loop import interrupts
from ddsp.training.loop.interrupts import Interrupts, catching_signals

BOTH = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """As in a terminal: shells make programs in the background deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def handlers_stay(ctrl_c_is_heard: None) -> Iterator[None]:
    """Each test leaves the handlers that it found."""
    del ctrl_c_is_heard
    before = {number: signal.getsignal(number) for number in BOTH}
    yield
    after = {number: signal.getsignal(number) for number in BOTH}
    for number, handler in before.items():
        signal.signal(number, handler)
    assert after == before


@pytest.mark.parametrize("number", BOTH)
def test_a_signal_leaves_a_note_and_the_step_goes_on(number: signal.Signals) -> None:
    with catching_signals() as signals:
        assert signals.received is None
        os.kill(os.getpid(), number)
        assert signals.received == number.name
        if number == signal.SIGTERM:  # Some senders repeat themselves.
            os.kill(os.getpid(), number)


def test_the_second_ctrl_c_does_not_wait() -> None:
    with pytest.raises(KeyboardInterrupt), catching_signals() as signals:
        signal.raise_signal(signal.SIGINT)
        assert signals.received == "SIGINT"
        signal.raise_signal(signal.SIGINT)
    assert signals.received == "SIGINT"


def test_the_first_signal_is_the_one_that_counts() -> None:
    with catching_signals() as signals:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)  # The first Ctrl-C: no exception.
        assert signals.received == "SIGTERM"


@pytest.mark.parametrize("number", BOTH)
def test_handlers_are_restored_after_exceptions(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(ZeroDivisionError), catching_signals():
        assert signal.getsignal(number) != before
        raise ZeroDivisionError
    assert signal.getsignal(number) == before


def test_after_it_ctrl_c_interrupts_as_ever() -> None:
    with catching_signals():
        pass
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("number", BOTH)
def test_what_was_ignored_stays_ignored(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    with catching_signals() as signals:
        signal.raise_signal(number)
        assert signals.received is None
    assert signal.getsignal(number) == signal.SIG_IGN
    signal.signal(number, before)


def test_outside_the_main_thread_nothing_changes() -> None:
    before = {number: signal.getsignal(number) for number in BOTH}
    seen: list[Any] = []

    def work() -> None:
        with catching_signals() as signals:
            seen.append({number: signal.getsignal(number) for number in BOTH})
            seen.append(signals.received)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before, None]


def test_nothing_is_passed_on_where_nothing_came() -> None:
    with catching_signals() as signals:
        assert signals.pass_on() is None
    assert Interrupts().pass_on() is None


def test_ctrl_c_ends_as_it_would_have() -> None:
    with catching_signals() as signals:
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signals.pass_on()


def test_the_end_by_the_system_has_its_status() -> None:
    with catching_signals() as signals:
        signal.raise_signal(signal.SIGTERM)
    with pytest.raises(SystemExit) as caught:
        signals.pass_on()
    assert caught.value.code == 143


@pytest.mark.parametrize(
    ("number", "end"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)],
)
def test_a_surrounding_program_hears_of_it_when_all_is_saved(
    number: signal.Signals, end: type[BaseException]
) -> None:
    heard: list[int] = []
    before = signal.signal(number, lambda n, _: heard.append(n))
    mine = signal.getsignal(number)
    with catching_signals() as signals:
        signal.raise_signal(number)
        assert heard == []
    assert signal.getsignal(number) is mine
    signal.signal(number, before)
    with pytest.raises(end):
        signals.pass_on()
    assert heard == [number]


def test_one_inside_another_takes_over_for_its_time() -> None:
    with catching_signals() as outer:
        with catching_signals() as inner:
            signal.raise_signal(signal.SIGTERM)
        assert (outer.received, inner.received) == (None, "SIGTERM")
        signal.raise_signal(signal.SIGINT)
        assert outer.received == "SIGINT"


# Loads the one file alone, without TensorFlow.
CHILD = """
import os, runpy, signal, sys, time
catching_signals = runpy.run_path(sys.argv[1])["catching_signals"]
with catching_signals() as caught:
    ready, ready_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(ready_end, b"1")
        time.sleep(30)
        os._exit(3)
    os.read(ready, 1)
    os.kill(child, signal.SIGTERM)
    _, status = os.waitpid(child, 0)
    print(os.WIFSIGNALED(status) and os.WTERMSIG(status), caught.received)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_children_end_when_they_are_told_to() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(interrupts.__file__)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [str(int(signal.SIGTERM)), "None"]
