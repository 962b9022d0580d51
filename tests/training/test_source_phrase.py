"""The sung phrase: a tune, a voice, and the same one every time."""

import numpy as np
import pytest

from ddsp import spectral_ops
from ddsp.training import source_phrase


@pytest.fixture(scope="module")
def phrase() -> np.ndarray:
    return source_phrase.sung_phrase()


@pytest.fixture(scope="module")
def pitch(phrase: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    f0_hz, confidence = spectral_ops.compute_f0(phrase, 250)
    return 69 + 12 * np.log2(f0_hz / 440), confidence


def middle(note: source_phrase.Note) -> slice:
    """Frames in the middle third of a note, where the pitch has arrived."""
    start = note.start_secs + note.secs / 3
    return slice(int(start * 250), int((start + note.secs / 3) * 250))


def test_every_note_of_the_tune_is_heard(
    pitch: tuple[np.ndarray, np.ndarray],
) -> None:
    midi, confidence = pitch
    notes = source_phrase._tune()
    assert len(notes) > 10
    for note in notes:
        assert np.median(midi[middle(note)]) == pytest.approx(note.midi, abs=0.35)
        assert confidence[middle(note)].mean() > 0.7


def test_the_tune_goes_from_a3_to_e5() -> None:
    midi = [note.midi for note in source_phrase._tune()]
    assert (min(midi), max(midi)) == (57, 76)


def test_long_notes_gather_vibrato_and_short_ones_stay_straight(
    pitch: tuple[np.ndarray, np.ndarray],
) -> None:
    longest = max(source_phrase._tune(), key=lambda note: note.secs)
    frames = middle(longest)
    swing = pitch[0][frames] - pitch[0][frames].mean()
    spectrum = np.abs(np.fft.rfft(swing * np.hanning(swing.size), 2500))
    assert np.argmax(spectrum[20:]) / 10 + 2 == pytest.approx(5.5, abs=0.7)
    assert 0.2 < np.ptp(swing) / 2 < 0.8  # 40 cents, and what else moves.
    start = int(longest.start_secs * 250)
    before = pitch[0][start + 25 : start + 60]
    assert np.std(before) < 0.5 * np.std(swing)


def test_spectrum_has_formants_and_no_beeps_evenness(phrase: np.ndarray) -> None:
    note = source_phrase._tune()[3]  # F#4 on "a": 850 and 1220 Hz.
    start = int((note.start_secs + note.secs / 2) * 16000)
    spectrum = np.abs(np.fft.rfft(phrase[start : start + 4000] * np.hanning(4000)))
    f0 = 370.0
    level = [spectrum[int((k * f0 - 40) / 4) :][:20].max() for k in range(1, 9)]
    # The third harmonic, near the formants, towers over the fundamental's neighbours
    # that lie between the second and the third formant.
    assert level[2] > 4 * level[4]
    assert level[2] > level[0]


def test_level_is_that_of_a_good_recording(phrase: np.ndarray) -> None:
    assert np.max(np.abs(phrase)) == pytest.approx(0.7)
    assert -20 < 20 * np.log10(np.std(phrase)) < -9
    breath = phrase[int(4.5 * 16000) : int(4.75 * 16000)]
    assert -60 < 20 * np.log10(np.std(breath)) < -35  # Heard, and not more.


def test_same_seed_same_samples_and_another_seed_another_breath(
    phrase: np.ndarray,
) -> None:
    np.testing.assert_array_equal(source_phrase.sung_phrase(seed=0), phrase)
    assert not np.array_equal(source_phrase.sung_phrase(seed=1), phrase)


def test_phrase_is_the_same_tune_at_another_sample_rate(phrase: np.ndarray) -> None:
    other = source_phrase.sung_phrase(44100)
    assert other.size / 44100 == pytest.approx(phrase.size / 16000, abs=0.01)
    note = source_phrase._tune()[3]
    start = int((note.start_secs + 0.3) * 44100)
    spectrum = np.abs(np.fft.rfft(other[start : start + 8820] * np.hanning(8820)))
    low = spectrum[: int(500 / 5)]
    assert np.argmax(low) * 5 == pytest.approx(370.0, abs=8)
