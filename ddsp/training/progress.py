"""The line that says how far a training run is."""

import collections
import sys
import time
from collections.abc import Callable
from typing import TextIO

from ddsp.terminal import StatusLine

TERMINAL_SECONDS = 0.5  # Often enough to look alive.
LOG_SECONDS = 2.0  # A log file keeps every line: fewer of them.
RATE_LINES = 16  # Lines that the shown speed is averaged over.


def format_duration(seconds: float) -> str:
    """Writes a duration as a person would say it.

    Args:
        seconds: Duration in seconds, 0 or more.

    Returns:
        Text such as "42 s", "7 min" or "2 h 05 min".
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"


class Progress:
    """Shows step, loss, speed and the time left, without flooding the output.

    On a terminal one line is drawn over and over; elsewhere a line is added at most
    every two seconds. Whoever trains asks `due()` first, so that a loss is fetched from
    the device only when somebody sees it.

    Example:
        >>> progress = Progress(sys.stdout, seconds=0.0)
        >>> progress.begin(total=200)
        >>> progress.show(step=100, loss=6.5)
        step 100/200  loss 6.500
    """

    def __init__(
        self,
        stream: TextIO | None = None,
        seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Chooses where and how often to write.

        Args:
            stream: Text stream to write to; None is the standard output.
            seconds: Least time between two lines; None is half a second on a terminal
                and two seconds elsewhere.
            clock: Function that returns the time in seconds.
        """
        self._line = StatusLine(sys.stdout if stream is None else stream)
        default = TERMINAL_SECONDS if self._line.is_terminal else LOG_SECONDS
        self._seconds = default if seconds is None else seconds
        self._clock = clock
        self._total = 0
        self._last_shown = clock()
        self._marks: collections.deque[tuple[float, int]] = collections.deque(
            maxlen=RATE_LINES
        )

    def begin(self, total: int) -> None:
        """Starts a run.

        Args:
            total: Step at which the run ends.
        """
        self._total = total
        self._last_shown = self._clock()
        self._marks.clear()

    def due(self) -> bool:
        """Tells whether it is time for another line.

        Returns:
            True when the last line is old enough.
        """
        return self._clock() - self._last_shown >= self._seconds

    def mark(self, step: int) -> None:
        """Remembers when a step was finished, for the speed.

        The first mark belongs after the first step, whose time is mostly spent on
        compiling.

        Args:
            step: Steps that are done.
        """
        self._marks.append((self._clock(), step))

    def show(self, step: int, loss: float) -> None:
        """Writes the line.

        Args:
            step: Steps that are done.
            loss: Total loss to show.
        """
        self.mark(step)
        self._last_shown = self._clock()
        self._line.show(
            f"step {step}/{self._total}  loss {loss:.3f}{self._speed(step)}"
        )

    def note(self, text: str) -> None:
        """Writes a line of its own.

        Args:
            text: The line, without its end.
        """
        self._line.end()
        self._line.write(text + "\n")

    def end_line(self) -> None:
        """Ends the line that is being redrawn, if there is one."""
        self._line.end()

    def _speed(self, step: int) -> str:
        """Speed and time left, or nothing before they are known."""
        (begin, first), (now, last) = self._marks[0], self._marks[-1]
        if last <= first or now <= begin:
            return ""
        rate = (last - first) / (now - begin)
        left = format_duration((self._total - step) / rate)
        digits = 0 if rate >= 100 else 2
        return f"  {rate:.{digits}f} steps/s  {left} left"
