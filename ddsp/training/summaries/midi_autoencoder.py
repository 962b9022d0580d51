"""Summaries of what is inside a MIDI autoencoder, for the default summary writer."""

from typing import TYPE_CHECKING, Any

import numpy as np

from ddsp import core
from ddsp.training.summaries.audio import DPI, fig_summary
from ddsp.training.summaries.midi import pitch_range

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CURVE_INCHES = (8.0, 4.0)
SPECTRUM_INCHES = (8.0, 6.0)
FRAME_LABEL = "frame"
ORIGINAL, PREDICTED = "synthesizer's", "predicted from notes"
# What is drawn for an output: tag, its name with and without prediction, axis.
SPECTRA = (
    ("harmonic_dist/harmonic_dist", "hd", "harmonic"),
    ("noise_mags/noise_mags", "noise", "noise band"),
)


def midiae_f0_summary(f0_hz: Any, outputs: dict[str, Any], step: int) -> None:
    """Draws the pitch of the sound, of the notes, and what a model made of either.

    The tags are 'midiae_decoder_pitch/ex_1' for the decoder's curve,
    'midiae_decoder_pitch2/ex_1' for the one that is played, and
    'midiae_encoder_pitch/ex_1' for the encoder's, before it is rounded to notes.

    Args:
        f0_hz: Pitch of the sound in Hz, [batch, n_frames] or [batch, n_frames, 1].
        outputs: Notes as 'q_pitch' (MIDI), and 'f0_midi_pred', 'f0_hz_pred' and
            'z_pitch', of the same shape. What is missing is not drawn.
        step: Step of training that they belong to.
    """
    curves = (
        ("midiae_decoder_pitch", "decoder", outputs.get("f0_midi_pred")),
        ("midiae_decoder_pitch2", "played", _to_midi(outputs.get("f0_hz_pred"))),
        ("midiae_encoder_pitch", "encoder", outputs.get("z_pitch")),
    )
    f0_midi, q_pitch = _rows(_to_midi(f0_hz)), _rows(outputs.get("q_pitch"))
    for tag, label, curve in curves:
        if curve is None:
            continue
        for i, values in enumerate(_rows(curve)):
            named = {"sound": _sounding(f0_midi[i]), label: _sounding(values)}
            if len(q_pitch):
                named = {"notes": _sounding(q_pitch[i]), **named}
            figure, axis = _curve_panel("MIDI note")
            _plot(axis, named)
            axis.set_ylim(*pitch_range(np.concatenate(list(named.values()))))
            fig_summary(f"{tag}/ex_{i + 1}", figure, step)


def midiae_ld_summary(
    ld_feat: Any, outputs: dict[str, Any], step: int, db_key: str = "loudness_db"
) -> None:
    """Draws the loudness of the sound, and what a model made of it.

    The tags are 'midiae_decoder_ld/<db_key>_1' for the decoder's curve and
    'midiae_encoder_ld/<db_key>_1' for the velocities of the encoder's notes.

    Args:
        ld_feat: Loudness or power of the sound in dB, [batch, n_frames] or [batch,
            n_frames, 1].
        outputs: '<db_key>_pred' in dB, and 'q_vel', from 0 to 127, of the same shape.
            What is missing is not drawn.
        step: Step of training that they belong to.
        db_key: Name of the loudness or power.
    """
    for i, curve in enumerate(_rows(outputs.get(f"{db_key}_pred"))):
        figure, axis = _curve_panel(f"{db_key} in dB")
        _plot(axis, {"sound": _rows(ld_feat)[i], "decoder": curve})
        fig_summary(f"midiae_decoder_ld/{db_key}_{i + 1}", figure, step)
    for i, curve in enumerate(_rows(outputs.get("q_vel"))):
        figure, axis = _curve_panel(f"{db_key} in dB")
        _plot(axis, {"sound": _rows(ld_feat)[i]})
        velocities = axis.twinx()
        velocities.plot(curve, color="tab:orange", linewidth=1.2, label="velocity")
        velocities.set(ylabel="velocity", ylim=(0.0, 130.0))
        velocities.legend(loc="upper right")
        axis.legend(loc="upper left")
        fig_summary(f"midiae_encoder_ld/{db_key}_{i + 1}", figure, step)


def midiae_sp_summary(outputs: dict[str, Any], step: int) -> None:
    """Draws the controls of the synthesizers, above those predicted from notes.

    The tags are 'amplitudes/amplitudes_1', 'harmonic_dist/harmonic_dist_1' and
    'noise_mags/noise_mags_1' and so on.

    Args:
        outputs: 'amps', [batch, n_frames, 1], 'hd', [batch, n_frames, n_harmonics],
            'noise', [batch, n_frames, n_bands], and the same with '_pred' behind. What
            is missing is not drawn.
        step: Step of training that they belong to.
    """
    predicted = _rows(outputs.get("amps_pred"))
    for i, curve in enumerate(_rows(outputs.get("amps"))):
        figure, axis = _curve_panel("amplitude")
        named = {ORIGINAL: curve}
        if len(predicted):
            named[PREDICTED] = predicted[i]
        _plot(axis, named)
        fig_summary(f"amplitudes/amplitudes_{i + 1}", figure, step)
    for tag, name, label in SPECTRA:
        if outputs.get(name) is None:
            continue
        titles = {ORIGINAL: outputs[name], PREDICTED: outputs.get(f"{name}_pred")}
        shown = {title: np.asarray(x) for title, x in titles.items() if x is not None}
        for i in range(len(outputs[name])):
            panels = {title: x[i] for title, x in shown.items()}
            fig_summary(f"{tag}_{i + 1}", _draw_panels(panels, label), step)


def _to_midi(f0_hz: Any) -> np.ndarray | None:
    """MIDI notes, 0 where there is no pitch."""
    return None if f0_hz is None else core.hz_to_midi(f0_hz).numpy()


def _rows(curves: Any) -> np.ndarray:
    """Curves [batch, n_frames]; none of None."""
    if curves is None:
        return np.zeros([0, 0])
    curves = np.asarray(curves, np.float64)
    return curves.reshape(len(curves), -1)


def _sounding(midi: np.ndarray) -> np.ndarray:
    """A pitch curve with gaps where there is no pitch."""
    return np.where(midi > 0.0, midi, np.nan)


def _curve_panel(label: str) -> "tuple[Figure, Axes]":
    """A figure for curves over frames."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=CURVE_INCHES, dpi=DPI, layout="constrained")
    axis = figure.subplots()
    axis.set(xlabel=FRAME_LABEL, ylabel=label)
    axis.margins(x=0.0)
    return figure, axis


def _plot(axis: "Axes", curves: dict[str, np.ndarray]) -> None:
    """Draws named curves."""
    for name, curve in curves.items():
        # Notes lie behind what goes on within them.
        width, alpha = (4.0, 0.35) if name == "notes" else (1.2, 0.9)
        axis.plot(curve, label=name, linewidth=width, alpha=alpha)
        axis.set_xlim(0.0, max(len(curve) - 1.0, 1.0))
    axis.legend()


def _draw_panels(panels: dict[str, np.ndarray], label: str) -> "Figure":
    """Draws spectra [n_frames, n_channels] below each other, to one scale."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=SPECTRUM_INCHES, dpi=DPI, layout="constrained")
    axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    lowest = min(float(np.min(spectrum)) for spectrum in panels.values())
    highest = max(float(np.max(spectrum)) for spectrum in panels.values())
    for axis, (title, spectrum) in zip(axes, panels.items(), strict=True):
        image = axis.imshow(
            spectrum.T,
            origin="lower",
            aspect="auto",
            interpolation="nearest",
            cmap="magma",
            vmin=lowest,
            vmax=highest,
            extent=(0.0, len(spectrum), 0.5, spectrum.shape[1] + 0.5),
        )
        axis.set_title(title, fontsize="medium")
        axis.set_ylabel(label)
    axes[-1].set_xlabel(FRAME_LABEL)
    figure.colorbar(image, ax=list(axes))
    return figure
