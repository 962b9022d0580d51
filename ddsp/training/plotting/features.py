"""The picture of what a model is told about a recording."""

from typing import TYPE_CHECKING

import numpy as np

from ddsp.training.plotting.transfer import (
    COLORS,
    DPI,
    FAINT_INK,
    STYLE,
    PlottedSound,
    _draw_pitch,
    _draw_spectrogram,
    _finish_time_axis,
    _light_grid,
    _title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOUDNESS_SPAN_DB = 60.0


def plot_features(
    sound: PlottedSound, loudness_db: np.ndarray, is_note: np.ndarray | None = None
) -> "Figure":
    """Draws a recording, its pitch and its loudness on one time axis.

    Args:
        sound: The recording and its pitch.
        loudness_db: Its loudness in dB at the frames of the pitch, [n_frames].
        is_note: Where notes were found, [n_frames], to be shaded; None to leave it out.

    Returns:
        A figure with the spectrogram over logarithmic frequency, the pitch over notes
        (faint where it is unsure), and the loudness.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(14.0, 8.0), dpi=DPI, layout="constrained")
        heights = {"height_ratios": (3.0, 2.3, 1.5)}
        axes = figure.subplots(3, 1, sharex=True, gridspec_kw=heights)
        _draw_spectrogram(axes[0], sound)
        _draw_pitch(axes[1], [sound])
        _draw_loudness(axes[2], np.asarray(loudness_db), sound.frame_rate)
        if is_note is not None:
            for axis in axes[1:]:
                _shade_notes(axis, np.asarray(is_note, bool), sound.frame_rate)
        _finish_time_axis(axes[2], sound.audio.size / sound.sample_rate)
        figure.align_ylabels(axes)
    return figure


def _draw_loudness(axis: "Axes", loudness_db: np.ndarray, frame_rate: float) -> None:
    """Draws a loudness curve."""
    secs = np.arange(loudness_db.size) / frame_rate
    axis.plot(secs, loudness_db, color=COLORS[0], linewidth=1.8)
    top = float(loudness_db.max())
    axis.set_ylim(max(top - LOUDNESS_SPAN_DB, -80.0), top + 4.0)
    axis.set_ylabel("dB")
    _light_grid(axis)
    _title(axis, "Loudness")


def _shade_notes(axis: "Axes", is_note: np.ndarray, frame_rate: float) -> None:
    """Shades the stretches in which notes were found."""
    edges = np.flatnonzero(np.diff(is_note.astype(int), prepend=0, append=0))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        # A frame speaks for the time around its centre.
        axis.axvspan(
            (start - 0.5) / frame_rate,
            (stop - 0.5) / frame_rate,
            color=FAINT_INK,
            alpha=0.18,
            linewidth=0.0,
        )
