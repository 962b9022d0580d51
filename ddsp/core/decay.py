"""The envelope of a sound that dies away."""

from typing import Any

import tensorflow as tf

from ddsp.core.tensors import tf_float32

# Beyond this exponent everything after the first sample is 0 in float32.
_MAX_EXPONENT = 30.0


def one_per_example(x: Any, name: str) -> tf.Tensor:
    """Refuses parameters that would vary over time.

    Args:
        x: A number, or [batch, 1].
        name: What the parameter is called.

    Returns:
        float32 tensor of the same shape.

    Raises:
        ValueError: If x has any other shape.

    Example:
        >>> float(one_per_example(0.5, "sustain"))
        0.5
    """
    x = tf_float32(x)
    if x.shape.rank == 0 or (x.shape.rank == 2 and x.shape[1] in (1, None)):
        return x
    raise ValueError(
        f"{name} must be a number or [batch, 1]. Got {name} of shape={x.shape}; add or "
        "remove axes."
    )


def exponential_decay(gain: tf.Tensor, decay: tf.Tensor, n_samples: int) -> tf.Tensor:
    """An exponential fall: gain * exp(-(2 + e^decay) t), with t from 0 to 1.

    Args:
        gain: Level at the start, [batch, 1] or a number.
        decay: Any real number, [batch, 1] or one number; the larger, the faster. At the
            end the level has fallen to exp(-2) at the least.
        n_samples: Length of the envelope.

    Returns:
        Envelope, [batch, n_samples]; [n_samples] of two numbers.

    Raises:
        ValueError: If gain or decay is neither a number nor [batch, 1].

    Example:
        >>> fall = exponential_decay(tf.ones([1, 1]), tf.zeros([1, 1]), n_samples=3)
        >>> [round(float(level), 3) for level in fall[0]]
        [1.0, 0.223, 0.05]
    """
    gain, decay = one_per_example(gain, "gain"), one_per_example(decay, "decay")
    rate = 2.0 + tf.exp(tf.minimum(decay, _MAX_EXPONENT))
    return gain * tf.exp(-rate * tf.linspace(0.0, 1.0, n_samples))
