"""Hum and noise of the pauses, in the dB that they have."""

import numpy as np
import pytest
from signals import sine
from training.data_inspection import scales

from ddsp.training.data_inspection import background, levels


def measure(audio: np.ndarray) -> background.Background | None:
    audio = audio.astype(np.float32)
    return background.measure_background(audio, levels.frame_levels_db(audio))


@pytest.mark.parametrize("noise_db", [-80.0, -60.0, -45.0])
def test_noise_has_its_level(noise_db: float) -> None:
    found = measure(scales.play(noise_db=noise_db))
    assert found is not None and found.hum_hz is None
    assert found.noise_db == pytest.approx(noise_db, abs=1.0)
    assert found.hum_db == -120.0


@pytest.mark.parametrize("mains_hz", [50, 60])
@pytest.mark.parametrize("amplitude", [1e-3, 1e-2])
def test_hum_has_its_frequency_and_level(mains_hz: int, amplitude: float) -> None:
    audio = scales.play()
    found = measure(audio + scales.hum(audio.size, mains_hz, amplitude))
    assert found is not None and found.hum_hz == mains_hz
    # Squares of 0.6, 1 and 0.5, halved for sines.
    expected_db = 20 * np.log10(amplitude) + 10 * np.log10(1.61 / 2)
    assert found.hum_db == pytest.approx(expected_db, abs=0.5)
    assert found.noise_db == pytest.approx(-75.0, abs=1.5)


def test_hum_off_its_frequency_is_no_hum() -> None:
    audio = scales.play()
    found = measure(audio + scales.hum(audio.size, 55.0, 3e-3))
    assert found is not None and found.hum_hz is None


@pytest.mark.parametrize("pause_secs", [0.0, 0.3, 1.2])
def test_strong_hum_is_found_with_and_without_pauses(pause_secs: float) -> None:
    audio = scales.phrases(pause_secs)
    found = measure(audio + scales.hum(audio.size, 50.0, 0.025))
    assert found is not None and found.hum_hz == 50
    assert found.noise_db is None


def test_strong_hum_of_one_line_is_found() -> None:
    audio = scales.phrases()
    found = measure(audio + 0.03 * sine(100.0, audio.size))
    assert found is not None and found.hum_hz == 50


@pytest.mark.parametrize("drone_hz", [49.0, 61.7, 98.0, 123.5])
def test_a_steady_drone_of_a_note_is_no_hum(drone_hz: float) -> None:
    audio = scales.phrases()
    found = measure(audio + scales.hum(audio.size, drone_hz, 0.025))
    assert found is None


def test_a_steady_note_is_no_hum() -> None:
    audio = scales.hum(10 * scales.RATE, 100.0, 0.1)
    assert measure(audio + scales.noise(audio.size, -70.0)) is None


def test_low_notes_that_glide_are_no_hum() -> None:
    audio = scales.phrases()
    cents = 25.0 * np.sin(2 * np.pi * 0.3 * np.arange(audio.size) / scales.RATE)
    phase = 2 * np.pi * np.cumsum(50.0 * 2.0 ** (cents / 1200)) / scales.RATE
    assert measure(audio + 0.03 * np.sin(phase) + 0.03 * np.sin(2 * phase)) is None


def test_one_line_is_no_hum() -> None:
    audio = scales.play()
    found = measure(audio + 3e-3 * sine(100.0, audio.size))
    assert found is not None and found.hum_hz is None


def test_lines_without_the_first_two_are_no_hum() -> None:
    audio = scales.play()
    lines = sum(3e-3 * sine(50.0 * k, audio.size) for k in (4, 5, 7))
    found = measure(audio + lines)
    assert found is not None and found.hum_hz is None


def test_lines_that_die_away_are_no_hum() -> None:
    time = np.arange(10 * scales.RATE) / scales.RATE
    notes = np.where(time < 4.0, 0.3, 0.0) * np.sin(2 * np.pi * 440 * time)
    # 10 dB per second: notes that ring on.
    fading = scales.hum(time.size, 50.0, 1.0) * 10 ** (-time / 2 - 0.5)
    found = measure(notes + fading + scales.noise(time.size, -75.0))
    assert found is not None and found.hum_hz is None


def test_without_pauses_nothing_is_known() -> None:
    assert measure(scales.play(pause_secs=0.0)) is None
    assert measure(scales.tone(60, 0.3)) is None
    assert measure(np.zeros(scales.RATE)) is None


def test_digital_silence_is_no_pause() -> None:
    assert measure(scales.play(noise_db=-400.0)) is None


def test_the_quietest_pauses_are_taken() -> None:
    loud, soft, softer = np.full(200, -20.0), np.full(50, -45.0), np.full(90, -60.0)
    starts = background.pause_starts(np.concatenate([loud, soft, softer, loud]))
    # Of ten pauses the quieter half; each is 25 frames long.
    assert len(starts) == 5
    assert starts.min() >= 250 and starts.max() <= 315
