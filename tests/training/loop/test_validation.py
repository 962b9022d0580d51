"""Held-out examples are measured, played and drawn: the same ones each time."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import tensorflow as tf
from event_reader import read_scalars, read_values
from records import harmonic_tone

from ddsp import core
from ddsp.training import data, models
from ddsp.training.errors import InputError
from ddsp.training.loop.validation import Validation

N_SAMPLES, N_FRAMES, RATE = 3200, 50, 16000
F0_HZ = 400.0


class Tones(data.DataProvider):
    """Gives tones of growing loudness, one for each amplitude."""

    def __init__(self, *amplitudes: float, counted: bool = True) -> None:
        super().__init__(RATE, 250)
        tone = harmonic_tone(F0_HZ, N_SAMPLES / RATE)
        self.audio = np.multiply.outer(amplitudes, tone).astype(np.float32)
        self._counted = counted

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        assert not shuffle
        frames = np.ones([len(self.audio), N_FRAMES], np.float32)
        features = {
            "audio": self.audio,
            "f0_hz": F0_HZ * frames,
            "f0_confidence": frames,
            "loudness_db": -20.0 * frames,
        }
        dataset = tf.data.Dataset.from_tensor_slices(features)
        return dataset if self._counted else dataset.filter(lambda _: True)


class Gain(models.Model):
    """Makes everything louder by one learned factor; adds noise if it is told to."""

    def __init__(self, gain: float = 1.0, noise: float = 0.0) -> None:
        super().__init__()
        self.gain = self.add_weight(initializer="ones", name="gain")
        self.gain.assign(gain)
        self.noise = noise
        self.batch_sizes: list[int | None] = []

    def call(self, features: dict[str, Any], training: bool = True) -> dict[str, Any]:
        assert training is False
        audio = features["audio"]
        self.batch_sizes.append(audio.shape[0])
        noise = core.white_noise(tf.shape(audio)[0], audio.shape[1])
        audio = self.gain * audio + self.noise * noise
        self._losses_dict["peak"] = tf.reduce_mean(tf.reduce_max(audio, axis=1))
        self._losses_dict["one"] = tf.constant(1.0)
        return {"audio_synth": audio}

    def get_audio_from_outputs(self, outputs: dict[str, Any]) -> tf.Tensor:
        return outputs["audio_synth"]


def read(path: Path) -> np.ndarray:
    audio, rate = soundfile.read(path)
    assert rate == RATE
    assert soundfile.info(path).subtype == "PCM_16"
    return audio


def clips_of(path: Path, n_clips: int) -> np.ndarray:
    """The clips of a file, of which each is followed by a quarter of a second."""
    audio = read(path).reshape(n_clips, -1)
    assert audio.shape[1] == N_SAMPLES + RATE // 4
    np.testing.assert_array_equal(audio[:, N_SAMPLES:], 0.0)
    return audio[:, :N_SAMPLES]


def test_loss_is_the_mean_over_examples_not_over_batches() -> None:
    provider = Tones(0.1, 0.2, 0.3, 0.4, 0.5)
    model = Gain(2.0)
    losses = Validation(model, provider, RATE, batch_size=2).measure()
    peak = 2.0 * np.mean(np.max(provider.audio, axis=1))
    assert losses == {
        "peak": pytest.approx(peak, rel=1e-6),
        "one": 1.0,
        "total_loss": pytest.approx(peak + 1.0, rel=1e-6),
    }


def test_what_changes_is_the_model() -> None:
    model = Gain(1.0, noise=0.5)
    checked = Validation(model, Tones(0.1, 0.2, 0.3), RATE, batch_size=2)
    first = checked.measure()
    assert checked.measure() == first
    # Each batch has noise of its own.
    assert Validation(model, Tones(0.1, 0.1), RATE, 1, 1).measure()["peak"] != (
        pytest.approx(Validation(model, Tones(0.1, 0.1), RATE, 1).measure()["peak"])
    )
    model.gain.assign(3.0)
    assert checked.measure()["peak"] > first["peak"]


def test_examples_at_equal_distances_stand_for_all() -> None:
    provider = Tones(*np.arange(10) / 10)
    losses = Validation(Gain(), provider, RATE, batch_size=2, n_batches=2).measure()
    peak = np.max(provider.audio, axis=1)[[0, 3, 5, 8]].mean()
    assert losses["peak"] == pytest.approx(peak, rel=1e-6)


def test_a_provider_that_cannot_count_gives_its_first() -> None:
    provider = Tones(0.1, 0.2, 0.3, 0.4, counted=False)
    losses = Validation(Gain(), provider, RATE, batch_size=1, n_batches=3).measure()
    peak = np.max(provider.audio, axis=1)[:3].mean()
    assert losses["peak"] == pytest.approx(peak, rel=1e-6)


def test_usual_sizes_are_16_batches_of_16() -> None:
    model = Gain()
    Validation(model, Tones(*[0.1] * 300), RATE).measure()
    assert model.batch_sizes == [16]
    checked = Validation(model, Tones(*[0.1] * 300, counted=False), RATE)
    assert len(list(checked._examples())) == 256


def test_the_model_is_traced_once_for_each_size() -> None:
    model = Gain()
    checked = Validation(model, Tones(*[0.1] * 5), RATE, batch_size=2)
    for _ in range(3):
        checked.measure()
    assert model.batch_sizes == [2, 1]


def test_the_same_clips_are_heard_every_time(tmp_path: Path) -> None:
    # In each third of the examples the loudest: silence says nothing.
    amplitudes = [0, 0, 0.3, 0.1, 0, 0.5, 0, 0, 0, 0.2, 0]
    provider = Tones(*amplitudes)
    model = Gain(0.5)
    checked = Validation(model, provider, RATE)
    path = checked.write_audio(tmp_path, 300)
    assert path == str(tmp_path / "audio" / "step_300.wav")
    model.gain.assign(2.0)
    checked.write_audio(tmp_path, 600)
    expected = provider.audio[[2, 5, 9]]
    for name, gain in (("original", 1.0), ("step_300", 0.5), ("step_600", 2.0)):
        found = clips_of(tmp_path / "audio" / f"{name}.wav", 3)
        np.testing.assert_allclose(found, gain * expected, atol=1 / 32768)
    names = {"original.wav", "step_300.wav", "step_600.wav"}
    assert {p.name for p in (tmp_path / "audio").iterdir()} == names


@pytest.mark.parametrize(
    ("n_examples", "n_clips"), [(1, 1), (5, 1), (6, 2), (10, 2), (11, 3), (40, 3)]
)
def test_few_examples_give_fewer_clips(
    tmp_path: Path, n_examples: int, n_clips: int
) -> None:
    Validation(Gain(), Tones(*[0.1] * n_examples), RATE).write_audio(tmp_path, 1)
    clips_of(tmp_path / "audio" / "step_1.wav", n_clips)


def test_the_original_is_written_once(tmp_path: Path) -> None:
    checked = Validation(Gain(), Tones(0.1), RATE)
    checked.write_audio(tmp_path, 1)
    before = (tmp_path / "audio" / "original.wav").stat().st_mtime_ns
    checked.write_audio(tmp_path, 2)
    assert (tmp_path / "audio" / "original.wav").stat().st_mtime_ns == before


def test_what_is_too_loud_is_turned_down_and_keeps_its_form(tmp_path: Path) -> None:
    provider = Tones(0.5)
    Validation(Gain(100.0), provider, RATE).write_audio(tmp_path, 1)
    (found,) = clips_of(tmp_path / "audio" / "step_1.wav", 1)
    (wanted,) = provider.audio
    assert np.max(np.abs(found)) == pytest.approx(32767 / 32768, abs=1e-9)
    wanted = wanted / np.max(np.abs(wanted)) * 32767 / 32768
    np.testing.assert_allclose(found, wanted, atol=1 / 32768)


def test_full_scale_is_left_as_it_is(tmp_path: Path) -> None:
    provider = Tones(1.0)
    gain = 32767 / 32768 / np.max(np.abs(provider.audio))
    Validation(Gain(gain), provider, RATE).write_audio(tmp_path, 1)
    (found,) = clips_of(tmp_path / "audio" / "step_1.wav", 1)
    np.testing.assert_allclose(found, gain * provider.audio[0], atol=0.6 / 32768)


def test_a_broken_model_is_silent_and_does_not_end_the_night(tmp_path: Path) -> None:
    for step, gain in enumerate((np.nan, np.inf, -np.inf)):
        Validation(Gain(gain), Tones(0.5), RATE).write_audio(tmp_path, step)
        (found,) = clips_of(tmp_path / "audio" / f"step_{step}.wav", 1)
        assert not np.any(found)


def test_sounds_are_those_that_were_played_last(tmp_path: Path) -> None:
    provider, model = Tones(0.5), Gain(0.5)
    checked = Validation(model, provider, RATE)
    audio, target, rate, harmonic = checked.sounds()
    np.testing.assert_allclose(target, provider.audio)
    np.testing.assert_allclose(audio, 0.5 * provider.audio)
    assert (rate, harmonic) == (RATE, None)
    model.gain.assign(2.0)
    np.testing.assert_allclose(checked.sounds()[0], 0.5 * provider.audio)
    checked.write_audio(tmp_path, 1)
    np.testing.assert_allclose(checked.sounds()[0], 2.0 * provider.audio)


class Layered(Gain):
    """Says what its harmonic synthesizer gave."""

    def call(self, features: dict[str, Any], training: bool = True) -> dict[str, Any]:
        outputs = super().call(features, training)
        return {**outputs, "harmonic": {"signal": 0.25 * outputs["audio_synth"]}}


def test_the_harmonic_part_is_told_apart() -> None:
    checked = Validation(Layered(), Tones(0.5), RATE)
    audio, _, _, harmonic = checked.sounds()
    assert harmonic is not None
    np.testing.assert_allclose(harmonic, 0.25 * audio)


def test_tensorboard_shows_losses_sounds_pictures_and_pitch(tmp_path: Path) -> None:
    checked = Validation(Gain(0.1), Tones(0.5, 0.4), RATE)
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        found = checked.summaries(7, {"total_loss": 2.5})
    values = read_values(tmp_path)
    assert {step for seen in values.values() for step, _ in seen} == {7}
    pictures = {
        "audio_original",
        "audio_generated",
        "waveform/full_1",
        "waveform/125ms_1",
        "spectrogram/1",
        "f0_midi/f0_harmonic_1",
    }
    scalars = read_scalars(tmp_path)
    assert scalars["losses/total_loss"] == [(7, 2.5)]
    assert set(values) == pictures | {"losses/total_loss"} | set(found)
    # The pitch is that of the recording, and a tenth is 20 dB below it.
    assert found["metrics/f0/f0_dist"] < 0.5
    assert found["metrics/loudness/loudness_db"] > 5.0
    assert {tag: [(7, pytest.approx(value))] for tag, value in found.items()} == {
        tag: seen for tag, seen in scalars.items() if tag in found
    }


def test_pitch_is_measured_only_where_it_is_wanted(tmp_path: Path) -> None:
    checked = Validation(Gain(), Tones(0.5), RATE)
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        assert set(checked.summaries(7, pitch=False)) == {
            "metrics/loudness/loudness_db"
        }
    assert "f0_midi/f0_harmonic_1" not in read_values(tmp_path)


def test_no_examples_is_one_line(tmp_path: Path) -> None:
    provider = Tones(0.1)
    provider.audio = provider.audio[:0]
    checked = Validation(Gain(), provider, RATE)
    with pytest.raises(InputError, match="must have examples"):
        checked.measure()
    with pytest.raises(InputError, match="must have examples"):
        checked.write_audio(tmp_path, 1)


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "audio").touch()
    with pytest.raises(InputError, match="can be written") as raised:
        Validation(Gain(), Tones(0.1), RATE).write_audio(tmp_path, 1)
    assert len(str(raised.value).splitlines()) == 1


def test_the_reason_is_told_without_the_path(tmp_path: Path) -> None:
    path = tmp_path / "audio" / "step_1.wav"
    path.mkdir(parents=True)
    with pytest.raises(InputError) as raised:
        Validation(Gain(), Tones(0.1), RATE).write_audio(tmp_path, 1)
    assert str(raised.value) == (
        f"Audio must go to a place that can be written. Got {path} (Is a directory); "
        "make room, or choose another folder."
    )


@pytest.mark.parametrize("name", ["batch_size", "n_batches"])
def test_sizes_are_positive(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name}=0"):
        Validation(Gain(), Tones(0.1), RATE, **{name: 0})


def test_nothing_is_read_before_it_is_needed() -> None:
    checked = Validation(Gain(), None, RATE)
    with pytest.raises(AttributeError):
        checked.measure()
