"""Which notes there are, and how loud: as rows of text."""

from collections.abc import Sequence

import numpy as np

from ddsp.training.data_inspection.levels import FRAME_RATE
from ddsp.training.data_inspection.recording import LOUDNESS_EDGES_DB
from ddsp.training.plotting.transfer import NOTE_NAMES

# Rows that a terminal has room for, and the characters of the longest bar.
MOST_ROWS = 16
BAR_WIDTH = 40
# From one row to the next; the first step that gives few enough rows is taken.
NOTE_STEPS = (1, 2, 3, 4, 6, 12)
LOUDNESS_STEPS = (1, 2, 4)
# What is rarer is a slip of the measurement and would only stretch the axis.
RAREST_SHARE = 0.002
# What is shorter would be shown as 0.0 s.
LEAST_SHOWN_SECS = 0.05
EIGHTHS = " ▏▎▍▌▋▊▉"

Rows = list[tuple[str, float]]


def note_name(midi: int) -> str:
    """Names a note.

    Args:
        midi: MIDI number.

    Returns:
        Name and octave, such as "A4".
    """
    return f"{NOTE_NAMES[midi % 12]}{midi // 12 - 1}"


def used_range(counts: np.ndarray) -> tuple[int, int]:
    """The range of a histogram that is worth showing.

    Args:
        counts: Frames in each class, [n_classes].

    Returns:
        First class and the one after the last; both 0 without frames.
    """
    used = np.flatnonzero(counts > RAREST_SHARE * counts.sum())
    return (int(used[0]), int(used[-1]) + 1) if used.size else (0, 0)


def pitch_rows(note_counts: np.ndarray) -> Rows:
    """Seconds on each note, or on neighbouring notes where there are many.

    Args:
        note_counts: Frames with each MIDI pitch, [128].

    Returns:
        Name of the note, or of the lowest and the highest of neighbours, and seconds
        of each row, lowest first; without rows of 0.0 s.
    """
    return [
        (
            note_name(lowest)
            if step == 1
            else f"{note_name(lowest)} to {note_name(lowest + step - 1)}",
            secs,
        )
        for lowest, step, secs in _rows(note_counts, NOTE_STEPS)
    ]


def loudness_rows(loudness_counts: np.ndarray) -> Rows:
    """Seconds at each loudness.

    Args:
        loudness_counts: Frames in each step of 3 dB, [40].

    Returns:
        Lowest and highest loudness in dB and seconds of each row, softest first;
        without rows of 0.0 s.
    """
    edges_db = LOUDNESS_EDGES_DB
    return [
        (f"{edges_db[lowest]:+.0f} to {edges_db[lowest + step]:+.0f} dB", secs)
        for lowest, step, secs in _rows(loudness_counts, LOUDNESS_STEPS)
    ]


def _rows(counts: np.ndarray, steps: Sequence[int]) -> list[tuple[int, int, float]]:
    """First class, number of classes and seconds of each row that is not empty."""
    first, end = used_range(counts)
    fitting = [step for step in steps if end - first <= step * MOST_ROWS]
    step = fitting[0] if fitting else steps[-1]
    rows = []
    for lowest in range(first, end, step):
        secs = float(counts[lowest : lowest + step].sum()) / FRAME_RATE
        if secs >= LEAST_SHOWN_SECS:
            rows.append((lowest, min(step, counts.size - lowest), secs))
    return rows


def bars(rows: Rows) -> list[str]:
    """Draws rows as bars of characters.

    Args:
        rows: Label and seconds of each.

    Returns:
        Lines of text.
    """
    most = max((secs for _, secs in rows), default=0.0)
    width = max((len(label) for label, _ in rows), default=0)
    lines = []
    for label, secs in rows:
        eighths = round(8 * BAR_WIDTH * secs / most) if most else 0
        bar = "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()
        lines.append(f"{label:>{width}}  {bar:<{BAR_WIDTH}}  {secs:8.1f} s")
    return lines
