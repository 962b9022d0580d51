"""The files of records: finding them, and noticing what is wrong with them."""

import fnmatch
import os
import re
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from ddsp.training.data.dataset_info import RECORDS_PATTERN
from ddsp.training.errors import InputError

# A record is its length (8 bytes), a checksum, that many bytes and a checksum.
HEADER_BYTES, CHECKSUM_BYTES = 12, 4


def find_records(file_pattern: str | Sequence[str]) -> list[str]:
    """Lists the record files of a pattern and makes sure that none is missing.

    Args:
        file_pattern: Pattern or patterns of files, or the folder of a dataset.

    Returns:
        Files, sorted.

    Raises:
        InputError: If no file matches, or a shard of a set is missing.
    """
    patterns = [file_pattern] if isinstance(file_pattern, str) else list(file_pattern)
    files = {file for pattern in patterns for file in _match(pattern)}
    if not files:
        raise InputError(
            "A data provider must find records. Got "
            f"file_pattern={', '.join(patterns)}, which no file matches; give a folder "
            "made by `ddsp prepare`, or a pattern such as FOLDER/data.tfrecord*."
        )
    # Who names single files wants only those.
    if files != set(patterns):
        _check_all_shards(files)
    return sorted(files)


def _match(pattern: str) -> list[str]:
    """Files of one pattern or folder."""
    if os.path.isdir(pattern):
        pattern = os.path.join(pattern, RECORDS_PATTERN)
    folder, name = os.path.split(pattern)
    if os.path.isdir(folder):
        # The folder's own name may have brackets, which are no pattern.
        names = fnmatch.filter(os.listdir(folder), name)
        return [os.path.join(folder, name) for name in names]
    return tf.io.gfile.glob(pattern)


def _check_all_shards(files: set[str]) -> None:
    """Raises if a set of files named -00000-of-00003 and so on is not whole."""
    for file in files:
        name = re.fullmatch(r"(.*)-(\d{5})-of-(\d{5})", file, re.DOTALL)
        if name is None:
            continue
        for i in range(int(name[3])):
            sibling = f"{name[1]}-{i:05d}-of-{name[3]}"
            if sibling not in files:
                raise InputError(
                    "The record files of a dataset must all be there. Got "
                    f"{file} without {sibling}; copy or prepare the dataset again."
                )


def count_records(file: str) -> int:
    """Counts the records of a file by their lengths, without reading them.

    Args:
        file: Record file.

    Returns:
        Number of records.

    Raises:
        InputError: If the file is truncated or no record file.
    """
    return len(find_edges(file)) - 1


def find_edges(file: str) -> np.ndarray:
    """Finds where the records of a file begin and end, without reading them.

    Args:
        file: Record file; of one on remote storage, much has to be transferred.

    Returns:
        Bytes before each record, and at last the size of the file, int64,
        [n_records + 1].

    Raises:
        InputError: If the file is truncated or no record file.
    """
    if is_remote(file):
        with tf.io.gfile.GFile(file, "rb") as opened:
            return _find_edges(opened, opened.size(), file)
    with open(file, "rb") as opened:
        return _find_edges(opened, os.path.getsize(file), file)


def is_remote(file: str) -> bool:
    """Tells whether a file lies on remote storage, such as gs://bucket/file."""
    return "://" in file


def _find_edges(opened: Any, n_bytes: int, file: str) -> np.ndarray:
    """The bytes at which records begin, and the end."""
    edges = [0]
    while edges[-1] < n_bytes:
        opened.seek(edges[-1])
        header = opened.read(HEADER_BYTES)
        end = n_bytes + 1
        if len(header) == HEADER_BYTES:
            (length,) = struct.unpack_from("<Q", header)
            end = edges[-1] + HEADER_BYTES + length + CHECKSUM_BYTES
        if end > n_bytes:
            raise InputError(
                "A record file must be whole. Got "
                f"{file}, which is truncated or damaged after {len(edges) - 1} "
                "records; copy or prepare the dataset again."
            )
        edges.append(end)
    return np.array(edges, np.int64)


def check_first_record(
    file: str, lengths: dict[str, int], settings: Mapping[str, Any]
) -> None:
    """Makes sure that a file has the features and lengths that are expected of it.

    Args:
        file: Record file, not empty.
        lengths: Expected number of values by the name of the feature.
        settings: What the lengths follow from, by the provider's argument.

    Raises:
        InputError: If the first record cannot be read, or is not as expected.
    """
    example = tf.train.Example()
    try:
        for record in tf.data.TFRecordDataset(file).take(1).as_numpy_iterator():
            example.ParseFromString(record)
    except Exception as error:  # TensorFlow's and protobuf's errors share no base.
        raise InputError(
            f"A record file must hold examples. Got {file}, whose first record is "
            "damaged; copy or prepare the dataset again."
        ) from error
    given = ", ".join(f"{name}={value}" for name, value in settings.items())
    for name, length in lengths.items():
        found = len(example.features.feature[name].float_list.value)
        if found != length:
            raise InputError(
                f"Records must have the lengths that the data provider expects. Got "
                f"{found} values of {name} in {file}, not {length} ({given}). Bind "
                "these arguments of the provider as the dataset was prepared."
            )
