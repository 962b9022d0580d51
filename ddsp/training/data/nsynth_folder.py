"""A folder of notes with NSynth's labels."""

import json
import os
import time
from pathlib import Path
from typing import Any

import gin
import numpy as np
import tensorflow as tf
from absl import logging

from ddsp.training.data import order
from ddsp.training.data.base import DataProvider
from ddsp.training.data.example_shape import FEATURE_SAMPLE_RATE, ExampleShape
from ddsp.training.data.note_features import FEATURES, NoteFeatures
from ddsp.training.errors import InputError

EXAMPLES_FILE = "examples.json"
LABELS = ("pitch", "instrument_source", "instrument_family", "instrument")
SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
# Of labels; more than any collection has.
LABELS_END = 2**31
LOG_SECONDS = 2.0


@gin.register(module="ddsp.training.data")
class NSynthFolder(DataProvider):
    """Gives notes of a folder as `NSynthTfds` gives those of NSynth.

    The folder has an `examples.json` in NSynth's form, a dictionary of notes by their
    name, and an audio file of that name for each, beside it or in a folder `audio`.
    Pitch and loudness are measured when the notes are first asked for, frames being
    centred, and kept in a folder that the user names.

    Examples have `audio`, [n_samples], `f0_hz`, `f0_confidence` and `loudness_db`,
    [n_frames], and, as labels, the int64 scalars `pitch`, a MIDI number,
    `instrument_source`, `instrument_family` and `instrument`.

    Example:
        >>> provider = NSynthFolder("notes", cache_dir="features")  # doctest: +SKIP
        >>> next(iter(provider.get_batch(8)))["pitch"].shape  # doctest: +SKIP
        TensorShape([8])
    """

    def __init__(
        self,
        folder: str,
        split: str | None = None,
        cache_dir: str | None = None,
        sample_rate: int = 16000,
        frame_rate: int = 250,
        example_secs: float = 4.0,
        include_note_labels: bool = True,
        seed: int | None = None,
    ) -> None:
        """Reads the list of notes.

        Args:
            folder: Folder of the notes.
            split: Only the notes whose field 'split' has this value; None for all.
            cache_dir: Folder for measured features, so that they are measured once; it
                is made if need be, and may serve several providers. None keeps them
                in memory while the provider lives.
            sample_rate: Samples per second of the audio; other recordings are
                resampled.
            frame_rate: Frames per second of the features; must divide 16000.
            example_secs: Seconds of an example. Longer notes are cut, after shorter
                ones there is silence, as NSynth has it.
            include_note_labels: Whether to give the labels.
            seed: Seed of the order in `get_dataset` and `get_batch`.

        Raises:
            InputError: If there is no list of notes, or it is not as NSynth's is, or no
                note is of the split.
            ValueError: If frame_rate does not divide 16000.
        """
        if frame_rate < 1 or FEATURE_SAMPLE_RATE % frame_rate:
            raise ValueError(
                f"frame_rate must divide {FEATURE_SAMPLE_RATE}. Got frame_rate="
                f"{frame_rate}; use 250, 100 or 50."
            )
        super().__init__(sample_rate, frame_rate)
        self._shape = ExampleShape(example_secs, sample_rate, frame_rate, False)
        self._features = NoteFeatures(self._shape, cache_dir)
        self._include_note_labels = include_note_labels
        self._seed = seed
        notes = _read_notes(Path(folder), split)
        self._files = [_find_audio(Path(folder), name) for name in notes]
        self._labels = {
            label: np.array([note[label] for note in notes.values()], np.int64)
            for label in LABELS
        }

    @property
    def n_notes(self) -> int:
        """How many notes there are."""
        return len(self._files)

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        """Gives the notes once.

        Args:
            shuffle: Whether to give them in another order each time; otherwise they
                come in the order of the list.

        Returns:
            Dataset of dictionaries of tensors.

        Raises:
            InputError: If a recording cannot be used.
        """
        self.measure()
        numbers = tf.data.Dataset.range(self.n_notes)
        if shuffle:
            numbers = numbers.shuffle(self.n_notes, seed=self._seed)
        return numbers.map(self._read, num_parallel_calls=tf.data.AUTOTUNE)

    def get_training_batches(
        self, batch_size: int, seed: int, first_batch: int = 0
    ) -> tf.data.Dataset:
        """Gives batches without end, in an order that a seed fixes.

        Args:
            batch_size: Notes in a batch.
            seed: Seed of the order.
            first_batch: How many batches to leave out at the beginning.

        Returns:
            Dataset of dictionaries of tensors with a batch axis in front.

        Raises:
            InputError: If a recording cannot be used.
        """
        self.measure()
        return order.numbered_batches(
            self.n_notes, self._read, batch_size, seed, first_batch
        )

    def measure(self) -> None:
        """Measures the features of all notes of which they are not known yet.

        Raises:
            InputError: If a recording cannot be used, or the cache not be written.
        """
        said = time.monotonic()
        for i, file in enumerate(self._files):
            self._features.of(file)
            if time.monotonic() - said >= LOG_SECONDS:
                logging.info("pitch and loudness of %d of %d notes", i, self.n_notes)
                said = time.monotonic()

    def _read(self, number: tf.Tensor) -> dict[str, tf.Tensor]:
        """One note."""
        audio, features = tf.numpy_function(
            self._read_file, [number], [tf.float32, tf.float32]
        )
        n_frames = self._shape.n_frames
        features = tf.unstack(tf.ensure_shape(features, [len(FEATURES), n_frames]))
        note = {
            "audio": tf.ensure_shape(audio, [self._shape.n_samples]),
            **dict(zip(FEATURES, features, strict=True)),
        }
        if self._include_note_labels:
            note |= {name: tf.gather(x, number) for name, x in self._labels.items()}
        return note

    def _read_file(self, number: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Audio and features of one note."""
        file = self._files[int(number)]
        return self._features.audio(file, self.sample_rate), self._features.of(file)


def _read_notes(folder: Path, split: str | None) -> dict[str, dict[str, Any]]:
    """The notes of a split by name."""
    path = folder / EXAMPLES_FILE
    try:
        notes = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"A folder of notes must have an {EXAMPLES_FILE} in NSynth's form. Got "
            f"{path}: {str(error)[:200]}; write one, or use `ddsp prepare` for "
            "recordings without labels."
        ) from error
    if not isinstance(notes, dict) or not notes:
        raise _bad_notes(path, "it is no dictionary of notes")
    for name, note in notes.items():
        if os.path.basename(name) != name or not name:
            raise _bad_notes(path, f"{name!r} is no name of a file")
        for label in LABELS:
            if not isinstance(note, dict) or not _is_label(note.get(label)):
                wanted = f"whole number as {label}, from 0 to {LABELS_END - 1}"
                raise _bad_notes(path, f"{name} has no {wanted}")
    chosen = {n: x for n, x in notes.items() if split in (None, x.get("split"))}
    if not chosen:
        raise _bad_notes(path, f"no note has the split {split!r}")
    return chosen


def _is_label(value: Any) -> bool:
    """Whether a value is a number that a label can have."""
    return type(value) is int and 0 <= value < LABELS_END


def _bad_notes(path: Path, reason: str) -> InputError:
    """The error for a list of notes that cannot be used."""
    return InputError(
        f"Notes must have names, labels and the split that is asked for. Got {path}: "
        f"{reason}; correct it."
    )


def _find_audio(folder: Path, name: str) -> Path:
    """The recording of a note."""
    for parent in (folder, folder / "audio"):
        for suffix in SUFFIXES:
            if (parent / f"{name}{suffix}").is_file():
                return parent / f"{name}{suffix}"
    raise InputError(
        f"Each note of {EXAMPLES_FILE} must have a recording. Got none named {name} in "
        f"{folder}; put WAV or FLAC files beside the list or into the folder audio."
    )
