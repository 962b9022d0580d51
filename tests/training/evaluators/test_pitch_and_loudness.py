"""Pitch and loudness are those of what was generated, not what a model was told."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from event_reader import read_values
from judged_tones import N_FRAMES, SEMITONE, batch_of, outputs_of

from ddsp import spectral_ops
from ddsp.training import evaluators


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
