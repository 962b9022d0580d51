"""The envelope of a sound that dies away."""

import tensorflow as tf

from ddsp.core.tensors import tf_float32

# Beyond this exponent everything after the first sample is 0 in float32.
_MAX_EXPONENT = 30.0


def exponential_decay(gain: tf.Tensor, decay: tf.Tensor, n_samples: int) -> tf.Tensor:
    """An exponential fall: gain * exp(-(2 + e^decay) t), with t from 0 to 1.

    Args:
        gain: Level at the start, [batch, 1].
        decay: Any real number, [batch, 1]; the larger, the faster. At the end the level
            has fallen to exp(-2) at the least.
        n_samples: Length of the envelope.

    Returns:
        Envelope, [batch, n_samples].

    Example:
        >>> fall = exponential_decay(tf.ones([1, 1]), tf.zeros([1, 1]), n_samples=3)
        >>> [round(float(level), 3) for level in fall[0]]
        [1.0, 0.223, 0.05]
    """
    rate = 2.0 + tf.exp(tf.minimum(tf_float32(decay), _MAX_EXPONENT))
    return tf_float32(gain) * tf.exp(-rate * tf.linspace(0.0, 1.0, n_samples))
