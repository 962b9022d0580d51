"""Datasets that tf.data itself has saved."""

import gin
import tensorflow as tf

from ddsp.training.data import order
from ddsp.training.data.base import DataProvider
from ddsp.training.errors import InputError


@gin.register(module="ddsp.training.data")
class ExperimentalDataProvider(DataProvider):
    """Gives the examples of a dataset that `tf.data.Dataset.save` has written.

    Example:
        >>> import tempfile
        >>> folder = tempfile.mkdtemp()
        >>> tf.data.Dataset.from_tensors({"audio": tf.zeros(64000)}).save(folder)
        >>> provider = ExperimentalDataProvider(folder, 16000, 250)
        >>> next(iter(provider.get_batch(2)))["audio"].shape
        TensorShape([2, 64000])
    """

    def __init__(self, data_dir: str, sample_rate: int, frame_rate: int) -> None:
        """Chooses the dataset.

        Args:
            data_dir: Folder that the dataset was saved to.
            sample_rate: Samples per second of the audio.
            frame_rate: Frames per second of the features.
        """
        self.data_dir = data_dir
        super().__init__(sample_rate, frame_rate)

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        """Gives the examples once.

        Args:
            shuffle: Whether to give them in another order each epoch, within 256 MiB.

        Returns:
            Dataset of whatever was saved.

        Raises:
            InputError: If the folder holds no such dataset.
        """
        try:
            examples = tf.data.Dataset.load(self.data_dir)
        except (tf.errors.OpError, OSError) as error:
            raise InputError(
                "A saved dataset must be a folder that tf.data.Dataset.save has "
                f"written. Got data_dir={self.data_dir}, which is none; bind another "
                "data_dir."
            ) from error
        return order.shuffle_once(examples) if shuffle else examples
