"""Small functions of layers: axes, nonlinearities, rounding with a gradient."""

from collections.abc import Callable

import tensorflow as tf

from ddsp import core


def get_nonlinearity(nonlinearity: str) -> Callable[[tf.Tensor], tf.Tensor]:
    """Finds a nonlinearity by name.

    Args:
        nonlinearity: Name of a Keras activation, such as 'leaky_relu', or of a function
            of `tf.nn`.

    Returns:
        The function. 'leaky_relu' has a slope of 0.2.

    Raises:
        AttributeError: If there is none of that name.
    """
    try:
        return tf.keras.activations.get(nonlinearity)
    except ValueError:
        function = getattr(tf.nn, nonlinearity, None)
    if function is None:
        raise AttributeError(
            "nonlinearity must be a Keras activation or a function of tf.nn. Got "
            f"nonlinearity={nonlinearity!r}."
        )
    return function


def ensure_4d(x: tf.Tensor) -> tf.Tensor:
    """Adds the axes that convolutions over two dimensions expect.

    Args:
        x: [batch, n_channels], [batch, n_frames, n_channels] or a tensor of any other
            rank, which is returned as it is.

    Returns:
        [batch, 1, 1, n_channels] or [batch, n_frames, 1, n_channels].
    """
    if len(x.shape) == 2:
        return x[:, tf.newaxis, tf.newaxis, :]
    if len(x.shape) == 3:
        return x[:, :, tf.newaxis, :]
    return x


def inv_ensure_4d(x: tf.Tensor, n_dims: int) -> tf.Tensor:
    """Takes away what `ensure_4d` added.

    Args:
        x: [batch, n_frames, 1, n_channels].
        n_dims: Rank before `ensure_4d`.

    Returns:
        [batch, n_channels] for 2, [batch, n_frames, n_channels] for 3, otherwise x.
    """
    if n_dims == 2:
        return x[:, 0, 0, :]
    if n_dims == 3:
        return x[:, :, 0, :]
    return x


def straight_through_int_quantization(x: tf.Tensor) -> tf.Tensor:
    """Rounds to whole numbers, with the gradient of the identity.

    Args:
        x: Any shape.

    Returns:
        The nearest whole numbers, halves to the even one, same shape.
    """
    x = core.tf_float32(x)
    return x + tf.stop_gradient(tf.round(x) - x)
