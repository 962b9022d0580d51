"""What is taken out with the hum, and what stays."""

import numpy as np
import pytest
from signals import sine
from training.data_inspection import scales

from ddsp.training.data_inspection import mains

FIFTY = mains.Hum(50, 1e-3, (50.0, 100.0, 150.0))


@pytest.mark.parametrize("off_hz", [0.0, 0.05])
def test_hum_is_gone_from_beginning_to_end(off_hz: float) -> None:
    audio = 0.1 * sine(50.0 + off_hz, 5 * scales.RATE)
    rest = mains.remove_hum(audio, FIFTY)
    assert rest.shape == audio.shape and rest.dtype == np.float32
    # 0.05 Hz beside the middle of a notch of 2 Hz: (0.05 / 1)^2 there and back.
    assert np.max(np.abs(rest[8000:-8000])) < 0.1 * 0.004
    assert np.sqrt(np.mean(rest**2)) < 0.05 * 0.1


@pytest.mark.parametrize("note_hz", [98.0, 196.0, 440.0])
def test_notes_keep_their_level_and_phase(note_hz: float) -> None:
    note = 0.1 * sine(note_hz, 5 * scales.RATE)
    rest = mains.remove_hum(note, FIFTY)
    # A notch of 2 Hz leaves d^2 / (1 + d^2) at a distance of d Hz, there and back.
    distance = min(abs(note_hz - hz) for hz in FIFTY.lines_hz)
    share = distance**2 / (1 + distance**2)
    middle = slice(scales.RATE, -scales.RATE)
    np.testing.assert_allclose(rest[middle], share * note[middle], atol=1e-3)


def test_frequency_of_each_line_is_measured() -> None:
    audio = scales.hum(10 * scales.RATE, 49.9, 0.01)
    audio += scales.noise(audio.size, -70.0)
    powers = mains.window_powers(audio, np.arange(0, 150000, 8000))
    found = mains.find_hum(powers)
    assert found is not None
    np.testing.assert_allclose(found.lines_hz, [49.9, 99.8, 149.7], atol=0.06)
    assert found.power == pytest.approx(1e-4 * 1.61 / 2, rel=0.05)
