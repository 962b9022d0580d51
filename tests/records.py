"""Recordings and record files that several tests need."""

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile
import tensorflow as tf


def harmonic_tone(
    f0_hz: float, secs: float, sample_rate: int = 16000, amplitude: float = 0.2
) -> np.ndarray:
    """A tone of five harmonics below half the sample rate, [n_samples], float64."""
    time = np.arange(round(secs * sample_rate)) / sample_rate
    numbers = [k for k in range(1, 6) if k * f0_hz < sample_rate / 2]
    return sum(amplitude / k * np.sin(2 * np.pi * k * f0_hz * time) for k in numbers)


def write_recording(
    path: Path, audio: np.ndarray, sample_rate: int = 16000, subtype: str | None = None
) -> Path:
    """Writes audio [n_samples] or [n_samples, n_channels]; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, audio, sample_rate, subtype=subtype)
    return path


def write_records(path: Path, examples: Iterable[dict[str, np.ndarray]]) -> Path:
    """Writes dictionaries of floats as records; returns the path."""
    with tf.io.TFRecordWriter(str(path)) as writer:
        for example in examples:
            feature = {
                name: tf.train.Feature(
                    float_list=tf.train.FloatList(value=np.ravel(values))
                )
                for name, values in example.items()
            }
            record = tf.train.Example(features=tf.train.Features(feature=feature))
            writer.write(record.SerializeToString())
    return path


def tagged_example(
    tag: float, secs: float = 0.1, frame_rate: int = 50, n_frames: int = 5
) -> dict[str, np.ndarray]:
    """An example that is recognised by its constant pitch."""
    del frame_rate
    return {
        "audio": np.zeros(round(secs * 16000)),
        "audio_16k": np.zeros(round(secs * 16000)),
        "f0_hz": np.full(n_frames, tag),
        "f0_confidence": np.ones(n_frames),
        "loudness_db": np.full(n_frames, -20.0),
    }


def read_records(folder: Path) -> list[dict[str, np.ndarray]]:
    """All examples of a folder as float64 arrays, in the order of the files."""
    examples = []
    for path in sorted(folder.glob("data.tfrecord-*")):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            features = tf.train.Example.FromString(record).features.feature
            examples.append(
                {name: np.array(v.float_list.value) for name, v in features.items()}
            )
    return examples


def dataset_info(**changes: object) -> str:
    """Content of a `dataset.json` that fits `tagged_example`."""
    content = {
        "format": 1,
        "sample_rate": 16000,
        "frame_rate": 50,
        "example_secs": 0.1,
        "hop_secs": 0.1,
        "centered": False,
        "n_examples": 1,
        "n_frames": 5,
        "sources": [],
        "dropped": [],
    }
    return json.dumps({**content, **changes})
