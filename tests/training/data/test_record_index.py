"""Every record is found where it lies."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from ddsp.training.data import record_files, record_index


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Three files: of three records, of none, and of two."""
    paths = []
    for i, contents in enumerate([[b"a", b"", b"ccc" * 9000], [], [b"dd", b"e"]]):
        paths.append(str(tmp_path / str(i)))
        with tf.io.TFRecordWriter(paths[-1]) as writer:
            for content in contents:
                writer.write(content)
    return paths


def test_records_are_read_by_number(files: list[str]) -> None:
    index = record_index.index_records(files)
    assert (index.n_records, index.counts) == (5, [3, 0, 2])
    contents = [index.read(tf.constant(i, tf.int64)).numpy() for i in (4, 2, 0, 3, 1)]
    assert contents == [b"e", b"ccc" * 9000, b"a", b"dd", b""]


def test_a_part_is_numbered_from_zero(files: list[str]) -> None:
    part = record_index.index_records(files).part([3, 2])
    assert (part.n_records, part.counts) == (2, [1, 0, 1])
    contents = [part.read(tf.constant(i, tf.int64)).numpy() for i in range(2)]
    assert contents == [b"dd", b"ccc" * 9000]


def test_edges_count_lengths_and_checksums(files: list[str]) -> None:
    # 8 bytes of length, 4 of checksum, the content, 4 of checksum.
    sizes = [16 + 1, 16 + 0, 16 + 27000]
    expected = np.cumsum([0, *sizes])
    np.testing.assert_array_equal(record_files.find_edges(files[0]), expected)
    assert record_files.find_edges(files[1]).tolist() == [0]
    index = record_index.index_records(files)
    assert index.sizes.tolist() == [*sizes, 18, 17]
    assert [record_files.count_records(file) for file in files] == [3, 0, 2]


def test_remote_files_are_those_with_a_scheme() -> None:
    assert record_files.is_remote("gs://bucket/data.tfrecord")
    assert not record_files.is_remote("/bucket/data.tfrecord")
