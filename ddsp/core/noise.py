"""White noise, fresh or reproducible."""

import tensorflow as tf


def white_noise(
    batch_size: tf.Tensor | int, n_samples: int, seed: int | None = None
) -> tf.Tensor:
    """Uniform white noise.

    Args:
        batch_size: Number of examples.
        n_samples: Samples per example.
        seed: Makes the noise reproducible: the same seed gives the same noise, and an
            example's noise depends on its place in the batch alone. Under a
            `tf.distribute` strategy that is its place in the batch of all replicas,
            which therefore make what one device would. Without a seed every call draws
            fresh noise, governed by `tf.random.set_seed`.

    Returns:
        Noise in [-1, 1), [batch, n_samples].

    Example:
        >>> two, three = (white_noise(n, 100, seed=7) for n in (2, 3))
        >>> bool(tf.reduce_all(two == three[:2]))
        True
    """
    if seed is None:
        return tf.random.uniform([batch_size, n_samples], minval=-1.0, maxval=1.0)
    n_replicas, replica = _replicas()
    # Named, because the default differs from device to device.
    noise = tf.random.stateless_uniform(
        [n_replicas * batch_size, n_samples],
        seed=[seed, n_samples],
        minval=-1.0,
        maxval=1.0,
        alg="philox",
    )
    if n_replicas == 1:
        return noise
    return noise[replica * batch_size : (replica + 1) * batch_size]


def _replicas() -> tuple[int, tf.Tensor | int]:
    """How many replicas run this, and which of them this is."""
    context = tf.distribute.get_replica_context()
    if context is None:
        return 1, 0
    return context.num_replicas_in_sync, context.replica_id_in_sync_group
