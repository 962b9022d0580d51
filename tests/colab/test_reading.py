"""Files in memory give the sound that is in them."""

from collections.abc import Callable

import numpy as np
import pytest
from signals import sine

from ddsp.colab import colab_utils
from ddsp.training.audio_io import AudioFileError

Encode = Callable[..., bytes]


def peak_hz(audio: np.ndarray, sample_rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(audio.size)))
    return float(np.argmax(spectrum) * sample_rate / audio.size)


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3"])
def test_every_format_gives_pitch_and_level(encode: Encode, form: str) -> None:
    content = encode(0.5 * sine(440.0, 44100, 44100), 44100, form)
    audio = colab_utils.audio_bytes_to_np(content, normalize_db=None)
    assert audio.dtype == np.float32
    assert peak_hz(audio, 16000) == pytest.approx(440.0, abs=1.5)
    middle = audio[4000:12000]
    assert middle.std() == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


def test_what_the_rate_cannot_hold_is_not_folded_into_it(encode: Encode) -> None:
    content = encode(0.3 * sine(10000.0, 44100, 44100), 44100)
    audio = colab_utils.audio_bytes_to_np(content, normalize_db=None)
    assert 20 * np.log10(audio[800:-800].std()) < -80  # Folded: 6 kHz at -13 dB.


@pytest.mark.parametrize("headroom_db", [0.0, 0.1, 6.0])
def test_peak_is_brought_to_where_it_is_asked_for(
    encode: Encode, headroom_db: float
) -> None:
    audio = colab_utils.audio_bytes_to_np(
        encode(0.02 * sine(250.0)), normalize_db=headroom_db
    )
    peak_db = 20 * np.log10(np.max(np.abs(audio)))
    assert peak_db == pytest.approx(-headroom_db, abs=1e-4)


def test_peak_lies_a_tenth_of_a_decibel_below_full_scale_by_itself(
    encode: Encode,
) -> None:
    audio = colab_utils.audio_bytes_to_np(encode(0.02 * sine(250.0)))
    assert 20 * np.log10(np.max(np.abs(audio))) == pytest.approx(-0.1, abs=1e-4)


def test_silence_stays_silence(encode: Encode) -> None:
    audio = colab_utils.audio_bytes_to_np(encode(np.zeros(1600)))
    np.testing.assert_array_equal(audio, np.zeros(1600, np.float32))


def test_negative_headroom_is_refused(encode: Encode) -> None:
    with pytest.raises(ValueError, match=r"headroom_db=-20"):
        colab_utils.audio_bytes_to_np(encode(sine(250.0)), normalize_db=-20)


def test_channels_are_averaged_or_kept_apart(encode: Encode) -> None:
    left, right = 0.5 * sine(400.0), 0.25 * sine(1000.0)
    content = encode(np.stack([left, right], axis=1), 16000)
    mixed = colab_utils.audio_bytes_to_np(content, normalize_db=None)
    np.testing.assert_allclose(mixed, (left + right) / 2, atol=1e-4)
    apart = colab_utils.audio_bytes_to_np(content, normalize_db=None, mono=False)
    np.testing.assert_allclose(apart, [left, right], atol=1e-4)


def test_channels_keep_their_balance_when_the_peak_is_moved(encode: Encode) -> None:
    both = np.stack([0.4 * sine(400.0), 0.1 * sine(1000.0)], axis=1)
    left, right = colab_utils.audio_bytes_to_np(encode(both), mono=False)
    assert left.std() / right.std() == pytest.approx(4.0, rel=1e-3)


def test_channels_stay_apart_through_another_rate(encode: Encode) -> None:
    tones = [0.5 * sine(hz, 48000, 48000) for hz in (400.0, 1000.0)]
    audio = colab_utils.audio_bytes_to_np(
        encode(np.stack(tones, axis=1), 48000), mono=False, normalize_db=None
    )
    for heard, hz in zip(audio, (400.0, 1000.0), strict=True):
        np.testing.assert_allclose(heard[400:-400], 0.5 * sine(hz)[400:-400], atol=2e-3)


def test_one_channel_has_no_axis_of_its_own(encode: Encode) -> None:
    tone = 0.5 * sine(400.0, 800)
    audio = colab_utils.audio_bytes_to_np(encode(tone), mono=False, normalize_db=None)
    np.testing.assert_allclose(audio, tone, atol=1e-4)


@pytest.mark.parametrize("content", [b"", b"no sound at all" * 50])
def test_what_is_no_audio_is_refused_without_names_of_ours(content: bytes) -> None:
    with pytest.raises(AudioFileError, match="the given bytes") as caught:
        colab_utils.audio_bytes_to_np(content)
    assert "/" not in str(caught.value)


def test_half_a_file_is_refused(encode: Encode) -> None:
    content = encode(sine(440.0))
    with pytest.raises(AudioFileError, match="truncated"):
        colab_utils.audio_bytes_to_np(content[: len(content) // 2])
