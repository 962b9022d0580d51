"""Matrix products in full float32 precision on every device.

TensorFlow computes float32 products on recent GPUs in TensorFloat-32 by default, which
keeps 10 bits of every factor: enough for most layers, 60 dB for a sum of sines. There
each factor is split into two parts of 10 bits, which TensorFloat-32 takes exactly.
Whether to do so is decided while tracing: trace a graph that is to run on a GPU where
there is one.
"""

import tensorflow as tf

# Sign, exponent and the upper 10 bits of the fraction.
_KEPT = 0xFFFFE000


def _is_rounded_by_the_device() -> bool:
    """Whether a product may run in TensorFloat-32."""
    if not tf.config.experimental.tensor_float_32_execution_enabled():
        return False
    return bool(tf.config.list_logical_devices("GPU"))


def split(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Splits numbers into a part of 10 bits and the rest.

    Args:
        x: float32, any shape.

    Returns:
        Two tensors that add up to x exactly. The gradient flows through the first.
    """
    bits = tf.bitwise.bitwise_and(
        tf.bitcast(x, tf.uint32), tf.constant(_KEPT, tf.uint32)
    )
    # The first part equals the bits exactly and has the gradient of x.
    high = x + tf.stop_gradient(tf.bitcast(bits, tf.float32) - x)
    return high, x - high


def precise_matmul(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Matrix product with the precision of float32, about 2^-21 of scale or better.

    Its own gradient may run in TensorFloat-32.

    Args:
        a: float32, [..., n, m].
        b: float32, [..., m, k].

    Returns:
        float32, [..., n, k].
    """
    if not _is_rounded_by_the_device():
        return tf.matmul(a, b)
    return tf.matmul(*_parts(a, b, a_axis=-1, b_axis=-2))


def precise_conv1d(audio: tf.Tensor, filters: tf.Tensor) -> tf.Tensor:
    """Correlation without padding, with the precision of float32.

    Args:
        audio: float32, [batch, n_samples, n_channels].
        filters: float32, [n_taps, n_channels, n_filters].

    Returns:
        float32, [batch, n_samples - n_taps + 1, n_filters].
    """
    if _is_rounded_by_the_device():
        audio, filters = _parts(audio, filters, a_axis=-1, b_axis=1)
    return tf.nn.conv1d(audio, filters, 1, "VALID")


def _parts(
    a: tf.Tensor, b: tf.Tensor, a_axis: int, b_axis: int
) -> tuple[tf.Tensor, tf.Tensor]:
    """Factors of three times the inner size: all parts but low times low."""
    a_high, a_low = split(a)
    b_high, b_low = split(b)
    return (
        tf.concat([a_high, a_high, a_low], axis=a_axis),
        tf.concat([b_high, b_low, b_high], axis=b_axis),
    )
