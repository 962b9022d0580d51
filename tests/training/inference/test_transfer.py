"""Timbre transfer with a small untrained model: pitch, level, length and seeds."""

import json
from collections.abc import Callable
from pathlib import Path

import gin
import numpy as np
import pytest
from signals import snr_db
from tiny_model import make_tiny_model

from ddsp import spectral_ops
from ddsp.training import audio_io, inference, source_phrase
from ddsp.training.data.feature_spec import FeatureSpec
from ddsp.training.errors import InputError
from ddsp.training.inference import TimbreTransfer
from ddsp.training.inference.transfer import transfer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def instrument(folder: Path) -> TimbreTransfer:
    return TimbreTransfer.from_folder(folder)


def tone(
    midi: float, secs: float = 0.6, sample_rate: int = 16000, level: float = 0.3
) -> np.ndarray:
    """A note with 12 harmonics that starts and ends softly."""
    time = np.arange(int(secs * sample_rate)) / sample_rate
    f0_hz = 440 * 2 ** ((midi - 69) / 12)
    audio = sum(np.sin(2 * np.pi * k * f0_hz * time) / k for k in range(1, 13))
    fade = np.minimum(1.0, 10 * np.minimum(time, time[::-1]))
    return (level * fade * audio / 1.8).astype(np.float32)


def median_midi(audio: np.ndarray) -> float:
    f0_hz, confidence = spectral_ops.compute_f0(audio, 250)
    return float(np.median(69 + 12 * np.log2(f0_hz[confidence > 0.5] / 440)))


def test_result_has_the_pitch_of_the_recording(instrument: TimbreTransfer) -> None:
    result = instrument.transfer(tone(64), 16000, adjust=False)
    assert median_midi(result.audio) == pytest.approx(64.0, abs=0.2)


@pytest.mark.parametrize("octaves", [1.0, -1.0, 0.25])
def test_pitch_shift_moves_the_result_by_as_many_octaves(
    instrument: TimbreTransfer, octaves: float
) -> None:
    result = instrument.transfer(tone(64), 16000, pitch_shift=octaves, adjust=False)
    assert median_midi(result.audio) == pytest.approx(64 + 12 * octaves, abs=0.25)


def test_adjustment_brings_a_low_voice_to_the_instrument(
    instrument: TimbreTransfer,
) -> None:
    assert instrument.statistics is not None
    result = instrument.transfer(tone(45), 16000)
    assert result.register_shift == 2.0  # From 45 to 69, the model's mean is 74.
    assert median_midi(result.audio) == pytest.approx(69.0, abs=0.25)
    assert abs(69.0 - float(instrument.statistics["mean_pitch"])) < 12.0


def test_loudness_shift_reaches_the_network_and_the_level(
    instrument: TimbreTransfer,
) -> None:
    plain, softer = (
        instrument.transfer(tone(64), 16000, loudness_shift=db, adjust=False)
        for db in (0.0, -10.0)
    )
    change_db = 20 * np.log10(softer.audio.std() / plain.audio.std())
    assert change_db == pytest.approx(-10.0, abs=0.01)
    inside = slice(25, 125)
    np.testing.assert_allclose(
        (softer.played_loudness_db - plain.played_loudness_db)[inside],
        -10.0,
        atol=1e-3,
    )
    # Not the same sound turned down: the network heard the difference.
    shapes = [result.audio / result.audio.std() for result in (plain, softer)]
    assert np.std(shapes[0] - shapes[1]) > 0.001


def test_same_seed_same_samples_and_another_seed_another_noise(
    instrument: TimbreTransfer, folder: Path
) -> None:
    first = instrument.transfer(tone(64), 16000, seed=5).audio
    again = TimbreTransfer.from_folder(folder).transfer(tone(64), 16000, seed=5).audio
    assert first.tobytes() == again.tobytes()
    other = instrument.transfer(tone(64), 16000, seed=6).audio
    assert first.tobytes() != other.tobytes()


@pytest.mark.parametrize(
    ("n_samples", "sample_rate"),
    [(4000, 16000), (16001, 16000), (11025, 22050), (30001, 44100)],
)
def test_result_is_as_long_as_the_recording(
    instrument: TimbreTransfer, n_samples: int, sample_rate: int
) -> None:
    audio = tone(64, 1.1, sample_rate)[:n_samples]
    result = instrument.transfer(audio, sample_rate)
    assert result.audio.size == round(n_samples * 16000 / sample_rate)
    n_frames = -(-result.audio.size // instrument.hop_size)
    for curve in (
        result.f0_hz,
        result.f0_confidence,
        result.loudness_db,
        result.played_f0_hz,
        result.played_loudness_db,
    ):
        assert curve.shape == (n_frames,)
        assert np.all(np.isfinite(curve))


def test_click_is_where_it_was(instrument: TimbreTransfer) -> None:
    audio = tone(64, 1.0)
    audio[: 8000 + 320] = 0.0
    loudness_db = instrument.transfer(audio, 16000, adjust=False).loudness_db
    onset = np.argmax(loudness_db > -60.0)
    assert onset / 250 == pytest.approx(0.52, abs=0.017)  # Half a window of 512.


@pytest.mark.parametrize("level", [1e-3, 0.05, 0.99])
def test_result_is_finite_audible_and_below_full_scale(
    instrument: TimbreTransfer, level: float
) -> None:
    audio = instrument.transfer(tone(64, level=level), 16000).audio
    assert audio.dtype == np.float32
    assert np.all(np.isfinite(audio))
    assert np.max(np.abs(audio)) < 0.9
    assert 20 * np.log10(audio.std()) > -40


@pytest.mark.parametrize("end", [-1.0, 1.0])
def test_the_ends_of_all_ranges_still_give_numbers(
    instrument: TimbreTransfer, end: float
) -> None:
    audio = instrument.transfer(
        tone(64),
        16000,
        pitch_shift=10.0 * end,
        loudness_shift=100.0 * end,
        quiet=50.0 + 50.0 * end,
        threshold=1.0 + end,
    ).audio
    assert np.all(np.isfinite(audio)) and np.max(np.abs(audio)) < 0.9


def test_long_curves_are_played_without_a_seam(instrument: TimbreTransfer) -> None:
    n_frames = 250 * 50
    vibrato = 0.3 * np.sin(2 * np.pi * 5.5 * np.arange(n_frames) / 250)
    features = {
        "f0_hz": 220 * 2 ** (vibrato / 12),
        "loudness_db": np.full(n_frames, -25.0),
    }
    audio = instrument.render(features)
    assert audio.size == n_frames * instrument.hop_size
    seam = audio.size // 2
    parts = {at: audio[at : at + 16000] for at in (seam - 40000, seam - 8000)}
    away, across = (np.abs(np.diff(part)) for part in parts.values())
    assert across.max() < 1.2 * away.max()
    levels = [part.std() for part in parts.values()]
    assert levels[1] == pytest.approx(levels[0], rel=0.05)


def test_pieces_differ_from_the_whole_by_less_than_a_thousandth(
    folder: Path,
) -> None:
    instrument = TimbreTransfer.from_folder(folder)
    n_frames = 250 * 20
    time = np.arange(n_frames) / 250
    features = {
        "f0_hz": 220 * 2 ** (np.sin(2 * np.pi * 0.3 * time) / 4 + np.floor(time) % 3),
        "loudness_db": -30 + 10 * np.sin(2 * np.pi * 0.7 * time),
    }
    instrument.segment_secs = np.inf
    whole = instrument.render(features, seed=4)
    instrument.segment_secs = 4.0
    pieces = instrument.render(features, seed=4)
    # Noise and all: -60 dB. Harmonics out of phase, or other noise, would be at 0.
    assert snr_db(whole, pieces) > 60
    for border in (4, 8, 12, 16):
        seam = slice((border - 1) * 16000, (border + 1) * 16000)
        assert snr_db(whole[seam], pieces[seam]) > 60


def test_reverb_is_heard_or_not(instrument: TimbreTransfer) -> None:
    reverb = instrument.model.processor_group.reverb
    before = reverb._ir.numpy()
    try:
        reverb._ir.assign(0.3 * np.eye(1, before.size, 800, np.float32)[0])  # 50 ms.
        dry, half, wet = (
            instrument.render(
                {"f0_hz": np.full(250, 220.0), "loudness_db": np.full(250, -20.0)},
                reverb=amount,
            )
            for amount in (0.0, 0.5, 1.0)
        )
    finally:
        reverb._ir.assign(before)
    echo = np.concatenate([np.zeros(800), dry])[: dry.size]
    np.testing.assert_allclose(wet - dry, 0.3 * echo, atol=1e-4)
    np.testing.assert_allclose(half - dry, 0.15 * echo, atol=1e-4)


def test_autotune_plays_the_notes_of_the_key(instrument: TimbreTransfer) -> None:
    flat = np.concatenate([tone(midi - 0.3, 0.5) for midi in (60, 64, 65, 67, 71, 72)])
    result = instrument.transfer(flat, 16000, adjust=False, autotune=1.0)
    assert result.key == "C major"
    assert result.tuning_cents == pytest.approx(-30.0, abs=8.0)
    midi = 69 + 12 * np.log2(result.played_f0_hz[result.is_note] / 440)
    np.testing.assert_allclose(midi, np.round(midi), atol=1e-3)
    assert set(np.mod(np.round(midi), 12)) <= {0, 2, 4, 5, 7, 9, 11}
    plain = instrument.transfer(flat, 16000, adjust=False)
    assert plain.key is None and plain.tuning_cents == 0.0


def test_the_time_is_told_by_part(instrument: TimbreTransfer) -> None:
    timings = instrument.transfer(tone(64), 16000).timings
    assert set(timings) == {"pitch", "decoder", "synthesis"}
    assert all(seconds > 0 for seconds in timings.values())


@pytest.mark.parametrize(
    ("setting", "named"),
    [({"autotune": 2.0}, "autotune"), ({"key": "H"}, "key"), ({"reverb": 3}, "reverb")],
)
def test_settings_out_of_range_are_refused(
    instrument: TimbreTransfer, setting: dict[str, object], named: str
) -> None:
    with pytest.raises(InputError, match=named):
        instrument.transfer(tone(64), 16000, **setting)


def test_features_are_measured_as_the_model_has_learned_them(tmp_path: Path) -> None:
    folder = make_tiny_model(tmp_path)
    centered = TimbreTransfer.from_folder(folder).transfer(tone(64), 16000)
    spec = FeatureSpec(frame_rate=250, centered=False)
    (folder / "features.json").write_text(json.dumps(spec.to_dict()))
    leading = TimbreTransfer.from_folder(folder).transfer(tone(64), 16000)
    # Frames that begin at their time hear half a window more of the future.
    lag = 256 // 64
    np.testing.assert_allclose(
        leading.loudness_db[5:100], centered.loudness_db[5 + lag : 100 + lag], atol=0.1
    )


def test_the_facade_has_the_function() -> None:
    assert inference.transfer is transfer


def test_chord_is_warned_of_and_a_scale_is_not(instrument: TimbreTransfer) -> None:
    chord = tone(60, 1.0) + tone(64, 1.0) + tone(67, 1.0)
    (warning,) = [
        text
        for text in instrument.transfer(chord, 16000).warnings
        if "more than one note" in text
    ]
    assert "0:00-0:01" in warning
    scale = np.concatenate([tone(midi, 0.35) for midi in (60, 62, 64, 65, 67)])
    assert instrument.transfer(scale, 16000).warnings == ()


def test_library_s_own_phrase_raises_no_doubt(instrument: TimbreTransfer) -> None:
    result = instrument.transfer(source_phrase.sung_phrase(), 16000)
    assert result.warnings == ()
    sung = np.abs(np.asarray(result.loudness_db)) < 40
    assert np.median(result.f0_confidence[sung]) > 0.8


def test_noise_has_no_clear_pitch(
    instrument: TimbreTransfer, rng: np.random.Generator
) -> None:
    noise = 0.1 * rng.standard_normal(16000).astype(np.float32)
    warnings = instrument.transfer(noise, 16000).warnings
    assert any("no clear pitch" in text for text in warnings)


def test_model_without_statistics_says_that_it_does_not_adjust(
    tmp_path: Path,
) -> None:
    bare = TimbreTransfer.from_folder(make_tiny_model(tmp_path, adjusts=False))
    result = bare.transfer(tone(45), 16000)
    assert result.register_shift == 0.0
    assert any("statistics" in text for text in result.warnings)
    assert bare.transfer(tone(45), 16000, adjust=False).warnings == ()


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("Autoencoder.decoder = @decoders.RnnFcDecoder()", "", "NoneType"),
        ("Autoencoder.preprocessor = @", "Autoencoder.encoder = @", "NoneType"),
        ("time_steps = 1000", "time_steps = 999", "whole samples"),
        (".sample_rate = 16000", ".sample_rate = 1000000000", "sample_rate=10000000"),
        (".sample_rate = 16000", ".sample_rate = 50", "sample_rate=50 "),
        (".sample_rate = 16000", ".sample_rate = 'fast'", "model"),
        ("time_steps = 1000", "time_steps = 1", "64000 samples per frame"),
        ("time_steps = 1000", "time_steps = 32000", "2 samples per frame"),
        ("RnnFcDecoder.ch = 16", "RnnFcDecoder.ch = 17", "model"),
        ("RnnFcDecoder.ch = 16", "RnnFcDecoder.ch = 'wide'", "model"),
    ],
)
def test_folder_whose_config_does_not_fit_is_refused_in_a_line(
    tmp_path: Path, old: str, new: str, named: str
) -> None:
    path = make_tiny_model(tmp_path) / "operative_config-0.gin"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(InputError, match=named) as caught:
        TimbreTransfer.from_folder(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_gin_is_left_as_it_was(folder: Path) -> None:
    gin.parse_config("exp_sigmoid.max_value = 1.5", skip_unknown=False)
    before = gin.config_str()
    TimbreTransfer.from_folder(folder).transfer(tone(64), 16000)
    assert gin.config_str() == before


def test_foreign_bindings_do_not_change_the_instrument(
    instrument: TimbreTransfer,
) -> None:
    plain = instrument.transfer(tone(64), 16000).audio
    gin.parse_config("exp_sigmoid.exponent = 3.0", skip_unknown=False)
    np.testing.assert_array_equal(instrument.transfer(tone(64), 16000).audio, plain)


@pytest.mark.parametrize(
    ("audio", "reason"),
    [
        (np.zeros(16000, np.float32), "silence"),
        (tone(64, 0.1), "0.10 s"),
        (np.zeros(0, np.float32), "0.00 s"),
        (np.stack([tone(64), tone(64)]), "mono"),
        (np.full(16000, np.nan, np.float32), "finite"),
    ],
    ids=["silence", "short", "empty", "stereo", "nan"],
)
def test_recording_that_cannot_be_played_is_refused(
    folder: Path, audio: np.ndarray, reason: str
) -> None:
    with pytest.raises(InputError, match=reason) as caught:
        transfer(audio, 16000, folder)
    assert len(str(caught.value).splitlines()) == 1


def test_function_plays_like_the_class(
    instrument: TimbreTransfer, folder: Path
) -> None:
    settings = {"pitch_shift": -1.0, "loudness_shift": 3.0, "seed": 2, "quiet": 30.0}
    settings |= {"autotune": 0.7, "key": "E minor", "reverb": 0.4, "threshold": 0.8}
    np.testing.assert_array_equal(
        transfer(tone(64), 16000, folder, **settings).audio,
        instrument.transfer(tone(64), 16000, **settings).audio,
    )


@pytest.mark.parametrize(
    "name", ["sms_singing-female.flac", "sms_soprano-E4.flac", "vocadito_10.flac"]
)
def test_real_voices_are_played_without_doubt(
    instrument: TimbreTransfer, shared_data: Callable[..., Path], name: str
) -> None:
    voice = audio_io.load_audio(shared_data("voice", name))[: 3 * 16000]
    result = instrument.transfer(voice, 16000)
    assert result.warnings == ()
    assert 20 * np.log10(result.audio.std()) > -40
    assert np.max(np.abs(result.audio)) < 1.0
