"""Nested dictionaries of tensors, addressed by paths such as `harmonic/signal`."""

from collections.abc import Iterable, Mapping
from typing import Any

import tensorflow as tf

from ddsp.core.tensors import make_iterable


def to_dict(x: Any, keys: Iterable[str]) -> dict[str, Any]:
    """Names the outputs of a module.

    Args:
        x: One output, or a list or tuple of them. A dictionary is returned as it is.
        keys: One name for each output.

    Returns:
        Outputs by name.

    Raises:
        TypeError: If x is no dictionary and keys is None.
        ValueError: If the numbers of outputs and keys differ.
    """
    if isinstance(x, dict):
        return x
    if keys is None:
        raise TypeError(
            "Outputs that are no dictionary need names. Got keys=None; list one key "
            "for each output."
        )
    values, names = list(make_iterable(x)), list(make_iterable(keys))
    if len(values) != len(names):
        raise ValueError(
            f"There must be one key for each output. Got keys={names} for "
            f"{len(values)} outputs; list {len(values)} keys."
        )
    return dict(zip(names, values, strict=True))


def nested_keys(
    nested_dict: Mapping[str, Any], delimiter: str = "/", prefix: str = ""
) -> list[str]:
    """Lists the paths of all leaves.

    Args:
        nested_dict: Dictionary of leaves and further dictionaries.
        delimiter: What stands between the keys of a path.
        prefix: Path to put in front of every path.

    Returns:
        Paths in order of insertion. Empty dictionaries have none.
    """
    paths = []
    for key, value in nested_dict.items():
        path = f"{prefix}{delimiter}{key}" if prefix else key
        if isinstance(value, Mapping):
            paths += nested_keys(value, delimiter, path)
        else:
            paths.append(path)
    return paths


def nested_lookup(
    nested_key: str, nested_dict: Mapping[str, Any], delimiter: str = "/"
) -> Any:
    """Finds what lies at a path.

    Args:
        nested_key: Path such as `harmonic/controls/f0_hz`.
        nested_dict: Dictionary of leaves and further dictionaries.
        delimiter: What stands between the keys of the path.

    Returns:
        The leaf, or the dictionary, at that path.

    Raises:
        KeyError: If there is nothing at that path.
    """
    value: Any = nested_dict
    for key in nested_key.split(delimiter):
        if not isinstance(value, Mapping) or key not in value:
            raise KeyError(
                f"The path must exist. Got key={key!r} of path={nested_key!r}; use one "
                f"of {nested_keys(nested_dict, delimiter)}."
            )
        value = value[key]
    return value


def leaf_key(nested_key: str, delimiter: str = "/") -> str:
    """Last key of a path.

    Args:
        nested_key: Path such as `harmonic/controls/f0_hz`.
        delimiter: What stands between the keys of the path.

    Returns:
        The text behind the last delimiter, such as `f0_hz`.
    """
    return nested_key.split(delimiter)[-1]


def map_shape(x: Any) -> Any:
    """Replaces every tensor of a nested structure by its shape.

    Args:
        x: Nested dictionaries, lists and tuples of tensors.

    Returns:
        The same structure of lists of sizes; a size that is not known yet is None.
    """
    return tf.nest.map_structure(
        lambda leaf: tf.convert_to_tensor(leaf).shape.as_list(), x
    )
