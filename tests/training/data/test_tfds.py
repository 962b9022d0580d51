"""Datasets of TensorFlow Datasets, by a stand-in for the library."""

import logging
import sys
import types
from typing import Any

import gin
import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import data
from ddsp.training.errors import InputError

NAME = "nsynth/gansynth_subset.f0_and_loudness:2.3.0"
LABELS = ["pitch", "instrument_source", "instrument_family", "instrument"]


def note(i: tf.Tensor) -> dict[str, Any]:
    """A note as TensorFlow Datasets has it, of which all is i or a multiple of it."""
    x = tf.cast(i, tf.float32)
    return {
        "id": tf.strings.as_string(i),
        "audio": tf.fill([64000], x),
        "pitch": i,
        "velocity": i + 1,
        "instrument": {"label": 2 * i, "family": 3 * i, "source": 4 * i},
        "qualities": {"bright": True},
        "f0": {
            "hz": tf.fill([1000], 10 * x),
            "midi": tf.fill([1000], 20 * x),
            "confidence": tf.fill([1000], 30 * x),
        },
        "loudness": {"db": tf.fill([1000], -x)},
    }


class Library(types.ModuleType):
    """Stands for tensorflow_datasets."""

    def __init__(self) -> None:
        super().__init__("tensorflow_datasets")
        self.calls: list[tuple] = []

    def load(
        self,
        name: str,
        *,
        split: str,
        data_dir: str,
        shuffle_files: bool,
        download: bool,
    ) -> tf.data.Dataset:
        self.calls.append((name, split, data_dir, shuffle_files, download))
        if "nowhere" in data_dir:
            raise AssertionError("Dataset nsynth: could not find\ndata in nowhere.")
        return tf.data.Dataset.range(20).map(note)


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    found = Library()
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", found)
    return found


def numbers(dataset: tf.data.Dataset) -> list[int]:
    return [int(x["pitch"]) for x in dataset.as_numpy_iterator()]


def test_the_library_is_asked_for_what_was_chosen(library: Library) -> None:
    source = data.TfdsProvider("a/b:1.0.0", "valid", "~/sets", 24000, 100)
    assert (source.sample_rate, source.frame_rate) == (24000, 100)
    assert library.calls == []  # Nothing is read before it is needed.
    assert numbers(source.get_dataset(shuffle=False)) == list(range(20))
    source.get_dataset()
    assert library.calls == [
        ("a/b:1.0.0", "valid", "~/sets", shuffle, False) for shuffle in (False, True)
    ]


def test_examples_are_shuffled_anew_each_epoch(library: Library) -> None:
    del library
    dataset = data.NSynthTfds(data_dir="here").get_dataset()
    first, second = numbers(dataset), numbers(dataset)
    assert sorted(first) == sorted(second) == list(range(20))
    assert len({tuple(first), tuple(second), tuple(range(20))}) == 3


def test_training_goes_on_where_it_stopped(library: Library) -> None:
    source = data.NSynthTfds(data_dir="here")

    def taken(first: int, count: int) -> list[list[int]]:
        batches = source.get_training_batches(3, 1, first).take(count)
        return [b["pitch"].tolist() for b in batches.as_numpy_iterator()]

    assert taken(9, 3) == taken(0, 12)[9:]
    assert not any(is_shuffled for *_, is_shuffled, _ in library.calls)


def test_notes_have_the_names_that_models_know(library: Library) -> None:
    source = data.NSynthTfds(data_dir="here")
    assert (source.sample_rate, source.frame_rate) == (16000, 250)
    *_, found = source.get_dataset(shuffle=False).take(6)
    i = 5
    expected = {
        "audio": np.full(64000, i),
        "f0_hz": np.full(1000, 10 * i),
        "f0_confidence": np.full(1000, 30 * i),
        "loudness_db": np.full(1000, -i),
        "pitch": i,
        "instrument_source": 4 * i,
        "instrument_family": 3 * i,
        "instrument": 2 * i,
    }
    assert set(found) == set(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)
    bare = data.NSynthTfds(data_dir="here", include_note_labels=False)
    example = next(iter(bare.get_dataset()))
    assert set(example) == set(expected) - set(LABELS)
    assert library.calls[0] == (NAME, "train", "here", False, False)


def test_reading_over_the_network_is_said(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="absl"):
        data.NSynthTfds(data_dir="here").get_dataset()
        assert not caplog.records
        data.NSynthTfds().get_dataset()
    (record,) = caplog.records
    assert "public bucket over the network" in record.getMessage()
    assert library.calls[-1][2] == "gs://tfds-data/datasets"


def test_a_dataset_that_is_not_there_is_one_line(library: Library) -> None:
    del library
    source = data.NSynthTfds(split="valid", data_dir="nowhere")
    with pytest.raises(InputError, match="split valid, in nowhere: ") as raised:
        source.get_dataset()
    assert "could not find data in nowhere" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_extra_is_named_where_the_library_is_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    with pytest.raises(ImportError, match=r"pip install ddsp\[datasets\]"):
        data.NSynthTfds().get_dataset()


def test_the_packaged_file_reads_three_parts(library: Library) -> None:
    del library
    from ddsp.training import config

    config.parse_gin(["datasets/nsynth.gin"], ["NSynthTfds.data_dir = 'here'"])
    for name, split in (("train", "train"), ("evaluate", "valid"), ("sample", "test")):
        reference = gin.query_parameter(f"{name}.data_provider")
        source = reference.scoped_configurable_fn()
        assert (source._split, source._data_dir) == (split, "here")
