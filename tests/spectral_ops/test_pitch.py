"""Pitch of sounds whose pitch is known."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

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


@pytest.mark.parametrize("viterbi", [True, False])
def test_missing_fundamental_is_heard(viterbi: bool) -> None:
    # Without the check of octaves the network hears these an octave higher.
    for f0_hz in (554.37, 783.99):
        partials = [sine(k * f0_hz, 8000) / k for k in range(2, int(8000 / f0_hz))]
        audio = 0.3 * np.sum(partials, axis=0)
        found, confidence = spectral_ops.compute_f0(audio, 250, viterbi)
        assert np.abs(cents(found, f0_hz))[8:-8].max() < 50
        assert confidence[8:-8].min() > 0.4


def test_silence_is_not_heard() -> None:
    found, confidence = spectral_ops.compute_f0(np.zeros(8000), 250)
    np.testing.assert_array_equal(found, np.full(126, 440.0))
    assert np.all(confidence == 0)


@pytest.mark.parametrize("viterbi", [True, False])
def test_silence_holds_the_pitch_before_it(viterbi: bool) -> None:
    gap = np.zeros(8000)
    audio = np.concatenate([gap, tone(196, 8000), gap, tone(392, 8000), gap])
    found, confidence = spectral_ops.compute_f0(audio, 250, viterbi)
    # Frames reach half of 64 ms beyond what sounds.
    silent = np.concatenate([np.r_[0:117], np.r_[259:367], np.r_[509:626]])
    assert confidence[silent].max() == 0.0
    for part in (slice(0, 117), slice(259, 367), slice(509, 626)):
        assert np.ptp(found[part]) == 0
    assert (
        found[0] == found[117] and found[300] == found[258] and found[-1] == found[508]
    )
    assert np.abs(cents(found[150:225], 196)).max() < 50
    assert np.abs(cents(found[400:475], 392)).max() < 50


@pytest.mark.parametrize("level", [1e-3, 1.0])
def test_nobody_is_sure_of_noise(level: float, rng: np.random.Generator) -> None:
    found, of_noise = spectral_ops.compute_f0(level * rng.normal(size=32000), 250)
    assert np.all((found > 31) & (found < 2006))
    assert np.median(of_noise) < 0.05 and of_noise.max() < 0.2
    _, of_tone = spectral_ops.compute_f0(level * tone(440, 8000), 250)
    assert of_tone.min() > 0.5 and np.median(of_tone) > 0.8


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


def test_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match=r"method='huge'; use one of: tiny.*pyin"):
        spectral_ops.compute_f0(np.zeros(4000), 250, method="huge")


def test_default_method_is_the_bundled_network_with_viterbi() -> None:
    audio = np.concatenate([tone(440, 3000), tone(300, 3000)])
    expected = spectral_ops.compute_f0(audio, 125, True, "center", "tiny")
    np.testing.assert_array_equal(spectral_ops.compute_f0(audio, 125), expected)


def test_large_networks_listen_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    time = np.arange(16000) / 16000
    vibrato_hz = 440 * 2 ** (50 / 1200 * np.sin(2 * np.pi * 5.5 * time))
    audio = np.sin(2 * np.pi * np.cumsum(vibrato_hz) / 16000)
    n_heard: list[int] = []
    track = pitch.track_crepe

    def counted(frames: np.ndarray, method: str, viterbi: bool) -> tuple:
        n_heard.append(len(frames))
        return track(frames, method, viterbi)

    monkeypatch.setattr(pitch, "track_crepe", counted)
    monkeypatch.setattr(pitch, "listens_seldom", lambda _: True)
    for frame_rate in (250, 100, 50):
        found, confidence = spectral_ops.compute_f0(audio, frame_rate)
        hop_size = 16000 // frame_rate
        error = cents(found[:-1], vibrato_hz[::hop_size])
        inner = slice(600 // hop_size + 1, -(600 // hop_size) - 1)
        assert np.abs(error)[inner].max() < 30
        assert confidence[inner].min() > 0.5
    # At 250 frames a second every third one, which is 12 ms; others are rarer already.
    assert n_heard == [84, 101, 51]


def test_silence_is_held_between_frames_that_are_heard_seldom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pitch, "listens_seldom", lambda _: True)
    audio = np.concatenate([tone(196, 8000), np.zeros(8000)])
    found, confidence = spectral_ops.compute_f0(audio, 250)
    assert np.all(confidence[134:] == 0) and np.all(confidence[8:117] > 0.5)
    assert np.ptp(found[134:]) == 0 and np.abs(cents(found[8:117], 196)).max() < 50


def test_networks_are_large_from_medium_on(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not pitch.listens_seldom("tiny")
    for n_channels, is_large in ((256, False), (512, True), (1024, True)):
        network = SimpleNamespace(n_first_channels=n_channels)
        monkeypatch.setattr(pitch, "load_network", lambda _, n=network: n)
        assert pitch.listens_seldom("any") == is_large


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
    assert np.ptp(found[55:70]) == 0 and np.all(confidence[~heard] == 0)
    assert np.abs(cents(found[~heard], 440)).max() < 50
    assert np.abs(cents(found[heard][8:-8], 440)).max() < 50


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
