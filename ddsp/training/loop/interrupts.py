"""Ctrl-C and the wish of a system to end a process, heard between two steps."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

_CAUGHT = (signal.SIGTERM, signal.SIGINT)
# What shells expect of a process that ended because of a signal.
_STATUS_OFFSET = 128


class Interrupts:
    """What has come since `catching_signals` was entered.

    Example:
        >>> with catching_signals() as interrupts:
        ...     signal.raise_signal(signal.SIGTERM)
        ...     print(interrupts.received)
        SIGTERM
    """

    def __init__(self) -> None:
        """Nothing has come yet."""
        self._first: int | None = None
        self._n_ctrl_c = 0
        self._process = os.getpid()
        self._previous: dict[int, Any] = {}

    @property
    def received(self) -> str | None:
        """Name of the first signal, 'SIGINT' or 'SIGTERM'; None for none."""
        return None if self._first is None else signal.Signals(self._first).name

    def pass_on(self) -> None:
        """Ends what was interrupted, once everything is saved; nothing if none came.

        A handler that a surrounding program had set is called first.

        Raises:
            KeyboardInterrupt: After Ctrl-C.
            SystemExit: After SIGTERM, with the status 143.
        """
        if self._first is None:
            return
        handler = self._previous.get(self._first)
        if callable(handler):
            handler(self._first, None)
        if self._first == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(_STATUS_OFFSET + self._first)

    def _install(self) -> None:
        """Listens to the signals that are not ignored."""
        for number in _CAUGHT:
            previous = signal.getsignal(number)
            # `nohup` and shells in the background ignore some; None is not Python's.
            if previous not in (signal.SIG_IGN, None):
                self._previous[number] = previous
                signal.signal(number, self._receive)

    def _uninstall(self) -> None:
        """Puts the handlers back that were there before."""
        for number, previous in self._previous.items():
            signal.signal(number, previous)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        """Notes a signal; the second Ctrl-C does not wait."""
        if os.getpid() != self._process:
            # A child of this process, such as a worker of a pool, ends as it would.
            self._uninstall()
            signal.raise_signal(number)
            return
        del frame
        if self._first is None:
            self._first = number
        if number == signal.SIGINT:
            self._n_ctrl_c += 1
            if self._n_ctrl_c > 1:
                raise KeyboardInterrupt


@contextlib.contextmanager
def catching_signals() -> Iterator[Interrupts]:
    """Lets a step end before SIGTERM or Ctrl-C does.

    The first Ctrl-C only leaves a note; the second raises KeyboardInterrupt at once.
    Signals that were ignored before stay so. Outside the main thread, which alone hears
    of signals, nothing changes.

    Yields:
        What has come.
    """
    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    try:
        interrupts._install()
        yield interrupts
    finally:
        interrupts._uninstall()
