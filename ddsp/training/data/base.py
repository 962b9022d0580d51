"""What every provider of training data offers."""

import tensorflow as tf


class DataProvider:
    """Gives examples of one sample rate and one frame rate, as dictionaries.

    Example:
        >>> class Silence(DataProvider):
        ...     def get_dataset(self, shuffle=True):
        ...         return tf.data.Dataset.from_tensors({"audio": tf.zeros(64000)})
        >>> batch = next(iter(Silence(16000, 250).get_batch(batch_size=8)))
        >>> batch["audio"].shape
        TensorShape([8, 64000])
    """

    def __init__(self, sample_rate: int, frame_rate: int) -> None:
        """Keeps the rates.

        Args:
            sample_rate: Samples per second of the audio.
            frame_rate: Frames per second of the features.
        """
        self._sample_rate = sample_rate
        self._frame_rate = frame_rate

    @property
    def sample_rate(self) -> int:
        """Samples per second of the audio."""
        return self._sample_rate

    @property
    def frame_rate(self) -> int:
        """Frames per second of the features."""
        return self._frame_rate

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        """Gives the examples once, without a batch axis.

        Args:
            shuffle: Whether to give them in another order each time.

        Returns:
            Dataset of dictionaries of tensors.

        Raises:
            NotImplementedError: Always; providers define it.
        """
        raise NotImplementedError(
            "A data provider must define get_dataset. Got "
            f"{type(self).__name__}, which does not; define it in the class."
        )

    def get_batch(
        self,
        batch_size: int,
        shuffle: bool = True,
        repeats: int = -1,
        drop_remainder: bool = True,
    ) -> tf.data.Dataset:
        """Gives the examples in batches.

        The examples are repeated before they are put into batches, so a batch may hold
        the end of one epoch and the beginning of the next.

        Args:
            batch_size: Examples in a batch.
            shuffle: Whether to give them in another order each epoch.
            repeats: Number of epochs; -1 for no end.
            drop_remainder: Whether to leave out a last batch that is not full.

        Returns:
            Dataset of dictionaries of tensors with a batch axis in front.
        """
        dataset = self.get_dataset(shuffle).repeat(repeats)
        dataset = dataset.batch(batch_size, drop_remainder=drop_remainder)
        return dataset.prefetch(tf.data.AUTOTUNE)
