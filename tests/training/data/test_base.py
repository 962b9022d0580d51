"""The interface of providers."""

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
