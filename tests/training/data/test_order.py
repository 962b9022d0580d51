"""Orders are functions of a seed, and can be entered anywhere."""

import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from ddsp.training.data import order


def numbers(n_examples: int, seed: int, first: int, n_taken: int) -> np.ndarray:
    taken = order.shuffled_numbers(n_examples, seed, first).take(n_taken)
    return np.array(list(taken.as_numpy_iterator()))


def examples(
    n_examples: int, seed: int, first: int, n_taken: int, is_counted: bool = True
) -> np.ndarray:
    dataset = tf.data.Dataset.range(n_examples)
    if not is_counted:
        dataset = dataset.filter(lambda x: x >= 0)
    taken = order.shuffled_examples(dataset, seed, first).take(n_taken)
    return np.array(list(taken.as_numpy_iterator()))


def uncounted(n_examples: int, seed: int, first: int, n_taken: int) -> np.ndarray:
    return examples(n_examples, seed, first, n_taken, is_counted=False)


every_order = pytest.mark.parametrize("ordered", [numbers, examples, uncounted])


@every_order
def test_each_epoch_has_each_example_once_in_an_order_of_its_own(ordered) -> None:
    epochs = ordered(200, 3, 0, 800).reshape(4, 200)
    np.testing.assert_array_equal(np.sort(epochs), np.tile(np.arange(200), [4, 1]))
    # The places of the examples in one epoch against those in another, and the files.
    places = np.concatenate([np.argsort(epochs), [np.arange(200)]])
    assert np.abs(np.corrcoef(places) - np.eye(5)).max() < 0.3


@every_order
def test_seeds_have_orders_of_their_own(ordered) -> None:
    seeds = (0, 1, 2, -1, 2**40)
    orders = np.stack([ordered(200, seed, 0, 200) for seed in seeds])
    places = np.argsort(orders)
    assert np.abs(np.corrcoef(places) - np.eye(5)).max() < 0.3
    np.testing.assert_array_equal(orders[1], ordered(200, 1, 0, 200))


@every_order
def test_no_seed_of_the_program_changes_an_order(ordered) -> None:
    found = []
    for seed in (1, 2):
        tf.random.set_seed(seed)
        found.append(ordered(50, 3, 7, 100))
    np.testing.assert_array_equal(*found)


@every_order
@settings(max_examples=8, deadline=None)
@given(st.integers(1, 9), st.integers(0, 30), st.integers(0, 5))
def test_an_order_can_be_entered_anywhere(
    ordered, n_examples: int, first: int, seed: int
) -> None:
    whole = ordered(n_examples, seed, 0, first + 10)
    np.testing.assert_array_equal(ordered(n_examples, seed, first, 10), whole[first:])


def test_the_order_is_that_of_every_version() -> None:
    # A run that goes on after an update must not see another order.
    keys = tf.random.stateless_uniform(
        [6], [9, 1], None, None, tf.int64, alg="philox"
    ).numpy()
    np.testing.assert_array_equal(numbers(6, 9, 6, 6), np.argsort(keys))


def test_an_epoch_far_away_is_reached_at_once() -> None:
    far = 10**12
    assert sorted(numbers(7, 1, 7 * far, 7)) == list(range(7))
    assert sorted(examples(7, 1, 7 * far, 7)) == list(range(7))


def test_an_endless_dataset_is_one_epoch() -> None:
    endless = tf.data.Dataset.range(5).repeat()
    found = [
        list(order.shuffled_examples(endless, 1, first).take(6).as_numpy_iterator())
        for first in (0, 3)
    ]
    assert found[0][3:] == found[1][:3]


@pytest.mark.parametrize("is_counted", [True, False])
@pytest.mark.parametrize("first", [0, 5])
def test_no_examples_end_at_once(is_counted: bool, first: int) -> None:
    assert examples(0, 1, first, 3, is_counted).size == 0
    with pytest.raises(ValueError, match=r"at least 1, .* Got n_examples=0; leave"):
        order.shuffled_numbers(0, 1, first)


def test_elements_of_any_structure_come_back() -> None:
    ragged = tf.ragged.constant([[1.0], [2.0, 2.0], [3.0, 3.0, 3.0]])
    elements = (
        {"x": tf.constant([1.0, 2.0, 3.0]), "y": ragged},
        tf.constant([[1], [2], [3]]),
    )
    dataset = tf.data.Dataset.from_tensor_slices(elements)
    found = list(order.shuffled_examples(dataset, 1, 0).take(3))
    assert sorted(int(number[0]) for _, number in found) == [1, 2, 3]
    for features, number in found:
        assert float(features["x"]) == int(number[0])
        assert features["y"].numpy().tolist() == [float(number[0])] * int(number[0])


def farthest_move_forward(has_known_size: bool = True) -> int:
    """How many places before its own an example can come, of 3000."""
    dataset = tf.data.Dataset.range(3000)
    if has_known_size:
        dataset = dataset.map(lambda i: (i, tf.zeros([2])))
    else:
        dataset = dataset.map(lambda i: (i, tf.range(i % 2)))
    taken = order.shuffled_examples(dataset, 1, 0).take(3000)
    places = np.array([int(i) for i, _ in taken])
    return int(np.max(places - np.arange(3000)))


def test_few_examples_wait_where_they_are_large(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A number of 8 bytes and two of 4 bytes, of which 100 may wait.
    monkeypatch.setattr(order, "SHUFFLE_BYTES", 1600)
    assert 80 < farthest_move_forward() < 100
    # Those whose size is unknown are taken for large ones.
    assert 450 < farthest_move_forward(has_known_size=False) < 500
    monkeypatch.setattr(order, "LARGEST_ROOM", 50)
    assert 40 < farthest_move_forward() < 50
    monkeypatch.setattr(order, "SHUFFLE_BYTES", 1)
    assert farthest_move_forward() == 1


def test_the_room_is_that_of_usual_examples() -> None:
    assert order.SHUFFLE_BYTES == 2**28
    n_bytes = order.SHUFFLE_BYTES / order.UNKNOWN_ROOM
    assert math.isclose(n_bytes, 4 * (2 * 64000 + 3 * 1001), rel_tol=0.05)


def test_batches_are_full_and_shared_by_all_workers() -> None:
    batches = order.full_batches(tf.data.Dataset.range(7), 3)
    assert [b.tolist() for b in batches.as_numpy_iterator()] == [[0, 1, 2], [3, 4, 5]]
    options = batches.options()
    assert options.deterministic is True
    policy = options.experimental_distribute.auto_shard_policy
    assert policy == tf.data.experimental.AutoShardPolicy.DATA
