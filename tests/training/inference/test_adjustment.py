"""Register and dynamics: moved to where the instrument is at home."""

import numpy as np
import pytest

from ddsp.training import postprocessing
from ddsp.training.inference import adjustment


def statistics(
    mean_pitch: float = 74.0, mean_db: float = -28.0, std_db: float = 5.0
) -> dict[str, object]:
    loudness_db = np.random.default_rng(1).normal(mean_db, std_db, [5000, 1])
    transform = postprocessing.QuantileTransformer()
    transform.fit(loudness_db)
    return {"mean_pitch": mean_pitch, "quantile_transform": transform}


def recording(midi: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A second of pause, two of a swelling note, a second of pause, at 250 fps."""
    rng = np.random.default_rng(2)
    n_frames = 1000
    is_on = np.zeros(n_frames, bool)
    is_on[250:750] = True
    f0_hz = np.full(n_frames, 440 * 2 ** ((midi - 69) / 12))
    confidence = np.where(is_on, 0.95, 0.05)
    swell = -45 + 15 * np.sin(np.pi * np.linspace(0, 1, n_frames))
    loudness_db = np.where(is_on, swell, -75.0) + 0.5 * rng.standard_normal(n_frames)
    return tuple(x.astype(np.float32) for x in (f0_hz, confidence, loudness_db))


@pytest.mark.parametrize(
    ("midi", "octaves"),
    # Distance in octaves to 74: 0, 0.25, 1, 1.4, 1.6, 2.75, -0.25, -1.5.
    [(74, 0), (71, 1), (62, 1), (57.2, 2), (54.8, 1), (41, 2), (77, 0), (92, -1)],
)
def test_register_moves_by_whole_octaves_as_the_reference_does(
    midi: float, octaves: float
) -> None:
    assert adjustment.register_shift(midi, 74.0) == octaves


@pytest.mark.parametrize("midi", np.linspace(30, 100, 36))
def test_shifted_register_is_within_an_octave_of_the_instrument(midi: float) -> None:
    distance = midi + 12 * adjustment.register_shift(midi, 74.0) - 74.0
    assert -12.0 < distance < 12.0


@pytest.mark.parametrize("mean_pitch", [1e9, -1e9, 1e300])
def test_statistics_of_no_instrument_move_within_what_can_be_heard(
    mean_pitch: float,
) -> None:
    adjusted = adjustment.adjust_to_instrument(*recording(57), statistics(mean_pitch))
    assert adjusted.register_shift == 10.0 * np.sign(mean_pitch)
    assert np.all(np.isfinite(adjusted.f0_hz)) and np.all(adjusted.f0_hz > 0.0)


def test_notes_get_the_instrument_s_loudness() -> None:
    f0_hz, confidence, loudness_db = recording(57)
    adjusted = adjustment.adjust_to_instrument(
        f0_hz, confidence, loudness_db, statistics()
    )
    inside = adjusted.loudness_db[300:700]
    assert np.mean(inside) == pytest.approx(-28.0, abs=2.5)
    assert np.std(inside) == pytest.approx(5.0, abs=2.0)
    # What was louder stays louder.
    order = np.argsort(loudness_db[300:700])
    assert np.all(np.diff(inside[order]) >= -1e-4)
    assert adjusted.register_shift == 2.0
    np.testing.assert_allclose(adjusted.f0_hz, 4 * f0_hz, rtol=1e-6)


def test_pauses_are_quietened_by_as_much_as_asked() -> None:
    f0_hz, confidence, loudness_db = recording(57)
    loudness_db = np.maximum(loudness_db, -50.0)
    plain, quiet = (
        adjustment.adjust_to_instrument(
            f0_hz, confidence, loudness_db, statistics(), quiet=quiet
        ).loudness_db
        for quiet in (0.0, 20.0)
    )
    np.testing.assert_allclose((plain - quiet)[20:150], 20.0, atol=0.5)
    np.testing.assert_allclose((plain - quiet)[300:700], 0.0, atol=1e-4)


def test_nothing_is_asked_below_silence() -> None:
    adjusted = adjustment.adjust_to_instrument(*recording(57), statistics(), quiet=60.0)
    assert adjusted.loudness_db.min() == -80.0


def test_recording_without_notes_stays_as_it_is() -> None:
    f0_hz, confidence, loudness_db = recording(57)
    adjusted = adjustment.adjust_to_instrument(
        f0_hz, 0 * confidence, loudness_db, statistics()
    )
    assert (adjusted.n_note_frames, adjusted.register_shift) == (0, 0.0)
    np.testing.assert_array_equal(adjusted.loudness_db, loudness_db)


def test_shifts_by_hand_are_octaves_and_decibels() -> None:
    f0_hz, loudness_db = np.array([220.0, 440.0]), np.array([-30.0, -79.0])
    higher_hz, softer_db = adjustment.shift_by_hand(f0_hz, loudness_db, 0.5, -6.0)
    np.testing.assert_allclose(higher_hz, f0_hz * np.sqrt(2), rtol=1e-6)
    np.testing.assert_allclose(softer_db, [-36.0, -80.0])


def test_pitch_stays_below_midi_110() -> None:
    highest_hz, _ = adjustment.shift_by_hand(np.array([880.0]), np.zeros(1), 9.0, 0.0)
    assert 69 + 12 * np.log2(highest_hz[0] / 440) == pytest.approx(110.0, abs=1e-4)


def test_power_is_moved_as_loudness_is_and_notes_to_the_instrument_s_mean() -> None:
    _, _, loudness_db = recording(57)
    is_note = np.arange(1000) // 250 % 3 != 0
    power_db, played_db = loudness_db - 10.0, loudness_db + 0.2 * np.arange(1000) / 50
    moved = adjustment.adjust_power(power_db, loudness_db, played_db, is_note)
    np.testing.assert_allclose(
        (moved - power_db)[is_note], (played_db - loudness_db)[is_note], atol=1e-3
    )
    centred = adjustment.adjust_power(
        power_db, loudness_db, played_db, is_note, mean_power_db=-33.0
    )
    assert np.mean(centred[is_note]) == pytest.approx(-33.0, abs=1e-3)
    assert moved.min() >= -80.0
