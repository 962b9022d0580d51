"""Notes that a model and a rule find are compared with those that were played."""

from pathlib import Path
from typing import Any

import gin
import numpy as np
import pytest
import tensorflow as tf
from event_reader import read_values
from records import harmonic_tone

from ddsp.training import evaluators

RATE, N_FRAMES = 250, 100
SECS = N_FRAMES / RATE


def roll_of(*notes: tuple[int, int, int]) -> np.ndarray:
    """Piano roll [1, n_frames, 128] of pitches, first frames and frames behind."""
    roll = np.zeros([1, N_FRAMES, 128], np.float32)
    for pitch, start, stop in notes:
        roll[0, start:stop, pitch] = 100
    return roll


def batch_of(*notes: tuple[int, int, int]) -> dict[str, tf.Tensor]:
    """Notes with the pitch that is heard."""
    f0_hz = np.zeros([1, N_FRAMES])
    for pitch, start, stop in notes:
        f0_hz[0, start:stop] = 440.0 * 2 ** ((pitch - 69) / 12)
    features = {
        "audio": harmonic_tone(220.0, SECS)[np.newaxis],
        "f0_hz": f0_hz[..., np.newaxis],
        "loudness_db": np.full([1, N_FRAMES, 1], -20.0),
        "note_active_velocities": roll_of(*notes),
    }
    return {name: tf.constant(x, tf.float32) for name, x in features.items()}


MELODY = ((57, 0, 40), (64, 50, 100))


def judge(evaluator: Any, batch: Any, outputs: Any) -> dict[str, float]:
    evaluator.evaluate(batch, outputs, {})
    means = evaluator.flush(step=1)
    assert evaluator.flush(step=2) == {}
    return means


def test_learned_notes_are_those_of_the_piano_roll() -> None:
    evaluator = evaluators.MidiAutoencoderEvaluator(16000, RATE)
    outputs = {"pianoroll": roll_of((57, 0, 40), (65, 50, 100))}
    means = judge(evaluator, batch_of(*MELODY), outputs)
    assert means["metrics/midi/learned/onset/f1"] == 0.5
    assert means["metrics/midi/learned/frame/f1"] == 1.0


def test_pitch_can_have_another_name() -> None:
    # The first note is heard twenty frames after it was written, where it is found.
    batch = batch_of((57, 20, 40), (64, 50, 100))
    batch["note_active_velocities"] = roll_of(*MELODY)
    batch["pitch"] = batch.pop("f0_hz")
    outputs = {"pianoroll": roll_of((57, 20, 40), (64, 50, 100))}
    tag = "metrics/midi/learned/onset/f1"
    by_name = evaluators.MidiAutoencoderEvaluator(16000, RATE, f0_key="pitch")
    assert judge(by_name, batch, outputs)[tag] == 1.0
    without = evaluators.MidiAutoencoderEvaluator(16000, RATE)
    assert judge(without, batch, outputs)[tag] == 0.5


def controls_of(batch: dict[str, tf.Tensor]) -> dict[str, Any]:
    """What an autoencoder hands on: its input, and what its synthesizer was told."""
    f0_hz = batch["f0_hz"]
    amplitudes = 0.5 * tf.cast(f0_hz > 0.0, tf.float32)
    harmonic = {"controls": {"f0_hz": f0_hz, "amplitudes": amplitudes}}
    return {**batch, "harmonic": harmonic, "power_db": 60.0 * amplitudes - 80.0}


def test_rule_finds_the_notes_that_were_played() -> None:
    batch = batch_of(*MELODY)
    evaluator = evaluators.MidiHeuristicEvaluator(16000, RATE)
    means = judge(evaluator, batch, controls_of(batch))
    assert means["metrics/midi/heuristic/full_note/f1"] == 1.0
    # A jump of pitch takes a frame: here that where the second note begins.
    assert means["metrics/midi/heuristic/frame/precision"] == 1.0
    assert means["metrics/midi/heuristic/frame/recall"] == pytest.approx(89 / 90)


@pytest.mark.parametrize("key", ["full_note", "onset"])
def test_rule_can_be_bound(key: str) -> None:
    gin.parse_config(
        """
        segment_notes_batch.binarize_f = @heuristics.midi_heuristic_power
        segment_notes_batch.pick_f0_f = @heuristics.median_f0
        segment_notes_batch.pick_amps_f = @heuristics.median_amps
        """
    )
    batch = batch_of(*MELODY)
    outputs = {"f0_hz": batch["f0_hz"], "power_db": controls_of(batch)["power_db"]}
    evaluator = evaluators.MidiHeuristicEvaluator(16000, RATE)
    assert judge(evaluator, batch, outputs)[f"metrics/midi/heuristic/{key}/f1"] == 1.0
    gin.clear_config()
    with pytest.raises(ValueError, match="amplitudes"):
        judge(evaluator, batch, outputs)


def sample(folder: Path, evaluator: Any, batch: Any, outputs: Any) -> dict[str, Any]:
    with tf.summary.create_file_writer(str(folder)).as_default():
        evaluator.sample(batch, outputs, step=6)
    values = read_values(folder)
    assert {step for found in values.values() for step, _ in found} == {6}
    return {tag: found[0][1] for tag, found in values.items()}


def test_sounds_and_pictures_of_a_model(tmp_path: Path) -> None:
    batch = batch_of(*MELODY)
    outputs = {
        "pianoroll": roll_of(*MELODY),
        "midi_audio": 0.5 * batch["audio"],
        "synth_audio": 0.25 * batch["audio"],
        "f0_hz_pred": batch["f0_hz"],
        "q_pitch": tf.fill([1, N_FRAMES, 1], 57.0),
        "loudness_db_pred": batch["loudness_db"],
        "amps": tf.ones([1, N_FRAMES, 1]),
    }
    evaluator = evaluators.MidiAutoencoderEvaluator(16000, RATE)
    values = sample(tmp_path, evaluator, batch, outputs)
    sounds = {"audio_original": 1.0, "midi_audio": 0.5, "synth_audio": 0.25}
    pictures = {
        f"{kind}{name}_1"
        for name in ("midi_audio", "synth_audio")
        for kind in ("spectrogram/", "waveform/")
        for name in ([name] if kind[0] == "s" else [f"{name}_full", f"{name}_125ms"])
    }
    assert set(values) == {
        *sounds,
        *pictures,
        "f0_midi/f0_midi_1",
        "pianoroll/midi_ae_1",
        "midiae_decoder_pitch2/ex_1",
        "midiae_decoder_ld/loudness_db_1",
        "amplitudes/amplitudes_1",
    }
    for tag, gain in sounds.items():
        wav = tf.make_ndarray(values[tag].tensor)[0, 0]
        audio, rate = tf.audio.decode_wav(wav)
        assert int(rate) == 16000
        np.testing.assert_allclose(audio[:, 0], gain * batch["audio"][0], atol=1e-4)


def test_what_a_model_does_not_have_is_not_drawn(tmp_path: Path) -> None:
    evaluator = evaluators.MidiAutoencoderEvaluator(16000, RATE)
    values = sample(tmp_path, evaluator, {"audio": batch_of(*MELODY)["audio"]}, {})
    assert set(values) == {"audio_original"}


def test_notes_of_a_rule_are_drawn(tmp_path: Path) -> None:
    batch = batch_of(*MELODY)
    evaluator = evaluators.MidiHeuristicEvaluator(16000, RATE)
    values = sample(tmp_path, evaluator, batch, controls_of(batch))
    assert set(values) == {"midi/heuristic_1", "pianoroll/heuristic_1"}
