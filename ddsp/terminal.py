"""Lines of status on a text stream: redrawn on a terminal, added elsewhere."""

import shutil
import threading
import time
from types import TracebackType
from typing import TextIO

TERMINAL_SECONDS = 0.25
LOG_SECONDS = 1.5  # A log keeps every line, and nobody should wait two seconds for one.


class StatusLine:
    """Shows the newest of many texts.

    Example:
        >>> import sys
        >>> StatusLine(sys.stdout).show("step 1")
        step 1
    """

    def __init__(self, stream: TextIO) -> None:
        """Takes the stream to write to.

        Args:
            stream: Text stream.
        """
        self._stream = stream
        self._width = 0  # Characters of a terminal line that is not ended yet.
        self.is_terminal = stream.isatty()

    def show(self, text: str) -> None:
        """Draws over the line that stands on a terminal, or adds one elsewhere.

        Args:
            text: The line, without its end; a terminal cuts it to its width.
        """
        if not self.is_terminal:
            self.write(text + "\n")
            return
        text = text[: shutil.get_terminal_size().columns - 1]
        self.write("\r" + text.ljust(self._width))
        self._width = len(text)

    def end(self) -> None:
        """Lets the line that is being redrawn stand, if there is one."""
        if self._width:
            self._width = 0
            self.write("\n")

    def clear(self) -> None:
        """Wipes the line that is being redrawn, if there is one."""
        if self._width:
            self.write("\r" + " " * self._width + "\r")
            self._width = 0

    def write(self, text: str) -> None:
        """Writes at once.

        Args:
            text: Any text, with its own line ends.
        """
        self._stream.write(text)
        self._stream.flush()


class ProgressLine:
    """Shows what is being done, also while a single step takes long.

    A thread writes the newest text at regular times: over and over the same line on a
    terminal, otherwise a line each time, with the seconds that have passed.

    Example:
        >>> import sys
        >>> with ProgressLine(sys.stdout) as line:
        ...     line.say("reading")
    """

    def __init__(self, stream: TextIO, seconds: float | None = None) -> None:
        """Chooses where and how often to write.

        Args:
            stream: Text stream to write to.
            seconds: Time between two lines; None is a quarter of a second on a terminal
                and 1.5 seconds elsewhere.
        """
        self._line = StatusLine(stream)
        default = TERMINAL_SECONDS if self._line.is_terminal else LOG_SECONDS
        self._seconds = default if seconds is None else seconds
        self._text = ""
        self._start = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._repeat, daemon=True)

    def __enter__(self) -> "ProgressLine":
        """Starts the thread."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the thread and clears the line."""
        self._ended.set()
        self._thread.join()
        self._line.clear()

    def say(self, text: str) -> None:
        """Sets the text to show.

        Args:
            text: What is being done.
        """
        self._text = text

    def _repeat(self) -> None:
        """Shows the newest text until the end."""
        while not self._ended.wait(self._seconds):
            self._line.show(f"{time.monotonic() - self._start:4.0f} s  {self._text}")
