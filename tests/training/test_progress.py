"""The progress line says the truth, and not too often."""

import io
import itertools
import os
import shutil

import pytest

from ddsp.training import progress as progress_lib


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def run(stream: io.StringIO, step_seconds: float, n_steps: int) -> list[int]:
    """Trains on paper and returns the steps that were shown."""
    clock = Clock()
    progress = progress_lib.Progress(stream, clock=clock)
    progress.begin(total=n_steps)
    shown = []
    for step in range(1, n_steps + 1):
        clock.now += step_seconds
        if step == 1:
            progress.mark(step)
        if progress.due():
            progress.show(step, loss=10.0 / step)
            shown.append(step)
    progress.end_line()
    return shown


def test_line_has_step_total_loss_speed_and_time_left() -> None:
    stream = io.StringIO()
    run(stream, step_seconds=0.25, n_steps=1000)
    # Two seconds in, 8 steps are done: 992 are left at 4 steps a second.
    first = stream.getvalue().splitlines()[0]
    assert first == "step 8/1000  loss 1.250  4.00 steps/s  4 min left"


def test_a_log_gets_at_most_one_line_in_two_seconds() -> None:
    stream = io.StringIO()
    shown = run(stream, step_seconds=0.3, n_steps=100)
    assert len(stream.getvalue().splitlines()) == len(shown) == 14
    assert min(b - a for a, b in itertools.pairwise(shown)) * 0.3 >= 2.0


def test_a_terminal_gets_one_line_that_is_redrawn() -> None:
    stream = Terminal()
    shown = run(stream, step_seconds=0.3, n_steps=100)
    assert len(shown) == 50
    assert stream.getvalue().count("\r") == 50
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().endswith("\n")


def test_a_shorter_line_covers_the_longer_one_before() -> None:
    clock = Clock()
    stream = Terminal()
    progress = progress_lib.Progress(stream, clock=clock)
    progress.begin(total=10)
    progress.show(1, loss=123456.0)
    progress.show(2, loss=1.0)
    _, long, short = stream.getvalue().split("\r")
    assert short.rstrip() == "step 2/10  loss 1.000"
    assert len(short) == len(long)


def test_a_line_does_not_wrap_on_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    narrow = os.terminal_size((20, 24))
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: narrow)
    stream = Terminal()
    progress = progress_lib.Progress(stream)
    progress.begin(total=10000)
    progress.show(1234, loss=123456.0)
    assert stream.getvalue() == "\rstep 1234/10000  lo"


def test_a_note_does_not_run_into_the_line() -> None:
    stream = Terminal()
    progress = progress_lib.Progress(stream)
    progress.begin(total=10)
    progress.show(1, loss=1.0)
    progress.note("saved")
    assert stream.getvalue().endswith("loss 1.000\nsaved\n")


def test_speed_follows_the_recent_steps() -> None:
    clock = Clock()
    stream = io.StringIO()
    progress = progress_lib.Progress(stream, clock=clock)
    progress.begin(total=2000)
    for step in range(1, 101):
        clock.now += 2.0 if step <= 50 else 4.0
        progress.show(step, loss=1.0)
    lines = stream.getvalue().splitlines()
    assert "0.50 steps/s" in lines[49]
    assert "0.25 steps/s" in lines[99]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "0 s"),
        (59.4, "59 s"),
        (89.0, "1 min"),
        (3570.0, "1 h 00 min"),
        (7500.0, "2 h 05 min"),
        (360000.0, "100 h 00 min"),
    ],
)
def test_durations_read_as_a_person_says_them(seconds: float, text: str) -> None:
    assert progress_lib.format_duration(seconds) == text
