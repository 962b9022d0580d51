"""Losses are means; what is written is what was heard."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from event_reader import read_scalars, read_values
from judged_tones import SECS, batch_of, outputs_of
from records import harmonic_tone

from ddsp.training import evaluators


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
