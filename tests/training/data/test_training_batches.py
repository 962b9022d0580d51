"""What a run trains on is a function of its seed, from any batch on."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from records import tagged_example, write_records

from ddsp.training import data
from ddsp.training.errors import InputError

SETTINGS = {"example_secs": 0.1, "frame_rate": 50}


def write_dataset(folder: Path, n_examples: int, n_shards: int = 1) -> Path:
    """A dataset whose examples have the pitches 1, 2, 3 and so on."""
    tags = np.array_split(np.arange(1.0, n_examples + 1), n_shards)
    for i, part in enumerate(tags):
        path = folder / f"data.tfrecord-{i:05d}-of-{n_shards:05d}"
        write_records(path, (tagged_example(tag) for tag in part))
    return folder


def provider(folder: Path | str) -> data.TFRecordProvider:
    return data.TFRecordProvider(str(folder), **SETTINGS)


def tags(batches: tf.data.Dataset, n_batches: int) -> np.ndarray:
    """Pitches of the examples, [n_batches, batch]."""
    found = [b["f0_hz"][:, 0] for b in batches.take(n_batches).as_numpy_iterator()]
    assert len(found) == n_batches
    return np.stack(found)


class Mapped(data.TFRecordProvider):
    """Records whose pitch is changed on the way."""

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        examples = super().get_dataset(shuffle)
        return examples.map(lambda x: {**x, "f0_hz": 10.0 * x["f0_hz"]})


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one with each record that is parsed."""
    parsed: list[int] = []
    parse = tf.io.parse_single_example

    def counting(record, features):
        def count(record):
            parsed.append(1)
            return record

        counted = tf.numpy_function(count, [record], tf.string)
        return parse(tf.ensure_shape(counted, []), features)

    monkeypatch.setattr(tf.io, "parse_single_example", counting)
    return parsed


@contextlib.contextmanager
def dataset_of(n_examples: int, n_shards: int) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        write_dataset(Path(folder), n_examples, n_shards)
        yield folder


@settings(max_examples=8, deadline=None)
@given(
    n_examples=st.integers(1, 7),
    n_shards=st.integers(1, 4),
    batch_size=st.integers(1, 9),
    k=st.integers(0, 8),
    is_mapped=st.booleans(),
)
def test_a_resumed_run_sees_what_the_uninterrupted_one_would_have(
    n_examples: int, n_shards: int, batch_size: int, k: int, is_mapped: bool
) -> None:
    with dataset_of(n_examples, n_shards) as folder:
        kind = Mapped if is_mapped else data.TFRecordProvider
        source = kind(folder, **SETTINGS)
        whole = tags(source.get_training_batches(batch_size, 5), k + 4)
        resumed = tags(source.get_training_batches(batch_size, 5, k), 4)
        skipped = tags(source.get_training_batches(batch_size, 5, 0).skip(k), 4)
    np.testing.assert_array_equal(resumed, whole[k:])
    np.testing.assert_array_equal(resumed, skipped)
    n_whole = whole.size // n_examples
    epochs = np.sort(whole.ravel()[: n_whole * n_examples].reshape(-1, n_examples))
    expected = np.arange(1, n_examples + 1) * (10 if is_mapped else 1)
    np.testing.assert_array_equal(epochs, np.tile(expected, [n_whole, 1]))


def test_all_features_come_in_full_batches(tmp_path: Path) -> None:
    names = ["audio", "audio_16k", "f0_hz", "f0_confidence", "loudness_db"]
    examples = [
        {n: np.full_like(x, tag + 0.1 * names.index(n)) for n, x in example.items()}
        for tag, example in ((t, tagged_example(t)) for t in (1.0, 2.0, 3.0))
    ]
    write_records(tmp_path / "data.tfrecord-00000-of-00001", examples)
    batches = provider(tmp_path).get_training_batches(2, 1)
    assert {n: spec.shape.as_list() for n, spec in batches.element_spec.items()} == {
        n: [2, 1600 if "audio" in n else 5] for n in names
    }
    for batch in batches.take(3):
        for i, name in enumerate(names):
            expected = batch["audio"][:, :1] + 0.1 * i
            np.testing.assert_allclose(batch[name] - expected, 0.0, atol=1e-6)


def test_all_files_are_mixed(tmp_path: Path) -> None:
    source = provider(write_dataset(tmp_path, 60, n_shards=3))
    epochs = tags(source.get_training_batches(60, 2), 3)
    places = np.concatenate([np.argsort(epochs), [np.arange(60)]])
    assert np.abs(np.corrcoef(places) - np.eye(4)).max() < 0.45


def test_the_order_is_not_that_of_the_constructor(tmp_path: Path) -> None:
    write_dataset(tmp_path, 30)
    found = []
    for seed in (1, 2):
        tf.random.set_seed(seed)
        source = data.TFRecordProvider(str(tmp_path), seed=seed, **SETTINGS)
        found.append(tags(source.get_training_batches(10, 3), 4))
    np.testing.assert_array_equal(*found)


def test_records_that_a_resumed_run_does_not_need_are_not_read(
    tmp_path: Path, counter: list[int]
) -> None:
    source = provider(write_dataset(tmp_path, 100, n_shards=2))
    tags(source.get_training_batches(2, 1, first_batch=1249), 1)
    # The last two examples of an epoch, and what is read ahead.
    assert 2 <= len(counter) < 80


def test_at_most_one_epoch_is_read_to_skip_examples_of_another_dataset(
    tmp_path: Path, counter: list[int]
) -> None:
    write_dataset(tmp_path, 100)
    source = Mapped(str(tmp_path), **SETTINGS)
    tags(source.get_training_batches(2, 1, first_batch=1249), 1)
    # One to count, one to skip, and what is read ahead.
    assert 100 < len(counter) <= 300


def test_records_on_remote_storage_come_in_the_same_order(tmp_path: Path) -> None:
    name = "data.tfrecord-00000-of-00001"
    write_dataset(tmp_path, 7)
    remote = "ram://training_batches"
    tf.io.gfile.makedirs(remote)
    tf.io.gfile.copy(str(tmp_path / name), f"{remote}/{name}", overwrite=True)
    found = provider(f"{remote}/data.tfrecord*").get_training_batches(3, 1, 2)
    here = provider(tmp_path).get_training_batches(3, 1, 2)
    np.testing.assert_array_equal(tags(found, 5), tags(here, 5))


def test_a_damaged_record_is_noticed(tmp_path: Path) -> None:
    write_dataset(tmp_path, 3)
    path = tmp_path / "data.tfrecord-00000-of-00001"
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    batches = provider(tmp_path).get_training_batches(3, 1)
    with pytest.raises(tf.errors.DataLossError):
        tags(batches, 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "at least one example"),
        (b"This is no record file.", "truncated or damaged after 0 records"),
    ],
)
def test_files_that_cannot_be_read_are_named(
    tmp_path: Path, content: bytes, words: str
) -> None:
    (tmp_path / "data.tfrecord").write_bytes(content)
    with pytest.raises(InputError, match=words):
        provider(tmp_path).get_training_batches(1, 1)
    with pytest.raises(InputError, match="which no file matches"):
        provider(tmp_path / "nowhere").get_training_batches(1, 1)


def test_an_empty_file_among_others_does_no_harm(tmp_path: Path) -> None:
    write_dataset(tmp_path, 3)
    (tmp_path / "data.tfrecord").touch()
    batches = provider(tmp_path).get_training_batches(3, 1)
    assert sorted(tags(batches, 1)[0]) == [1, 2, 3]


def test_records_of_another_length_are_explained(tmp_path: Path) -> None:
    write_dataset(tmp_path, 1)
    source = data.TFRecordProvider(str(tmp_path), 0.2, frame_rate=50)
    with pytest.raises(InputError, match=r"Got 1600 values of audio in .* not 3200"):
        source.get_training_batches(1, 1)
