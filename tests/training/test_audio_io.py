"""Reading any recording as the same mono signal, and saying why one cannot be read."""

import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from records import write_recording

from ddsp.training import audio_io
from ddsp.training.errors import InputError

TONES_HZ = (220.0, 1234.5, 3100.0)
EDGE = 400  # Samples at either end in which a filter has not everything to look at.
# Eight bits are right to one step of 1/128, with the overshoot of the filter.
TOLERANCE = {"PCM_U8": 1.5 / 128}


def tones(rate: int, secs: float = 0.5) -> np.ndarray:
    """The sum of three tones, sampled at a rate."""
    time = np.arange(round(secs * rate)) / rate
    return sum(0.15 * np.sin(2 * np.pi * hz * time + hz) for hz in TONES_HZ)


def level_db(audio: np.ndarray) -> float:
    """Level against a sine of amplitude 1."""
    return 10 * np.log10(2 * np.mean(audio[EDGE:-EDGE].astype(np.float64) ** 2))


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000, 96000])
@pytest.mark.parametrize("channels", [1, 2, 6])
@pytest.mark.parametrize(
    "subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"]
)
def test_every_wav_gives_the_same_mono_signal(
    tmp_path: Path, subtype: str, channels: int, rate: int
) -> None:
    gains = 2 * np.arange(1, channels + 1) / (channels + 1)  # Their mean is 1.
    path = write_recording(
        tmp_path / "a.wav", tones(rate)[:, None] * gains, rate, subtype
    )
    audio = audio_io.load_audio(path)
    truth = tones(16000)
    assert audio.dtype == np.float32 and audio.shape == truth.shape
    np.testing.assert_allclose(
        audio[EDGE:-EDGE], truth[EDGE:-EDGE], atol=TOLERANCE.get(subtype, 1e-3)
    )


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3", "aiff", "au", "caf", "w64"])
def test_other_formats_give_the_same_pitches(tmp_path: Path, suffix: str) -> None:
    path = write_recording(tmp_path / f"a.{suffix}", tones(44100), 44100)
    audio = audio_io.load_audio(path, 16000)
    assert abs(audio.size - 8000) < 100  # Lossy formats may add a delay.
    spectrum = np.abs(np.fft.rfft(audio[EDGE:-EDGE] * np.hanning(audio.size - 800)))
    bins = np.round(np.array(TONES_HZ) * (audio.size - 800) / 16000).astype(int)
    peaks = np.argsort(spectrum)[-9:]  # A Hann window has three bins a tone.
    assert all(np.min(np.abs(peaks - b)) <= 1 for b in bins)


@pytest.mark.parametrize("tone_hz", [9000, 10000, 12000, 15000])
@pytest.mark.parametrize("rate", [44100, 48000])
def test_tones_above_half_the_rate_are_gone(
    tmp_path: Path, rate: int, tone_hz: int
) -> None:
    time = np.arange(rate) / rate
    path = write_recording(
        tmp_path / "a.wav", np.sin(2 * np.pi * tone_hz * time), rate, "FLOAT"
    )
    assert level_db(audio_io.load_audio(path)) < -100.0


@pytest.mark.parametrize("tone_hz", [50, 1000, 4000, 7200])
@pytest.mark.parametrize("rate", [44100, 48000])
def test_tones_up_to_nine_tenths_of_half_the_rate_are_kept(
    tmp_path: Path, rate: int, tone_hz: int
) -> None:
    time = np.arange(rate) / rate
    path = write_recording(
        tmp_path / "a.wav", np.sin(2 * np.pi * tone_hz * time), rate, "FLOAT"
    )
    assert abs(level_db(audio_io.load_audio(path))) < 0.02


@pytest.mark.parametrize("n_samples", [1, 2, 99, 44099, 44100, 44101])
@pytest.mark.parametrize("rates", [(44100, 16000), (48000, 16000), (16000, 44100)])
def test_length_is_that_of_the_rates(
    tmp_path: Path, n_samples: int, rates: tuple[int, int]
) -> None:
    path = write_recording(tmp_path / "a.wav", np.full(n_samples, 0.1), rates[0])
    audio = audio_io.load_audio(path, rates[1])
    assert audio.size == round(n_samples * rates[1] / rates[0])


def test_a_click_stays_where_it_is(tmp_path: Path) -> None:
    audio = np.zeros(48000)
    audio[30000] = 0.9
    path = write_recording(tmp_path / "a.wav", audio, 48000, "FLOAT")
    assert np.argmax(np.abs(audio_io.load_audio(path))) == 10000


def test_blocks_leave_no_seams(tmp_path: Path, rng: np.random.Generator) -> None:
    n_samples = 2 * audio_io.BLOCK_FRAMES + 12345
    noise = rng.uniform(-0.5, 0.5, n_samples).astype(np.float32)
    path = write_recording(tmp_path / "a.wav", noise, 44100, "FLOAT")
    whole = soxr.resample(noise, 44100, 16000, quality="VHQ")
    np.testing.assert_allclose(audio_io.load_audio(path), whole, atol=1e-6)


def test_declared_length_is_read_without_the_sound(tmp_path: Path) -> None:
    path = write_recording(tmp_path / "a.flac", tones(44100, 1.5), 44100)
    assert audio_io.declared_secs(path) == 1.5
    (tmp_path / "b.wav").write_text("no audio")
    (tmp_path / "c.raw").write_bytes(bytes(100))
    for name in ("b.wav", "c.raw", "nowhere.wav"):
        assert audio_io.declared_secs(tmp_path / name) == 0.0


def expect_reason(path: Path, *words: str) -> None:
    """The one line must name the file and say what is wrong with it."""
    with pytest.raises(InputError) as raised:
        audio_io.load_audio(path)
    message = str(raised.value)
    assert str(path) in message and "\n" not in message
    for word in words:
        assert word in message
        assert word in raised.value.reason


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    expect_reason(tmp_path / "a.wav", "does not exist")


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    expect_reason(tmp_path, "is a folder")


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    expect_reason(tmp_path / "a.wav", "0 bytes")


@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.raw", "a.m4a", "a"])
def test_text_is_no_audio(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("This is a letter, not a recording.\n" * 50)
    expect_reason(tmp_path / name, "no audio that can be read")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("name", ["a.flac", "a.wav", "a.aiff", "a.mp3"])
def test_a_truncated_file_is_named(
    tmp_path: Path, rng: np.random.Generator, name: str, share: float
) -> None:
    path = write_recording(tmp_path / name, rng.uniform(-0.5, 0.5, 300000), 44100)
    if name == "a.mp3" and share == 0.999:
        share = 0.98  # An MP3 file may lack a frame or two at its end.
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    expect_reason(path, "truncated")


def test_a_flac_file_cut_between_frames_is_named(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    # libsndfile reads such a file without a complaint.
    path = write_recording(tmp_path / "a.flac", rng.uniform(-1, 1, 40960), 16000)
    whole = path.read_bytes()
    sync = [i for i in range(len(whole) - 1) if whole[i : i + 2] == b"\xff\xf8"]
    assert len(sync) >= 5
    path.write_bytes(whole[: sync[len(sync) // 2]])
    expect_reason(path, "truncated")


@pytest.mark.parametrize("declared", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_a_wav_file_written_into_a_pipe_is_whole(tmp_path: Path, declared: int) -> None:
    path = write_recording(tmp_path / "a.wav", tones(16000), 16000, "PCM_16")
    content = bytearray(path.read_bytes())
    at = content.index(b"data")
    content[at + 4 : at + 8] = struct.pack("<I", declared)
    path.write_bytes(content)
    np.testing.assert_allclose(audio_io.load_audio(path), tones(16000), atol=1e-3)


def test_an_mp3_file_without_a_declared_length_is_whole(tmp_path: Path) -> None:
    # The first half is cheap, so the length that is guessed from it is far too great.
    audio = np.concatenate([np.zeros(100000), tones(44100, 2.0)])
    path = tmp_path / "a.mp3"
    soundfile.write(path, audio, 44100, bitrate_mode="VARIABLE")
    content = path.read_bytes()
    second_frame = content.index(b"\xff\xfb", 4)
    path.write_bytes(content[second_frame:])
    assert audio_io.load_audio(path, 44100).size > 180000


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite_are_named(tmp_path: Path, bad: float) -> None:
    audio = np.stack([tones(16000)] * 2, axis=1)
    audio[5000, 1] = bad
    write_recording(tmp_path / "a.wav", audio, 16000, "FLOAT")
    expect_reason(tmp_path / "a.wav", "not finite")


def test_a_file_without_samples_is_named(tmp_path: Path) -> None:
    write_recording(tmp_path / "a.wav", np.zeros(0), 16000)
    expect_reason(tmp_path / "a.wav", "no samples")


def test_integers_stored_as_floats_are_named(tmp_path: Path) -> None:
    write_recording(tmp_path / "a.wav", 30000 * tones(16000), 16000, "FLOAT")
    expect_reason(tmp_path / "a.wav", "full scale is 1")


def test_an_absurd_rate_does_not_fill_the_memory(tmp_path: Path) -> None:
    write_recording(tmp_path / "a.wav", np.zeros(10_000_000), 1)
    expect_reason(tmp_path / "a.wav", "1 samples per second")


def test_recordings_of_days_do_not_fill_the_memory(tmp_path: Path) -> None:
    path, hour = tmp_path / "a.flac", np.zeros(3600 * 1000, np.int16)
    with soundfile.SoundFile(path, "w", 1000, 1) as file:
        for _ in range(24):
            file.write(hour)
        file.write(hour[:1])
    assert path.stat().st_size < 2_000_000
    expect_reason(path, "it lasts more than 24 hours")


@pytest.mark.parametrize("is_declared", [True, False])
def test_the_longest_recording_is_read_and_a_longer_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_declared: bool
) -> None:
    monkeypatch.setattr(audio_io, "LONGEST_HOURS", 0.001)
    if not is_declared:
        # As if the header did not tell.
        monkeypatch.setattr(audio_io, "UNKNOWN_FRAMES", 0)
    write_recording(tmp_path / "a.flac", np.zeros(3600), 1000)
    assert audio_io.load_audio(tmp_path / "a.flac", 1000).size == 3600
    write_recording(tmp_path / "b.flac", np.zeros(3601), 1000)
    expect_reason(tmp_path / "b.flac", "it lasts more than 0.001 hours")


def test_folders_are_searched_and_hidden_or_stray_files_passed_over(
    tmp_path: Path,
) -> None:
    wanted = ["b.WAV", "sub/a.flac", "sub/deep er/ü.mp3", "z.m4a"]
    others = [".hidden.wav", ".ipynb_checkpoints/b.wav", "notes.txt", "a.wav.asd"]
    for name in wanted + others:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = audio_io.find_recordings([tmp_path, tmp_path / "b.WAV"])
    assert found == sorted(tmp_path / name for name in wanted)


def test_a_file_that_is_named_is_taken_whatever_its_suffix(tmp_path: Path) -> None:
    (tmp_path / "take.1").touch()
    assert audio_io.find_recordings([tmp_path / "take.1"]) == [tmp_path / "take.1"]


def test_a_folder_without_recordings_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match=r"must hold audio files\. Got .*which has no"):
        audio_io.find_recordings([tmp_path])


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere, which does not; check"):
        audio_io.find_recordings([tmp_path / "nowhere"])


def test_written_audio_is_read_back_to_half_a_step(tmp_path: Path) -> None:
    audio = tones(44100)
    audio_io.write_wav(tmp_path / "a.wav", audio, 44100)
    stored, rate = soundfile.read(tmp_path / "a.wav")
    assert rate == 44100
    assert soundfile.info(tmp_path / "a.wav").subtype == "PCM_16"
    np.testing.assert_allclose(stored, audio, atol=0.5001 / 32768)


def test_overloads_are_clipped_and_never_wrap(tmp_path: Path) -> None:
    audio_io.write_wav(tmp_path / "a.wav", np.array([1.0, 1.5, 99.0, -1.0, -7.0]), 8000)
    stored, _ = soundfile.read(tmp_path / "a.wav", dtype="int16")
    np.testing.assert_array_equal(stored, [32767, 32767, 32767, -32768, -32768])


def test_writing_replaces_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    for amplitude in (0.1, 0.2):
        audio_io.write_wav(tmp_path / "a.wav", np.full(10, amplitude), 8000)
    assert os.listdir(tmp_path) == ["a.wav"]
    stored, _ = soundfile.read(tmp_path / "a.wav")
    np.testing.assert_allclose(stored, 0.2, atol=1e-4)


@pytest.mark.parametrize("name", ["nowhere/a.wav", "folder"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="choose another file"):
        audio_io.write_wav(tmp_path / name, np.zeros(10), 8000)
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.parametrize("audio", [np.zeros([1, 10]), np.array([0.0, np.nan])])
def test_only_finite_mono_audio_is_written(tmp_path: Path, audio: np.ndarray) -> None:
    with pytest.raises(ValueError, match="finite samples"):
        audio_io.write_wav(tmp_path / "a.wav", audio, 8000)
    assert not os.listdir(tmp_path)
