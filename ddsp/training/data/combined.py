"""Providers made of several providers."""

from collections.abc import Sequence
from typing import Any

import gin
import tensorflow as tf

from ddsp.training.data import order
from ddsp.training.data.base import DataProvider

# Products such as 10 * 0.7 miss a whole number by rounding.
ROUNDING = 1e-6


@gin.register(module="ddsp.training.data")
class BaseMultiProvider(DataProvider):
    """Holds several providers of the same rates; subclasses say how they are joined.

    Example:
        >>> silence = DataProvider(16000, 250)
        >>> BaseMultiProvider([silence, silence], [3, 1]).batch_size_ratios
        [0.75, 0.25]
    """

    def __init__(
        self,
        data_providers: Sequence[DataProvider],
        batch_size_ratios: Sequence[float] = (),
    ) -> None:
        """Takes the providers.

        Args:
            data_providers: At least one provider.
            batch_size_ratios: Share of each of them, in any unit; none for 1 each.

        Raises:
            ValueError: If there is no provider, rates differ, or the ratios are not
                one positive number for each.
        """
        self._data_providers = list(data_providers)
        rates = {(p.sample_rate, p.frame_rate) for p in self._data_providers}
        if len(rates) != 1:
            raise ValueError(
                "data_providers must be at least one, all of one sample rate and one "
                f"frame rate. Got (sample_rate, frame_rate)={sorted(rates)}; prepare "
                "the datasets alike."
            )
        n_providers = len(self._data_providers)
        ratios = list(batch_size_ratios)
        if ratios and (len(ratios) != n_providers or min(ratios) <= 0.0):
            raise ValueError(
                "batch_size_ratios must have one number above 0 for each provider. Got "
                f"batch_size_ratios={ratios} for {n_providers} providers; leave them "
                "out to treat all alike."
            )
        self._ratios = [r / sum(ratios) for r in ratios] or [1.0] * n_providers
        super().__init__(*rates.pop())

    @property
    def data_providers(self) -> list[DataProvider]:
        """The providers."""
        return self._data_providers

    @property
    def batch_size_ratios(self) -> list[float]:
        """Share of each provider; the shares add up to 1, or are 1 each."""
        return self._ratios


@gin.register(module="ddsp.training.data")
class ZippedProvider(BaseMultiProvider):
    """Gives tuples with something of every provider, such as pairs to compare.

    With ratios, the parts of a batch add up to it: 6 and 2 of 8 for the ratios 3 and 1.
    Without, every part is a whole batch.

    Example:
        >>> from ddsp.training.data.saved import ExperimentalDataProvider
        >>> pair = [ExperimentalDataProvider(x, 16000, 250) for x in ("dry", "wet")]
        >>> provider = ZippedProvider(pair)
        >>> dry, wet = next(iter(provider.get_batch(8)))  # doctest: +SKIP
    """

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        """Gives tuples of examples until one of the providers ends.

        Args:
            shuffle: Whether the providers shuffle, each for itself.

        Returns:
            Dataset of tuples with one example of each provider.
        """
        return tf.data.Dataset.zip(
            tuple(provider.get_dataset(shuffle) for provider in self._data_providers)
        )

    def get_batch(
        self,
        batch_size: int,
        shuffle: bool = True,
        repeats: int = -1,
        drop_remainder: bool = False,
    ) -> tf.data.Dataset:
        """Gives tuples of batches.

        Args:
            batch_size: Examples in a batch of all providers, or of each without ratios.
            shuffle: Whether the providers shuffle, each for itself.
            repeats: Number of epochs, which end with the first provider that ends; -1
                for no end.
            drop_remainder: Whether to leave out last batches that are not full.

        Returns:
            Dataset of tuples with one batch of each provider.

        Raises:
            ValueError: If no example of a batch is left for a provider.
        """
        sizes = self._batch_sizes(batch_size)
        batches = tuple(
            provider.get_dataset(shuffle).batch(size, drop_remainder=drop_remainder)
            for provider, size in zip(self._data_providers, sizes, strict=True)
        )
        zipped = tf.data.Dataset.zip(batches).repeat(repeats)
        return zipped.prefetch(tf.data.AUTOTUNE)

    def get_training_batches(
        self, batch_size: int, seed: int, first_batch: int = 0
    ) -> tf.data.Dataset:
        """Gives tuples of batches without end, in an order that a seed fixes.

        Every provider has epochs of its own, so that nothing is left out of the longer
        ones.

        Args:
            batch_size: Examples in a batch of all providers, or of each without ratios.
            seed: Seed of the order.
            first_batch: How many batches to leave out at the beginning.

        Returns:
            Dataset of tuples with one batch of each provider.

        Raises:
            ValueError: If no example of a batch is left for a provider.
        """
        sizes = self._batch_sizes(batch_size)
        batches = tuple(
            provider.get_training_batches(size, part_seed(seed, i), first_batch)
            for i, (provider, size) in enumerate(
                zip(self._data_providers, sizes, strict=True)
            )
        )
        return tf.data.Dataset.zip(batches)

    def _batch_sizes(self, batch_size: int) -> list[int]:
        """Examples of each provider in a batch."""
        sizes = [int(batch_size * ratio + ROUNDING) for ratio in self._ratios]
        if min(sizes) < 1:
            raise ValueError(
                "A batch must have an example of each provider. Got batch_size="
                f"{batch_size} with the shares {self._ratios}, which makes {sizes}; "
                "use larger batches."
            )
        return sizes


@gin.register(module="ddsp.training.data")
class MixedProvider(BaseMultiProvider):
    """Gives each example from a provider that chance chooses, weighted by the ratios.

    Providers must have the same features.

    Example:
        >>> from ddsp.training.data.saved import ExperimentalDataProvider
        >>> both = [ExperimentalDataProvider(x, 16000, 250) for x in ("a", "b")]
        >>> provider = MixedProvider(both, batch_size_ratios=[3, 1])
        >>> batch = next(iter(provider.get_batch(8)))  # doctest: +SKIP
    """

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        """Gives all examples of all providers once.

        Args:
            shuffle: Whether to choose otherwise each time, and whether the providers
                shuffle, each for itself.

        Returns:
            Dataset of examples. When one provider has ended the others go on.
        """
        return tf.data.Dataset.sample_from_datasets(
            [provider.get_dataset(shuffle) for provider in self._data_providers],
            weights=self._ratios,
            seed=None if shuffle else 0,
            rerandomize_each_iteration=shuffle,
        )

    def get_training_batches(
        self, batch_size: int, seed: int, first_batch: int = 0
    ) -> tf.data.Dataset:
        """Gives batches without end, in an order that a seed fixes.

        Every provider has epochs of its own and keeps its share throughout.

        Args:
            batch_size: Examples in a batch.
            seed: Seed of the order.
            first_batch: How many batches to leave out at the beginning.

        Returns:
            Dataset of batches of examples from all providers.
        """
        first = first_batch * batch_size
        choices, counts = order.chosen_parts(self._ratios, seed, first)
        examples = [
            _single(provider.get_training_batches(1, part_seed(seed, i), count))
            for i, (provider, count) in enumerate(
                zip(self._data_providers, counts, strict=True)
            )
        ]
        mixed = tf.data.Dataset.choose_from_datasets(examples, choices)
        return order.full_batches(mixed, batch_size)


def part_seed(seed: int, number: int) -> int:
    """Seed of one of several providers, so that equal ones have other orders.

    Args:
        seed: Seed of the run.
        number: Number of the provider, from 0.

    Returns:
        Seed, below 2**63; that of the run itself for the first provider.
    """
    # Any large odd number keeps apart what people count from 0.
    return (seed + number * 0x9E3779B97F4A7C15) % (1 << 63)


def _single(batches: tf.data.Dataset) -> tf.data.Dataset:
    """Examples of batches of one."""

    def first(*batch: Any) -> Any:
        example = tf.nest.map_structure(lambda x: x[0], batch)
        return example[0] if len(example) == 1 else example

    return batches.map(first, num_parallel_calls=tf.data.AUTOTUNE)
