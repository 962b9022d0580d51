"""Models of the package at other rates: the same seconds, the same Hz."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import records
import tiny_training

from ddsp.training import config, data, rate_scaling
from ddsp.training.config.model_config import load_model_config
from ddsp.training.data_preparation import prepare_dataset
from ddsp.training.errors import InputError
from ddsp.training.inference.transfer import TimbreTransfer
from ddsp.training.progress import Progress
from ddsp.training.rate_scaling import scale_model
from ddsp.training.run import train_model

RATES = (8000, 24000, 32000, 44100, 48000, 96000)
SOLO, AE = "models/solo_instrument.gin", "models/ae.gin"
# Windows of the paper at 16 kHz.
WINDOWS_MS = (128, 64, 32, 16, 8, 4)


@pytest.fixture(autouse=True)
def empty_gin() -> Iterator[None]:
    with config.isolated_gin():
        yield


def sizes() -> dict[str, int]:
    return dict(config.bound_value("RnnFcDecoder.output_splits"))


@pytest.mark.parametrize("sample_rate", RATES)
def test_windows_last_as_long_at_every_rate(sample_rate: int) -> None:
    config.parse_gin([SOLO])
    scale_model(sample_rate)
    windows = config.bound_value("SpectralLoss.fft_sizes")
    got_ms = [1000 * size / sample_rate for size in windows]
    # Two samples away at most: a hop is a quarter of a window, and whole.
    tolerance = 1000 * 2 / sample_rate
    np.testing.assert_allclose(got_ms, WINDOWS_MS, rtol=0, atol=tolerance)
    assert all(size % 4 == 0 and size > 0 for size in windows)


@pytest.mark.parametrize(("file", "n_harmonics"), [(SOLO, 60), (AE, 100)])
@pytest.mark.parametrize("sample_rate", RATES)
def test_harmonics_reach_the_same_part_of_the_band_and_noise_keeps_its_width(
    sample_rate: int, file: str, n_harmonics: int
) -> None:
    config.parse_gin([file])
    scale_model(sample_rate)
    found = sizes()
    # The pitch whose last harmonic is half the rate, in Hz.
    lowest_hz = 8000 / n_harmonics
    reach_hz = lowest_hz * found["harmonic_distribution"]
    assert abs(reach_hz - sample_rate / 2) <= lowest_hz / 2
    width_hz = sample_rate / 2 / (found["noise_magnitudes"] - 1)
    assert width_hz == pytest.approx(125.0, rel=0.003)
    assert found["amps"] == 1


@pytest.mark.parametrize("sample_rate", RATES)
def test_the_room_rings_as_long(sample_rate: int) -> None:
    config.parse_gin([SOLO])
    scale_model(sample_rate)
    assert config.bound_value("Reverb.reverb_length") == 3 * sample_rate


def test_48_khz_has_the_windows_of_the_plug_in_at_that_rate() -> None:
    config.parse_gin([SOLO])
    scale_model(48000)
    ours = config.bound_value("SpectralLoss.fft_sizes")
    config.parse_gin(["models/vst/vst_48k.gin"])
    assert list(ours) == config.bound_value("SpectralLoss.fft_sizes")


def test_one_line_says_what_was_scaled() -> None:
    config.parse_gin([SOLO])
    assert scale_model(44100) == (
        "model scaled from 16000 to 44100 Hz: 165 harmonics, 177 noise bands, FFT "
        "sizes 5644, 2824, 1412, 704, 352, 176, 3 s of reverb"
    )


def test_nothing_changes_at_16_khz() -> None:
    config.parse_gin([SOLO])
    assert scale_model(16000) is None
    assert config.bound_value("SpectralLoss.fft_sizes") is None
    assert sizes() == {
        "amps": 1,
        "harmonic_distribution": 60,
        "noise_magnitudes": 65,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SpectralLoss.fft_sizes", (2048, 64)),
        ("Reverb.reverb_length", 48000),
        (
            "RnnFcDecoder.output_splits",
            (("amps", 1), ("harmonic_distribution", 60), ("noise_magnitudes", 65)),
        ),
    ],
)
def test_a_value_of_the_user_stays_and_the_others_follow(name: str, value: Any) -> None:
    config.parse_gin([SOLO], [f"{name} = {value!r}"])
    said = scale_model(48000)
    assert config.bound_value(name) == value
    names = {
        "SpectralLoss.fft_sizes": "FFT sizes",
        "Reverb.reverb_length": "reverb",
        "RnnFcDecoder.output_splits": "harmonics",
    }
    assert said is not None
    told = {other for other, word in names.items() if word in said}
    assert told == set(names) - {name}
    for other in told:
        assert not config.is_shipped(other) and config.bound_value(other) is not None


def test_a_model_without_anything_of_the_package_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "mine.gin"
    mine.write_text(
        "Autoencoder.losses = [@losses.SpectralLoss()]\nReverb.reverb_length = 16000\n"
    )
    config.parse_gin([mine])
    assert scale_model(48000) is None
    assert config.bound_value("Reverb.reverb_length") == 16000
    assert config.bound_value("SpectralLoss.fft_sizes") is None


def test_a_packaged_model_of_a_rate_of_its_own_is_left_alone() -> None:
    config.parse_gin(["models/vst/vst_32k.gin"])
    assert scale_model(32000) is None
    assert sizes()["harmonic_distribution"] == 100


def test_a_rate_named_by_the_user_scales_what_he_has_not_bound() -> None:
    config.parse_gin([SOLO], ["sample_rate = 48000"])
    assert scale_model(48000) is not None
    assert sizes()["noise_magnitudes"] == 193


def test_timbre_is_heard_at_the_rate_of_the_features() -> None:
    key = "MfccTimeDistributedRnnEncoder.input_keys"
    config.parse_gin([AE])
    said = scale_model(24000)
    assert said is not None and said.endswith("timbre heard at 16000 Hz")
    assert config.bound_value(key) == ("audio_16k",)
    config.parse_gin([AE], [f"{key} = ('audio',)"])
    scale_model(48000)
    assert config.bound_value(key) == ("audio",)


def test_a_solo_instrument_has_no_timbre_to_hear() -> None:
    config.parse_gin([SOLO])
    scale_model(24000)
    key = "MfccTimeDistributedRnnEncoder.input_keys"
    assert config.bound_value(key) is None


def test_sizes_never_vanish() -> None:
    assert rate_scaling.count_harmonics(1, 4000) == 1
    assert rate_scaling.count_bands(2, 4000) == 2
    assert rate_scaling.window_size(4, 4000) == 4


def pitch_hz(audio: np.ndarray, sample_rate: int) -> float:
    """The frequency of the strongest partial between 300 and 600 Hz."""
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(audio.size), 1 << 20))
    hz = np.fft.rfftfreq(1 << 20, 1 / sample_rate)
    band = (hz > 300) & (hz < 600)
    return float(hz[band][np.argmax(spectrum[band])])


TINY = (
    "RnnFcDecoder.ch = 8",
    "RnnFcDecoder.rnn_channels = 8",
    "RnnFcDecoder.layers_per_stack = 1",
    "Reverb.reverb_length = 64",
)


@pytest.mark.parametrize("sample_rate", [24000, 44100])
def test_a_tone_prepared_and_trained_at_a_rate_is_played_at_its_pitch(
    tmp_path: Path, sample_rate: int
) -> None:
    tone = records.harmonic_tone(440.0, 0.5, sample_rate)
    records.write_recording(tmp_path / "tone.wav", tone, sample_rate)
    prepare_dataset(
        tmp_path / "tone.wav", tmp_path / "set", sample_rate, example_secs=0.5
    )
    stream = io.StringIO()
    train_model(
        tmp_path / "set",
        tmp_path / "model",
        steps=1,
        batch_size=1,
        gin_params=TINY,
        seed=0,
        progress=Progress(stream),
    )
    assert f"model scaled from 16000 to {sample_rate} Hz" in stream.getvalue()

    instrument = TimbreTransfer.from_folder(tmp_path / "model")
    result = instrument.transfer(tone, sample_rate, adjust=False)
    assert result.sample_rate == sample_rate
    assert result.audio.size == tone.size
    cents = 1200 * np.log2(pitch_hz(result.audio, sample_rate) / 440.0)
    assert abs(cents) < 20.0

    # What goes on from there has the sizes of the model, which are not scaled again.
    load_model_config(tmp_path / "model")
    before = sizes(), config.bound_value("SpectralLoss.fft_sizes")
    assert scale_model(sample_rate) is None
    assert (sizes(), config.bound_value("SpectralLoss.fft_sizes")) == before
    assert before[0]["noise_magnitudes"] > 65 and len(before[1]) == 6


def test_frames_that_are_no_whole_samples_are_refused_before_training(
    tmp_path: Path,
) -> None:
    folder = tiny_training.write_dataset(tmp_path / "set")
    description = records.dataset_info(
        sample_rate=44100, frame_rate=250, example_secs=0.128
    )
    (folder / data.DATASET_FILE).write_text(description)
    with pytest.raises(InputError, match="frame_rate=250 with sample_rate=44100"):
        train_model(folder, tmp_path / "model", steps=1)
    assert not (tmp_path / "model").exists()
