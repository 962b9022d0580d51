"""The picture of an inspection: pitch, loudness, and where the faults are."""

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from ddsp.training.data_inspection.histograms import note_name, used_range
from ddsp.training.data_inspection.inspection import Inspection
from ddsp.training.data_inspection.levels import FRAME_RATE
from ddsp.training.data_inspection.recording import LOUDNESS_EDGES_DB
from ddsp.training.plotting.transfer import COLORS, DPI, FAINT_INK, STYLE
from ddsp.training.wording import say_duration

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_RECORDINGS = 24
MOST_TICKS = 14
NAME_CHARACTERS = 34
SILENCE_COLOR, CLIPPED_COLOR = "#eef1f5", "#c2334d"
SOUND_COLOR = "#b3bac5"
MOST_FINDINGS, FINDING_CHARACTERS = 6, 100


def plot_inspection(inspection: Inspection) -> "Figure":
    """Draws what was found in recordings.

    Args:
        inspection: What `inspect_recordings` returned.

    Returns:
        A figure with the seconds on each note, the seconds at each loudness, and the
        longest recordings as bars on which silence, several notes and clipping are
        marked, and what was found in words.
    """
    import matplotlib
    from matplotlib.figure import Figure

    n_rows = min(len(inspection.recordings), MOST_RECORDINGS)
    heights = (3.0, 0.5 + 0.3 * max(n_rows, 1))
    with matplotlib.rc_context(STYLE):
        figure = Figure(
            figsize=(13.0, 3.2 + sum(heights)), dpi=DPI, layout="constrained"
        )
        grid = figure.add_gridspec(2, 1, height_ratios=heights)
        # Apart, so that long names of files do not narrow the upper panels.
        upper, lower = figure.add_subfigure(grid[0]), figure.add_subfigure(grid[1])
        pitch, loudness = upper.subplots(1, 2)
        _draw_notes(pitch, inspection.note_counts)
        _draw_loudness(loudness, inspection.loudness_counts)
        _draw_recordings(lower.subplots(), inspection)
        figure.suptitle(_title(inspection), x=0.012, ha="left", fontsize=13.0)
    return figure


def _title(inspection: Inspection) -> str:
    """Amount in a line, and the findings in the words of the command."""
    lines = [
        f"{say_duration(inspection.voiced_secs)} with a clear pitch of "
        f"{say_duration(inspection.seconds)}"
    ]
    for finding in inspection.findings[:MOST_FINDINGS]:
        lines.append(
            textwrap.shorten(finding.what, FINDING_CHARACTERS, placeholder="…")
        )
    left_out = len(inspection.findings) - MOST_FINDINGS
    if left_out > 0:
        lines.append(f"and {left_out} more")
    return "\n".join(
        lines if inspection.findings else [*lines, "Nothing wrong was found."]
    )


def _draw_notes(axis: "Axes", counts: np.ndarray) -> None:
    """Draws the seconds on each note."""
    first, end = used_range(counts)
    notes = np.arange(first, end)
    axis.bar(notes, counts[first:end] / FRAME_RATE, width=0.85, color=COLORS[0])
    step = next(s for s in (1, 2, 3, 6, 12) if notes.size <= s * MOST_TICKS or s == 12)
    shown = notes[::step]
    axis.set_xticks(shown, [note_name(int(note)) for note in shown])
    _finish(axis, "Pitch", "seconds")


def _draw_loudness(axis: "Axes", counts: np.ndarray) -> None:
    """Draws the seconds at each loudness."""
    first, end = used_range(counts)
    step_db = LOUDNESS_EDGES_DB[1] - LOUDNESS_EDGES_DB[0]
    axis.bar(
        LOUDNESS_EDGES_DB[first:end],
        counts[first:end] / FRAME_RATE,
        width=0.92 * step_db,
        align="edge",
        color=COLORS[0],
    )
    axis.set_xlabel("dB, weighted as by the ear")
    _finish(axis, "Loudness", "seconds")


def _draw_recordings(axis: "Axes", inspection: Inspection) -> None:
    """Draws the longest recordings as bars with their faults."""
    from matplotlib.patches import Patch

    ordered = sorted(inspection.recordings, key=lambda figures: -figures.seconds)
    shown = ordered[:MOST_RECORDINGS]
    named = {}
    for row, figures in enumerate(shown):
        axis.broken_barh([(0.0, figures.seconds)], (row - 0.3, 0.6), color=SOUND_COLOR)
        for name, color, spans in (
            ("silence", SILENCE_COLOR, figures.silent_spans),
            ("several notes sound at once", COLORS[1], figures.several_spans),
            ("cut off at its peaks", CLIPPED_COLOR, figures.samples.clipped_spans),
        ):
            # Wide enough to be seen, however short.
            least = shown[0].seconds / 400.0
            marks = [(begin, max(end - begin, least)) for begin, end in spans]
            if marks:
                axis.broken_barh(marks, (row - 0.3, 0.6), color=color)
                named[name] = color
    labels = [_shortened(figures.name) for figures in shown]
    axis.set_yticks(range(len(shown)), labels, fontsize=9.5)
    axis.set_ylim(len(shown) - 0.4, -0.6)
    axis.set_xlim(left=0.0)
    left_out = len(ordered) - len(shown)
    what = f"Recordings (the longest of {len(ordered)})" if left_out else "Recordings"
    if named:
        axis.legend(
            handles=[
                Patch(facecolor=color, edgecolor=FAINT_INK, linewidth=0.5, label=name)
                for name, color in named.items()
            ],
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            frameon=False,
            ncols=len(named),
        )
    axis.set_xlabel("seconds")
    _finish(axis, what, "")
    axis.grid(visible=False, axis="y")


def _shortened(name: str) -> str:
    """A name of bearable length: ends tell files apart."""
    fits = len(name) <= NAME_CHARACTERS
    return name if fits else f"…{name[1 - NAME_CHARACTERS :]}"


def _finish(axis: "Axes", title: str, label: str) -> None:
    """Names a panel and calms its axes."""
    axis.set_title(title, loc="left", fontsize=13.0, fontweight="bold", pad=7.0)
    axis.set_ylabel(label)
    axis.grid(axis="y", color=FAINT_INK, alpha=0.25, linewidth=0.8)
    axis.set_axisbelow(True)
    axis.tick_params(length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)
