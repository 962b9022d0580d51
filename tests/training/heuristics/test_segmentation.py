"""Runs of frames become notes."""

from typing import Any

import gin
import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import heuristics
from ddsp.training.note_sequence import Note, NoteSequence

RULE = (heuristics.midi_heuristic, heuristics.mean_f0, heuristics.median_amps)
NAMES = ("binarize_f", "pick_f0_f", "pick_amps_f")


def controls_of(*f0s_hz: float) -> dict[str, np.ndarray]:
    """A hundred frames of each pitch; 0 is silence."""
    f0_hz = np.repeat(f0s_hz, 100)
    return {"f0_hz": f0_hz, "amplitudes": 0.5 * (f0_hz > 0.0)}


def test_notes_are_those_of_the_original() -> None:
    sequence = heuristics.segment_notes(*RULE, controls_of(220.0, 330.0, 0.0))
    # As the original found them at its 250 frames per second.
    assert sequence.notes == [Note(57, 0.0, 0.4, 127), Note(64, 0.404, 0.8, 127)]
    assert sequence.total_time == 1.2


def test_times_follow_the_frame_rate() -> None:
    sequence = heuristics.segment_notes(*RULE, controls_of(0.0, 440.0), frame_rate=50)
    assert sequence == NoteSequence([Note(69, 2.02, 4.0)], 4.0)


def test_pitch_is_what_is_picked_to_the_nearest_key() -> None:
    def slightly_flat(_: Any, start: int, stop: int) -> float:
        assert (start, stop) == (0, 100)
        return 261.6 * 2 ** (-0.4 / 12)

    rule = (lambda _: np.ones(100), slightly_flat, None)
    (note,) = heuristics.segment_notes(*rule, {}).notes
    assert note.pitch == 60


def test_a_note_without_pitch_is_none() -> None:
    rule = (lambda _: np.ones(100), lambda *_: 0.0, None)
    assert heuristics.segment_notes(*rule, {}).notes == []


def batch() -> dict[str, Any]:
    """Two examples, of which the curves lie at different depths."""
    examples = [controls_of(220.0, 0.0), controls_of(0.0, 440.0)]
    curves = {
        name: tf.constant(np.stack([e[name] for e in examples])[..., np.newaxis])
        for name in examples[0]
    }
    return {
        "harmonic": {"controls": curves, "name": "harmonic"},
        "was_training": tf.constant(False),
        "impulse_response": tf.zeros([48000]),
    }


def test_a_batch_is_its_examples_one_by_one() -> None:
    sequences = heuristics.segment_notes_batch(*RULE, batch())
    assert [len(sequence.notes) for sequence in sequences] == [1, 1]
    assert [sequence.notes[0].pitch for sequence in sequences] == [57, 69]
    alone = heuristics.segment_notes(*RULE, controls_of(0.0, 440.0))
    assert sequences[1] == alone


def test_the_rule_can_be_bound() -> None:
    for name, function in zip(NAMES, RULE, strict=True):
        binding = f"segment_notes_batch.{name} = @heuristics.{function.__name__}"
        gin.parse_config(binding)
    bound = heuristics.segment_notes_batch(controls_batch=batch(), frame_rate=250)
    assert bound == heuristics.segment_notes_batch(*RULE, batch())


def test_controls_without_a_batch_are_an_error() -> None:
    with pytest.raises(ValueError, match="batch axis"):
        heuristics.segment_notes_batch(*RULE, {"gain": tf.constant(1.0)})
