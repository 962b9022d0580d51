"""Evaluators judge what was generated, not what a model was told."""

from pathlib import Path
from typing import Any

import gin
import numpy as np
import pytest
import tensorflow as tf
from event_reader import read_scalars, read_values
from records import harmonic_tone

from ddsp import spectral_ops
from ddsp.training import evaluators

SECS, N_FRAMES = 0.4, 100
SEMITONE = 2 ** (1 / 12)


def batch_of(*f0s_hz: float) -> dict[str, tf.Tensor]:
    """A batch of tones with their features."""
    shape = [len(f0s_hz), N_FRAMES]
    features = {
        "audio": [harmonic_tone(f0_hz, SECS) for f0_hz in f0s_hz],
        "f0_hz": np.broadcast_to(np.reshape(f0s_hz, [-1, 1]), shape),
        "f0_confidence": np.ones(shape),
        "loudness_db": np.full(shape, -20.0),
    }
    return {name: tf.constant(x, tf.float32) for name, x in features.items()}


def outputs_of(batch: dict[str, Any], *f0s_hz: float) -> dict[str, tf.Tensor]:
    """What a model says that was told a pitch and plays another."""
    audio_gen = [harmonic_tone(f0_hz, SECS) for f0_hz in f0s_hz]
    return {**batch, "audio_gen": tf.constant(audio_gen, tf.float32)}


@pytest.mark.parametrize("name", ["BasicEvaluator", "F0LdEvaluator"])
def test_gin_knows_evaluators_by_the_original_s_name(name: str) -> None:
    gin.parse_config(f"evaluators = [@ddsp.training.evaluators.{name}]")
    (evaluator_class,) = gin.query_parameter("%evaluators")
    assert isinstance(
        evaluator_class.scoped_configurable_fn(16000, 250), getattr(evaluators, name)
    )


def test_base_class_does_nothing() -> None:
    base = evaluators.BaseEvaluator(16000, 250)
    assert base.evaluate({}, {}, {}) is None
    assert base.sample({}, {}, step=1) is None
    assert base.flush(step=1) == {}
    base.set_rates(48000, 50)
    assert (base._sample_rate, base._frame_rate) == (48000, 50)


def test_losses_are_means_over_examples(tmp_path: Path) -> None:
    basic = evaluators.BasicEvaluator(16000, 250)
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        # The last batch has one example only.
        basic.evaluate(batch_of(220, 220, 220), {}, {"total_loss": 1.0, "a": 1.0})
        basic.evaluate(batch_of(220), {}, {"total_loss": tf.constant(5.0), "a": 2.0})
        means = basic.flush(step=3)
        assert basic.flush(step=4) == {}
        basic.evaluate(batch_of(220), {}, {"total_loss": 7.0})
        basic.flush(step=5)
    assert means == {"losses/total_loss": 2.0, "losses/a": 1.25}
    assert read_scalars(tmp_path) == {
        "losses/total_loss": [(3, 2.0), (5, 7.0)],
        "losses/a": [(3, 1.25)],
    }


def test_samples_are_sounds_and_pictures(tmp_path: Path) -> None:
    basic = evaluators.BasicEvaluator(8000, 250)
    batch = batch_of(220)
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        basic.sample(batch, outputs_of(batch, 330), step=3)
    values = read_values(tmp_path)
    assert set(values) == {
        "audio_generated",
        "audio_original",
        "waveform/full_1",
        "waveform/125ms_1",
        "spectrogram/1",
    }
    for tag, f0_hz in (("audio_generated", 330), ("audio_original", 220)):
        ((step, value),) = values[tag]
        audio, rate = tf.audio.decode_wav(tf.make_ndarray(value.tensor)[0, 0])
        assert (step, int(rate)) == (3, 8000)
        np.testing.assert_allclose(audio[:, 0], harmonic_tone(f0_hz, SECS), atol=1e-4)


def test_without_an_original_only_the_generated_sound_is_written(
    tmp_path: Path,
) -> None:
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        outputs = outputs_of({}, 330)
        evaluators.BasicEvaluator(16000, 250).sample({}, outputs, step=3)
    assert set(read_values(tmp_path)) == {"audio_generated"}


def judge(batch: dict[str, Any], outputs: dict[str, Any], **kwargs: Any) -> dict:
    evaluator = evaluators.F0LdEvaluator(16000, 250, **kwargs)
    evaluator.evaluate(batch, outputs, {})
    return evaluator.flush(step=1)


def test_pitch_is_that_of_the_generated_sound() -> None:
    # The outputs repeat the pitch that the model was told, as Autoencoder's do (T21).
    batch = batch_of(220.0, 300.0)
    means = judge(batch, outputs_of(batch, 220.0 * SEMITONE**3, 300.0))
    assert means["metrics/f0/f0_dist"] == pytest.approx(1.5, abs=0.05)
    assert means["metrics/f0_crepe/f0_dist"] == pytest.approx(1.5, abs=0.05)
    assert means["metrics/f0/raw_pitch_accuracy"] == pytest.approx(0.5, abs=0.02)
    assert means["metrics/f0/raw_chroma_accuracy"] == pytest.approx(0.5, abs=0.02)
    assert means["metrics/f0_crepe/outlier_ratio"] == 0.0


def test_same_sound_is_perfect() -> None:
    batch = batch_of(220.0, 300.0)
    means = judge(batch, outputs_of(batch, 220.0, 300.0))
    assert means["metrics/loudness/loudness_db"] == 0.0
    # The first and the last frames hear the beginning and the end.
    assert means["metrics/f0/raw_pitch_accuracy"] > 0.95
    assert means["metrics/f0/f0_dist"] < 0.1


def test_loudness_is_that_of_the_generated_sound() -> None:
    batch = batch_of(220.0)
    outputs = {**batch, "audio_gen": 0.1 * batch["audio"]}
    means = judge(batch, outputs)
    assert means["metrics/loudness/loudness_db"] == pytest.approx(20.0, abs=0.1)


def test_pitch_of_the_sound_serves_where_none_is_given() -> None:
    audio = {"audio": batch_of(220.0)["audio"]}
    means = judge(audio, outputs_of(audio, 220.0 * SEMITONE))
    assert means["metrics/f0/f0_dist"] == pytest.approx(1.0, abs=0.05)


def test_without_crepe_only_loudness_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(spectral_ops, "compute_f0", None)
    batch = batch_of(220.0)
    outputs = outputs_of(batch, 220.0)
    means = judge(batch, outputs, run_f0_crepe=False)
    assert list(means) == ["metrics/loudness/loudness_db"]
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        quick = evaluators.F0LdEvaluator(16000, 250, run_f0_crepe=False)
        quick.sample(batch, outputs, step=1)
    assert not read_values(tmp_path)


def test_crepe_listens_once_to_each_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = []

    def compute_f0(audio: np.ndarray, *_: Any, **__: Any) -> tuple[np.ndarray, ...]:
        heard.append(audio)
        return np.full(N_FRAMES, 220.0), np.ones(N_FRAMES)

    monkeypatch.setattr(spectral_ops, "compute_f0", compute_f0)
    batch = batch_of(220.0, 300.0)
    judge(batch, outputs_of(batch, 220.0, 300.0))
    assert len(heard) == 2


def test_pitch_curves_are_drawn(tmp_path: Path) -> None:
    batch = batch_of(220.0, 300.0)
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        evaluator = evaluators.F0LdEvaluator(16000, 250)
        evaluator.sample(batch, outputs_of(batch, 220.0, 300.0), step=6)
    values = read_values(tmp_path)
    assert set(values) == {"f0_midi/f0_harmonic_1", "f0_midi/f0_harmonic_2"}
    assert {step for found in values.values() for step, _ in found} == {6}
