"""What decoders ask of their settings and inputs, checked before anything is run."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from ddsp.training import nn


def check_output_splits(output_splits: nn.OutputSplits) -> None:
    """Raises unless there are pairs of different names and positive sizes.

    Args:
        output_splits: Name and number of channels of each output.

    Raises:
        TypeError: If it is no sequence of pairs of a text and a whole number.
        ValueError: If it is empty, a size is below 1 or a name comes twice.
    """
    if not isinstance(output_splits, Sequence) or not all(map(_is_pair, output_splits)):
        raise TypeError(
            "output_splits must be pairs of a name and a number of channels. Got "
            f"output_splits={output_splits!r}; write "
            "(('amps', 1), ('harmonic_distribution', 40))."
        )
    names = [name for name, _ in output_splits]
    if not names or any(size < 1 for _, size in output_splits):
        raise ValueError(
            "output_splits must have outputs of at least one channel. Got "
            f"output_splits={output_splits!r}; give a larger size, or leave the output "
            "out."
        )
    if len(set(names)) < len(names):
        raise ValueError(
            "output_splits must name each output once. Got "
            f"output_splits={output_splits!r}; give the outputs different names."
        )


def _is_pair(split: Any) -> bool:
    """Whether something is a name with a number of channels."""
    if not isinstance(split, tuple | list) or len(split) != 2:
        return False
    name, size = split
    is_whole = isinstance(size, int) and not isinstance(size, bool)
    return isinstance(name, str) and is_whole


def check_sizes(least: int = 1, **sizes: int) -> None:
    """Raises for a number of channels, units or layers that cannot be.

    Args:
        least: The smallest number that makes sense.
        **sizes: Numbers by the name of the argument.

    Raises:
        ValueError: If one of them is smaller.
    """
    for name, size in sizes.items():
        if size < least:
            raise ValueError(
                f"{name} must be at least {least}. Got {name}={size}; give a larger "
                "number."
            )


def check_frames(keys: Sequence[str], inputs: Sequence[Any]) -> None:
    """Raises unless all inputs are of one number of sounds and of frames.

    Args:
        keys: Names of the inputs.
        inputs: The inputs, [batch, n_frames, n_channels]. What is not known of their
            shapes is not checked.

    Raises:
        ValueError: If a rank, batch size or number of frames is wrong.
    """
    shapes = {key: _shape(x) for key, x in zip(keys, inputs, strict=True)}
    for key, shape in shapes.items():
        if shape.rank not in (None, 3):
            raise ValueError(
                "Inputs of a decoder must be [batch, n_frames, n_channels]. Got "
                f"{key}={shape}; add the missing axis, such as one of channels by "
                "[..., tf.newaxis]."
            )
    known = {key: shape for key, shape in shapes.items() if shape.rank is not None}
    _check_axis(known, 0, "batch size")
    _check_axis(known, 1, "number of frames")


def check_batch(keys: Sequence[str], inputs: Sequence[Any]) -> None:
    """Raises unless all inputs are of one number of sounds.

    Args:
        keys: Names of the inputs.
        inputs: The inputs, [batch, ...].

    Raises:
        ValueError: If one of them has another batch size.
    """
    shapes = {key: _shape(x) for key, x in zip(keys, inputs, strict=True)}
    known = {key: shape for key, shape in shapes.items() if shape.rank}
    _check_axis(known, 0, "batch size")


def _shape(x: Any) -> tf.TensorShape:
    """The shape, as far as it is known."""
    return tf.TensorShape(x.shape if hasattr(x, "shape") else tf.shape(x))


def _check_axis(shapes: dict[str, tf.TensorShape], axis: int, meaning: str) -> None:
    """Raises if an axis of several inputs is known to differ."""
    if len({shape[axis] for shape in shapes.values()} - {None}) > 1:
        got = ", ".join(f"{key}={shape}" for key, shape in shapes.items())
        way_out = "resample them to one length" if axis else "take them from one batch"
        raise ValueError(
            f"Inputs of a decoder must have the same {meaning}. Got {got}; {way_out}."
        )
