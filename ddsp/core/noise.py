"""White noise: fresh, reproducible, or a function of the step of a training run."""

import contextlib
import dataclasses
import threading
from collections.abc import Iterator, Sequence

import tensorflow as tf

# Shifted right by 8, random integers of 32 bits fill 24: what a float32 holds exactly.
UNUSED_BITS, LARGEST = 8, 2.0**23


@dataclasses.dataclass
class _Draws:
    """What a context knows: its seed, and how often it was asked."""

    seed: tf.Tensor
    n_draws: int = 0

    def next_seed(self) -> tf.Tensor:
        """A seed that no other draw and no other seed of a context has."""
        number = tf.constant(self.n_draws, tf.int64)
        self.n_draws += 1
        return tf.random.fold_in(self.seed, number, alg="philox")


class _Contexts(threading.local):
    """The contexts that this thread is in, the innermost last."""

    def __init__(self) -> None:
        self.entered: list[_Draws] = []


_contexts = _Contexts()


@contextlib.contextmanager
def seeded_noise(seed: tf.Tensor | Sequence[int]) -> Iterator[None]:
    """Makes all fresh noise within it a function of a seed.

    `white_noise` without a seed of its own then depends on this seed, on how many draws
    came before it in the context, and on the example's place in the batch of all
    replicas, which together make what one device would. It is the same eagerly, in a
    graph and compiled by XLA. Contexts may be nested: the inner one counts for itself.

    It holds for the thread that enters it, so enter it within the function that each
    replica runs, and within the `tf.function`, whose argument the seed can be; a
    function that was traced inside keeps the seed it was traced with. What a loop of a
    graph draws is one draw, the same in every turn.

    Args:
        seed: Two integers, [2], such as the seed of a run and its step; may be a tensor
            of a graph.

    Raises:
        ValueError: If the seed is not two integers.

    Example:
        >>> def draw(step):
        ...     with seeded_noise([7, step]):
        ...         return white_noise(1, 100)
        >>> [bool(tf.reduce_all(draw(3) == draw(step))) for step in (3, 4)]
        [True, False]
    """
    seed = tf.convert_to_tensor(seed)
    if not seed.dtype.is_integer or not seed.shape.is_compatible_with([2]):
        raise ValueError(
            "seed must be two integers, [2]. Got "
            f"seed of shape {seed.shape} and type {seed.dtype.name}; pass "
            "[seed, step], for instance."
        )
    _contexts.entered.append(_Draws(tf.cast(seed, tf.int64)))
    try:
        yield
    finally:
        _contexts.entered.pop()


def white_noise(
    batch_size: tf.Tensor | int,
    n_samples: tf.Tensor | int,
    seed: int | None = None,
    same_on_replicas: bool = False,
) -> tf.Tensor:
    """Uniform white noise.

    Args:
        batch_size: Number of examples.
        n_samples: Samples per example.
        seed: Makes the noise reproducible: the same seed gives the same noise, and an
            example's noise depends on its place in the batch alone. Under a
            `tf.distribute` strategy that is its place in the batch of all replicas,
            which therefore make what one device would. Without a seed every call draws
            fresh noise, governed by `seeded_noise` or, outside of it, by
            `tf.random.set_seed`.
        same_on_replicas: Whether this noise is shared by all examples of a batch, as
            that of a reverb is, so that every replica needs the same. Without any seed
            it has no effect.

    Returns:
        Noise in [-1, 1), [batch, n_samples].

    Example:
        >>> two, three = (white_noise(n, 100, seed=7) for n in (2, 3))
        >>> bool(tf.reduce_all(two == three[:2]))
        True
    """
    if seed is not None:
        key = tf.stack([seed, n_samples])
    elif _contexts.entered:
        key = _contexts.entered[-1].next_seed()
    else:
        return tf.random.uniform([batch_size, n_samples], minval=-1.0, maxval=1.0)
    n_replicas, replica = (1, 0) if same_on_replicas else _replicas()
    noise = _stateless_noise([n_replicas, batch_size, n_samples], key)
    # A gather, because XLA takes no slice whose end is unknown.
    return tf.gather(noise, replica)


def _stateless_noise(
    shape: Sequence[tf.Tensor | int], seed: tf.Tensor | Sequence[int]
) -> tf.Tensor:
    """Noise in [-1, 1) from a seed, [2], the same on all devices."""
    # TensorFlow and XLA agree on the bits, not on how they make floats of them. The
    # algorithm is named because the default differs from device to device.
    bits = tf.random.stateless_uniform(
        shape, seed=seed, minval=None, maxval=None, dtype=tf.int32, alg="philox"
    )
    whole = tf.bitwise.right_shift(bits, UNUSED_BITS)
    return tf.cast(whole, tf.float32) / LARGEST


def _replicas() -> tuple[int, tf.Tensor | int]:
    """How many replicas run this, and which of them this is."""
    context = tf.distribute.get_replica_context()
    if context is None:
        return 1, 0
    return context.num_replicas_in_sync, context.replica_id_in_sync_group
