"""Pitch of sounds whose pitch is known."""

from collections.abc import Callable
from pathlib import Path

import gin
import numpy as np
import pytest
from signals import sine

from ddsp import spectral_ops
from ddsp.spectral_ops import pitch


def cents(f0_hz: np.ndarray, reference_hz: np.ndarray | float) -> np.ndarray:
    return 1200 * np.log2(f0_hz / reference_hz)


def tone(f0_hz: float, n_samples: int = 4000) -> np.ndarray:
    """Ten harmonics, the higher the softer."""
    partials = [sine(k * f0_hz, n_samples) / k for k in range(1, 11)]
    heard = [x for k, x in enumerate(partials, 1) if k * f0_hz < 8000]
    return 0.3 * np.sum(heard, axis=0)


def activations_at(*peaks: int, height: float = 0.9, floor: float = 0.0) -> np.ndarray:
    activations = np.full([len(peaks), 360], floor, np.float32)
    activations[np.arange(len(peaks)), peaks] = height
    return activations


@pytest.mark.parametrize("viterbi", [True, False])
def test_tones_are_heard_within_50_cents(viterbi: bool) -> None:
    tones_hz = np.array([55, 110, 196, 261.63, 440, 880, 1318.5, 1760])
    audio = np.concatenate([tone(f0_hz) for f0_hz in tones_hz])
    found, confidence = spectral_ops.compute_f0(audio, 62.5, viterbi)
    frame = np.arange(len(found)) * 256 / 4000
    heard = (frame % 1 > 0.25) & (frame % 1 < 0.75)  # Away from changes.
    assert heard.sum() > 50
    expected = tones_hz[np.minimum(frame.astype(int), 7)]
    assert np.abs(cents(found, expected))[heard].max() < 50
    assert confidence[heard].min() > 0.5


def test_glide_is_followed_in_time() -> None:
    time = np.arange(16000) / 16000
    f0_hz = 220.0 * 2.0**time
    audio = np.sin(2 * np.pi * np.cumsum(f0_hz) / 16000)
    found, _ = spectral_ops.compute_f0(audio, 250)
    inner = slice(10, -10)  # At both ends half a frame is silent.
    expected = 220.0 * 2.0 ** (np.arange(251) / 250)
    # A frame later or earlier would be 5 cents.
    assert np.median(np.abs(cents(found, expected)[inner])) < 10
    assert np.abs(cents(found, expected)[inner]).max() < 50


def test_change_of_pitch_is_at_its_time() -> None:
    audio = np.concatenate([tone(220, 8000), tone(330, 8000)])
    found, _ = spectral_ops.compute_f0(audio, 250)
    assert np.argmax(found > 270) == pytest.approx(125, abs=3)


def test_silence_has_a_pitch_that_nobody_is_sure_of() -> None:
    found, confidence = spectral_ops.compute_f0(np.zeros(8000), 250)
    assert len(found) == 126
    assert np.all((found > 31) & (found < 2006))
    assert confidence.max() < 0.2


def test_noise_is_less_sure_than_a_tone(rng: np.random.Generator) -> None:
    found, of_noise = spectral_ops.compute_f0(rng.normal(size=8000), 250)
    assert np.all((found > 31) & (found < 2006))
    _, of_tone = spectral_ops.compute_f0(tone(440, 8000), 250)
    assert of_noise.mean() < 0.3 < 0.8 < of_tone.mean()


@pytest.mark.parametrize("padding", ["center", "same", "valid"])
@pytest.mark.parametrize("n_samples", [0, 3360])
def test_there_is_a_frame_for_each_time(n_samples: int, padding: str) -> None:
    n_frames, _ = spectral_ops.get_framed_lengths(n_samples, 1024, 64, padding)
    found = spectral_ops.compute_f0(sine(440, n_samples), 250, True, padding)
    assert [(x.shape, x.dtype) for x in found] == [((n_frames,), np.float32)] * 2


def test_frame_rate_may_be_fractional() -> None:
    found, _ = spectral_ops.compute_f0(tone(440, 16000), 31.25)
    assert len(found) == 16000 // 512 + 1
    assert np.abs(cents(found[1:-1], 440)).max() < 50


@pytest.mark.parametrize("frame_rate", [300, 0, -250, 44100])
def test_hops_that_are_not_whole_are_refused(frame_rate: float) -> None:
    with pytest.raises(ValueError, match=f"frame_rate={frame_rate}; use ") as error:
        spectral_ops.compute_f0(np.zeros(4000), frame_rate)
    advice = str(error.value).rpartition("use ")[2].partition(",")[0]
    spectral_ops.compute_f0(np.zeros(10), float(advice), padding="valid")


def test_several_channels_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shape=\(2, 4000\)"):
        spectral_ops.compute_f0(np.zeros([2, 4000]), 250)


def test_unknown_padding_is_refused() -> None:
    with pytest.raises(ValueError, match="padding='foo'"):
        spectral_ops.compute_f0(np.zeros(4000), 250, padding="foo")


def test_larger_networks_are_refused_for_now() -> None:
    with pytest.raises(ValueError, match="capacity='full'; use 'tiny'"):
        spectral_ops.compute_f0(np.zeros(4000), 250, capacity="full")


def test_integer_samples_are_understood() -> None:
    audio = tone(440)
    expected, _ = spectral_ops.compute_f0(audio, 100)
    found, _ = spectral_ops.compute_f0((32767 * audio).astype(np.int16), 100)
    assert np.abs(cents(found, expected)).max() < 2


def test_samples_that_are_not_finite_spoil_only_frames_around_them() -> None:
    audio = tone(440, 8000)
    audio[4000] = np.nan
    found, confidence = spectral_ops.compute_f0(audio, 250, viterbi=False)
    heard = np.abs(np.arange(126) * 64 - 4000) > 512
    assert np.all(found[~heard] == 0) and np.all(confidence[~heard] == 0)
    assert np.abs(cents(found[heard][8:-8], 440)).max() < 50


def test_peak_is_a_weighted_mean_of_nine_pitches() -> None:
    # Recorded from CREPE: a peak over a floor reads 100.641 Hz, the highest 2005.24.
    activations = activations_at(100, 359, floor=0.001)
    f0_hz = pitch.mean_pitch_hz(activations, np.array([100, 359]))
    np.testing.assert_allclose(f0_hz, [100.641, 2005.24], atol=5e-3)


def test_mean_lies_between_neighbours_by_their_weight() -> None:
    activations = np.zeros([1, 360])
    activations[0, [100, 101]] = 0.25, 0.75
    activations[0, 105] = 1.0  # Too far from pitch 100 to count.
    f0_hz = pitch.mean_pitch_hz(activations, np.array([100]))
    expected = 10 * 2 ** ((1997.3794084376191 + 20 * 100.75) / 1200)
    np.testing.assert_allclose(f0_hz, expected, rtol=1e-9)


def test_melody_overrules_a_single_octave_error() -> None:
    blocks = [activations_at(*[100] * 10, 160, *[100] * 10)]
    chosen = [c for _, c in pitch._viterbi_centers(blocks)]
    assert set(np.concatenate(chosen)) == {100}
    best = [c for _, c in pitch._best_centers(blocks)]
    assert np.concatenate(best)[10] == 160


def test_activations_stay_with_their_frames_while_undecided() -> None:
    melody = np.repeat([100, 108, 104, 96], 40)
    blocks = np.array_split(activations_at(*melody), 9)
    pairs = list(pitch._viterbi_centers(blocks))
    assert [len(block) for block, _ in pairs] == [len(c) for _, c in pairs]
    np.testing.assert_array_equal(np.concatenate([c for _, c in pairs]), melody)
    seen = np.concatenate([block.argmax(axis=1) for block, _ in pairs])
    np.testing.assert_array_equal(seen, melody)


def test_gin_knows_the_name_of_the_original() -> None:
    gin.parse_config("ddsp.spectral_ops.compute_f0.frame_rate = 50")
    bound = gin.get_configurable("spectral_ops.compute_f0")
    found, expected = bound(tone(440)), spectral_ops.compute_f0(tone(440), 50)
    np.testing.assert_array_equal(found, expected)


def test_violin_is_heard_in_tune(shared_data: Callable[..., Path]) -> None:
    import soundfile
    import soxr

    path = shared_data("violin_eval", "vsco_violin_A4.flac")
    audio, sample_rate = soundfile.read(path, stop=88200)
    audio = soxr.resample(audio, sample_rate, 16000)
    found, confidence = spectral_ops.compute_f0(audio, 100)
    sure = confidence > 0.7
    assert sure.mean() > 0.5
    assert np.abs(np.median(cents(found[sure], 440))) < 50
