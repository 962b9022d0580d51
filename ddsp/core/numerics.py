"""Logarithms, roots, division and limits that stay finite."""

from typing import Any

import tensorflow as tf

from ddsp.core.tensors import float_tensors, tf_float32


def safe_divide(numerator: Any, denominator: Any, eps: float = 1e-7) -> tf.Tensor:
    """Divides, with a small number in place of a denominator that is exactly zero.

    Small denominators other than zero are used as they are, so quotients and gradients
    may be large; 0 / 0 is 0.

    Args:
        numerator: Number or tensor of any shape.
        denominator: Number or tensor that broadcasts against the numerator.
        eps: What a zero denominator becomes.

    Returns:
        Quotient, with the broadcast shape.
    """
    numerator, denominator = float_tensors(numerator, denominator)
    eps = tf.cast(eps, denominator.dtype)
    return numerator / tf.where(denominator == 0.0, eps, denominator)


def safe_log(x: Any, eps: float = 1e-5) -> tf.Tensor:
    """Natural logarithm, with a small number in place of what is not positive.

    The gradient is 0 where x is not positive and 1 / x elsewhere, however small x is.

    Args:
        x: Number or tensor of any shape.
        eps: What numbers that are not positive become.

    Returns:
        Logarithm, of the same shape.
    """
    (x,) = float_tensors(x)
    return tf.math.log(tf.where(x <= 0.0, tf.cast(eps, x.dtype), x))


def safe_root(x: Any, degree: float = 2.0) -> tf.Tensor:
    """Square root, or another one, whose gradient is finite: 0 where x is 0.

    The true slope at 0 is infinite. What is positive has its exact root and slope,
    however small it is; everything else has root 0 and slope 0.

    Args:
        x: Number or tensor of any shape.
        degree: Which root, positive: 2 for the square root.

    Returns:
        Root, at least 0, of the same shape.

    Example:
        >>> safe_root([-1.0, 0.0, 9.0]).numpy().tolist()
        [0.0, 0.0, 3.0]
    """
    (x,) = float_tensors(x)
    # The root itself must not see a 0: its slope would be infinity times 0, no number.
    is_positive = x > 0.0
    positive = tf.where(is_positive, x, tf.ones_like(x))
    root = tf.sqrt(positive) if degree == 2.0 else positive ** (1.0 / degree)
    return tf.where(is_positive, root, tf.zeros_like(x))


def logb(x: Any, base: Any = 2.0, eps: float = 1e-5) -> tf.Tensor:
    """Logarithm to any base, see `safe_log`.

    Args:
        x: Number or tensor of any shape.
        base: Positive number other than 1.
        eps: What numbers that are not positive become.

    Returns:
        Logarithm, of the same shape.
    """
    x, base = float_tensors(x, base)
    return safe_divide(safe_log(x, eps), safe_log(base, eps), eps)


def log10(x: Any, eps: float = 1e-5) -> tf.Tensor:
    """Logarithm to base 10, see `safe_log`.

    Args:
        x: Number or tensor of any shape.
        eps: What numbers that are not positive become.

    Returns:
        Logarithm, of the same shape.
    """
    return logb(x, base=10.0, eps=eps)


def log_scale(x: Any, min_x: Any, max_x: Any) -> tf.Tensor:
    """Maps [-1, 1] to an interval so that equal steps are equal ratios.

    Args:
        x: Number or tensor of any shape; 0 becomes the geometric mean of the interval.
        min_x: What -1 becomes, positive.
        max_x: What 1 becomes, positive.

    Returns:
        float32 tensor of the same shape.
    """
    position = (tf_float32(x) + 1.0) / 2.0
    log_min, log_max = tf.math.log(tf_float32(min_x)), tf.math.log(tf_float32(max_x))
    return tf.exp((1.0 - position) * log_min + position * log_max)


def soft_limit(x: Any, x_min: Any = 0.0, x_max: Any = 1.0) -> tf.Tensor:
    """Limits values with round corners; in the middle of the interval they stay.

    The corners are about one unit wide: x is kept to 1e-3 where it is 7 or more away
    from both limits.

    Args:
        x: Number or tensor of any shape.
        x_min: Limit from below.
        x_max: Limit from above.

    Returns:
        Tensor of the same shape, from x_min to x_max, rising with x.
    """
    x, x_min, x_max = float_tensors(x, x_min, x_max)
    above, width = x - x_min, x_max - x_min
    lower = tf.nn.softplus(above) - tf.nn.softplus(above - width)
    # The same by softplus(z) = z + softplus(-z): above the middle the first form is a
    # difference of large numbers.
    upper = width + tf.nn.softplus(-above) - tf.nn.softplus(width - above)
    return x_min + tf.where(above < width / 2.0, lower, upper)
