"""Silence and mere noise are told from every sound that is neither."""

import numpy as np
import pytest
from records import harmonic_tone

from ddsp import core
from ddsp.training.loop.collapse import (
    NO_NUMBERS,
    NOISE_ONLY,
    SILENCE,
    judge_sound,
)

RATE = 16000


def noise(seed: int = 0, n_samples: int = RATE) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(n_samples)


def tone(f0_hz: float, vibrato_cents: float = 0.0) -> np.ndarray:
    """A second of ten harmonics, whose pitch swings five times."""
    time = np.arange(RATE) / RATE
    cents = vibrato_cents * np.sin(2 * np.pi * 5 * time)
    phase = 2 * np.pi * np.cumsum(f0_hz * 2 ** (cents / 1200)) / RATE
    n_harmonics = min(10, int(0.45 * RATE / f0_hz))
    return sum(0.2 / k * np.sin(k * phase + k**2) for k in range(1, n_harmonics + 1))


def breathy(f0_hz: float, noise_db: float, vibrato_cents: float = 0.0) -> np.ndarray:
    """A tone with noise that is louder than it by some dB."""
    clear, breath = tone(f0_hz, vibrato_cents), noise(seed=1)
    return clear + breath * np.std(clear) / np.std(breath) * 10 ** (noise_db / 20)


def judge(audio: np.ndarray, target: np.ndarray, **kwargs: np.ndarray) -> list[str]:
    return judge_sound(audio[np.newaxis], target[np.newaxis], RATE, **kwargs)


PITCHES = [60.0, 220.0, 880.0, 3000.0]


@pytest.mark.parametrize("vibrato_cents", [0.0, 30.0])
@pytest.mark.parametrize("f0_hz", PITCHES)
def test_noise_in_place_of_a_tone_is_told(f0_hz: float, vibrato_cents: float) -> None:
    target = tone(f0_hz, vibrato_cents)
    assert judge(noise(), target) == [NOISE_ONLY]
    assert judge(target, target) == []


@pytest.mark.parametrize("vibrato_cents", [0.0, 30.0])
@pytest.mark.parametrize("f0_hz", PITCHES)
def test_a_breathy_tone_is_no_noise(f0_hz: float, vibrato_cents: float) -> None:
    target = tone(f0_hz, vibrato_cents)
    for noise_db in (-6.0, 0.0, 6.0):
        assert judge(breathy(f0_hz, noise_db, vibrato_cents), target) == []


def test_a_tone_that_is_hardly_there_is_noise() -> None:
    assert judge(breathy(220.0, 20.0), tone(220.0)) == [NOISE_ONLY]


@pytest.mark.parametrize("f0_hz", [60.0, 110.0, 440.0])
def test_noise_with_the_colour_of_the_tone_is_noise(f0_hz: float) -> None:
    # 65 bands is what the models of the package have.
    target = tone(f0_hz)
    spectrum = np.abs(np.fft.rfft(target))
    bands = np.sqrt(np.add.reduceat(spectrum**2, np.arange(0, len(spectrum), 125)))
    filtered = core.frequency_filter(
        noise()[np.newaxis].astype(np.float32),
        np.tile(bands.astype(np.float32) / bands.max(), [1, 1, 1]),
    )
    assert judge(filtered[0].numpy(), target) == [NOISE_ONLY]


def test_another_pitch_than_the_recordings_is_no_noise() -> None:
    assert judge(tone(286.0), tone(220.0)) == []
    assert judge(breathy(286.0, -3.0), tone(220.0)) == []


def test_noise_is_right_where_the_recordings_have_no_pitch() -> None:
    assert judge(noise(1), noise(2)) == []
    assert judge(noise(3), breathy(220.0, 0.0)) == []


def test_noise_is_wrong_where_the_recordings_have_a_little_noise() -> None:
    assert judge(noise(3), breathy(220.0, -10.0)) == [NOISE_ONLY]


def test_hum_in_the_pauses_of_a_recording_is_no_pitch() -> None:
    # A tenth of noise, then hum that is 40 dB below it.
    hum = 1e-3 * harmonic_tone(100.0, secs=1.0) / 0.2
    target = np.where(np.arange(RATE) < RATE / 5, noise(), hum)
    assert judge(noise(1), target) == []


def test_a_few_frames_are_no_reason_to_judge() -> None:
    # Frames are 80 ms long and overlap by half: 4 of them in 0.2 s, 5 in 0.24 s.
    assert judge(noise()[:3200], tone(220.0)[:3200]) == []
    assert judge(noise()[:3840], tone(220.0)[:3840]) == [NOISE_ONLY]


def test_every_example_of_a_batch_is_heard() -> None:
    target = np.stack([noise(1), tone(220.0)])
    assert judge_sound(np.stack([noise(2), noise(3)]), target, RATE) == [NOISE_ONLY]
    assert judge_sound(np.stack([noise(2), target[1]]), target, RATE) == []


def test_the_sample_rate_counts() -> None:
    # The same samples, taken twice as slowly, are the same sound an octave lower.
    target = tone(220.0)
    assert judge_sound(noise()[None], target[None], RATE // 2) == [NOISE_ONLY]
    assert judge_sound(target[None], target[None], RATE // 2) == []


@pytest.mark.parametrize("gain_db, finding", [(-39.0, []), (-41.0, [SILENCE])])
def test_silence_is_40_db_below_the_recordings(
    gain_db: float, finding: list[str]
) -> None:
    for target in (tone(220.0), noise()):
        assert judge(10 ** (gain_db / 20) * target, target) == finding


def test_silence_is_right_where_the_recordings_are_silent() -> None:
    nothing = np.zeros(RATE)
    assert judge(nothing, nothing) == []
    unit = tone(220.0) / np.std(tone(220.0))
    assert judge(nothing, 0.9e-3 * unit) == []
    assert judge(nothing, 1.1e-3 * unit) == [SILENCE]


def test_a_loud_harmonic_synthesizer_is_never_only_noise() -> None:
    target = tone(220.0)
    quiet, loud = 0.009 * target, 0.011 * target
    assert judge(noise(), target, harmonic=loud[None]) == []
    assert judge(noise(), target, harmonic=quiet[None]) == [NOISE_ONLY]


def test_silent_harmonics_make_the_judgement_stricter() -> None:
    target, silent = tone(220.0), np.zeros([1, RATE])
    # A correlation of 1/3: a breathy tone, or a narrow band of noise.
    between = breathy(220.0, 3.0)
    assert judge(between, target) == []
    assert judge(between, target, harmonic=silent) == [NOISE_ONLY]
    # A reverb may have made much of little.
    assert judge(target, target, harmonic=silent) == []


def test_sound_that_is_not_made_of_numbers_is_told() -> None:
    target = tone(220.0)
    for value in (np.nan, np.inf):
        audio = target.copy()
        audio[7] = value
        assert judge(audio, target) == [NO_NUMBERS]
        assert judge(target, audio) == []


def test_lengths_may_differ_and_one_example_needs_no_batch() -> None:
    target = tone(220.0)
    assert judge_sound(noise()[:8000], target, RATE) == [NOISE_ONLY]
    assert judge_sound(target, target[:8000], RATE) == []


def test_findings_name_the_cure() -> None:
    for finding in (SILENCE, NOISE_ONLY):
        assert "lower the learning rate, or start again with another --seed" in finding
    assert SILENCE.startswith("The model is silent although the recordings are not")
    assert NOISE_ONLY.startswith("The model makes only noise although")
    assert "lower learning rate" in NO_NUMBERS
