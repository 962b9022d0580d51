"""Cutting analysed recordings into examples, and writing them as records."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from ddsp.training.data import FEATURE_SAMPLE_RATE, ExampleShape

RECORDS_NAME = "data.tfrecord"
# Below -100 dB of full scale there is nothing to learn.
SILENT_PEAK = 1e-5


@dataclass(frozen=True)
class AnalysedRecording:
    """A recording whose audio waits on the disk to be cut.

    Attributes:
        audio_path: Audio at the dataset's rate, a .npy file of [n_samples].
        audio_16k_path: The same at 16000 samples per second; may be the same file.
        features: `f0_hz`, `f0_confidence` and `loudness_db`, [n_frames] each.

    Example:
        >>> np.save("tone.npy", np.zeros(64000, np.float32))
        >>> silence = {"loudness_db": np.full(1001, -80.0)}
        >>> tone = AnalysedRecording(Path("tone.npy"), Path("tone.npy"), silence)
        >>> float(tone.features["loudness_db"].max())
        -80.0
    """

    audio_path: Path
    audio_16k_path: Path
    features: dict[str, np.ndarray]


def example_starts(
    n_samples: int, n_samples_16k: int, shape: ExampleShape, hop_frames: int
) -> list[int]:
    """Places the examples of a recording.

    Args:
        n_samples: Samples of the recording at the dataset's rate, at least one example.
        n_samples_16k: Samples of it at 16000 per second, at least one example.
        shape: Lengths of an example.
        hop_frames: Frames from one example to the next.

    Returns:
        First frame of each example; the last one ends where the recording ends.
    """
    hop_size = FEATURE_SAMPLE_RATE // shape.frame_rate
    last = min(
        (n_samples_16k - shape.n_samples_16k) // hop_size,
        (n_samples - shape.n_samples) * shape.frame_rate // shape.sample_rate,
    )
    starts = list(range(0, last + 1, hop_frames))
    return starts if starts[-1] == last else [*starts, last]


def cut_example(
    recording: AnalysedRecording, start: int, shape: ExampleShape
) -> dict[str, np.ndarray]:
    """Cuts one example.

    Args:
        recording: The recording.
        start: First frame.
        shape: Lengths of the example.

    Returns:
        `audio`, `audio_16k` and the features, float32, [n_samples] or [n_frames].
    """
    # The frame rate need not divide the sample rate: half a sample off is inaudible.
    first = round(start * shape.sample_rate / shape.frame_rate)
    first_16k = start * FEATURE_SAMPLE_RATE // shape.frame_rate
    features = {
        name: values[start : start + shape.n_frames]
        for name, values in recording.features.items()
    }
    return {
        "audio": _read(recording.audio_path, first, shape.n_samples),
        "audio_16k": _read(recording.audio_16k_path, first_16k, shape.n_samples_16k),
        **features,
    }


def _read(path: Path, start: int, n_samples: int) -> np.ndarray:
    """Samples out of a .npy file, of which no more is read."""
    return np.array(np.load(path, mmap_mode="r")[start : start + n_samples])


def is_silent(audio: np.ndarray) -> bool:
    """Tells whether there is nothing to hear.

    Args:
        audio: Audio, [n_samples].

    Returns:
        True if no sample reaches -100 dB of full scale.
    """
    return bool(max(np.max(audio), -np.min(audio)) < SILENT_PEAK)


def write_records(
    examples: Iterable[dict[str, np.ndarray]],
    n_examples: int,
    n_shards: int,
    folder: Path,
) -> Iterator[int]:
    """Writes examples into numbered files of about equal size.

    Args:
        examples: Dictionaries of float arrays.
        n_examples: How many there are.
        n_shards: Number of files, at most n_examples.
        folder: Folder for the files `data.tfrecord-00000-of-00003` and so on.

    Yields:
        Number of examples written so far.

    Raises:
        OSError: If a file cannot be written.
    """
    source = iter(examples)
    n_written = 0
    for shard in range(n_shards):
        path = folder / f"{RECORDS_NAME}-{shard:05d}-of-{n_shards:05d}"
        end = n_examples * (shard + 1) // n_shards
        try:
            with tf.io.TFRecordWriter(str(path)) as writer:
                while n_written < end:
                    writer.write(_to_record(next(source)))
                    n_written += 1
                    yield n_written
        except tf.errors.OpError as error:
            raise OSError(error.message) from error


def _to_record(example: dict[str, np.ndarray]) -> bytes:
    """An example in the original's schema: float lists by name."""
    feature = {
        name: tf.train.Feature(float_list=tf.train.FloatList(value=values.tolist()))
        for name, values in example.items()
    }
    features = tf.train.Features(feature=feature)
    return tf.train.Example(features=features).SerializeToString(deterministic=True)
