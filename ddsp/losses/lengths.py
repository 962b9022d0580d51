"""The check that sounds to be compared are equally long."""

from typing import Any

from ddsp import core


def check_lengths(**sounds: Any) -> None:
    """Refuses sounds of different length, as far as lengths are known.

    Args:
        **sounds: Audio by name, [batch, n_samples], [batch, n_samples, 1] or
            [n_samples]; None is left out.

    Raises:
        ValueError: If two lengths differ.
    """
    lengths = {}
    for name, audio in sounds.items():
        shape = None if audio is None else core.tf_float32(audio).shape
        if shape is not None and shape.rank:
            lengths[name] = shape[min(1, shape.rank - 1)]
    if len(set(lengths.values()) - {None}) > 1:
        found = " and ".join(f"{n} samples of {name}" for name, n in lengths.items())
        raise ValueError(
            f"Sounds to be compared must be equally long. Got {found}; crop or pad "
            "them to the same n_samples."
        )
