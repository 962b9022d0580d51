"""Autotune of a recording: concert pitch, in the key that is meant."""

import numpy as np
import pytest

from ddsp.training.inference import intonation


def hz(midi: np.ndarray) -> np.ndarray:
    return (440.0 * 2.0 ** ((midi - 69.0) / 12.0)).astype(np.float32)


def sung(offset: float = 0.0) -> np.ndarray:
    """C major, with a wide vibrato."""
    notes = np.repeat([60.0, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60], 60)
    return notes + offset + 0.2 * np.sin(np.arange(notes.size) / 6.0)


def tune(midi: np.ndarray, amount: float, key: str) -> intonation.Tuned:
    sure = np.ones(midi.size)
    return intonation.tune(hz(midi), sure, sure > 0, amount, key)


@pytest.mark.parametrize("offset", [-0.35, 0.0, 0.3])
@pytest.mark.parametrize("key", ["auto", "C major", "A minor", "chromatic"])
def test_all_the_way_lands_on_concert_pitch(offset: float, key: str) -> None:
    tuned = tune(sung(offset), 1.0, key)
    midi = 69.0 + 12.0 * np.log2(tuned.f0_hz / 440.0)
    np.testing.assert_allclose(midi, np.round(sung()), atol=1e-4)
    assert tuned.offset_cents == pytest.approx(100 * offset, abs=2.5)


def test_the_key_is_told() -> None:
    assert tune(sung(), 1.0, "auto").key == "C major"
    assert tune(sung(), 1.0, " F#  minor").key == "F# minor"


def test_a_given_key_bends_what_is_not_of_it() -> None:
    tuned = tune(np.full(50, 65.0), 1.0, "G major")  # F becomes E or F sharp.
    midi = 69.0 + 12.0 * np.log2(tuned.f0_hz / 440.0)
    assert set(np.round(midi)) <= {64.0, 66.0}


def test_half_the_way_is_half_the_way() -> None:
    whole, half = (tune(sung(0.2), amount, "auto").f0_hz for amount in (1.0, 0.5))
    cents = 1200 * np.log2(hz(sung(0.2)) / half), 1200 * np.log2(half / whole)
    np.testing.assert_allclose(cents[0], cents[1], atol=0.01)
