"""The picture of a timbre transfer."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ddsp import spectral_ops
from ddsp.training.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 120
INK, FAINT_INK = "#22252b", "#9aa0aa"
COLORS = ("#2a78b8", "#dd6a0c")
STYLE: Any = {
    "font.size": 11.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT_INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
LOWEST_HZ = 80.0
DYNAMIC_RANGE_DB = 72.0
N_COLUMNS = 1800
N_ROWS = 420
MOST_POINTS = 20000
FREQUENCY_TICKS_HZ = (100, 200, 500, 1000, 2000, 5000, 10000, 20000)
NOTE_NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
SURE, UNSURE = 0.8, 0.3
LOUDNESS_FRAME_RATE = 100


@dataclass(frozen=True)
class PlottedSound:
    """A sound and its pitch, as `plot_transfer` shows them.

    Attributes:
        label: What it is, in a word or two.
        audio: Mono audio, [n_samples].
        sample_rate: Samples per second.
        f0_hz: Pitch in Hz, [n_frames].
        f0_confidence: How sure the pitch is, from 0 to 1, [n_frames].
        frame_rate: Frames per second of the two.

    Example:
        >>> import numpy as np
        >>> tone = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
        >>> sound = PlottedSound(
        ...     "a tone", tone, 16000, np.full(250, 440.0), np.ones(250), 250
        ... )
    """

    label: str
    audio: np.ndarray
    sample_rate: int
    f0_hz: np.ndarray
    f0_confidence: np.ndarray
    frame_rate: float


def plot_transfer(source: PlottedSound, result: PlottedSound) -> "Figure":
    """Draws what went into a timbre transfer and what came out, on one time axis.

    Args:
        source: The recording and its pitch.
        result: What the instrument made of it, and the pitch that it played.

    Returns:
        A figure with both spectrograms over logarithmic frequency, both pitch curves
        over notes (faint where the pitch is unsure) and both loudness curves.
    """
    import matplotlib
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(hspace=0.035, h_pad=0.08, w_pad=0.12)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(14.0, 10.6), dpi=DPI, layout=layout)
        axes = figure.subplots(
            4, 1, sharex=True, gridspec_kw={"height_ratios": (3.0, 3.0, 2.3, 1.5)}
        )
        sounds = (source, result)
        for axis, sound in zip(axes[:2], sounds, strict=True):
            _draw_spectrogram(axis, sound)
        _draw_pitch(axes[2], sounds)
        _name_curves(axes[2], sounds)
        _draw_loudness(axes[3], sounds)
        seconds = max(sound.audio.size / sound.sample_rate for sound in sounds)
        _finish_time_axis(axes[3], seconds)
        figure.align_ylabels(axes)
    return figure


def save_figure(figure: "Figure", path: str | Path) -> None:
    """Writes a figure as a PNG file, whole or not at all.

    Args:
        figure: The figure.
        path: File to write; an existing one is replaced.

    Raises:
        InputError: If the file cannot be written.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        figure.savefig(temporary, format="png")
        os.replace(temporary, path)
    except OSError as error:
        raise InputError(
            f"The picture must go to a place that can be written. Got path={path} "
            f"({error.strerror}). Choose another file."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _draw_spectrogram(axis: "Axes", sound: PlottedSound) -> None:
    """Draws the spectrogram over logarithmic frequency."""
    image_db, extent = _log_spectrogram(sound.audio, sound.sample_rate)
    axis.imshow(
        image_db,
        origin="lower",
        aspect="auto",
        extent=extent,
        cmap="magma",
        vmin=image_db.max() - DYNAMIC_RANGE_DB,
        vmax=image_db.max(),
        interpolation="bilinear",
    )
    ticks = [hz for hz in FREQUENCY_TICKS_HZ if hz <= sound.sample_rate / 2]
    labels = [f"{hz // 1000}k" if hz >= 1000 else f"{hz}" for hz in ticks]
    axis.set_yticks(np.log2(ticks), labels)
    axis.set_ylabel("Hz")
    axis.tick_params(axis="x", length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)
    _title(axis, sound.label)


def _log_spectrogram(
    audio: np.ndarray, sample_rate: int
) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """Spectrogram in dB [N_ROWS, n_columns] over log2 of the frequency, and its extent.

    The columns are centred on their times and as many as the picture can show.
    """
    window_size = 2 ** round(np.log2(0.1 * sample_rate))
    hop_size = max(audio.size // N_COLUMNS, sample_rate // 400, 1)
    padded = np.pad(audio, (window_size // 2, window_size // 2 + hop_size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window_size)[::hop_size]
    window = np.hanning(window_size)
    spectra = np.abs(np.fft.rfft(frames * window, 2 * window_size, axis=-1))
    spectra /= window.sum() / 2.0
    row_log2_hz = np.linspace(np.log2(LOWEST_HZ), np.log2(sample_rate / 2.0), N_ROWS)
    bins = 2.0**row_log2_hz * 2 * window_size / sample_rate
    low = np.minimum(bins.astype(int), spectra.shape[1] - 2)
    weight = bins - low
    rows = spectra[:, low] * (1.0 - weight) + spectra[:, low + 1] * weight
    image_db = 20.0 * np.log10(rows.T + 1e-6)
    half = hop_size / 2.0
    last = (len(frames) - 1) * hop_size + half
    extent = (-half / sample_rate, last / sample_rate, row_log2_hz[0], row_log2_hz[-1])
    return image_db, extent


def _draw_pitch(axis: "Axes", sounds: Sequence[PlottedSound]) -> None:
    """Draws the pitch curves over notes, faint where unsure."""
    from matplotlib.collections import LineCollection

    shown = []
    for sound, color in zip(sounds, COLORS, strict=False):
        # No picture shows all frames of half an hour.
        step = max(sound.f0_hz.size // MOST_POINTS, 1)
        f0_hz, confidence = sound.f0_hz[::step], sound.f0_confidence[::step]
        midi = 69.0 + 12.0 * np.log2(np.maximum(f0_hz, 8.0) / 440.0)
        secs = np.arange(midi.size) * step / sound.frame_rate
        points = np.stack([secs, midi], axis=1)
        segments = np.stack([points[:-1], points[1:]], axis=1)
        sureness = np.clip((confidence[1:] - UNSURE) / (SURE - UNSURE), 0, 1)
        # A jump between two guesses is no glide and would be drawn as one.
        is_jump = np.abs(np.diff(midi)) > 1.5
        alpha = np.where(is_jump, 0.0, 0.12 + 0.88 * sureness)
        axis.add_collection(
            LineCollection(list(segments), colors=color, alpha=alpha, linewidths=2.4)
        )
        sure = midi[1:][sureness > 0.5]
        shown.append(sure if sure.size else midi)
    low = min(np.percentile(midi, 1) for midi in shown) - 2.5
    high = max(np.percentile(midi, 99) for midi in shown) + 2.5
    axis.set_ylim(low, high)
    notes = _note_ticks(low, high)
    axis.set_yticks(notes, [f"{NOTE_NAMES[n % 12]}{n // 12 - 1}" for n in notes])
    axis.set_ylabel("note")
    _light_grid(axis)
    _title(axis, "Pitch")


def _note_ticks(low: float, high: float) -> list[int]:
    """MIDI notes that make readable ticks between two limits."""
    span = high - low
    pitch_classes: tuple[int, ...] = (0, 2, 4, 5, 7, 9, 11) if span < 14 else (0, 4, 9)
    if span > 40:
        pitch_classes = (0, 7) if span < 62 else (0,)
    notes = range(int(np.ceil(low)), int(np.floor(high)) + 1)
    return [note for note in notes if note % 12 in pitch_classes]


def _draw_loudness(axis: "Axes", sounds: Sequence[PlottedSound]) -> None:
    """Draws the loudness curves of both sounds."""
    curves = [
        spectral_ops.compute_loudness(
            sound.audio.astype(np.float32),
            sound.sample_rate,
            LOUDNESS_FRAME_RATE,
            use_tf=False,
        )
        for sound in sounds
    ]
    for loudness_db, color in zip(curves, COLORS, strict=True):
        secs = np.arange(loudness_db.size) / LOUDNESS_FRAME_RATE
        axis.plot(secs, loudness_db, color=color, linewidth=1.8)
    top = max(float(loudness_db.max()) for loudness_db in curves)
    axis.set_ylim(max(top - 60.0, -80.0), top + 4.0)
    axis.set_ylabel("dB")
    _light_grid(axis)
    _title(axis, "Loudness")


def _title(axis: "Axes", text: str) -> None:
    """Writes a panel's name above its left edge."""
    axis.set_title(text, loc="left", fontsize=13.0, fontweight="bold", pad=7.0)


def _name_curves(axis: "Axes", sounds: Sequence[PlottedSound]) -> None:
    """Names the two colours above the panel's right edge."""
    from matplotlib.lines import Line2D

    axis.legend(
        handles=[Line2D([], [], color=color, linewidth=3.0) for color in COLORS],
        labels=[sound.label for sound in sounds],
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        borderaxespad=0.1,
        frameon=False,
        handlelength=1.2,
        ncols=2,
    )


def _light_grid(axis: "Axes") -> None:
    """Draws lines that guide the eye without asking for attention."""
    axis.grid(color=FAINT_INK, alpha=0.25, linewidth=0.8)
    axis.set_axisbelow(True)
    axis.tick_params(axis="x", length=0)
    axis.spines["bottom"].set_visible(False)
    axis.spines["left"].set_visible(False)
    axis.tick_params(axis="y", length=0)


def _finish_time_axis(axis: "Axes", seconds: float) -> None:
    """Sets the limits of the shared time axis and labels it."""
    axis.set_xlim(0.0, seconds)
    if seconds > 90.0:
        axis.xaxis.set_major_formatter(
            lambda secs, _: f"{int(secs) // 60}:{int(secs) % 60:02d}"
        )
        axis.set_xlabel("minutes")
    else:
        axis.set_xlabel("seconds")
