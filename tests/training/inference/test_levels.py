"""The level of a result follows its source and never clips."""

import numpy as np
import pytest

from ddsp.training.inference import levels


def db(ratio: float) -> float:
    return 20 * np.log10(ratio)


def test_result_has_the_rms_of_the_reference(rng: np.random.Generator) -> None:
    audio = rng.standard_normal(16000)
    reference = 0.1 * np.sin(np.arange(16000) / 7)
    matched = levels.match_level(audio, reference)
    assert matched.std() == pytest.approx(reference.std(), rel=0.01)


def test_dynamics_stay_as_they_are(rng: np.random.Generator) -> None:
    audio = rng.standard_normal(1000)
    matched = levels.match_level(audio, 0.1 * rng.standard_normal(1000))
    np.testing.assert_allclose(matched / matched[0], audio / audio[0], rtol=1e-4)


def test_peak_stays_below_full_scale_instead_of_clipping() -> None:
    spiky = np.zeros(16000)
    spiky[::400] = 1.0
    matched = levels.match_level(spiky, 0.7 * np.sin(np.arange(16000)))
    assert db(matched.max()) == pytest.approx(-1.0, abs=1e-3)
    assert (matched == matched.max()).sum() == 40  # Scaled, not flattened.


def test_faint_source_gives_an_audible_result() -> None:
    tone = np.sin(np.arange(16000) / 5)
    matched = levels.match_level(tone, 1e-4 * tone)
    assert db(matched.std()) == pytest.approx(-30.0, abs=0.1)


def test_shift_changes_the_level_by_as_much() -> None:
    tone = np.sin(np.arange(16000) / 5)
    plain, softer = (levels.match_level(tone, 0.3 * tone, db) for db in (0.0, -12.0))
    assert db(softer.std() / plain.std()) == pytest.approx(-12.0, abs=1e-3)


def test_louder_is_louder_also_where_peaks_are_at_full_scale() -> None:
    time = np.arange(32000) / 16000
    swell = np.where(time % 1.0 < 0.2, 1.0, 0.15) * np.sin(2 * np.pi * 440 * time)
    plain, louder = (levels.match_level(swell, swell, shift) for shift in (0.0, 12.0))
    assert np.abs(plain).max() == pytest.approx(levels.HIGHEST_PEAK, rel=1e-4)
    assert np.abs(louder).max() <= levels.HIGHEST_PEAK * (1 + 1e-6)
    soft = slice(8000, 14000)
    assert db(louder[soft].std() / plain[soft].std()) == pytest.approx(12.0, abs=0.01)
    # A tone that is turned down is still that tone.
    loud = slice(17000, 18500)
    spectrum = np.abs(np.fft.rfft(louder[loud] * np.hanning(1500)))
    around = np.argmax(spectrum) + np.arange(-3, 4)
    rest = np.delete(spectrum, around)
    assert db(spectrum.max() / rest.max()) > 40


def test_silence_stays_silence() -> None:
    matched = levels.match_level(np.zeros(100), np.ones(100))
    np.testing.assert_array_equal(matched, np.zeros(100))


def test_end_fades_to_nothing_and_the_rest_stays() -> None:
    faded = levels.fade_out(np.ones(16000), 16000)
    np.testing.assert_array_equal(faded[:-480], 1.0)
    assert faded[-1] == 0.0
    assert np.all(np.diff(faded[-480:]) < 0)
