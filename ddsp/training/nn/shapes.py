"""Small functions of layers: axes, nonlinearities, rounding with a gradient."""

from collections.abc import Callable

import tensorflow as tf

from ddsp import core

NEGATIVE_SLOPE = 0.2


def get_nonlinearity(nonlinearity: str) -> Callable[[tf.Tensor], tf.Tensor]:
    """Finds a nonlinearity by name.

    Args:
        nonlinearity: Name of a Keras activation, such as 'leaky_relu', or of a function
            of `tf.nn`.

    Returns:
        The function. That of 'leaky_relu' is the one below.

    Raises:
        AttributeError: If there is none of that name.
    """
    if nonlinearity == "leaky_relu":
        return leaky_relu
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


@tf.keras.utils.register_keras_serializable(package="ddsp")
def leaky_relu(x: tf.Tensor) -> tf.Tensor:
    """Leaky rectifier: a fifth of what is negative, as in Keras.

    Args:
        x: Any shape.

    Returns:
        Tensor of the same shape. Its gradient is found from it, so x need not be kept.
    """

    @tf.custom_gradient
    def rectify(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        rectified = tf.nn.leaky_relu(x, NEGATIVE_SLOPE)

        def backward(upstream: tf.Tensor) -> tf.Tensor:
            # The sign of what goes out is that of what came in.
            return tf.raw_ops.LeakyReluGrad(
                gradients=upstream, features=rectified, alpha=NEGATIVE_SLOPE
            )

        return rectified, backward

    return rectify(x)


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


def straight_through_softmax(logits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Draws one of several choices, with the gradient of its probability.

    Args:
        logits: Logarithms of probabilities, up to a constant, [..., n_choices].

    Returns:
        Draw, 1 for the choice and 0 for the others, and probabilities, both
        [..., n_choices]. The gradient of the draw is that of `probabilities * draw`.

    Example:
        >>> draw, probabilities = straight_through_softmax(tf.constant([[0.0, 90.0]]))
        >>> draw.numpy().tolist()
        [[0.0, 1.0]]
    """
    logits = core.tf_float32(logits)
    probabilities = tf.nn.softmax(logits)
    # The largest of the logits with Gumbel noise is distributed as they say.
    uniform = _uniform_per_example(logits) + 1e-20
    chosen = tf.argmax(logits - tf.math.log(-tf.math.log(uniform)), axis=-1)
    draw = tf.one_hot(chosen, tf.shape(logits)[-1], dtype=logits.dtype)
    draw = tf.ensure_shape(tf.stop_gradient(draw), logits.shape)
    slope = probabilities * draw
    return draw + (slope - tf.stop_gradient(slope)), probabilities


def straight_through_choice(logits: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Draws one of several values, with the gradient of its probability.

    Args:
        logits: Logarithms of probabilities, up to a constant, [..., n_choices].
        values: What there is to choose from, a shape that broadcasts to
            [..., n_choices].

    Returns:
        The value that was drawn, [..., 1].

    Example:
        >>> logits = tf.constant([[0.0, 90.0]])
        >>> straight_through_choice(logits, tf.constant([3.0, 7.0])).numpy().tolist()
        [[7.0]]
    """
    draw, _ = straight_through_softmax(logits)
    return tf.reduce_sum(draw * values, axis=-1, keepdims=True)


def get_embedding(
    vocab_size: int = 1024, n_dims: int = 256
) -> tf.keras.layers.Embedding:
    """Makes a table of vectors to look up by number.

    Args:
        vocab_size: Number of vectors.
        n_dims: Channels of each.

    Returns:
        Layer from whole numbers [...] to vectors [..., n_dims].

    Example:
        >>> get_embedding(vocab_size=3, n_dims=4)(tf.constant([[0], [2]])).shape
        TensorShape([2, 1, 4])
    """
    return tf.keras.layers.Embedding(vocab_size, n_dims)


def _uniform_per_example(x: tf.Tensor) -> tf.Tensor:
    """Random numbers in [0, 1) of the shape of x, from the noise of each example."""
    shape = tf.shape(x)
    noise = core.white_noise(shape[0], tf.reduce_prod(shape[1:]))
    return tf.reshape((1.0 + noise) / 2.0, shape)
