"""The wavetable synthesizer: pitch, waveform, scaling."""

import numpy as np
import pytest
from signals import sine

from ddsp import core, synths

SINE_TABLE = np.sin(2 * np.pi * np.arange(512) / 512).astype(np.float32)


def frames(value: float, n_frames: int = 100) -> np.ndarray:
    return np.full([1, n_frames, 1], value, np.float32)


@pytest.mark.parametrize("table_frames", [None, 1, 7, 100])
def test_sine_table_plays_a_sine(table_frames: int | None) -> None:
    table = SINE_TABLE[None]
    if table_frames is not None:
        table = np.tile(table[:, None], [1, table_frames, 1])
    synth = synths.Wavetable(n_samples=16000, scale_fn=None)
    audio = synth(frames(0.5), table, frames(440.0))
    np.testing.assert_allclose(audio[0], 0.5 * sine(440.0), atol=1e-4)


def test_harmonics_of_the_table_are_harmonics_of_the_sound() -> None:
    shares = np.float32([[0.5, 0.0, 0.25]])
    table = core.harmonic_distribution_to_wavetable(shares[None], 2048)
    synth = synths.Wavetable(n_samples=16000, scale_fn=None)
    spectrum = np.abs(np.fft.rfft(synth(frames(1.0), table, frames(500.0))[0])) / 8000
    expected = np.zeros(8001)
    expected[[500, 1500]] = [0.5, 0.25]
    np.testing.assert_allclose(spectrum, expected, atol=1e-3)


def test_default_scaling_makes_tables_positive_as_in_the_original() -> None:
    controls = synths.Wavetable().get_controls(
        frames(0.0), SINE_TABLE[None], frames(440.0)
    )
    table = controls["wavetables"].numpy()
    np.testing.assert_allclose(
        [table.min(), table.max(), table.mean()], [0.097, 0.972, 0.473], atol=1e-3
    )
    np.testing.assert_allclose(controls["amplitudes"], frames(0.4053992), rtol=1e-5)
