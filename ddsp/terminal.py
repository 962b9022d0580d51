"""A line of status on a text stream: redrawn on a terminal, added elsewhere."""

import shutil
from typing import TextIO


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
