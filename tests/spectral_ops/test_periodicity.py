"""How much of a sound repeats, against what it was made of."""

import numpy as np
import pytest
from signals import sine

from ddsp.spectral_ops.periodicity import normalized_autocorrelation, periodicity


def repeats(frame: np.ndarray, period: float) -> float:
    autocorrelation = normalized_autocorrelation(frame[np.newaxis])
    return float(periodicity(autocorrelation, np.array([period]))[0])


def harmonics(f0_hz: float, numbers: range) -> np.ndarray:
    return np.sum([sine(k * f0_hz, 1024) / k for k in numbers], axis=0)


def test_it_is_the_normalised_square_difference(rng: np.random.Generator) -> None:
    frame = rng.normal(size=1024)
    found = normalized_autocorrelation(frame[np.newaxis])[0]
    frame = frame - frame.mean()
    for delay in (0, 1, 17, 500, 520):
        early, late = frame[: 1024 - delay], frame[delay:]
        expected = 2 * np.sum(early * late) / np.sum(early**2 + late**2)
        assert found[delay] == pytest.approx(expected, abs=1e-4)
    assert found.shape == (521,)


@pytest.mark.parametrize("f0_hz", [32, 55, 110.3, 440, 1760, 2005])
def test_periodic_sound_repeats_whole(f0_hz: float) -> None:
    frame = harmonics(f0_hz, range(1, int(7900 / f0_hz)))
    assert repeats(frame, 16000 / f0_hz) > 0.98
    assert repeats(frame, 16000 / f0_hz * 2 ** (25 / 1200)) > 0.95


def test_half_a_period_tells_odd_harmonics_from_even_ones() -> None:
    # After half a period odd harmonics are upside down.
    for numbers, expected in ((range(2, 20, 2), 1.0), (range(1, 20, 2), -1.0)):
        frame = harmonics(200, numbers)
        assert repeats(frame, 40.0) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("ratio", [0.25, 1.0, 4.0])
def test_it_is_the_share_of_power_that_repeats(
    ratio: float, rng: np.random.Generator
) -> None:
    tones = sine(250, 1024) * np.sqrt(2)
    found = [
        repeats(tones + np.sqrt(ratio) * rng.normal(size=1024), 64.0)
        for _ in range(100)
    ]
    assert np.mean(found) == pytest.approx(1 / (1 + ratio), abs=0.05)


def test_level_and_offset_do_not_matter() -> None:
    frame = harmonics(220, range(1, 10))
    expected = repeats(frame, 70.0)
    assert repeats(1e-25 * frame, 70.0) == pytest.approx(expected, abs=1e-4)
    assert repeats(frame + 3.0, 70.0) == pytest.approx(expected, abs=1e-3)


def test_silence_does_not_repeat_and_long_periods_are_unknown() -> None:
    assert repeats(np.zeros(1024), 100.0) == 0.0
    assert repeats(sine(20, 1024), 800.0) == -1.0
    assert repeats(sine(31.25, 1024), 512.0) > 0.9
