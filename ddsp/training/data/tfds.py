"""Datasets of TensorFlow Datasets, NSynth among them."""

from typing import Any

import gin
import tensorflow as tf
from absl import logging

from ddsp.training.data import order
from ddsp.training.data.base import DataProvider
from ddsp.training.errors import InputError

PUBLIC_BUCKET = "gs://tfds-data/datasets"


class TfdsProvider(DataProvider):
    """Gives the examples of a dataset that TensorFlow Datasets has prepared.

    The library is the extra `datasets`. Nothing is downloaded.

    Example:
        >>> provider = TfdsProvider("nsynth", "train", "~/tensorflow_datasets", 16000,
        ...                         frame_rate=250)
        >>> next(iter(provider.get_batch(8)))["audio"].shape  # doctest: +SKIP
        TensorShape([8, 64000])
    """

    def __init__(
        self, name: str, split: str, data_dir: str, sample_rate: int, frame_rate: int
    ) -> None:
        """Chooses the dataset.

        Args:
            name: Its name, with configuration and version, such as
                'nsynth/gansynth_subset.f0_and_loudness:2.3.0'.
            split: Part of it, such as 'train'.
            data_dir: Folder or bucket in which TensorFlow Datasets has its datasets.
            sample_rate: Samples per second of the audio.
            frame_rate: Frames per second of the features.
        """
        self._name = name
        self._split = split
        self._data_dir = data_dir
        super().__init__(sample_rate, frame_rate)

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        """Gives the examples once.

        Args:
            shuffle: Whether to give them in another order each epoch: the files, and
                the examples within 256 MiB.

        Returns:
            Dataset of the examples as TensorFlow Datasets has them.

        Raises:
            ImportError: If TensorFlow Datasets is not installed.
            InputError: If the dataset is not there.
        """
        examples = self._load(shuffle)
        return order.shuffle_once(examples) if shuffle else examples

    def _load(self, shuffle: bool) -> tf.data.Dataset:
        """The examples in the order of the files, which may be shuffled."""
        library = _import_library()
        try:
            return library.load(
                self._name,
                data_dir=self._data_dir,
                split=self._split,
                shuffle_files=shuffle,
                download=False,
            )
        # What the library raises for a dataset that has not been prepared differs from
        # version to version.
        except (AssertionError, ValueError, OSError) as error:
            raise InputError(
                "A dataset must have been prepared by TensorFlow Datasets. Got "
                f"{self._name}, split {self._split}, in {self._data_dir}: "
                f"{' '.join(str(error).split())[:200]}. Prepare it with `tfds build`, "
                "or bind data_dir and split."
            ) from error


@gin.register(module="ddsp.training.data")
class NSynthTfds(TfdsProvider):
    """Gives the notes of NSynth: four seconds each, with pitch and loudness.

    Examples have `audio`, [64000], `f0_hz`, `f0_confidence` and `loudness_db`, [1000],
    and, as labels, the int64 scalars `pitch`, a MIDI number, `instrument_source`,
    `instrument_family` and `instrument`. `NSynthFolder` gives the same of a folder.

    Example:
        >>> provider = NSynthTfds(split="test", data_dir="~/tensorflow_datasets")
        >>> next(iter(provider.get_batch(8)))["pitch"].shape  # doctest: +SKIP
        TensorShape([8])
    """

    def __init__(
        self,
        name: str = "nsynth/gansynth_subset.f0_and_loudness:2.3.0",
        split: str = "train",
        data_dir: str = "gs://tfds-data/datasets",
        sample_rate: int = 16000,
        frame_rate: int = 250,
        include_note_labels: bool = True,
    ) -> None:
        """Chooses the part of NSynth.

        Args:
            name: Name of the dataset; its configuration must have pitch and loudness.
            split: 'train', 'valid' or 'test'.
            data_dir: Folder or bucket in which TensorFlow Datasets has its datasets.
                The default is a public bucket, which is read over the network.
            sample_rate: Samples per second of the audio.
            frame_rate: Frames per second of the features.
            include_note_labels: Whether to give the labels.
        """
        self._include_note_labels = include_note_labels
        super().__init__(name, split, data_dir, sample_rate, frame_rate)

    def _load(self, shuffle: bool) -> tf.data.Dataset:
        """The notes in the order of the files, with flat names."""
        if self._data_dir == PUBLIC_BUCKET:
            logging.warning(
                "NSynth is read from a public bucket over the network, which is slow. "
                "Copy it and bind NSynthTfds.data_dir to the copy."
            )
        examples = super()._load(shuffle)
        return examples.map(self._flatten, num_parallel_calls=tf.data.AUTOTUNE)

    def _flatten(self, note: dict[str, Any]) -> dict[str, tf.Tensor]:
        """The features by the names that models know."""
        features = {
            "audio": note["audio"],
            "f0_hz": note["f0"]["hz"],
            "f0_confidence": note["f0"]["confidence"],
            "loudness_db": note["loudness"]["db"],
        }
        if not self._include_note_labels:
            return features
        return {
            **features,
            "pitch": note["pitch"],
            "instrument_source": note["instrument"]["source"],
            "instrument_family": note["instrument"]["family"],
            "instrument": note["instrument"]["label"],
        }


def _import_library() -> Any:
    """The library, or an error that says how to get it."""
    try:
        import tensorflow_datasets
    except ImportError as error:
        raise ImportError(
            "TensorFlow Datasets must be installed to read its datasets. Got "
            f"{error}; run `pip install ddsp[datasets]`."
        ) from error
    return tensorflow_datasets
