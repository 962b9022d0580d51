"""What every provider of training data offers."""

from typing import Any

import tensorflow as tf

from ddsp.training.data import order


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

    def get_training_batches(
        self, batch_size: int, seed: int, first_batch: int = 0
    ) -> tf.data.Dataset:
        """Gives batches without end, in an order that a seed fixes.

        Each epoch has another order, and each example comes once in it. A run that goes
        on with the batch after its last sees what it would have seen without a pause.

        The order is made here, of what `get_dataset(False)` gives, which must therefore
        be the same each time; examples wait for it in at most 256 MiB. A provider of
        more than that, whose examples lie beside similar ones, had better define this
        method.

        Args:
            batch_size: Examples in a batch.
            seed: Seed of the order.
            first_batch: How many batches to leave out at the beginning. Whole epochs of
                them are not read, beyond counting one.

        Returns:
            Dataset of dictionaries of tensors with a batch axis in front.
        """
        examples = self.get_dataset(False)
        examples = order.shuffled_examples(examples, seed, first_batch * batch_size)
        return order.full_batches(examples, batch_size)


def training_batches(
    provider: Any, batch_size: int, seed: int, first_batch: int = 0
) -> tuple[Any, bool]:
    """Asks any provider for the batches of a training run.

    Args:
        provider: A `DataProvider`, or anything that has `get_batch`. A class that
            overrides `get_batch` alone is asked for that.
        batch_size: Examples in a batch.
        seed: Seed of the order.
        first_batch: How many batches to leave out at the beginning.

    Returns:
        Batches without end, and whether their order is fixed and begins with
        first_batch. Otherwise the provider has an order of its own, which begins anew.

    Example:
        >>> class Batches:
        ...     def get_batch(self, batch_size, shuffle, repeats):
        ...         return [{"audio": tf.zeros([batch_size, 64000])}]
        >>> batches, is_fixed = training_batches(Batches(), batch_size=2, seed=0)
        >>> len(batches), is_fixed
        (1, False)
    """
    if _has_fixed_order(type(provider)):
        return provider.get_training_batches(batch_size, seed, first_batch), True
    return provider.get_batch(batch_size, shuffle=True, repeats=-1), False


def _has_fixed_order(provider_class: type) -> bool:
    """Whether `get_training_batches` knows of the class's way to make batches."""
    for ancestor in provider_class.__mro__:
        if "get_training_batches" in vars(ancestor):
            return True
        if "get_batch" in vars(ancestor):
            return False
    return False
