"""`history.csv`: what a run measured, a row for each time that it looked."""

import csv
import io
import math
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from ddsp.training.errors import InputError, writing
from ddsp.training.whole_files import write_whole

FILE_NAME = "history.csv"
_WHAT = "The history of a run"
STEP, SECONDS = "step", "seconds"
MAX_BYTES = 1 << 28  # A row every second for a month.
MAX_COLUMNS = 1000
DIGITS = 9  # As many as tell any two float32 numbers apart.

Row = dict[str, str]


class HistoryFile:
    """Adds rows to the `history.csv` of a run, which any spreadsheet opens.

    The first line names the columns: `step`, `seconds` of training since the run began,
    then losses and whatever else was measured, each from when it first was. A cell is
    empty where nothing was measured. A new column rewrites the file aside and renames
    it; otherwise a row is added and written out at once.

    Example:
        >>> history = HistoryFile("violin_model", clock=lambda: 0.0)
        >>> history.append(300, {"total_loss": 6.5})
        >>> history.append(600, {"total_loss": 6.25, "validation_loss": 6.75})
        >>> print(Path("violin_model", "history.csv").read_text(), end="")
        step,seconds,total_loss,validation_loss
        300,0,6.5,
        600,0,6.25,6.75
    """

    def __init__(
        self,
        folder: str | Path,
        step: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Opens the file of a run that begins or goes on.

        Rows beyond the step that the run goes on from belong to a stretch that was
        lost: they are dropped, and so is a last row that was cut off.

        Args:
            folder: Folder of the run; made if it does not exist.
            step: Steps that are done.
            clock: Function that returns the time in seconds.

        Raises:
            InputError: If there is a history.csv that no run has written, or it cannot
                be written.
        """
        self._path = history_path(folder)
        self._columns, rows, is_whole = [STEP, SECONDS], list[Row](), False
        if tf.io.gfile.exists(self._path):
            self._columns, rows, is_whole = _read_table(self._path)
        self._rows = [row for row in rows if int(row[STEP]) <= step]
        self._clock = clock
        self._began = clock() - (float(self._rows[-1][SECONDS]) if self._rows else 0.0)
        if not is_whole or len(self._rows) < len(rows):
            with writing(_WHAT, folder):
                tf.io.gfile.makedirs(folder)
            self._rewrite()

    def append(self, step: int, values: Mapping[str, float]) -> None:
        """Adds a row, or more values to the row of the same step.

        Args:
            step: Steps that are done; not below that of the row before.
            values: Numbers by the names of their columns.

        Raises:
            InputError: If the file cannot be written.
            ValueError: If the step is below that of the row before, or a name is
                'step', 'seconds', empty or of several lines.
        """
        self._check(step, values)
        seconds = f"{self._clock() - self._began:.3f}".rstrip("0").rstrip(".")
        row = {STEP: f"{step:d}", SECONDS: seconds}
        row.update({name: _text(value) for name, value in values.items()})
        added = [name for name in values if name not in self._columns]
        is_same_step = bool(self._rows) and step == int(self._rows[-1][STEP])
        if is_same_step:
            row = {**self._rows.pop(), **row}
        self._rows.append(row)
        self._columns += added
        if added or is_same_step:
            self._rewrite()
        else:
            with writing(_WHAT, self._path), tf.io.gfile.GFile(self._path, "a") as file:
                file.write(self._line_of(row))

    def _check(self, step: int, values: Mapping[str, float]) -> None:
        """Raises for what must not become a row."""
        before = int(self._rows[-1][STEP]) if self._rows else 0
        if step < before:
            raise ValueError(
                f"A row must not be of a step before the last one. Got step={step} "
                f"after {before}; open the file at the step the run goes on from."
            )
        for name in values:
            if name in ("", STEP, SECONDS) or len(name.splitlines()) > 1:
                raise ValueError(
                    f"A column must have a name of its own, in one line. Got {name!r}; "
                    "choose another name."
                )

    def _line_of(self, row: Row) -> str:
        """A row as a line, with empty cells where it has no value."""
        return _line(row.get(name, "") for name in self._columns)

    def _rewrite(self) -> None:
        """Replaces the file, whole or not at all."""
        lines = [_line(self._columns), *map(self._line_of, self._rows)]
        with writing(_WHAT, self._path):
            write_whole(self._path, "".join(lines).encode())


def history_path(folder: str | Path) -> str:
    """Says where the history of a run is.

    Args:
        folder: Folder of the run.

    Returns:
        Path of its history.csv.
    """
    return os.path.join(os.fspath(folder), FILE_NAME)


def read_history(folder: str | Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Reads what a run measured, also while it goes on.

    Args:
        folder: Folder of the run.

    Returns:
        For each column but 'step', in the order of the file: the steps at which it was
        measured, int64 [n_rows], and the values, float64 [n_rows].

    Raises:
        InputError: If there is no history.csv, or no run has written it.
    """
    path = history_path(folder)
    if not tf.io.gfile.exists(path):
        raise InputError(
            f"A run must have a {FILE_NAME}. Got {folder}, which has none; give the "
            "folder of a model that this version of `ddsp train` has trained."
        )
    columns, rows, _ = _read_table(path)
    return {
        name: (
            np.array([int(row[STEP]) for row in rows if row[name]], np.int64),
            np.array([float(row[name]) for row in rows if row[name]], np.float64),
        )
        for name in columns[1:]
    }


def _read_table(path: str) -> tuple[list[str], list[Row], bool]:
    """Columns, rows, and whether the last line had an end; checks every cell."""
    if tf.io.gfile.isdir(path):
        raise _foreign(path, "it is a folder")
    if tf.io.gfile.stat(path).length > MAX_BYTES:
        raise _foreign(path, f"it has more than {MAX_BYTES} bytes")
    try:
        with tf.io.gfile.GFile(path, "rb") as file:
            content = file.read()
    except tf.errors.OpError as error:
        raise _foreign(path, "it cannot be read") from error
    # What follows the last end of a line was cut off by a kill or a full disk.
    whole, _, rest = content.rpartition(b"\n")
    try:
        lines = list(csv.reader(io.StringIO(whole.decode("utf-8-sig")), strict=True))
    except (ValueError, csv.Error) as error:
        raise _foreign(path, "it is no table of text") from error
    if not lines and rest:
        raise _foreign(path, "its first line has no end")
    if not lines:
        return [STEP, SECONDS], [], False
    columns, *cells = lines
    if columns[:2] != [STEP, SECONDS] or len(set(columns)) < len(columns):
        raise _foreign(path, f"its first line does not begin with {STEP},{SECONDS}")
    if len(columns) > MAX_COLUMNS:
        raise _foreign(path, f"it has more than {MAX_COLUMNS} columns")
    rows: list[Row] = []
    for number, row_cells in enumerate(cells, start=2):
        row = dict(zip(columns, row_cells, strict=False))
        before = int(rows[-1][STEP]) if rows else -1
        if len(row_cells) != len(columns) or not _is_row(row, before):
            raise _foreign(path, f"line {number} is no row of it")
        rows.append(row)
    return columns, rows, not rest


def _is_row(row: Row, before: int) -> bool:
    """Whether a row has numbers, and a step after the one before."""
    step = row[STEP]
    # A step of more digits than a file may have steps is none.
    if not (step.isascii() and step.isdecimal() and len(step) < 19):
        return False
    try:
        seconds = float(row[SECONDS])
        for text in row.values():
            float(text or 0)
    except ValueError:
        return False
    return int(step) > before and math.isfinite(seconds)


def _foreign(path: str, reason: str) -> InputError:
    """The error for a file that no run has written."""
    return InputError(
        f"A {FILE_NAME} must be as `ddsp train` writes it. Got {path}: {reason}. Move "
        "it away, or give the folder of another run."
    )


def _text(value: float) -> str:
    """A number as a cell shows it."""
    return f"{float(value):.{DIGITS}g}"


def _line(cells: Iterable[str]) -> str:
    """Cells as one line."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()
