"""Notes that are counted by hand."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from event_reader import read_scalars

from ddsp.training import metrics
from ddsp.training.metrics import EvalCounts
from ddsp.training.note_sequence import Note, NoteSequence

RATE = 250
KEYS = ("onset", "full_note", "frame")


def melody(*notes: tuple[int, float, float]) -> NoteSequence:
    """Notes of pitches, beginnings and ends, in four seconds."""
    return NoteSequence([Note(*note) for note in notes], 4.0)


def roll_of(*notes: tuple[int, float, float]) -> np.ndarray:
    roll = np.zeros([4 * RATE, 128], np.float32)
    for pitch, start, end in notes:
        roll[round(start * RATE) : round(end * RATE), pitch] = 100
    return roll


TRUE_NOTES = ((60, 0.5, 1.0), (62, 1.0, 1.5), (64, 2.0, 3.0))


def test_precision_recall_and_f1_of_counts() -> None:
    counts = EvalCounts(tp=0, fp=0, fn=0)
    assert (counts.precision, counts.recall, counts.f1) == (0.0, 0.0, 0.0)
    counts.add(EvalCounts(2, 0, 3))
    counts.add(EvalCounts(1, 1, 2))
    assert counts == EvalCounts(3, 1, 5)
    assert (counts.precision, counts.recall) == (0.75, 0.375)
    assert counts.f1 == pytest.approx(0.5)  # 2 * 0.75 * 0.375 / 1.125.


@pytest.mark.parametrize("share", [1, 5, 9])
def test_f1_lies_between_precision_and_recall(share: int) -> None:
    # Of precision = recall = 0.1 the original made 0.02 (T22).
    counts = EvalCounts(tp=share, fp=10 - share, fn=10 - share)
    assert counts.precision == counts.recall == share / 10
    assert counts.f1 == pytest.approx(share / 10)


def test_sequences_come_apart_into_intervals_pitches_and_velocities() -> None:
    notes = [Note(60, 0.5, 1.0, 30), Note(61, 2.0, 2.0, 40), Note(62, 1.0, 4.0, 50)]
    intervals, pitches, velocities = metrics.sequence2intervals(
        SimpleNamespace(notes=notes)
    )
    # The note without length is none.
    assert intervals.tolist() == [[0.5, 1.0], [1.0, 4.0]]
    assert (pitches.tolist(), velocities.tolist()) == ([60.0, 62.0], [30.0, 50.0])
    empty = metrics.sequence2intervals(melody())
    assert [part.shape for part in empty] == [(0, 2), (0,), (0,)]


@pytest.mark.parametrize(
    ("predicted", "onset", "full_note"),
    [
        (TRUE_NOTES, (3, 0, 0), (3, 0, 0)),
        ((), (0, 0, 3), (0, 0, 3)),
        # Late by 40 ms and by 60 ms, a semitone off, and one too many.
        (
            ((60, 0.54, 1.0), (62, 1.06, 1.5), (65, 2.0, 3.0), (70, 3.0, 3.5)),
            (1, 3, 2),
            (1, 3, 2),
        ),
        # Ends that are early by 40 ms, by 150 of 500 ms, and by 150 of 1000 ms.
        (
            ((60, 0.5, 0.96), (62, 1.0, 1.35), (64, 2.0, 2.85)),
            (3, 0, 0),
            (2, 1, 1),
        ),
        # Twice the same note is one note too many.
        (((60, 0.5, 1.0), (60, 0.51, 1.0)), (1, 1, 2), (1, 1, 2)),
    ],
)
def test_notes_are_matched_by_pitch_beginning_and_end(
    predicted: Any, onset: tuple[int, ...], full_note: tuple[int, ...]
) -> None:
    found = metrics.compute_note_metrics(melody(*TRUE_NOTES), melody(*predicted))
    assert found == (EvalCounts(*onset), EvalCounts(*full_note))


def test_notes_where_there_should_be_none_are_false() -> None:
    found = metrics.compute_note_metrics(melody(), melody(*TRUE_NOTES))
    assert found == (EvalCounts(0, 3, 0), EvalCounts(0, 3, 0))


def test_frames_count_whatever_their_pitch() -> None:
    truth, found = np.zeros([2, 10, 128])
    truth[0:6, 60] = truth[2:6, 64] = 1.0
    found[4:9, 72] = 1.0
    assert metrics.compute_frame_metrics(truth, found) == EvalCounts(2, 3, 4)
    with pytest.raises(ValueError, match=r"\(10, 128\) and \(9, 128\)"):
        metrics.compute_frame_metrics(truth, found[:9])


def test_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mir_eval", None)
    with pytest.raises(ImportError, match=r"pip install ddsp\[midi\]"):
        metrics.compute_note_metrics(melody(*TRUE_NOTES), melody(*TRUE_NOTES))


def state(midi: metrics.MidiMetrics) -> list[EvalCounts]:
    return [midi.note_counts, midi.note_offset_counts, midi.frame_counts]


def update(
    truth: Any, predicted: Any, f0_hz: Any = None, **kwargs: Any
) -> list[EvalCounts]:
    midi = metrics.MidiMetrics(RATE, "learned", **kwargs)
    batch = {"note_active_velocities": truth}
    if f0_hz is not None:
        batch["f0_hz"] = f0_hz
    midi.update_state(batch, predicted)
    return state(midi)


def test_rolls_and_sequences_are_the_same_notes() -> None:
    late = tuple((pitch, start + 0.1, end + 0.1) for pitch, start, end in TRUE_NOTES)
    from_rolls = update(
        tf.constant(roll_of(*TRUE_NOTES)[np.newaxis]), roll_of(*late)[np.newaxis]
    )
    assert from_rolls == update([melody(*TRUE_NOTES)], [melody(*late)])
    assert from_rolls == update(roll_of(*TRUE_NOTES)[np.newaxis], [melody(*late)])
    # 0.5 to 1.5 and 2 to 3 seconds, each of them moved by 25 frames.
    assert from_rolls[2] == EvalCounts(450, 50, 50)


def test_notes_are_moved_to_where_their_pitch_is_heard() -> None:
    midi = metrics.MidiMetrics(RATE, "learned")
    f0_hz = np.zeros([4 * RATE, 1])
    f0_hz[150:240] = 262.0  # Note 60, a little sharp, after 0.5 s and before 1 s.
    f0_hz[300:310] = 400.0  # Not note 62.
    f0_hz[400:900] = 329.0  # Note 64, from before 2 s until after 3 s.
    moved = midi.align_midi_with_f0(melody(*TRUE_NOTES), f0_hz)
    times = [(note.start_time, note.end_time) for note in moved.notes]
    assert times == [(0.6, 0.96), (1.0, 1.5), (2.0, 3.0)]
    assert [note.pitch for note in moved.notes] == [60, 62, 64]
    assert moved.total_time == 4.0


def test_alignment_forgives_notes_that_were_played_late() -> None:
    f0_hz = np.zeros([1, 4 * RATE])
    f0_hz[0, 160:250] = 261.6
    truth, played = roll_of((60, 0.5, 1.0)), roll_of((60, 0.64, 1.0))
    aligned = update(truth[np.newaxis], played[np.newaxis], f0_hz)
    assert aligned == [EvalCounts(1, 0, 0), EvalCounts(1, 0, 0), EvalCounts(90, 0, 0)]
    as_written = update(
        truth[np.newaxis], played[np.newaxis], f0_hz, align_midi_with_f0=False
    )
    assert as_written[0] == EvalCounts(0, 1, 1)
    assert as_written[2] == EvalCounts(90, 0, 35)


def test_a_voice_can_be_chosen() -> None:
    voices = np.stack([roll_of((60, 0.5, 1.0)), roll_of(*TRUE_NOTES)], axis=-1)
    midi = metrics.MidiMetrics(RATE, "learned")
    batch = {"notes": voices[np.newaxis]}
    midi.update_state(batch, [melody(*TRUE_NOTES)], gt_key="notes", ch=1)
    assert state(midi)[:2] == [EvalCounts(3, 0, 0)] * 2


def test_true_notes_must_be_there() -> None:
    midi = metrics.MidiMetrics(RATE, "learned")
    with pytest.raises(ValueError, match=r"note_active_velocities.*Got \['f0_hz'\]"):
        midi.update_state({"f0_hz": np.zeros([1, 9])}, [melody()])


def test_numbers_are_written_and_nothing_of_them_stays(tmp_path: Path) -> None:
    midi = metrics.MidiMetrics(RATE, "learned")
    truth = {"note_active_velocities": [melody(*TRUE_NOTES)]}
    with tf.summary.create_file_writer(str(tmp_path)).as_default():
        midi.update_state(truth, [melody((60, 0.5, 1.0), (62, 1.0, 1.2))])
        first = midi.flush(step=3)
        # The original went on counting the notes with their ends (T23).
        assert state(midi) == [EvalCounts(0, 0, 0)] * 3
        midi.update_state(truth, [melody(*TRUE_NOTES)])
        second = midi.flush(step=4)
        assert midi.flush(step=5) == {}
    assert first["metrics/midi/learned/onset/precision"] == 1.0
    assert first["metrics/midi/learned/onset/recall"] == pytest.approx(2 / 3)
    assert first["metrics/midi/learned/onset/f1"] == pytest.approx(0.8)
    assert first["metrics/midi/learned/full_note/precision"] == 0.5
    assert set(second.values()) == {1.0}
    names = ("f1", "precision", "recall")
    tags = {f"metrics/midi/learned/{kind}/{name}" for kind in KEYS for name in names}
    scalars = read_scalars(tmp_path)
    assert set(scalars) == set(first) == set(second) == tags
    for tag, found in scalars.items():
        assert found == [(3, pytest.approx(first[tag])), (4, 1.0)]
