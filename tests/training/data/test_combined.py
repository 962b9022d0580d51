"""Several providers as one: pairs, and mixtures by weight."""

from typing import Any

import gin
import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import data
from ddsp.training.data import combined, order


class Counting(data.DataProvider):
    """The numbers from a first one on."""

    def __init__(self, first: int, count: int, rates: tuple = (16000, 250)) -> None:
        super().__init__(*rates)
        self.numbers = range(first, first + count)

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        numbers = list(self.numbers)
        return tf.data.Dataset.from_tensor_slices(
            {"number": numbers[::-1] if shuffle else numbers}
        )


def pair(n_low: int = 4, n_high: int = 4) -> list[Counting]:
    return [Counting(0, n_low), Counting(100, n_high)]


def numbers(batches: tf.data.Dataset) -> list[Any]:
    return [
        tf.nest.map_structure(lambda x: x.tolist(), b)
        for b in batches.as_numpy_iterator()
    ]


def test_rates_are_those_of_the_providers() -> None:
    rates = (48000, 100)
    both = [Counting(0, 1, rates), Counting(1, 1, rates)]
    source = data.BaseMultiProvider(both)
    assert (source.sample_rate, source.frame_rate) == rates
    assert source.data_providers == both


def test_ratios_become_shares_and_are_one_each_where_none_are_given() -> None:
    assert data.BaseMultiProvider(pair(), (3, 1)).batch_size_ratios == [0.75, 0.25]
    assert data.BaseMultiProvider(pair()).batch_size_ratios == [1.0, 1.0]


@pytest.mark.parametrize("rates", [(44100, 250), (16000, 100)])
def test_providers_of_other_rates_are_refused(rates: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="must be at least one, all of one sample"):
        data.BaseMultiProvider([Counting(0, 1), Counting(0, 1, rates)])
    with pytest.raises(ValueError, match="must be at least one"):
        data.BaseMultiProvider([])


@pytest.mark.parametrize("ratios", [(1,), (1, 1, 1), (1, 0), (2, -1)])
def test_ratios_must_be_one_positive_number_each(ratios: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"batch_size_ratios=\["):
        data.BaseMultiProvider(pair(), ratios)


def test_a_zipped_example_is_one_of_each_until_the_first_ends() -> None:
    source = data.ZippedProvider(pair(3, 5))
    assert numbers(source.get_dataset(shuffle=False)) == [
        ({"number": i}, {"number": 100 + i}) for i in range(3)
    ]
    shuffled = numbers(source.get_dataset())
    assert [low["number"] for low, _ in shuffled] == [2, 1, 0]


def test_zipped_batches_are_divided_by_the_ratios() -> None:
    source = data.ZippedProvider(pair(9, 9), (3, 1))
    batches = numbers(source.get_batch(8, shuffle=False, repeats=1))
    assert [(len(a["number"]), len(b["number"])) for a, b in batches] == [
        (6, 2),
        (3, 2),
    ]
    assert batches[0][1]["number"] == [100, 101]
    dropped = source.get_batch(8, repeats=1, drop_remainder=True)
    assert len(numbers(dropped)) == 1
    assert len(numbers(source.get_batch(8).take(7))) == 7


def test_zipped_batches_are_whole_without_ratios() -> None:
    batch = next(iter(data.ZippedProvider(pair()).get_batch(2)))
    assert [x["number"].numpy().tolist() for x in batch] == [[3, 2], [103, 102]]


def test_shares_are_not_lost_to_rounding() -> None:
    # 10 * 0.7 is 7 only almost.
    thirds = [Counting(i, 9) for i in range(3)]
    source = data.ZippedProvider(thirds, (0.29, 0.57, 0.14))
    (batch,) = source.get_batch(100, repeats=9).take(1)
    assert source._batch_sizes(100) == [29, 57, 14]
    assert len(batch) == 3


def test_a_batch_too_small_for_the_ratios_is_refused() -> None:
    source = data.ZippedProvider(pair(), (3, 1))
    with pytest.raises(ValueError, match=r"batch_size=3 .* makes \[2, 0\]"):
        source.get_batch(3)
    with pytest.raises(ValueError, match="use larger batches"):
        source.get_training_batches(3, 1)


def test_zipped_training_goes_on_where_it_stopped_and_loses_nothing() -> None:
    source = data.ZippedProvider(pair(4, 6), (2, 1))
    whole = numbers(source.get_training_batches(3, 5).take(12))
    assert numbers(source.get_training_batches(3, 5, 7).take(5)) == whole[7:]
    low = np.array([a["number"] for a, _ in whole]).ravel().reshape(6, 4)
    high = np.array([b["number"] for _, b in whole]).ravel().reshape(2, 6)
    np.testing.assert_array_equal(np.sort(low), np.tile(range(4), [6, 1]))
    np.testing.assert_array_equal(np.sort(high), np.tile(range(100, 106), [2, 1]))
    assert numbers(source.get_training_batches(3, 6).take(12)) != whole


def test_equal_providers_have_orders_of_their_own() -> None:
    same = Counting(0, 50)
    ((one, other),) = (
        data.ZippedProvider([same, same]).get_training_batches(50, 1).take(1)
    )
    assert np.mean(one["number"].numpy() == other["number"].numpy()) < 0.2
    assert combined.part_seed(7, 0) == 7
    assert 0 <= combined.part_seed((1 << 63) - 1, 3) < 1 << 63


def test_mixing_gives_everything_once() -> None:
    source = data.MixedProvider(pair(5, 20))
    for shuffle in (False, True):
        found = [x["number"] for x in numbers(source.get_dataset(shuffle))]
        assert sorted(found) == [*range(5), *range(100, 120)]
        assert found != sorted(found)  # Not one after the other.
    plain = [numbers(source.get_dataset(shuffle=False)) for _ in range(2)]
    assert plain[0] == plain[1]
    dataset = source.get_dataset(shuffle=True)
    assert numbers(dataset) != numbers(dataset)


def test_mixing_keeps_the_ratios() -> None:
    source = data.MixedProvider(pair(40, 4000), (1, 3))
    is_low = [x["number"] < 100 for x in numbers(source.get_dataset().take(100))]
    assert 10 <= np.sum(is_low) <= 40
    training = source.get_training_batches(100, 1).take(40)
    is_low = np.array([b["number"] for b in numbers(training)]) < 100
    # Of 4000 draws; three standard deviations of the share are 0.02.
    assert np.mean(is_low) == pytest.approx(0.25, abs=0.02)
    assert np.std(is_low.mean(axis=1)) == pytest.approx(0.043, abs=0.02)


def test_mixed_training_goes_on_where_it_stopped() -> None:
    source = data.MixedProvider(pair(7, 5), (1, 2))
    whole = numbers(source.get_training_batches(4, 3).take(20))
    for k in (1, 6, 19):
        assert numbers(source.get_training_batches(4, 3, k).take(1)) == whole[k : k + 1]
    flat = np.array([batch["number"] for batch in whole]).ravel()
    for part, size in ((flat[flat < 100], 7), (flat[flat >= 100], 5)):
        n_epochs = len(part) // size
        epochs = np.sort(part[: n_epochs * size].reshape(n_epochs, size))
        assert n_epochs > 2 and np.ptp(epochs, axis=0).max() == 0
    assert numbers(source.get_training_batches(4, 4).take(20)) != whole


def test_choices_are_counted_across_blocks() -> None:
    choices, counts = order.chosen_parts([1.0, 2.0, 1.0], 9, 0)
    drawn = np.array(list(choices.take(9000).as_numpy_iterator()))
    assert counts == [0, 0, 0]
    np.testing.assert_allclose(np.bincount(drawn) / 9000, [0.25, 0.5, 0.25], atol=0.02)
    for first in (5, 4096, 8200):
        rest, counts = order.chosen_parts([1.0, 2.0, 1.0], 9, first)
        assert counts == np.bincount(drawn[:first], minlength=3).tolist()
        np.testing.assert_array_equal(
            list(rest.take(50).as_numpy_iterator()), drawn[first : first + 50]
        )


def test_tuples_can_be_mixed() -> None:
    zipped = data.ZippedProvider(pair())
    batches = data.MixedProvider([zipped, zipped]).get_training_batches(4, 1)
    for low, high in batches.take(3):
        assert low["number"].shape == high["number"].shape == [4]
        assert np.max(low["number"]) < 100 <= np.min(high["number"])


def test_gin_puts_providers_together() -> None:
    gin.parse_config("""
        data.MixedProvider.data_providers = [
            @a/data.SyntheticNotes(), @b/data.SyntheticNotes()]
        data.MixedProvider.batch_size_ratios = [1, 1]
        SyntheticNotes.n_timesteps = 5
        SyntheticNotes.n_harmonics = 3
        SyntheticNotes.n_mags = 2
        a/SyntheticNotes.file_pattern = 'a*'
        b/SyntheticNotes.file_pattern = 'b*'
        """)
    source = gin.get_configurable("ddsp.training.data.MixedProvider")()
    assert source.batch_size_ratios == [0.5, 0.5]
    assert [p._file_pattern for p in source.data_providers] == ["a*", "b*"]
