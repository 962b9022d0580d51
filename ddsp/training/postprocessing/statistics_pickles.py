"""Statistics as the original pickled them, in three generations."""

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from ddsp.training.postprocessing.pickle_contents import (
    Described,
    UnusableError,
    read_pickle,
)
from ddsp.training.postprocessing.quantiles import QuantileTransformer
from ddsp.training.postprocessing.statistics_checks import (
    MAX_QUANTILES,
    check_numbers,
    restore_transform,
)

QUANTILE_TRANSFORM = "quantile_transform"

# All that such a file may refer to. Nothing of it is imported.
_KINDS = {
    # 2020, with scikit-learn up to 0.21 and after; late 2020; from 2021.
    ("sklearn.preprocessing.data", "QuantileTransformer"): "transformer",
    ("sklearn.preprocessing._data", "QuantileTransformer"): "transformer",
    ("ddsp.colab.colab_utils", "QuantileTransformer"): "transformer",
    ("ddsp.training.postprocessing", "QuantileTransformer"): "transformer",
    # Ours, where somebody's notebook pickles it.
    ("ddsp.training.postprocessing.quantiles", "QuantileTransformer"): "transformer",
    # NumPy 1 and 2.
    ("numpy.core.multiarray", "_reconstruct"): "array",
    ("numpy._core.multiarray", "_reconstruct"): "array",
    ("numpy.core.numeric", "_frombuffer"): "buffer",
    ("numpy._core.numeric", "_frombuffer"): "buffer",
    ("numpy.core.multiarray", "scalar"): "scalar",
    ("numpy._core.multiarray", "scalar"): "scalar",
    ("numpy", "ndarray"): "class",
    ("numpy", "dtype"): "dtype",
    # The transformer's source of random numbers, which is not restored.
    ("numpy.random", "__RandomState_ctor"): "random",
    ("numpy.random._pickle", "__randomstate_ctor"): "random",
    ("numpy.random._pickle", "__bit_generator_ctor"): "random",
    ("numpy.random._mt19937", "MT19937"): "random",
    ("numpy.random.mtrand", "RandomState"): "random",
    # How protocol 2 writes bytes.
    ("_codecs", "encode"): "bytes",
}
_DTYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8")
_DISTRIBUTIONS = ("uniform", "normal")


def read_pickled_statistics(content: bytes) -> dict[str, Any]:
    """Reads a `dataset_statistics.pkl` of the original.

    Nothing of the file is run: not even the classes it names are.

    Args:
        content: The file.

    Returns:
        Numbers by name, `mean_pitch` (MIDI) among them, and `quantile_transform`, a
        fitted `QuantileTransformer`.

    Raises:
        UnusableError: If it holds anything else.
    """
    statistics = read_pickle(content, _KINDS)
    if type(statistics) is not dict or QUANTILE_TRANSFORM not in statistics:
        raise UnusableError(f"{QUANTILE_TRANSFORM!r} is missing")
    transform = _transformer(statistics.pop(QUANTILE_TRANSFORM))
    numbers = {name: _number(value) for name, value in statistics.items()}
    return {**check_numbers(numbers), QUANTILE_TRANSFORM: transform}


def _number(value: Any) -> Any:
    """What a scalar of NumPy holds; anything else as it is."""
    if not _is_kind(value, "scalar"):
        return value
    if len(value.arguments) != 2:
        raise UnusableError("it holds a number without a value")
    dtype, raw = _dtype(value.arguments[0]), _bytes(value.arguments[1])
    if len(raw) != dtype.itemsize:
        raise UnusableError("it holds a number without a value")
    return float(np.frombuffer(raw, dtype)[0])


def _array(value: Any) -> np.ndarray:
    """An array of numbers, no larger than the bytes that are there for it."""
    shape, dtype, order, raw = _array_parts(value)
    dtype, raw = _dtype(dtype), _bytes(raw)
    if type(shape) is not tuple or not all(_is_count(size) for size in shape):
        raise UnusableError("it holds an array without a shape")
    if len(shape) > 2 or math.prod(shape) * dtype.itemsize != len(raw):
        raise UnusableError("it holds an array whose values are not all there")
    return np.frombuffer(raw, dtype).reshape(shape, order=order)


def _array_parts(value: Any) -> tuple[Any, Any, Literal["C", "F"], Any]:
    """Shape, type, order and bytes of an array, unchecked but for the order."""
    state = value.state if _is_kind(value, "array") else None
    if type(state) is tuple and len(state) == 5:
        _, shape, dtype, is_fortran, raw = state
        return shape, dtype, "F" if is_fortran is True else "C", raw
    if _is_kind(value, "buffer") and len(value.arguments) == 4:  # Protocol 5.
        raw, dtype, shape, order = value.arguments
        is_fortran = type(order) is str and order == "F"
        return shape, dtype, "F" if is_fortran else "C", raw
    raise UnusableError("it holds an array that is none")


def _dtype(value: Any) -> np.dtype:
    """A type of numbers, in the byte order that its state tells."""
    arguments = value.arguments if _is_kind(value, "dtype") else ()
    name = arguments[0] if arguments else None
    if type(name) is not str or name not in _DTYPES:
        raise UnusableError("it holds values that are no numbers")
    state = value.state
    order = state[1] if type(state) is tuple and len(state) > 1 else "<"
    return np.dtype(name).newbyteorder(">" if order == ">" else "<")


def _bytes(value: Any) -> bytes:
    """Bytes, also where protocol 2 wrote them as a text."""
    if _is_kind(value, "bytes") and len(value.arguments) == 2:
        text, encoding = value.arguments
        if type(text) is str and type(encoding) is str and encoding == "latin1":
            try:
                return text.encode("latin1")
            except UnicodeEncodeError as error:
                raise UnusableError("it holds bytes that are none") from error
    if type(value) is not bytes:
        raise UnusableError("it holds bytes that are none")
    return value


def _transformer(value: Any) -> QuantileTransformer:
    """A fitted transformer, of known attributes only."""
    attributes = value.state if _is_kind(value, "transformer") else None
    if type(attributes) is not dict:
        raise UnusableError(f"{QUANTILE_TRANSFORM!r} is no QuantileTransformer")
    settings = {k: v for k, v in attributes.items() if k not in _ARRAYS}
    for name, setting in settings.items():
        if name not in _SETTINGS or not _SETTINGS[name](setting):
            raise UnusableError(
                f"its QuantileTransformer has a strange attribute {name[:40]!r}"
            )
    if not all(name in attributes for name in _ARRAYS):
        raise UnusableError("its QuantileTransformer was never fitted")
    transform = restore_transform(*(_array(attributes[name]) for name in _ARRAYS))
    for name in ("n_quantiles", "output_distribution", "subsample"):
        setattr(transform, name, settings.get(name, getattr(transform, name)))
    return transform


def _is_kind(value: Any, kind: str) -> bool:
    return type(value) is Described and value.kind == kind


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 < value <= 1 << 31


def _is_distribution(value: Any) -> bool:
    return type(value) is str and value in _DISTRIBUTIONS


def _is_random(value: Any) -> bool:
    return value is None or type(value) is int or _is_kind(value, "random")


_ARRAYS = ("references_", "quantiles_")
_SETTINGS: dict[str, Callable[[Any], bool]] = {
    "n_quantiles": _is_count,
    "n_quantiles_": lambda value: _is_count(value) and value <= MAX_QUANTILES,
    "subsample": _is_count,
    "output_distribution": _is_distribution,
    "random_state": _is_random,
    # Of scikit-learn.
    "ignore_implicit_zeros": lambda value: type(value) is bool,
    "copy": lambda value: type(value) is bool,
    "n_features_in_": _is_count,
    "_sklearn_version": lambda value: type(value) is str,
}
