"""Curves and spectra of a MIDI autoencoder, each under its tag."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from matplotlib.figure import Figure

from ddsp.training import summaries
from ddsp.training.summaries import midi_autoencoder

STEP, N_FRAMES = 12, 50


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> dict[str, Figure]:
    """Keeps figures by tag instead of writing them."""
    kept: dict[str, Figure] = {}

    def keep(tag: str, fig: Figure, step: int) -> None:
        assert tag not in kept and step == STEP
        kept[tag] = fig

    monkeypatch.setattr(midi_autoencoder, "fig_summary", keep)
    return kept


def frames(*values: float, n_channels: int = 1) -> tf.Tensor:
    """A constant curve for each example."""
    shape = [len(values), N_FRAMES, n_channels]
    return tf.constant(np.broadcast_to(np.reshape(values, [-1, 1, 1]), shape))


def lines(figure: Figure, axis: int = 0) -> dict[str, float]:
    """First value of each curve by label."""
    return {
        line.get_label(): round(float(line.get_ydata()[0]), 3)
        for line in figure.axes[axis].get_lines()
    }


def test_pitch_of_sound_notes_and_networks(figures: dict[str, Figure]) -> None:
    outputs = {
        "q_pitch": frames(69.0, 60.0),
        "f0_midi_pred": frames(69.5, 60.5),
        "f0_hz_pred": frames(220.0, 440.0),
        "z_pitch": frames(68.75, 59.75),
    }
    summaries.midiae_f0_summary(frames(440.0, 880.0)[..., 0], outputs, STEP)
    expected = {
        "midiae_decoder_pitch": ("decoder", 69.5, 60.5),
        "midiae_decoder_pitch2": ("played", 57.0, 69.0),
        "midiae_encoder_pitch": ("encoder", 68.75, 59.75),
    }
    assert set(figures) == {f"{tag}/ex_{i}" for tag in expected for i in (1, 2)}
    for tag, (label, *values) in expected.items():
        for i, (sound, note) in enumerate(((69.0, 69.0), (81.0, 60.0))):
            shown = lines(figures[f"{tag}/ex_{i + 1}"])
            assert shown == {"notes": note, "sound": sound, label: values[i]}


def test_silence_is_a_gap(figures: dict[str, Figure]) -> None:
    summaries.midiae_f0_summary(frames(0.0), {"f0_midi_pred": frames(60.0)}, STEP)
    assert list(figures) == ["midiae_decoder_pitch/ex_1"]
    shown = lines(figures["midiae_decoder_pitch/ex_1"])
    assert np.isnan(shown["sound"]) and shown["decoder"] == 60.0


def test_loudness_and_velocities(figures: dict[str, Figure]) -> None:
    outputs = {"power_db_pred": frames(-30.0), "q_vel": frames(90.0)}
    summaries.midiae_ld_summary(frames(-20.0), outputs, STEP, db_key="power_db")
    assert list(figures) == [
        "midiae_decoder_ld/power_db_1",
        "midiae_encoder_ld/power_db_1",
    ]
    decoder, encoder = figures.values()
    assert lines(decoder) == {"sound": -20.0, "decoder": -30.0}
    assert lines(encoder) == {"sound": -20.0}
    assert lines(encoder, axis=1) == {"velocity": 90.0}
    assert decoder.axes[0].get_ylabel() == "power_db in dB"


SPECTRA = {
    "amps": frames(0.5, 0.25),
    "hd": frames(0.1, 0.2, n_channels=10),
    "noise": frames(0.3, 0.4, n_channels=5),
}
TAGS = {"amps": "amplitudes", "hd": "harmonic_dist", "noise": "noise_mags"}


def images(figure: Figure) -> list[Any]:
    return [image for axis in figure.axes[:-1] for image in axis.get_images()]


@pytest.mark.parametrize("predicts", [False, True])
def test_controls_are_drawn_with_and_without_a_prediction(
    figures: dict[str, Figure], predicts: bool
) -> None:
    # Without one the original crashed (T12).
    outputs: dict[str, Any] = dict(SPECTRA)
    if predicts:
        outputs |= {f"{name}_pred": 2.0 * x for name, x in SPECTRA.items()}
    summaries.midiae_sp_summary(outputs, STEP)
    assert set(figures) == {f"{tag}/{tag}_{i}" for tag in TAGS.values() for i in (1, 2)}
    amplitudes = figures["amplitudes/amplitudes_2"]
    shown = {"synthesizer's": 0.25, "predicted from notes": 0.5}
    n_shown = 1 + predicts
    assert lines(amplitudes) == dict(list(shown.items())[:n_shown])
    for name, values in (("hd", (0.1, 0.2)), ("noise", (0.3, 0.4))):
        for i, value in enumerate(values):
            drawn = images(figures[f"{TAGS[name]}/{TAGS[name]}_{i + 1}"])
            assert len(drawn) == n_shown
            for factor, image in enumerate(drawn, start=1):
                array = np.asarray(image.get_array())
                assert array.shape == (SPECTRA[name].shape[-1], N_FRAMES)
                np.testing.assert_allclose(array, factor * value, rtol=1e-6)
                # Harmonics count from 1.
                n_channels = SPECTRA[name].shape[-1]
                assert tuple(image.get_extent())[2:] == (0.5, n_channels + 0.5)
                # One scale for both.
                assert image.get_clim() == drawn[0].get_clim()
                assert image.get_clim()[1] >= n_shown * value


def test_what_is_missing_is_not_drawn(figures: dict[str, Figure]) -> None:
    summaries.midiae_f0_summary(frames(440.0), {}, STEP)
    summaries.midiae_ld_summary(frames(-20.0), {}, STEP)
    summaries.midiae_sp_summary({}, STEP)
    assert not figures
