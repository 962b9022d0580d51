"""Summaries of sounds and of their pitch, for the default summary writer."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ddsp import core, spectral_ops
from ddsp.training import event_files, plotting

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DETAIL_SECS = 0.125
DPI = 100
WAVEFORM_INCHES = (8.0, 4.0)
SPECTROGRAM_INCHES = (8.0, 8.0)
F0_INCHES = (6.0, 4.0)
SPECTROGRAM_SIZE = 768
LOGMAG_RANGE = (-5.0, 1.0)
TITLES = ("original", "synthesized")
TIME_LABEL = "time in seconds"


def fig_summary(tag: str, fig: "Figure", step: int) -> None:
    """Writes a figure as a picture.

    Args:
        tag: Name of the picture.
        fig: Figure of matplotlib.
        step: Step of training that it belongs to.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    png = io.BytesIO()
    canvas.print_png(png)
    event_files.write_png(tag, png.getvalue(), canvas.get_width_height(), step)


def waveform_summary(
    audio: Any, audio_gen: Any, step: int, name: str = "", sample_rate: int = 16000
) -> None:
    """Draws the waveforms of originals above those of what was made of them.

    The tags are 'waveform/full_1' for all of the first example, 'waveform/125ms_1' for
    its first 125 ms. Both waveforms are drawn to one scale.

    Args:
        audio: Originals, [batch, n_samples].
        audio_gen: What was made of them, [batch, n_samples].
        step: Step of training that they belong to.
        name: Begins the last part of the tags, as in 'waveform/<name>_full_1'.
        sample_rate: Samples per second.
    """
    n_detail = round(DETAIL_SECS * sample_rate)
    for number, pair in _numbered(audio, audio_gen):
        for length, n_samples in (("full", None), ("125ms", n_detail)):
            figure, axes = _two_panels(WAVEFORM_INCHES, sharey=True)
            for axis, sound in zip(axes, pair, strict=True):
                shown = sound[:n_samples]
                axis.plot(np.arange(shown.size) / sample_rate, shown, linewidth=0.5)
                axis.set(ylabel="amplitude")
                axis.margins(x=0.0)
            axes[-1].set(xlabel=TIME_LABEL)
            fig_summary(f"waveform/{_prefix(name)}{length}_{number}", figure, step)


def get_spectrogram(audio: Any, rotate: bool = False, size: int = 1024) -> np.ndarray:
    """Computes the logarithm of a spectrogram.

    Args:
        audio: Sound, [n_samples].
        rotate: Whether to turn it by 90 degrees, as a picture shows it: frequency
            from the bottom up, time from left to right.
        size: Samples of a frame.

    Returns:
        Natural logarithms of magnitudes, [n_frames, n_bins], or [n_bins, n_frames]
        with the highest bin first.
    """
    logmag = spectral_ops.compute_logmag(audio, size=size).numpy()
    return np.rot90(logmag) if rotate else logmag


def spectrogram_summary(
    audio: Any,
    audio_gen: Any,
    step: int,
    name: str = "",
    tag: str = "spectrogram",
    sample_rate: int = 16000,
) -> None:
    """Draws the spectrograms of originals above those of what was made of them.

    The tags are 'spectrogram/1' and so on, or 'spectrogram/<name>_1'.

    Args:
        audio: Originals, [batch, n_samples].
        audio_gen: What was made of them, [batch, n_samples].
        step: Step of training that they belong to.
        name: Begins the last part of the tags.
        tag: First part of the tags.
        sample_rate: Samples per second.
    """
    vmin, vmax = LOGMAG_RANGE
    for number, pair in _numbered(audio, audio_gen):
        figure, axes = _two_panels(SPECTROGRAM_INCHES)
        for axis, sound in zip(axes, pair, strict=True):
            logmag = get_spectrogram(sound, size=SPECTROGRAM_SIZE)
            extent = (0.0, len(sound) / sample_rate, 0.0, sample_rate / 2)
            plotting.draw_spectrogram(axis, logmag, vmin=vmin, vmax=vmax, extent=extent)
            _number_axes(axis)
            axis.set(xlabel=TIME_LABEL, ylabel="frequency in Hz")
        fig_summary(f"{tag}/{_prefix(name)}{number}", figure, step)


def audio_summary(
    audio: Any, step: int, sample_rate: int = 16000, name: str = "audio"
) -> None:
    """Writes sounds to listen to.

    Args:
        audio: Sounds, [batch, n_samples], [batch, n_samples, 1] or [n_samples].
        step: Step of training that they belong to.
        sample_rate: Samples per second.
        name: Their tag.
    """
    event_files.write_audio(name, _sounds(audio), sample_rate, step)


def f0_summary(
    f0_hz: Any,
    f0_hz_predict: Any,
    step: int,
    name: str = "f0_midi",
    tag: str = "f0_midi",
    frame_rate: float = 250.0,
) -> None:
    """Draws pitch curves of originals and of what was made of them.

    The tags are '<tag>/<name>_1' and so on.

    Args:
        f0_hz: Pitch of the originals in Hz, [batch, n_frames] or [batch, n_frames, 1].
            Frames of 0 Hz have no pitch.
        f0_hz_predict: Pitch of what was made of them, of the same or another number of
            frames in the same time.
        step: Step of training that they belong to.
        name: Begins the last part of the tags.
        tag: First part of the tags.
        frame_rate: Frames per second of f0_hz.
    """
    from matplotlib.figure import Figure

    for number, pair in _numbered(f0_hz, f0_hz_predict):
        figure = Figure(figsize=F0_INCHES, dpi=DPI, layout="constrained")
        axis = figure.subplots()
        secs = len(pair[0]) / frame_rate
        for title, curve_hz in zip(TITLES, pair, strict=True):
            midi = np.where(curve_hz > 0.0, core.hz_to_midi(curve_hz), np.nan)
            at_secs = np.arange(midi.size) * secs / midi.size
            axis.plot(at_secs, midi, label=title, alpha=0.8)
        axis.set(xlabel=TIME_LABEL, ylabel="MIDI note")
        axis.legend()
        fig_summary(f"{tag}/{name}_{number}", figure, step)


def _two_panels(
    inches: tuple[float, float], sharey: bool = False
) -> "tuple[Figure, tuple[Axes, Axes]]":
    """A figure with one panel above the other."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=inches, dpi=DPI, layout="constrained")
    axes = figure.subplots(2, 1, sharey=sharey)
    for axis, title in zip(axes, TITLES, strict=True):
        axis.set_title(title, fontsize="medium")
    return figure, tuple(axes)


def _number_axes(axis: "Axes") -> None:
    """Puts numbers back on the axes of a spectrogram, which are drawn without."""
    from matplotlib.ticker import AutoLocator

    axis.xaxis.tick_bottom()
    for one in (axis.xaxis, axis.yaxis):
        one.set_major_locator(AutoLocator())


def _numbered(first: Any, second: Any) -> Iterator[tuple[int, tuple[Any, Any]]]:
    """Pairs of examples, counted from 1."""
    pairs = zip(_sounds(first), _sounds(second), strict=True)
    yield from enumerate(pairs, start=1)


def _sounds(values: Any) -> np.ndarray:
    """Examples in rows, [batch, n_values]."""
    values = np.asarray(values, np.float32)
    return values.reshape(len(values) if values.ndim > 1 else 1, -1)


def _prefix(name: str) -> str:
    return f"{name}_" if name else ""
