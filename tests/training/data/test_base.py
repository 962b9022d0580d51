"""The interface of providers."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import data


class Numbers(data.DataProvider):
    """The numbers 0, 1 and 2, or backwards when shuffled."""

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices([2, 1, 0] if shuffle else [0, 1, 2])


def test_own_providers_define_only_the_dataset() -> None:
    source = Numbers(48000, 100)
    assert (source.sample_rate, source.frame_rate) == (48000, 100)
    batches = source.get_batch(2, shuffle=False, repeats=2)
    assert [b.tolist() for b in batches.as_numpy_iterator()] == [[0, 1], [2, 0], [1, 2]]
    endless = source.get_batch(3).take(5)
    assert [b.tolist() for b in endless.as_numpy_iterator()] == [[2, 1, 0]] * 5


def test_a_provider_without_a_dataset_says_so() -> None:
    with pytest.raises(NotImplementedError, match="DataProvider, which does not"):
        data.DataProvider(16000, 250).get_batch(1)


class Odd(data.DataProvider):
    """Odd numbers below 100; how many is not known before they are read."""

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        assert not shuffle
        return tf.data.Dataset.range(100).filter(lambda x: x % 2 == 1)


def taken(batches: tf.data.Dataset, n_batches: int) -> np.ndarray:
    return np.array(list(batches.take(n_batches).as_numpy_iterator()))


def test_batches_of_own_providers_are_a_function_of_the_seed() -> None:
    source = Odd(16000, 250)
    whole = taken(source.get_training_batches(20, seed=3), 10)
    epochs = whole.reshape(4, 50)
    np.testing.assert_array_equal(
        np.sort(epochs), np.tile(np.arange(1, 100, 2), [4, 1])
    )
    assert np.mean(epochs[0] == epochs[1]) < 0.2
    for k in range(7):
        resumed = taken(source.get_training_batches(20, 3, first_batch=k), 3)
        np.testing.assert_array_equal(resumed, whole[k : k + 3])
    other = taken(source.get_training_batches(20, seed=4), 10)
    assert np.mean(other == whole) < 0.2


def test_a_provider_of_nothing_gives_no_batch() -> None:
    class Nothing(data.DataProvider):
        def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
            del shuffle
            return tf.data.Dataset.range(10).filter(lambda x: x > 10)

    source = Nothing(16000, 250)
    for first in (0, 3):
        assert not list(source.get_training_batches(2, 1, first))


class OnlyBatches:
    """A provider that knows nothing of this library."""

    def get_batch(self, batch_size: int, shuffle: bool, repeats: int) -> Iterator[Any]:
        return iter([("own batch", batch_size, shuffle, repeats)])


class OwnBatches(Numbers):
    """A provider whose batches are not what its dataset gives."""

    def get_batch(self, *args: Any, **kwargs: Any) -> Iterator[Any]:  # type: ignore
        return OnlyBatches().get_batch(*args, **kwargs)


class OwnBoth(OwnBatches):
    """A provider that also knows how to go on."""

    def get_training_batches(  # type: ignore[override]
        self, batch_size: int, seed: int, first_batch: int = 0
    ) -> Iterator[Any]:
        return iter([("going on", batch_size, seed, first_batch)])


@pytest.mark.parametrize("source", [OnlyBatches(), OwnBatches(16000, 250)])
def test_who_only_has_batches_of_his_own_is_asked_for_them(source: Any) -> None:
    batches, is_fixed = data.training_batches(source, 2, seed=1, first_batch=5)
    assert list(batches) == [("own batch", 2, True, -1)] and not is_fixed


def test_who_knows_how_to_go_on_goes_on() -> None:
    batches, is_fixed = data.training_batches(OwnBoth(16000, 250), 2, 1, 5)
    assert list(batches) == [("going on", 2, 1, 5)] and is_fixed
    source = Odd(16000, 250)
    batches, is_fixed = data.training_batches(source, 20, 3, first_batch=2)
    expected = source.get_training_batches(20, 3, 2)
    np.testing.assert_array_equal(taken(batches, 3), taken(expected, 3))
    assert is_fixed
    batches, _ = data.training_batches(source, 20, 3)
    expected = source.get_training_batches(20, 3)
    np.testing.assert_array_equal(taken(batches, 3), taken(expected, 3))
