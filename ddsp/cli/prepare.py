"""`ddsp prepare`: from recordings to a dataset."""

import argparse
import shlex
import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from ddsp.terminal import StatusLine

if TYPE_CHECKING:
    from ddsp.training.data_preparation import DatasetInfo

EXAMPLE = "ddsp prepare recordings/ -o violin_dataset"
TERMINAL_SECONDS = 0.25
LOG_SECONDS = 1.5  # A log keeps every line, and nobody should wait two seconds for one.


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the command's arguments.

    Args:
        parser: Parser of this command.
    """
    parser.add_argument(
        "recordings",
        nargs="+",
        metavar="RECORDINGS",
        help="audio files of one instrument, and folders of them",
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="DATASET", help="folder to write"
    )
    parser.add_argument(
        "--sample_rate",
        type=int,
        default=16000,
        metavar="HZ",
        help="samples per second that the model will play (default: %(default)s)",
    )
    parser.add_argument(
        "--frame_rate",
        type=int,
        default=250,
        metavar="HZ",
        help="pitch and loudness values per second; must divide 16000 "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--example_secs",
        type=float,
        default=4.0,
        metavar="SECS",
        help="length of an example (default: %(default)g)",
    )
    parser.add_argument(
        "--hop_secs",
        type=float,
        default=1.0,
        metavar="SECS",
        help="time from one example to the next (default: %(default)g)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace the dataset in the folder"
    )


def run(args: argparse.Namespace) -> int:
    """Prepares the dataset.

    Args:
        args: Parsed arguments.

    Returns:
        Exit status 0.

    Raises:
        InputError: If no recording can be used, or the output cannot be written.
    """
    with ProgressLine(sys.stdout) as line:
        line.say("starting")
        from ddsp.training.data_preparation import prepare_dataset

        info = prepare_dataset(
            args.recordings,
            args.output,
            sample_rate=args.sample_rate,
            frame_rate=args.frame_rate,
            example_secs=args.example_secs,
            hop_secs=args.hop_secs,
            overwrite=args.overwrite,
            progress=line.say,
        )
    _report(info, args.output)
    return 0


def _report(info: "DatasetInfo", output: str) -> None:
    """Says what the dataset holds, what was left out and what to do next."""
    print(
        f"{_count(info.n_examples, 'example')} of {info.example_secs:g} s from "
        f"{_count(len(info.sources), 'recording')}: {_duration(info.seconds)}, "
        f"{_duration(info.voiced_secs)} with a clear pitch"
    )
    for dropped in info.dropped:
        print(f"left out: {dropped.name}: {dropped.reason}")
    print(f"dataset: {output}")
    print("now try:")
    print(f"  ddsp train {shlex.quote(output)} -o my_model")


def _count(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _duration(seconds: float) -> str:
    """Seconds for a short time, minutes for a long one."""
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


class ProgressLine:
    """Shows what is being done, also while a single step takes long.

    A thread writes the newest text at regular times: over and over the same line on a
    terminal, otherwise a line each time, with the seconds that have passed.

    Example:
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
