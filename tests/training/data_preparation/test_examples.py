"""Where examples begin, and that they are cut exactly there."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from records import read_records

from ddsp.training.data import ExampleShape
from ddsp.training.data_preparation import examples
from ddsp.training.data_preparation.settings import Settings

SETTINGS = Settings(frame_rate=100, example_secs=1.0, hop_secs=0.5)


@pytest.mark.parametrize(
    ("n_samples", "starts"),
    [
        (16000, [0]),
        (16159, [0]),
        (16160, [0, 1]),
        (32000, [0, 50, 100]),
        (33600, [0, 50, 100, 110]),
    ],
)
def test_the_last_example_ends_where_the_recording_ends(
    n_samples: int, starts: list[int]
) -> None:
    assert examples.example_starts(n_samples, n_samples, SETTINGS) == [starts]


@pytest.mark.parametrize(
    ("secs", "starts"),
    [
        (2.0, [[0, 50, 100]]),
        (2.99, [[0, 50, 100, 150, 199]]),
        (3.0, [[0, 50, 100], [200]]),
        (3.7, [[0, 50, 100], [200, 250, 270]]),
        (5.3, [[0, 50, 100], [200, 250, 300], [400, 430]]),
    ],
)
def test_no_example_crosses_a_piece_and_no_piece_is_too_short(
    secs: float, starts: list[list[int]]
) -> None:
    settings = dataclasses.replace(SETTINGS, chunk_secs=2.0)
    n_samples = round(secs * 16000)
    assert examples.example_starts(n_samples, n_samples, settings) == starts


def test_whole_pieces_reach_from_beginning_to_end() -> None:
    settings = dataclasses.replace(SETTINGS, example_secs=0, chunk_secs=2.0)
    assert examples.example_starts(80000, 80000, settings) == [[0], [200, 300]]


def test_whole_recordings_are_one_example() -> None:
    settings = dataclasses.replace(SETTINGS, example_secs=0)
    assert examples.example_starts(123, 123, settings) == [[0]]


@pytest.mark.parametrize("sample_rate", [16000, 22050, 44100, 48000])
@pytest.mark.parametrize("centered", [True, False])
def test_examples_are_whole_and_aligned_at_any_rate(
    tmp_path: Path, sample_rate: int, centered: bool
) -> None:
    shape = ExampleShape(0.33, sample_rate, 250, centered)
    n_samples, n_16k = round(1.2345 * sample_rate), round(1.2345 * 16000)
    n_frames = n_16k // 64 + 1 if centered else -(-n_16k // 64)
    # Every value says at which second it stands.
    np.save(tmp_path / "a.npy", np.arange(n_samples) / sample_rate)
    np.save(tmp_path / "b.npy", np.arange(n_16k) / 16000)
    recording = examples.AnalysedRecording(
        tmp_path / "a.npy", tmp_path / "b.npy", {"f0_hz": np.arange(n_frames) / 250}
    )
    settings = Settings(sample_rate, 250, 0.33, 0.24, centered)
    assert settings.shape == shape
    (starts,) = examples.example_starts(n_samples, n_16k, settings)
    assert len(starts) > 3
    for start in starts:
        cut = examples.cut_example(recording, start, shape)
        assert cut["audio"].size == shape.n_samples
        assert cut["audio_16k"].size == shape.n_samples_16k
        assert cut["f0_hz"].size == shape.n_frames
        assert abs(cut["audio"][0] - start / 250) <= 0.51 / sample_rate
        assert cut["audio_16k"][0] == cut["f0_hz"][0] == start / 250
    assert starts[-1] / 250 + 0.33 > 1.2345 - 2 / 250


def test_silence_begins_at_minus_100_db() -> None:
    assert examples.is_silent(np.zeros(10))
    assert examples.is_silent(np.full(10, -9e-6))
    assert not examples.is_silent(np.array([0.0, -2e-5]))


@pytest.mark.parametrize("n_shards", [1, 3, 7])
def test_shards_hold_all_examples_in_order(tmp_path: Path, n_shards: int) -> None:
    wanted = [{"audio": np.array([i, 0.1 * i], np.float32)} for i in range(7)]
    prefix = tmp_path / "data.tfrecord"
    counts = list(examples.write_records(wanted, 7, n_shards, prefix))
    assert counts == list(range(1, 8))
    assert len(list(tmp_path.iterdir())) == n_shards
    for found, example in zip(read_records(tmp_path), wanted, strict=True):
        np.testing.assert_array_equal(found["audio"], example["audio"])


@pytest.mark.parametrize(
    ("wanted", "n_examples", "n_shards"),
    [(None, 1, 1), (None, 256, 1), (None, 257, 2), (3, 10, 3), (30, 10, 10)],
)
def test_files_hold_256_examples_unless_told(
    wanted: int | None, n_examples: int, n_shards: int
) -> None:
    assert examples.count_shards(wanted, n_examples) == n_shards


def test_files_hold_as_many_examples_as_told() -> None:
    assert examples.count_shards(None, 6, 2) == 3
    assert examples.count_shards(None, 7, 2) == 4
    assert examples.count_shards(2, 7, 2) == 2


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("a.tfrecord-00000-of-00003", True),
        ("a.tfrecord-100000-of-100001", True),
        ("a.tfrecord", False),
        ("a.tfrecord-0000-of-00003", False),
        ("a.tfrecord-00000-of-00003.partial", False),
        ("a.tfrecord-train-00000-of-00003", False),
        ("b/a.tfrecord-00000-of-00003", False),
        ("a_tfrecord-00000-of-00003", False),
        ("-00000-of-00003", False),
    ],
)
def test_record_files_are_known_by_prefix_and_numbers(name: str, is_one: bool) -> None:
    assert examples.is_shard(name, "a.tfrecord") == is_one
