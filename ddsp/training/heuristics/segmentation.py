"""From curves to notes."""

from collections.abc import Callable
from typing import Any

import gin
import numpy as np

from ddsp import core
from ddsp.training.heuristics.controls import Controls
from ddsp.training.heuristics.frames import find_runs
from ddsp.training.note_sequence import N_PITCHES, Note, NoteSequence

DDSP_DEFAULT_FRAME_RATE = 250

Binarizer = Callable[[Controls], Any]
Picker = Callable[[Controls, int, int], float]


def segment_notes(
    binarize_f: Binarizer,
    pick_f0_f: Picker,
    pick_amps_f: Picker,
    controls: Controls,
    frame_rate: float = DDSP_DEFAULT_FRAME_RATE,
) -> NoteSequence:
    """Finds the notes of one example.

    Args:
        binarize_f: From controls to whether a note sounds, [n_frames].
        pick_f0_f: From controls, first frame and first frame after a note to its pitch
            in Hz.
        pick_amps_f: Likewise to its amplitude. Not used: as in the original, all notes
            have the velocity 127.
        controls: Controls of the example, in nested dictionaries.
        frame_rate: Frames per second.

    Returns:
        A note for each run of frames in which one sounds, with the nearest MIDI number;
        notes of 0 Hz are left out.
    """
    del pick_amps_f
    is_on = np.asarray(binarize_f(controls), bool).reshape(-1)
    notes = []
    for start, stop in find_runs(is_on).tolist():
        f0_hz = pick_f0_f(controls, start, stop)
        if f0_hz <= 0.0:
            continue
        pitch = round(float(core.hz_to_midi(f0_hz)))
        times = (start / frame_rate, stop / frame_rate)
        notes.append(Note(min(max(pitch, 0), N_PITCHES - 1), *times))
    return NoteSequence(notes, is_on.size / frame_rate)


@gin.configurable(module="ddsp.training.heuristics")
def segment_notes_batch(
    binarize_f: Binarizer,
    pick_f0_f: Picker,
    pick_amps_f: Picker,
    controls_batch: Controls,
    frame_rate: float = DDSP_DEFAULT_FRAME_RATE,
) -> list[NoteSequence]:
    """Finds the notes of each example of a batch.

    Args:
        binarize_f: See `segment_notes`.
        pick_f0_f: See `segment_notes`.
        pick_amps_f: See `segment_notes`.
        controls_batch: Controls in nested dictionaries, with a batch axis in front.
            Values without one are left out.
        frame_rate: Frames per second.

    Returns:
        The notes of each example.

    Raises:
        ValueError: If no value has a batch axis.
    """
    return [
        segment_notes(binarize_f, pick_f0_f, pick_amps_f, controls, frame_rate)
        for controls in _unbatch(controls_batch)
    ]


def _unbatch(batch: Controls) -> list[Controls]:
    """Controls of each example; the number of examples is that of most values."""
    lengths = [len(value) for value in _leaves(batch) if np.ndim(value)]
    if not lengths:
        raise ValueError(
            "Controls must have a batch axis. Got none with an axis; give tensors of "
            "shape [batch, n_frames, 1]."
        )
    n_examples = max(set(lengths), key=lengths.count)
    return [_example(batch, i, n_examples) for i in range(n_examples)]


def _leaves(batch: Controls) -> list[Any]:
    """All values of nested dictionaries."""
    leaves = []
    for value in batch.values():
        leaves += _leaves(value) if isinstance(value, dict) else [value]
    return leaves


def _example(batch: Controls, number: int, n_examples: int) -> Controls:
    """What belongs to one example."""
    example: Controls = {}
    for name, value in batch.items():
        if isinstance(value, dict):
            example[name] = _example(value, number, n_examples)
        elif np.ndim(value) and len(value) == n_examples:
            example[name] = value[number]
    return example
