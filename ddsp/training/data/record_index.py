"""Where each record lies, so that it can be read without those before it."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from ddsp.training.data import record_files


@dataclasses.dataclass(frozen=True)
class RecordIndex:
    """The records of some files, numbered in the order of the files.

    Attributes:
        files: The files.
        file_numbers: Number of the file of each record, int64, [n_records].
        offsets: Bytes before it in its file, int64, [n_records].
        sizes: Bytes that it takes there, int64, [n_records].

    Example:
        >>> zeros = np.zeros(3, np.int64)
        >>> index = RecordIndex(("a",), zeros, 10 * np.arange(3), zeros + 10)
        >>> index.part(range(1, 3)).offsets.tolist()
        [10, 20]
    """

    files: tuple[str, ...]
    file_numbers: np.ndarray
    offsets: np.ndarray
    sizes: np.ndarray

    @property
    def n_records(self) -> int:
        """How many there are."""
        return len(self.offsets)

    @property
    def counts(self) -> list[int]:
        """How many of them each file has."""
        return np.bincount(self.file_numbers, minlength=len(self.files)).tolist()

    def part(self, numbers: Sequence[int] | np.ndarray) -> "RecordIndex":
        """Leaves only some of the records.

        Args:
            numbers: Their numbers, [n_chosen].

        Returns:
            Index in which they are numbered from 0, in the order that is given.
        """
        arrays = (self.file_numbers, self.offsets, self.sizes)
        chosen = np.asarray(numbers, np.int64)
        return RecordIndex(self.files, *(array[chosen] for array in arrays))

    def read(self, number: tf.Tensor) -> tf.Tensor:
        """Reads one record and compares it with its checksum.

        Args:
            number: Its number, int64 scalar.

        Returns:
            Its content, a string scalar.
        """
        file = tf.gather(list(self.files), tf.gather(self.file_numbers, number))
        reader = tf.raw_ops.TFRecordDatasetV2(
            filenames=[file],
            compression_type="",
            # The whole record at once: one request where files are far away.
            buffer_size=tf.gather(self.sizes, number),
            byte_offsets=[tf.gather(self.offsets, number)],
        )
        spec = tf.TensorSpec([], tf.string)
        records = tf.data.experimental.from_variant(reader, spec)
        return records.take(1).get_single_element()


def index_records(files: Sequence[str]) -> RecordIndex:
    """Finds out where the records of some files lie, from their lengths alone.

    Args:
        files: Record files, also on remote storage.

    Returns:
        Their records.

    Raises:
        InputError: If a file is truncated or no record file.
    """
    edges = [record_files.find_edges(file) for file in files]
    return RecordIndex(
        tuple(files),
        np.repeat(np.arange(len(files)), [len(e) - 1 for e in edges]),
        np.concatenate([e[:-1] for e in edges]),
        np.concatenate([np.diff(e) for e in edges]),
    )
