"""How near notes are to those that should be: by whole notes, and frame by frame.

Source of what counts as the right note: Raffel et al., "mir_eval", ISMIR 2014.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from ddsp import core
from ddsp.training import event_files
from ddsp.training.note_sequence import (
    Note,
    NoteSequence,
    is_sequence,
    to_pianoroll,
    to_sequence,
)


@dataclasses.dataclass
class EvalCounts:
    """How many were found, found though they are not there, and missed.

    Attributes:
        tp: True positives.
        fp: False positives.
        fn: False negatives.

    Example:
        >>> counts = EvalCounts(tp=1, fp=1, fn=3)
        >>> counts.precision, counts.recall
        (0.5, 0.25)
    """

    tp: int
    fp: int
    fn: int

    def add(self, other: "EvalCounts") -> None:
        """Adds other counts.

        Args:
            other: The counts.
        """
        self.tp += other.tp
        self.fp += other.fp
        self.fn += other.fn

    @property
    def precision(self) -> float:
        """Share of what was found that is there; 0 if nothing was found."""
        return self.tp / max(self.tp + self.fp, 1)

    @property
    def recall(self) -> float:
        """Share of what is there that was found; 0 if nothing is there."""
        return self.tp / max(self.tp + self.fn, 1)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 if nothing was right."""
        return 2 * self.tp / max(2 * self.tp + self.fp + self.fn, 1)


def sequence2intervals(sequence: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Takes notes apart.

    Args:
        sequence: Notes, of this library or of note_seq.

    Returns:
        Beginnings and ends in seconds, [n_notes, 2], MIDI numbers and velocities,
        [n_notes]. Notes that end as they begin are left out.
    """
    rows = [
        (note.start_time, note.end_time, note.pitch, note.velocity)
        for note in sequence.notes
        if note.end_time > note.start_time
    ]
    table = np.array(rows, np.float64).reshape(-1, 4)
    return table[:, :2], table[:, 2], table[:, 3]


def compute_note_metrics(
    gt_sequence: Any, pred_sequence: Any
) -> tuple[EvalCounts, EvalCounts]:
    """Counts the notes that were found.

    A note is found if one within half a semitone begins within 50 ms of it. Each note
    is the match of one other at most.

    Args:
        gt_sequence: Notes that should be.
        pred_sequence: Notes that are.

    Returns:
        Counts by pitch and beginning; and counts by pitch, beginning and end, which
        must be within 50 ms or a fifth of the note's length, whichever is more.

    Raises:
        ImportError: If mir_eval is not installed.
    """
    matching = _import_mir_eval().transcription
    notes = []
    for sequence in (gt_sequence, pred_sequence):
        intervals, pitches, _ = sequence2intervals(sequence)
        notes += [intervals, core.midi_to_hz(pitches).numpy().astype(np.float64)]
    n_true, n_found = len(notes[1]), len(notes[3])
    counts = []
    for offset_ratio in (None, 0.2):
        n_matched = 0
        if n_true and n_found:
            matched = matching.match_notes(*notes, offset_ratio=offset_ratio)
            n_matched = len(matched)
        counts.append(EvalCounts(n_matched, n_found - n_matched, n_true - n_matched))
    return counts[0], counts[1]


def _import_mir_eval() -> Any:
    """The library, or an error that says how to get it."""
    try:
        import mir_eval
    except ImportError as error:
        raise ImportError(
            "mir_eval must be installed to compare notes. Got "
            f"{error}; run `pip install ddsp[midi]`."
        ) from error
    return mir_eval


def compute_frame_metrics(gt_pianoroll: Any, pred_pianoroll: Any) -> EvalCounts:
    """Counts the frames in which a note sounds, whatever its pitch.

    Args:
        gt_pianoroll: Above 0 where notes should be, [n_frames, 128].
        pred_pianoroll: Above 0 where notes are, of the same shape.

    Returns:
        The counts.

    Raises:
        ValueError: If the shapes differ.
    """
    shapes = np.shape(gt_pianoroll), np.shape(pred_pianoroll)
    if shapes[0] != shapes[1]:
        raise ValueError(
            "Piano rolls must have one shape to be compared. Got shapes "
            f"{shapes[0]} and {shapes[1]}; cut them to the shorter one."
        )
    truth, found = (
        np.any(np.asarray(roll) > 0, axis=-1) for roll in (gt_pianoroll, pred_pianoroll)
    )
    return EvalCounts(
        tp=int(np.sum(truth & found)),
        fp=int(np.sum(~truth & found)),
        fn=int(np.sum(truth & ~found)),
    )


class MidiMetrics:
    """Precision, recall and F1 of notes and of the frames in which they sound.

    Example:
        >>> metrics = MidiMetrics(frames_per_second=250, tag="learned")
        >>> roll = np.zeros([1, 500, 128])
        >>> roll[:, 100:300, 69] = 100
        >>> metrics.update_state({"note_active_velocities": roll}, roll)
        >>> metrics.flush(step=1)["metrics/midi/learned/full_note/f1"]
        1.0
    """

    def __init__(
        self, frames_per_second: float, tag: str, align_midi_with_f0: bool = True
    ) -> None:
        """Starts from 0.

        Args:
            frames_per_second: Frames per second of piano rolls and pitch.
            tag: Third part of the tags, as in 'metrics/midi/<tag>/onset/f1'.
            align_midi_with_f0: Whether true notes are moved to where their pitch is
                heard, see the method of this name.
        """
        self.tag = tag
        self._frames_per_second = frames_per_second
        self._align_midi_with_f0 = align_midi_with_f0
        self._reset()

    def _reset(self) -> None:
        """Forgets everything that was counted."""
        self.note_counts = EvalCounts(0, 0, 0)
        self.note_offset_counts = EvalCounts(0, 0, 0)
        self.frame_counts = EvalCounts(0, 0, 0)

    def align_midi_with_f0(self, gt_sequence: Any, f0: Any) -> NoteSequence:
        """Lets notes begin and end where their pitch is heard.

        Notes that were written down begin a little before or after they were played.

        Args:
            gt_sequence: Notes; not changed.
            f0: Pitch in Hz, [n_frames] or [n_frames, 1].

        Returns:
            The notes, each from the first to the last of its frames whose pitch is
            nearest to its own. A note without such a frame stays as it is.
        """
        rate = self._frames_per_second
        f0_hz = np.asarray(f0, np.float32).reshape(-1)
        nearest = np.round(core.hz_to_midi(f0_hz).numpy())
        notes = []
        for note in gt_sequence.notes:
            times = (note.start_time, note.end_time)
            start, stop = (round(time * rate) for time in times)
            heard = np.flatnonzero(nearest[start:stop] == note.pitch)
            if heard.size:
                first, last = start + int(heard[0]), start + int(heard[-1])
                times = (first / rate, (last + 1) / rate)
            notes.append(Note(note.pitch, *times, note.velocity))
        return NoteSequence(notes, gt_sequence.total_time)

    def update_state(
        self,
        controls_batch: dict[str, Any],
        pred_seq_batch: Sequence[Any] | Any,
        gt_key: str = "note_active_velocities",
        ch: int | None = None,
    ) -> None:
        """Takes a batch.

        Args:
            controls_batch: True notes under gt_key, and the pitch that they are to be
                aligned with as 'f0_hz', [batch, n_frames] or [batch, n_frames, 1], if
                there is one.
            pred_seq_batch: Notes to judge: piano rolls, [batch, n_frames, 128], or
                sequences.
            gt_key: Name of the true notes: piano rolls, which may have an axis of
                voices behind, or sequences.
            ch: Which voice; None where there is no such axis.

        Raises:
            ImportError: If mir_eval is not installed.
            ValueError: If there are no true notes.
        """
        if controls_batch.get(gt_key) is None:
            raise ValueError(
                f"A batch must have {gt_key} for notes to be judged. Got "
                f"{sorted(controls_batch)}; use a dataset with notes, such as UrmpMidi."
            )
        f0s = controls_batch.get("f0_hz") if self._align_midi_with_f0 else None
        examples = zip(controls_batch[gt_key], pred_seq_batch, strict=True)
        for number, (truth, found) in enumerate(examples):
            truth = truth if ch is None else np.asarray(truth)[..., ch]
            f0_hz = None if f0s is None else np.asarray(f0s[number])
            has_voices = f0_hz is not None and f0_hz.ndim > 1 and f0_hz.shape[-1] > 1
            if f0_hz is not None and ch is not None and has_voices:
                f0_hz = f0_hz[..., ch]
            self._update_example(truth, found, f0_hz)

    def _update_example(self, truth: Any, found: Any, f0_hz: np.ndarray | None) -> None:
        """Takes the notes of one example."""
        rate = self._frames_per_second
        n_frames = next(
            (len(notes) for notes in (truth, found) if not is_sequence(notes)), None
        )
        if n_frames is None:
            n_frames = round(max(truth.total_time, found.total_time) * rate)
        sequence = to_sequence(truth, rate)
        if f0_hz is not None:
            truth = sequence = self.align_midi_with_f0(sequence, f0_hz)
        onset, full_note = compute_note_metrics(sequence, to_sequence(found, rate))
        self.note_counts.add(onset)
        self.note_offset_counts.add(full_note)
        rolls = (to_pianoroll(notes, rate, n_frames) for notes in (truth, found))
        self.frame_counts.add(compute_frame_metrics(*rolls))

    def flush(self, step: int) -> dict[str, float]:
        """Writes the numbers to the default summary writer and starts from 0.

        Args:
            step: Step of training that they belong to.

        Returns:
            The numbers by tag, without those of nothing.
        """
        kinds = {
            "onset": self.note_counts,
            "full_note": self.note_offset_counts,
            "frame": self.frame_counts,
        }
        numbers = {
            f"metrics/midi/{self.tag}/{kind}/{name}": float(getattr(counts, name))
            for kind, counts in kinds.items()
            if counts != EvalCounts(0, 0, 0)
            for name in ("f1", "precision", "recall")
        }
        for tag, number in numbers.items():
            event_files.write_scalar(tag, number, step)
        self._reset()
        return numbers
