"""Examples from TFRecord files."""

import dataclasses
import math
import os
from collections.abc import Sequence
from typing import Any

import gin
import tensorflow as tf

from ddsp.training.data import order, record_files
from ddsp.training.data.base import DataProvider
from ddsp.training.data.dataset_info import read_dataset_info
from ddsp.training.data.example_shape import ExampleShape
from ddsp.training.data.feature_spec import FeatureSpec
from ddsp.training.data.record_index import index_records
from ddsp.training.errors import InputError

N_OPEN_FILES = 40
# Where records cannot be counted, as on remote storage.
UNKNOWN_N_RECORDS = 10_000
BYTES_PER_VALUE = 4
# What the original assumes of records that do not describe themselves.
DEFAULTS = {
    "example_secs": 4,
    "sample_rate": 16000,
    "frame_rate": 250,
    "centered": False,
}


@gin.register(module="ddsp.training.data")
class TFRecordProvider(DataProvider):
    """Reads the examples that `ddsp prepare` or the original's preparation wrote.

    Each example has `audio`, `audio_16k`, `f0_hz`, `f0_confidence` and `loudness_db`,
    float32. Where a `dataset.json` lies beside the records, it says how long they are,
    and settings must agree with it.

    Example:
        >>> provider = TFRecordProvider("violin_dataset")  # doctest: +SKIP
        >>> batch = next(iter(provider.get_batch(batch_size=2)))  # doctest: +SKIP
        >>> batch["f0_hz"].shape  # doctest: +SKIP
        TensorShape([2, 1001])
    """

    def __init__(
        self,
        file_pattern: str | Sequence[str] | None = None,
        example_secs: float | None = None,
        sample_rate: int | None = None,
        frame_rate: int | None = None,
        centered: bool | None = None,
        seed: int | None = None,
    ) -> None:
        """Describes the examples.

        A number that is None is what the dataset's description says; without one, the
        original's: 4 seconds, 16000 samples and 250 frames per second, not centred.

        Args:
            file_pattern: Pattern or patterns of record files, or the folder of a
                dataset; None for the provider's own, if it has one.
            example_secs: Seconds of an example.
            sample_rate: Samples per second of `audio`.
            frame_rate: Frames per second of the features.
            centered: Whether the features were prepared with centred frames, of which
                there is one more.
            seed: Seed of the order in `get_dataset` and `get_batch`; None for one that
                differs from run to run, or follows `tf.random.set_seed`.

        Raises:
            InputError: If a `dataset.json` beside the records says something else.
            NotImplementedError: If there is no file_pattern.
        """
        self._file_pattern = file_pattern or self.default_file_pattern
        if isinstance(self._file_pattern, str | os.PathLike):
            self._file_pattern = os.fspath(self._file_pattern)
        given = {
            "example_secs": example_secs,
            "sample_rate": sample_rate,
            "frame_rate": frame_rate,
            "centered": centered,
        }
        self._shape = _complete_shape(self._file_pattern, given)
        self._seed = seed
        super().__init__(self._shape.sample_rate, self._shape.frame_rate)

    @property
    def default_file_pattern(self) -> str:
        """Pattern of the records of a provider that knows where they are."""
        raise NotImplementedError(
            "A record provider must know its files. Got file_pattern=None; pass a "
            "file_pattern, or use a provider that has a default one."
        )

    @property
    def features_dict(self) -> dict[str, tf.io.FixedLenFeature]:
        """The features of a record by name, as `tf.io.parse_example` wants them."""
        n_frames = self.get_feature_length(self._shape.centered)
        lengths = {
            "audio": self._shape.n_samples,
            "audio_16k": self._shape.n_samples_16k,
            "f0_hz": n_frames,
            "f0_confidence": n_frames,
            "loudness_db": n_frames,
        }
        return {
            name: tf.io.FixedLenFeature([length], tf.float32)
            for name, length in lengths.items()
        }

    @property
    def feature_spec(self) -> FeatureSpec | None:
        """How the features were measured; None where no description tells it."""
        pattern = self._file_pattern
        patterns = [pattern] if isinstance(pattern, str) else pattern
        described = filter(None, map(read_dataset_info, patterns))
        info = next(described, None)
        return None if info is None else FeatureSpec.from_info(info)

    def get_feature_length(self, centered: bool) -> int:
        """Counts the frames of an example.

        Args:
            centered: Whether the frames are centred.

        Returns:
            Frames of `f0_hz`, `f0_confidence` and `loudness_db`.
        """
        return dataclasses.replace(self._shape, centered=centered).n_frames

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        """Gives the examples once.

        Args:
            shuffle: Whether to give them in another order each epoch: the files, and
                the examples within the memory that is set aside for it.

        Returns:
            Dataset of dictionaries of float32 tensors, [n_samples] or [n_frames].

        Raises:
            InputError: If no file matches, one is missing or truncated, or the records
                have other features or lengths.
        """
        files = record_files.find_records(self._file_pattern)
        n_records = self._check_files(files)
        records: tf.data.Dataset = tf.data.Dataset.from_tensor_slices(files)
        if shuffle:
            records = records.shuffle(len(files), seed=self._seed)
        records = records.interleave(
            tf.data.TFRecordDataset,
            cycle_length=N_OPEN_FILES,
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        if shuffle:
            room = order.SHUFFLE_BYTES // self._record_bytes(files, n_records)
            records = records.shuffle(max(2, min(room, n_records)), seed=self._seed)
        return records.map(self.parse_record, num_parallel_calls=tf.data.AUTOTUNE)

    def parse_record(self, record: tf.Tensor) -> dict[str, tf.Tensor]:
        """Reads one record. Providers of other features define this method.

        Args:
            record: Serialised `tf.train.Example`, a string scalar.

        Returns:
            Tensors by the name of the feature.
        """
        return tf.io.parse_single_example(record, self.features_dict)

    def get_training_batches(
        self, batch_size: int, seed: int, first_batch: int = 0
    ) -> tf.data.Dataset:
        """Gives batches without end, in an order that a seed fixes.

        All examples are shuffled among each other, anew in each epoch, and records are
        read where they lie, so nothing is read twice or in vain. On remote storage,
        finding out where that is takes one pass over the files. The seed of the
        constructor has no part in this. A subclass with its own `get_dataset` is
        treated as `DataProvider.get_training_batches` treats it.

        Args:
            batch_size: Examples in a batch.
            seed: Seed of the order.
            first_batch: How many batches to leave out at the beginning.

        Returns:
            Dataset of dictionaries of tensors with a batch axis in front.

        Raises:
            InputError: If no file matches, one is missing or truncated, or the records
                have other features or lengths.
        """
        if type(self).get_dataset is not TFRecordProvider.get_dataset:
            return super().get_training_batches(batch_size, seed, first_batch)
        index = index_records(record_files.find_records(self._file_pattern))
        self._check_first(index.files, index.counts)
        return order.numbered_batches(
            index.n_records,
            lambda number: self.parse_record(index.read(number)),
            batch_size,
            seed,
            first_batch,
        )

    def _settings(self) -> dict[str, Any]:
        """Arguments that the lengths follow from."""
        return dataclasses.asdict(self._shape)

    def _lengths(self) -> dict[str, int]:
        """Number of values of each feature of fixed length."""
        return {
            name: math.prod(feature.shape)
            for name, feature in self.features_dict.items()
            if isinstance(feature, tf.io.FixedLenFeature)
            and feature.dtype == tf.float32
        }

    def _record_bytes(self, files: Sequence[str], n_records: int) -> int:
        """About how many bytes a record has, at least 1."""
        n_values = sum(self._lengths().values())
        if n_values:
            return BYTES_PER_VALUE * n_values
        if any(record_files.is_remote(file) for file in files):
            return order.SHUFFLE_BYTES  # Whole pieces may have any length.
        return max(1, sum(map(os.path.getsize, files)) // n_records)

    def _check_files(self, files: list[str]) -> int:
        """Raises for files that cannot be read; otherwise returns how many records."""
        if any(record_files.is_remote(file) for file in files):
            return UNKNOWN_N_RECORDS
        counts = [record_files.count_records(file) for file in files]
        self._check_first(files, counts)
        return sum(counts)

    def _check_first(self, files: Sequence[str], counts: Sequence[int]) -> None:
        """Raises if there is no record, or the first is not what is expected."""
        with_records = (f for f, count in zip(files, counts, strict=True) if count)
        first = next(with_records, None)
        if first is None:
            raise InputError(
                "A dataset must hold at least one example. Got "
                f"{files[0]} and so on, which are empty; prepare the dataset again."
            )
        record_files.check_first_record(first, self._lengths(), self._settings())


@gin.register(module="ddsp.training.data")
class LegacyTFRecordProvider(TFRecordProvider):
    """Reads records without `audio_16k`, as the original wrote them before 2022.

    Example:
        >>> provider = LegacyTFRecordProvider("old_dataset/train.tfrecord*")
        >>> sorted(provider.features_dict)
        ['audio', 'f0_confidence', 'f0_hz', 'loudness_db']
    """

    @property
    def features_dict(self) -> dict[str, tf.io.FixedLenFeature]:
        """The features of a record by name, as `tf.io.parse_example` wants them."""
        features = super().features_dict
        del features["audio_16k"]
        return features


def _complete_shape(
    file_pattern: str | Sequence[str], given: dict[str, Any]
) -> ExampleShape:
    """Fills in what is not given; raises if the dataset was prepared otherwise."""
    patterns = [file_pattern] if isinstance(file_pattern, str) else file_pattern
    infos = {pattern: read_dataset_info(pattern) for pattern in patterns}
    described = {pattern: info for pattern, info in infos.items() if info}
    known: dict[str, Any] = next(iter(described.values()), DEFAULTS)
    for pattern, info in described.items():
        for name, got in given.items():
            if got is not None and got != info[name]:
                raise InputError(
                    f"The data provider must be set as {pattern} was prepared, with "
                    f"{name}={info[name]}. Got {name}={got}; bind TFRecordProvider."
                    f"{name} = {info[name]}, or leave it out."
                )
            if info[name] != known[name]:
                raise InputError(
                    "Datasets that are read together must be prepared alike. Got "
                    f"{name}={info[name]} in {pattern} and {name}={known[name]} in "
                    f"{next(iter(described))}; prepare one of them again."
                )
    _check_features(described)
    numbers = {n: known[n] if got is None else got for n, got in given.items()}
    return ExampleShape(**numbers)


def _check_features(described: dict[str, dict[str, Any]]) -> None:
    """Raises if the features of datasets were measured in different ways."""
    if len(described) < 2:
        return
    specs = {x: FeatureSpec.from_info(info).to_dict() for x, info in described.items()}
    first, known = next(iter(specs.items()))
    for pattern, spec in specs.items():
        for name, value in spec.items():
            if value != known[name]:
                raise InputError(
                    "Datasets that are read together must have features that were "
                    f"measured alike. Got {name}={value} in {pattern} and {name}="
                    f"{known[name]} in {first}; prepare the older one again."
                )
