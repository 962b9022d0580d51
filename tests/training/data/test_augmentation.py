"""Examples are changed as physics has it: sound and features alike."""

import numpy as np
import pytest
from records import harmonic_tone

from ddsp import spectral_ops
from ddsp.training.data.augmentation import Change, change_example, draw_change

SECS, FRAME_RATE = 1.0, 100
F0_HZ = 440.0


def tone(
    sample_rate: int = 16000, centered: bool = False, f0_hz: float = F0_HZ
) -> dict[str, np.ndarray]:
    """A steady tone with its features."""
    audio_16k = harmonic_tone(f0_hz, SECS).astype(np.float32)
    audio = harmonic_tone(f0_hz, SECS, sample_rate).astype(np.float32)
    n_frames = round(SECS * FRAME_RATE) + centered
    return {
        "audio": audio,
        "audio_16k": audio_16k,
        "f0_hz": np.full(n_frames, f0_hz, np.float32),
        "f0_confidence": np.full(n_frames, 0.9, np.float32),
        "loudness_db": loudness(audio_16k)[:n_frames],
    }


def loudness(audio_16k: np.ndarray) -> np.ndarray:
    found = spectral_ops.compute_loudness(audio_16k, 16000, FRAME_RATE, use_tf=False)
    return found.astype(np.float32)


def changed(example: dict, sample_rate: int = 16000, **change: float) -> dict:
    return change_example(example, Change(**change), sample_rate, FRAME_RATE)


def peak_hz(audio: np.ndarray, sample_rate: int) -> float:
    """Frequency of the strongest partial, to a hundredth of a hertz."""
    windowed = audio * np.hanning(audio.size)
    magnitudes = np.abs(np.fft.rfft(windowed, 64 * audio.size))
    return np.argmax(magnitudes) * sample_rate / (64 * audio.size)


def cents(hz: float | np.ndarray, reference_hz: float | np.ndarray) -> float:
    return 1200 * np.log2(hz / reference_hz)


@pytest.mark.parametrize("sample_rate", [16000, 44100])
@pytest.mark.parametrize("shift", [-100.0, -30.0, 50.0, 200.0])
def test_sound_rises_by_the_cents_by_which_f0_rises(
    shift: float, sample_rate: int
) -> None:
    before = tone(sample_rate)
    after = changed(before, sample_rate, pitch_cents=shift)
    np.testing.assert_allclose(cents(after["f0_hz"], F0_HZ), shift, atol=0.01)
    for name, rate in (("audio", sample_rate), ("audio_16k", 16000)):
        # Away from the seam that a faster tone has at its end.
        whole = slice(0, round(0.85 * rate))
        found = peak_hz(after[name][whole], rate)
        assert cents(found, F0_HZ) == pytest.approx(shift, abs=0.5)
        power = np.mean(after[name][whole] ** 2) / np.mean(before[name][whole] ** 2)
        assert power == pytest.approx(1.0, abs=0.02)


def test_the_pitch_tracker_hears_what_f0_says() -> None:
    after = changed(tone(), pitch_cents=70.0)
    f0_hz, _ = spectral_ops.compute_f0(after["audio_16k"], FRAME_RATE)
    inside = slice(10, 80)
    reference, _ = spectral_ops.compute_f0(tone()["audio_16k"], FRAME_RATE)
    moved = cents(np.median(f0_hz[inside]), np.median(reference[inside]))
    assert moved == pytest.approx(70.0, abs=10.0)


@pytest.mark.parametrize("gain_db", [-6.0, 4.5])
def test_sound_is_louder_by_the_decibels_by_which_loudness_is(gain_db: float) -> None:
    before = tone()
    after = changed(before, gain_db=gain_db)
    rise = after["loudness_db"] - before["loudness_db"]
    np.testing.assert_allclose(rise, gain_db, atol=1e-4)
    np.testing.assert_allclose(
        loudness(after["audio_16k"])[:100], after["loudness_db"], atol=1e-3
    )
    energy = np.sum(after["audio"] ** 2) / np.sum(before["audio"] ** 2)
    assert 10 * np.log10(energy) == pytest.approx(gain_db, abs=1e-3)
    for name in ("f0_hz", "f0_confidence"):
        np.testing.assert_array_equal(after[name], before[name])


def test_silence_stays_as_soft_as_it_is() -> None:
    example = {
        "audio": np.zeros(16000, np.float32),
        "loudness_db": np.array([-80.0, -80.5, -79.0, -20.0], np.float32),
        "power_db": np.array([-80.0, -30.0, -78.0, -20.0], np.float32),
    }
    louder = changed(example, gain_db=6.0)
    np.testing.assert_allclose(louder["loudness_db"], [-80, -80, -73, -14])
    np.testing.assert_allclose(louder["power_db"], [-80, -24, -72, -14])
    softer = changed(example, gain_db=-6.0)
    np.testing.assert_allclose(softer["loudness_db"], [-80, -80, -80, -26])


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("shift_frames", [-30, 7])
def test_a_click_and_its_frame_move_together(shift_frames: int, centered: bool) -> None:
    n_frames, hop_size, place = 100 + centered, 160, 50
    example = {
        "audio": np.zeros(16000, np.float32),
        "f0_hz": np.arange(n_frames, dtype=np.float32) + 100.0,
        "loudness_db": np.full(n_frames, -80.0, np.float32),
    }
    example["audio"][place * hop_size] = 1.0
    example["loudness_db"][place] = -20.0
    after = changed(example, shift_frames=shift_frames)
    assert np.argmax(after["audio"]) == (place - shift_frames) * hop_size
    assert np.argmax(after["loudness_db"]) == place - shift_frames
    expected = np.roll(np.arange(100) + 100.0, -shift_frames)
    # Where beginning and end meet, a centred example has two frames for one moment.
    seam = -shift_frames % 100
    other = np.delete(np.arange(100), seam)
    np.testing.assert_allclose(after["f0_hz"][other], expected[other])
    if centered:
        assert after["f0_hz"][-1] == after["f0_hz"][0]
    assert after["audio"].max() == 1.0


def test_moving_in_time_keeps_the_energy_and_makes_no_click() -> None:
    before = tone(f0_hz=441.7)  # No whole number of periods: the seam would click.
    after = changed(before, shift_frames=20)["audio"]
    lost = 1.0 - np.sum(after**2) / np.sum(before["audio"] ** 2)
    assert 0.0 < lost < 0.012  # At most the 10 ms of the fades.
    seam = 16000 - 20 * 160
    assert np.max(np.abs(after[seam - 2 : seam + 2])) < 0.02
    untouched = np.r_[0 : seam - 80, seam + 80 : 16000]
    rolled = np.roll(before["audio"], -20 * 160)
    np.testing.assert_array_equal(after[untouched], rolled[untouched])
    assert not np.array_equal(
        after[seam - 79 : seam + 79], rolled[seam - 79 : seam + 79]
    )
    backwards = changed(before, shift_frames=-20)["audio"]
    assert np.max(np.abs(backwards[20 * 160 - 2 : 20 * 160 + 2])) < 0.02
    np.testing.assert_array_equal(
        backwards[20 * 160 + 80 :], before["audio"][80 : -20 * 160]
    )


def test_shift_and_pitch_together_keep_sound_and_features_in_step() -> None:
    # Half of it a tone, half of it another one an octave above.
    low, high = harmonic_tone(300.0, 0.5), harmonic_tone(600.0, 0.5)
    example = {
        "audio": np.concatenate([low, high]).astype(np.float32),
        "f0_hz": np.repeat(np.float32([300.0, 600.0]), 50),
    }
    after = changed(example, pitch_cents=100.0, shift_frames=25)
    leap = np.flatnonzero(np.diff(after["f0_hz"]) > 100.0)
    assert leap.size == 1
    speed = 2 ** (1 / 12)
    assert (leap[0] + 1) == pytest.approx(50 / speed - 25, abs=1)
    # No frame between the two pitches.
    ratio = after["f0_hz"] / (300.0 * speed)
    assert np.all(np.isclose(ratio, 1.0) | np.isclose(ratio, 2.0))
    edge = leap[0] * 160
    for part, f0_hz in ((slice(0, edge - 400), 300), (slice(edge + 600, 10000), 600)):
        assert cents(peak_hz(after["audio"][part], 16000), f0_hz) == pytest.approx(
            100.0, abs=8.0
        )


def test_curves_are_read_between_their_frames() -> None:
    example = {
        "audio": np.zeros(16000, np.float32),
        "f0_hz": np.linspace(200.0, 300.0, 100, dtype=np.float32),
        "f0_confidence": np.linspace(0.0, 1.0, 100, dtype=np.float32)[:, None],
    }
    after = changed(example, pitch_cents=-150.0)
    speed = 2 ** (-150 / 1200)
    places = np.arange(100) * speed
    np.testing.assert_allclose(
        after["f0_hz"], (200 + places * 100 / 99) * speed, rtol=1e-5
    )
    np.testing.assert_allclose(after["f0_confidence"][:, 0], places / 99, atol=1e-5)
    assert {k: (v.shape, v.dtype) for k, v in after.items()} == {
        k: (v.shape, v.dtype) for k, v in example.items()
    }


def test_high_partials_do_not_fold_back() -> None:
    time = np.arange(16000) / 16000
    example = {"audio": np.sin(2 * np.pi * 7800.0 * time).astype(np.float32)}
    after = changed(example, pitch_cents=100.0)["audio"]
    spectrum = np.abs(np.fft.rfft(after[2000:10000] * np.hanning(8000)))
    # 7800 Hz would become 8264 Hz, which 16 kHz have no room for.
    assert 20 * np.log10(spectrum.max() / 2000) < -60


def test_no_change_changes_no_byte() -> None:
    for centered in (False, True):
        before = tone(44100, centered)
        after = changed(before, 44100)
        for name, values in before.items():
            assert values.tobytes() == after[name].tobytes()


def test_labels_stay() -> None:
    example = {**tone(), "pitch": np.int64(69), "name": np.bytes_(b"a")}
    after = changed(example, pitch_cents=50.0, shift_frames=3)
    assert after["pitch"] == 69 and after["name"] == b"a"


def test_changes_are_functions_of_seed_and_number() -> None:
    args = (6.0, 50.0, 10)
    assert draw_change(1, 5, *args) == draw_change(1, 5, *args)
    assert draw_change(1, 5, *args) != draw_change(2, 5, *args)
    assert draw_change(1, 5, *args) != draw_change(1, 6, *args)
    assert draw_change(-1, 5, *args) == draw_change((1 << 64) - 1, 5, *args)


def test_changes_fill_their_limits_evenly() -> None:
    changes = [draw_change(3, i, 6.0, 50.0, 2) for i in range(4000)]
    for values, limit in (
        (np.array([c.gain_db for c in changes]), 6.0),
        (np.array([c.pitch_cents for c in changes]), 50.0),
    ):
        assert 0.99 * limit < values.max() <= limit
        assert -limit <= values.min() < -0.99 * limit
        assert np.mean(values) == pytest.approx(0.0, abs=0.05 * limit)
        assert np.std(values) == pytest.approx(limit / np.sqrt(3), rel=0.05)
    shifts = np.array([c.shift_frames for c in changes])
    counts = np.bincount(shifts + 2)
    np.testing.assert_allclose(counts / 4000, 0.2, atol=0.03)
    gains = [c.gain_db for c in changes]
    assert abs(np.corrcoef(gains, [c.pitch_cents for c in changes])[0, 1]) < 0.05
    assert draw_change(3, 0, 0.0, 0.0, 0) == Change()
