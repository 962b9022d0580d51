"""Conversion, padding and small helpers for tensors of any meaning."""

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

Number = TypeVar("Number", int, float, np.ndarray, tf.Tensor)


def tf_float32(x: Any) -> tf.Tensor:
    """Converts numbers, lists, arrays, variables and tensors to a float32 tensor.

    Args:
        x: Numbers in any form, any shape. Complex numbers lose their imaginary part.

    Returns:
        float32 tensor of the same shape.
    """
    return _to_dtype(x, tf.float32)


def float_tensors(*values: Any) -> list[tf.Tensor]:
    """Converts values to floating point tensors that can be combined.

    The type is the widest floating type among the tensors, else among the NumPy arrays,
    else float32: Python numbers and integers adapt to what they meet.

    Args:
        *values: Numbers in any form, any shapes.

    Returns:
        Tensors of one floating (or complex) type, in the order of the arguments.
    """
    tensors = [v for v in values if tf.is_tensor(v)]
    dtypes = _float_dtypes(tensors) or _float_dtypes(values) or [tf.float32]
    dtype = max(dtypes, key=lambda candidate: int(candidate.size))
    return [_to_dtype(v, dtype) for v in values]


def _float_dtypes(values: Sequence[Any]) -> list[tf.DType]:
    """Floating and complex types of those values that have a type."""
    dtypes = [tf.as_dtype(v.dtype) for v in values if hasattr(v, "dtype")]
    return [d for d in dtypes if d.is_floating or d.is_complex]


def _to_dtype(x: Any, dtype: tf.DType) -> tf.Tensor:
    """Converts to a tensor of the given type; variables become tensors."""
    if hasattr(x, "dtype"):
        return tf.cast(tf.convert_to_tensor(x), dtype)
    return tf.convert_to_tensor(x, dtype)


def make_iterable(x: Any) -> Iterable[Any]:
    """Wraps a single thing in a list and leaves collections alone.

    A tensor, a variable, an array or a string is one thing, although Python could
    iterate over its batch or its letters.

    Args:
        x: Anything.

    Returns:
        An empty list for None, x itself if it is a collection, else [x].
    """
    if x is None:
        return []
    is_single = isinstance(x, str | bytes) or hasattr(x, "dtype")
    return x if isinstance(x, Iterable) and not is_single else [x]


def copy_if_tf_function(x: Any) -> Any:
    """Copies a collection while a tf.function is traced, so that it can be changed.

    Args:
        x: Usually a dictionary of inputs.

    Returns:
        A shallow copy inside of a tf.function, x itself otherwise.
    """
    return x if tf.executing_eagerly() else copy.copy(x)


def _positive_axis(axis: int, rank: int) -> int:
    """Counts an axis from the front."""
    if not -rank <= axis < rank:
        raise ValueError(
            f"axis must lie within the tensor's rank. Got axis={axis} with rank={rank};"
            f" use {-rank} to {rank - 1}."
        )
    return axis % rank


def pad_axis(
    x: tf.Tensor, padding: Sequence[int] = (0, 0), axis: int = 0, **pad_kwargs: Any
) -> tf.Tensor:
    """Pads a single axis.

    Args:
        x: Tensor of any shape.
        padding: Numbers of elements to add before and after.
        axis: Axis to pad; negative numbers count from the back.
        **pad_kwargs: Further arguments of `tf.pad`: mode, constant_values.

    Returns:
        Tensor that is longer along the axis.

    Raises:
        ValueError: If the tensor has no such axis.
    """
    x = tf.convert_to_tensor(x)
    paddings: list[Sequence[int]] = [(0, 0)] * x.shape.rank
    paddings[_positive_axis(axis, x.shape.rank)] = padding
    return tf.pad(x, paddings, **pad_kwargs)


def diff(x: tf.Tensor, axis: int = -1) -> tf.Tensor:
    """Differences of neighbours along an axis.

    Args:
        x: Tensor of any shape.
        axis: Axis to take the differences along; negative numbers count from the back.

    Returns:
        Element k + 1 minus element k: one element shorter along the axis.

    Raises:
        ValueError: If the tensor has no such axis.
    """
    x = tf.convert_to_tensor(x)
    other_axes = (slice(None),) * _positive_axis(axis, x.shape.rank)
    following, previous = (*other_axes, slice(1, None)), (*other_axes, slice(-1))
    return x[following] - x[previous]


def nan_to_num(x: tf.Tensor, value: float = 0.0) -> tf.Tensor:
    """Replaces NaN by a number.

    Args:
        x: Tensor of any shape.
        value: What NaN becomes. No gradient flows through replaced elements.

    Returns:
        Tensor of the same shape; infinities stay.
    """
    (x,) = float_tensors(x)
    return tf.where(tf.math.is_nan(x), tf.cast(value, x.dtype), x)


@tf.custom_gradient
def _identity_with_negative_gradient(
    x: tf.Tensor,
) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    return tf.identity(x), tf.negative


def gradient_reversal(x: tf.Tensor) -> tf.Tensor:
    """Passes values unchanged and turns the gradient around.

    What lies before it learns to raise a loss that what lies behind it learns to lower
    (Ganin et al., Domain-adversarial training of neural networks, 2016).

    Args:
        x: Tensor of any shape.

    Returns:
        The same values; gradients flowing back are multiplied by -1.
    """
    return _identity_with_negative_gradient(*float_tensors(x))


def prevent_gradient(x: tf.Tensor) -> tf.Tensor:
    """Passes a gradient that was written out, and refuses to be differentiated again.

    Args:
        x: Gradient, any shape.

    Returns:
        The same.
    """
    message = "This gradient is written out and has no derivative of its own."
    return tf.raw_ops.PreventGradient(input=x, message=message)
