"""Orders of examples that are functions of a seed, to be entered anywhere."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

# Examples wait in memory to be shuffled: at most so many bytes of them, and so many of
# them, because places are reserved for as many as may come.
SHUFFLE_BYTES = 256 << 20
LARGEST_ROOM = 100_000
# Where the size of an example is unknown: so many of four seconds have those bytes.
UNKNOWN_ROOM = 500
# Choices that are drawn at once.
CHOICES_PER_BLOCK = 4096


def shuffled_numbers(n_examples: int, seed: int, first: int) -> tf.data.Dataset:
    """Counts through a dataset without end, in another order each epoch.

    Args:
        n_examples: Examples of an epoch, at least 1.
        seed: Seed of the order.
        first: How many numbers to leave out at the beginning, without drawing them.

    Returns:
        Dataset of int64 scalars from 0 to n_examples - 1, each once per epoch.

    Raises:
        ValueError: If there are no examples.
    """
    if n_examples < 1:
        raise ValueError(
            "n_examples must be at least 1, or epochs would have no end. Got "
            f"n_examples={n_examples}; leave out fewer examples."
        )

    def order_of(epoch: tf.Tensor) -> tf.data.Dataset:
        keys = _random_integers([n_examples], seed, epoch)
        return tf.data.Dataset.from_tensor_slices(tf.argsort(keys, stable=True))

    numbers = _epochs(order_of, n_examples, first)
    return numbers.map(lambda number: tf.cast(number, tf.int64))


def numbered_batches(
    n_examples: int,
    read: Callable[[tf.Tensor], Any],
    batch_size: int,
    seed: int,
    first_batch: int,
) -> tf.data.Dataset:
    """Gives batches of examples that are read by their numbers, without end.

    Args:
        n_examples: Examples of an epoch, at least 1.
        read: From the number of an example, an int64 scalar, to the example.
        batch_size: Examples in a batch.
        seed: Seed of the order, see `shuffled_numbers`.
        first_batch: How many batches to leave out at the beginning, without reading.

    Returns:
        Dataset of batches.

    Raises:
        ValueError: If there are no examples.
    """
    numbers = shuffled_numbers(n_examples, seed, first_batch * batch_size)
    examples = numbers.map(read, num_parallel_calls=tf.data.AUTOTUNE)
    return full_batches(examples, batch_size)


def shuffled_examples(
    examples: tf.data.Dataset, seed: int, first: int
) -> tf.data.Dataset:
    """Repeats examples without end, in another order each epoch.

    The order does not depend on `tf.random.set_seed`, as `tf.data.Dataset.shuffle`
    does. To leave out whole epochs, the examples are counted, by reading them once if
    the dataset does not know how many it has. Less than one epoch is left out by
    reading it; of a dataset that is endless itself, everything.

    Args:
        examples: The examples of an epoch, in an order that is always the same.
        seed: Seed of the order.
        first: How many examples to leave out at the beginning.

    Returns:
        Dataset of the same elements; empty if there are none.
    """
    n_examples = _count(examples, exactly=first > 0)
    if n_examples == 0:
        return examples
    spec = examples.element_spec
    # The operation below knows tensors only, so others go through it in parts.
    parts = examples.map(lambda *x: tuple(tf.nest.flatten(x, expand_composites=True)))
    room = _room_for(parts.element_spec)

    def order_of(epoch: tf.Tensor) -> tf.data.Dataset:
        seeds = _random_integers([2], seed, epoch)
        shuffled = tf.raw_ops.ShuffleDataset(
            input_dataset=tf.data.experimental.to_variant(parts),
            buffer_size=room if n_examples is None else min(room, n_examples),
            seed=seeds[0],
            seed2=seeds[1],
            output_types=[part.dtype for part in parts.element_spec],
            output_shapes=[part.shape for part in parts.element_spec],
            reshuffle_each_iteration=False,
        )
        return tf.data.experimental.from_variant(shuffled, parts.element_spec)

    return _epochs(order_of, n_examples, first).map(
        lambda *x: tf.nest.pack_sequence_as(spec, x, expand_composites=True)
    )


def chosen_parts(
    weights: Sequence[float], seed: int, first: int
) -> tuple[tf.data.Dataset, list[int]]:
    """Chooses one of several parts over and over, without end.

    Args:
        weights: Weight of each part, above 0, of any sum.
        seed: Seed of the choices.
        first: How many choices to leave out at the beginning.

    Returns:
        Dataset of int64 scalars, the numbers of the parts that are chosen; and how
        often each part was chosen among those that are left out.
    """
    edges = tf.cast(np.cumsum(weights) / np.sum(weights), tf.float64)[:-1]

    def block(number: tf.Tensor) -> tf.Tensor:
        # Half of the 64 bits are exact in a float64, on every machine.
        bits = _random_integers([CHOICES_PER_BLOCK], seed, -1 - number)
        halves = tf.bitwise.right_shift(
            tf.bitcast(bits, tf.uint64), tf.uint64.as_numpy_dtype(32)
        )
        return tf.searchsorted(
            edges,
            tf.cast(halves, tf.float64) / 2.0**32,
            side="right",
            out_type=tf.int64,
        )

    n_blocks, n_left_out = divmod(first, CHOICES_PER_BLOCK)
    counts = np.zeros(len(weights), np.int64)
    for number in range(n_blocks + 1):
        choices = block(tf.constant(number, tf.int64)).numpy()
        if number == n_blocks:
            choices = choices[:n_left_out]
        counts += np.bincount(choices, minlength=len(weights))
    blocks = tf.data.Dataset.range(n_blocks, tf.int64.max).map(block)
    return blocks.unbatch().skip(n_left_out), counts.tolist()


def shuffle_once(examples: tf.data.Dataset) -> tf.data.Dataset:
    """Shuffles the examples of an epoch, as many as fit into 256 MiB.

    Args:
        examples: The examples of an epoch.

    Returns:
        The same in another order each time; after `tf.random.set_seed`, in those that
        follow from its seed.
    """
    return examples.shuffle(_room_for(tuple(tf.nest.flatten(examples.element_spec))))


def full_batches(examples: tf.data.Dataset, batch_size: int) -> tf.data.Dataset:
    """Puts examples into batches, in their order on every machine.

    Args:
        examples: Dataset without end.
        batch_size: Examples in a batch.

    Returns:
        Dataset of batches, read ahead of their use. Several workers share each batch.
    """
    options = tf.data.Options()
    options.deterministic = True
    # Workers that divide files would each have an order of their own.
    options.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.DATA
    )
    batches = examples.batch(batch_size, drop_remainder=True)
    return batches.prefetch(tf.data.AUTOTUNE).with_options(options)


def _epochs(
    order_of: Callable[[tf.Tensor], tf.data.Dataset],
    n_examples: int | None,
    first: int,
) -> tf.data.Dataset:
    """One epoch after the other, from an example on; None examples are endless."""
    epoch, n_left_out = divmod(first, n_examples) if n_examples else (0, first)
    numbers = tf.data.Dataset.range(epoch, tf.int64.max)
    return numbers.flat_map(order_of).skip(n_left_out)


def _random_integers(shape: list[int], seed: int, epoch: tf.Tensor) -> tf.Tensor:
    """Integers of 64 bits that are the same on every machine."""
    return tf.random.stateless_uniform(
        shape,
        seed=tf.stack([tf.constant(seed, tf.int64), epoch]),
        minval=None,
        maxval=None,
        dtype=tf.int64,
        alg="philox",
    )


def _count(examples: tf.data.Dataset, exactly: bool) -> int | None:
    """Number of examples; None if endless, or if only known not to be 0."""
    n_examples = int(examples.cardinality())
    if n_examples == tf.data.INFINITE_CARDINALITY:
        return None
    if n_examples == tf.data.UNKNOWN_CARDINALITY:
        counted = examples if exactly else examples.take(1)
        found = int(counted.reduce(tf.constant(0, tf.int64), lambda n, _: n + 1))
        return found if exactly or not found else None
    return n_examples


def _room_for(parts: tuple[Any, ...]) -> int:
    """How many examples may wait to be shuffled."""
    if not all(part.shape.is_fully_defined() for part in parts):
        return UNKNOWN_ROOM
    n_bytes = sum(part.dtype.size * math.prod(part.shape) for part in parts)
    return min(LARGEST_ROOM, max(2, SHUFFLE_BYTES // max(1, n_bytes)))
