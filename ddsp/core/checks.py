"""Checks of arguments that several functions and classes share."""

import operator
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

_SIZES = ("batch", "n_frames")
_REMEDIES = (
    "repeat or select examples",
    "bring them to the same frames with core.resample",
)
RESAMPLE_METHODS = ("window", "linear", "cubic", "nearest")


def check_whole_number(name: str, value: Any, minimum: int = 1) -> None:
    """Refuses what is no whole number, or a smaller one than makes sense.

    Args:
        name: What the argument is called.
        value: Its value.
        minimum: Smallest number that is accepted.

    Raises:
        ValueError: If it is another.
    """
    try:
        is_right = operator.index(value) >= minimum
    except TypeError:
        is_right = False
    if not is_right:
        raise ValueError(
            f"{name} must be a whole number of at least {minimum}. Got "
            f"{name}={value!r}; use {minimum} or more."
        )


def check_choice(
    name: str, value: Any, choices: Sequence[str], any_case: bool = False
) -> None:
    """Refuses what is not on a list.

    Args:
        name: What the argument is called.
        value: Its value.
        choices: Values that are accepted.
        any_case: Whether capitals may be written small; choices are in capitals then.

    Raises:
        ValueError: If it is another.
    """
    key = value.upper() if any_case and isinstance(value, str) else value
    if key not in choices:
        raise ValueError(
            f"{name} must be one of {', '.join(map(repr, choices))}. Got "
            f"{name}={value!r}; use one of these."
        )


def check_controls(
    axes: Sequence[int] = (0, 1), /, **controls: tf.Tensor | None
) -> None:
    """Refuses controls at frame rate that do not fit together.

    A batch of one serves all examples, and one frame the whole sound.

    Args:
        axes: Which sizes must agree: 0 for those of the batch, 1 for the frames.
        **controls: Tensors that should be [batch, n_frames, channels]; None is left
            out.

    Raises:
        ValueError: If a control is not of rank 3, or sizes differ.
    """
    shapes = {name: x.shape for name, x in controls.items() if x is not None}
    for name, shape in shapes.items():
        if shape.rank not in (3, None):
            raise ValueError(
                f"{name} must be [batch, n_frames, channels]. Got {name} of "
                f"shape={shape}; add the missing axes, the last one for the channels."
            )
    for axis in axes:
        known = [shape[axis] for shape in shapes.values() if shape.rank is not None]
        if len(set(known) - {None, 1}) > 1:
            found = " and ".join(f"{name} of shape={x}" for name, x in shapes.items())
            raise ValueError(
                f"{' and '.join(shapes)} must have the same {_SIZES[axis]}, or a size "
                f"of 1. Got {found}; {_REMEDIES[axis]}."
            )
