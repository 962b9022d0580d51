"""Summaries of notes, for the default summary writer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ddsp import core
from ddsp.training import plotting
from ddsp.training.note_sequence import is_sequence, to_pianoroll, to_sequence
from ddsp.training.summaries.audio import DPI, TIME_LABEL, fig_summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INCHES = (8.0, 4.5)
MARGIN_SEMITONES = 6.0
LOWEST_MIDI = 5.0  # Below hearing: what networks make of no pitch.
KEYBOARD_RATIO = 0.04
GREEN, BLUE, CYAN = (0.1, 0.75, 0.2), (0.15, 0.3, 1.0), (0.0, 0.8, 0.9)
ROLL_COLORS = {"true": GREEN, "predicted": BLUE, "both": CYAN}
NOTE_COLOR, PITCH_COLOR = "#5b8def", "#d1495b"


def midi_summary(
    controls: dict[str, Any], step: int, name: str, frame_rate: float, notes_key: str
) -> None:
    """Draws notes, and the pitch that they were found in.

    The tags are 'midi/<name>_1' and so on.

    Args:
        controls: Notes under notes_key: sequences, or piano rolls, [batch, n_frames,
            128]; and if there is one, the pitch as 'f0_hz' in Hz, [batch, n_frames] or
            [batch, n_frames, 1].
        step: Step of training that they belong to.
        name: Begins the last part of the tags.
        frame_rate: Frames per second.
        notes_key: Name of the notes.
    """
    f0s = controls.get("f0_hz")
    for i, notes in enumerate(controls[notes_key]):
        sequence = to_sequence(notes, frame_rate)
        f0_hz = np.zeros(0) if f0s is None else np.asarray(f0s[i]).reshape(-1)
        f0_midi = core.hz_to_midi(f0_hz).numpy()
        f0_midi[f0_hz <= 0.0] = np.nan
        pitches = [note.pitch for note in sequence.notes]
        secs = max(sequence.total_time, f0_hz.size / frame_rate)
        figure, axis = _keyboard_and_notes(secs, pitch_range(f0_midi, pitches))
        axis.barh(
            pitches,
            [note.end_time - note.start_time for note in sequence.notes],
            left=[note.start_time for note in sequence.notes],
            height=0.9,
            color=NOTE_COLOR,
            label="notes",
        )
        if f0_hz.size:
            at_secs = np.arange(f0_hz.size) / frame_rate
            axis.plot(at_secs, f0_midi, color=PITCH_COLOR, linewidth=1.2, label="pitch")
        axis.legend(loc="upper right")
        fig_summary(f"midi/{name}_{i + 1}", figure, step)


def pianoroll_summary(
    batch: dict[str, Any],
    step: int,
    name: str,
    frame_rate: float,
    pred_key: str,
    gt_key: str = "note_active_velocities",
    ch: int | None = None,
    threshold: float = 0.0,
    tb_name: str = "pianoroll",
) -> None:
    """Draws notes over those that should be: green true, blue predicted, cyan both.

    The tags are '<tb_name>/<name>_1' and so on.

    Args:
        batch: Both kinds of notes: piano rolls, [batch, n_frames, 128], or sequences.
        step: Step of training that they belong to.
        name: Begins the last part of the tags.
        frame_rate: Frames per second.
        pred_key: Name of the predicted notes.
        gt_key: Name of the true notes, whose piano rolls may have an axis of voices
            behind.
        ch: Which voice; None where there is no such axis.
        threshold: What a velocity must be above to be a note.
        tb_name: First part of the tags.
    """
    pairs = zip(batch[gt_key], batch[pred_key], strict=True)
    for number, (truth, predicted) in enumerate(pairs, start=1):
        truth = truth if ch is None else np.asarray(truth)[..., ch]
        rolls = _same_length([truth, predicted], frame_rate)
        is_true, is_predicted = (roll > threshold for roll in rolls)
        picture = np.zeros([*is_true.shape, 4])  # Transparent where nothing sounds.
        for color, where in (
            (GREEN, is_true & ~is_predicted),
            (BLUE, is_predicted & ~is_true),
            (CYAN, is_true & is_predicted),
        ):
            picture[where] = (*color, 1.0)
        used = np.flatnonzero(picture[..., 3].any(axis=0))
        secs = len(picture) / frame_rate
        shown = pitch_range(np.zeros(0), used.tolist())
        figure, axis = _keyboard_and_notes(secs, shown)
        axis.imshow(
            picture.swapaxes(0, 1),
            extent=(0.0, secs, -0.5, picture.shape[1] - 0.5),
            origin="lower",
            aspect="auto",
            interpolation="nearest",
            zorder=1,
        )
        _add_roll_legend(axis)
        _show(axis, secs, shown)
        fig_summary(f"{tb_name}/{name}_{number}", figure, step)


def _same_length(notes: Sequence[Any], frame_rate: float) -> list[np.ndarray]:
    """Piano rolls of the number of frames that the longest one has."""
    rolls = [to_pianoroll(each, frame_rate) for each in notes]
    n_frames = max(
        [len(x) for x, each in zip(rolls, notes, strict=True) if not is_sequence(each)]
        or [len(x) for x in rolls]
    )
    return [
        np.pad(roll[:n_frames], ((0, n_frames - len(roll[:n_frames])), (0, 0)))
        for roll in rolls
    ]


def _keyboard_and_notes(
    secs: float, shown: tuple[float, float]
) -> "tuple[Figure, Axes]":
    """A figure for a part of the keyboard, over time in seconds."""
    figure, axis, _ = plotting.pianoroll_plot_setup(
        figsize=INCHES, side_piano_ratio=KEYBOARD_RATIO
    )
    figure.set_dpi(DPI)
    axis.set_xlabel(TIME_LABEL)
    _show(axis, secs, shown)
    return figure, axis


def _show(axis: "Axes", secs: float, shown: tuple[float, float]) -> None:
    """Sets the limits: all of the time, and a part of the keyboard."""
    axis.set(xlim=(0.0, max(secs, 1e-3)), ylim=shown)


def pitch_range(curve: np.ndarray, notes: Sequence[int] = ()) -> tuple[float, float]:
    """Chooses the part of the keyboard to show.

    Args:
        curve: Pitch of frames as MIDI numbers, any shape; NaN and what is not above 5
            does not count, nor do the frames that are furthest off.
        notes: MIDI numbers of notes, all of which are to be seen.

    Returns:
        Lowest and highest MIDI number; of nothing, two octaves around middle C.
    """
    heard = curve[np.isfinite(curve) & (curve > LOWEST_MIDI)]
    # A few frames far off, such as a tracker's, would flatten everything else.
    ends = [*np.percentile(heard, [1.0, 99.0])] if heard.size else []
    ends += list(notes)
    if not ends:
        return 48.0, 72.0
    return float(min(ends)) - MARGIN_SEMITONES, float(max(ends)) + MARGIN_SEMITONES


def _add_roll_legend(axis: "Axes") -> None:
    """Says what the colours mean."""
    from matplotlib.patches import Patch

    patches = [Patch(color=color, label=name) for name, color in ROLL_COLORS.items()]
    axis.legend(handles=patches, loc="upper right", ncols=len(patches))
