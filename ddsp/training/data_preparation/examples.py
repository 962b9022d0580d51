"""Cutting analysed recordings into examples, and writing them as records."""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from ddsp.training.data import FEATURE_SAMPLE_RATE, ExampleShape
from ddsp.training.data_preparation.settings import Settings

RECORDS_NAME = "data.tfrecord"
# Below -100 dB of full scale there is nothing to learn.
SILENT_PEAK = 1e-5
EXAMPLES_PER_SHARD = 256


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
    n_samples: int, n_samples_16k: int, settings: Settings
) -> list[list[int]]:
    """Places the examples of a recording.

    Args:
        n_samples: Samples of the recording at the dataset's rate, at least one example.
        n_samples_16k: Samples of it at 16000 per second, at least one example.
        settings: Lengths.

    Returns:
        First frame of each example, piece by piece. The last example of a piece ends
        where the piece ends, and the last of all where the recording ends. A last piece
        that would be shorter than an example is part of the one before.
    """
    shape = settings.shape
    if shape is None:
        return [[0]]
    last = min(
        (n_samples_16k - shape.n_samples_16k) * shape.frame_rate // FEATURE_SAMPLE_RATE,
        (n_samples - shape.n_samples) * shape.frame_rate // shape.sample_rate,
    )
    size = settings.chunk_frames or last + 1
    pieces = []
    for begin in range(0, last + 1, size):
        is_last = begin + size > last
        end = last if is_last else begin + size - settings.example_frames
        starts = list(range(begin, end + 1, settings.hop_frames))
        pieces.append(starts if starts[-1] == end else [*starts, end])
    return pieces


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
    first_16k = start * FEATURE_SAMPLE_RATE // shape.frame_rate
    features = {
        name: values[start : start + shape.n_frames]
        for name, values in recording.features.items()
    }
    return {
        "audio": cut_audio(recording, start, shape),
        "audio_16k": _read(recording.audio_16k_path, first_16k, shape.n_samples_16k),
        **features,
    }


def cut_audio(
    recording: AnalysedRecording, start: int, shape: ExampleShape
) -> np.ndarray:
    """Cuts the audio of one example.

    Args:
        recording: The recording.
        start: First frame.
        shape: Lengths of the example.

    Returns:
        Audio at the dataset's rate, float32, [n_samples].
    """
    # The frame rate need not divide the sample rate: half a sample off is inaudible.
    first = round(start * shape.sample_rate / shape.frame_rate)
    return _read(recording.audio_path, first, shape.n_samples)


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
    prefix: Path,
) -> Iterator[int]:
    """Writes examples into numbered files of about equal size.

    Args:
        examples: Dictionaries of float arrays.
        n_examples: How many there are.
        n_shards: Number of files, at most n_examples.
        prefix: Path of the files without `-00000-of-00003` and so on.

    Yields:
        Number of examples written so far.

    Raises:
        OSError: If a file cannot be written.
    """
    source = iter(examples)
    n_written = 0
    for shard in range(n_shards):
        end = shard_end(shard, n_shards, n_examples)
        try:
            with tf.io.TFRecordWriter(shard_path(prefix, shard, n_shards)) as writer:
                while n_written < end:
                    writer.write(to_record(next(source)))
                    n_written += 1
                    yield n_written
        except tf.errors.OpError as error:
            raise OSError(error.message) from error


def shard_end(shard: int, n_shards: int, n_examples: int) -> int:
    """Says where a record file ends.

    Args:
        shard: Number of the file.
        n_shards: Number of files.
        n_examples: Number of examples in all of them.

    Returns:
        Number of the first example that is in a later file.
    """
    return n_examples * (shard + 1) // n_shards


def shard_path(prefix: str | Path, shard: int, n_shards: int) -> str:
    """Names a record file.

    Args:
        prefix: Path without the numbers.
        shard: Number of the file.
        n_shards: Number of files.

    Returns:
        Path such as `data.tfrecord-00000-of-00003`.
    """
    return f"{prefix}-{shard:05d}-of-{n_shards:05d}"


def is_shard(name: str, prefix: str) -> bool:
    """Tells by its name whether a file is a record file.

    Args:
        name: Name of the file.
        prefix: Name of the record files without the numbers.

    Returns:
        True for 'data.tfrecord-00000-of-00003' and 'data.tfrecord'.
    """
    numbers = name.removeprefix(prefix)
    is_numbered = re.fullmatch(r"-[0-9]{5,}-of-[0-9]{5,}", numbers) is not None
    return name.startswith(prefix) and is_numbered


def count_shards(
    wanted: int | None, n_examples: int, n_per_shard: int = EXAMPLES_PER_SHARD
) -> int:
    """Chooses the number of record files.

    Args:
        wanted: The number; None for as many as are needed.
        n_examples: Number of examples.
        n_per_shard: Examples that a file then has at most.

    Returns:
        Number of files, at most one per example.
    """
    return min(wanted or math.ceil(n_examples / n_per_shard), n_examples)


def to_record(example: dict[str, np.ndarray]) -> bytes:
    """Writes an example in the original's schema: float lists by name.

    Args:
        example: Float arrays by name.

    Returns:
        A serialized `tf.train.Example`, the same for the same example.
    """
    feature = {
        name: tf.train.Feature(float_list=tf.train.FloatList(value=values))
        for name, values in example.items()
    }
    features = tf.train.Features(feature=feature)
    return tf.train.Example(features=features).SerializeToString(deterministic=True)
