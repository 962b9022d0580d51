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
            example's noise does not depend on how many examples follow it. Without a
            seed every call draws fresh noise, governed by `tf.random.set_seed`.

    Returns:
        Noise in [-1, 1), [batch, n_samples].
    """
    shape = [batch_size, n_samples]
    if seed is None:
        return tf.random.uniform(shape, minval=-1.0, maxval=1.0)
    # Named, because the default differs from device to device.
    return tf.random.stateless_uniform(
        shape, seed=[seed, n_samples], minval=-1.0, maxval=1.0, alg="philox"
    )
