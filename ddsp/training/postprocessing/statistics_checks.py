"""What holds for statistics, whatever file they come from."""

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ddsp.training.errors import InputError
from ddsp.training.postprocessing.pickle_contents import UnusableError
from ddsp.training.postprocessing.quantiles import QuantileTransformer

# A thousand quantiles are 16 kB, with a random state in a pickle 20 kB.
MAX_BYTES = 1 << 20
MAX_QUANTILES = 1 << 16
# Interpolated percentiles of float32 values may fall by a rounding error, in dB.
ROUNDING_DB = 1e-4


@contextlib.contextmanager
def refusing_damage(path: Path) -> Iterator[None]:
    """Turns what cannot be used, or not be read, into a line that names the file.

    Args:
        path: The file.

    Yields:
        Nothing.

    Raises:
        FileNotFoundError: If there is no such file.
        InputError: If it is damaged or hostile.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except (OSError, UnusableError) as error:
        reason = "it cannot be read" if isinstance(error, OSError) else error
        raise InputError(
            "Dataset statistics must be as `ddsp prepare` or the original's training "
            f"writes them. Got {path}: {reason}. Copy the file again or prepare the "
            "dataset again."
        ) from error


def read_bounded(path: Path) -> bytes:
    """Reads a small file.

    Args:
        path: The file.

    Returns:
        Its content.

    Raises:
        FileNotFoundError: If there is none.
        UnusableError: If it is too large, or a folder, pipe or device.
    """
    if path.exists() and not path.is_file():
        raise UnusableError("it is no regular file")
    with open(path, "rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise UnusableError("it is too large")
    return content


def check_numbers(numbers: Any) -> dict[str, float]:
    """Makes sure that statistics are finite numbers by name.

    Args:
        numbers: What was read.

    Returns:
        The same as floats.

    Raises:
        UnusableError: If they are anything else, or `mean_pitch` is missing.
    """
    if type(numbers) is not dict or "mean_pitch" not in numbers:
        raise UnusableError("'mean_pitch' is missing")
    checked = {}
    for name, value in numbers.items():
        try:
            checked[name] = float(value) if type(value) in (int, float) else math.nan
        except OverflowError:
            checked[name] = math.inf
        if not math.isfinite(checked[name]):
            raise UnusableError(f"{name[:40]!r} is no finite number")
    return checked


def restore_transform(
    references: np.ndarray, quantiles: np.ndarray
) -> QuantileTransformer:
    """Makes a fitted transformer of one feature from its arrays.

    Args:
        references: Ranks from 0 to 1, [n_quantiles].
        quantiles: Values at these ranks, [n_quantiles, 1].

    Returns:
        The transformer, with the usual settings.

    Raises:
        UnusableError: If the arrays are no rising ranks and values.
    """
    if not _are_quantiles(references, quantiles):
        raise UnusableError("its arrays are no quantiles")
    transform = QuantileTransformer()
    transform.references_ = references.astype(np.float64)
    transform.quantiles_ = np.maximum.accumulate(quantiles.astype(np.float64))
    transform.n_quantiles_ = len(references)
    return transform


def _are_quantiles(references: np.ndarray, quantiles: np.ndarray) -> bool:
    """Whether arrays are ranks and values that rise with them."""
    n_quantiles = len(references) if references.ndim == 1 else 0
    return bool(
        0 < n_quantiles <= MAX_QUANTILES
        and quantiles.shape == (n_quantiles, 1)
        and all(array.dtype.kind == "f" for array in (references, quantiles))
        and all(array.dtype.itemsize <= 8 for array in (references, quantiles))
        and np.all(np.isfinite(references))
        and np.all(np.isfinite(quantiles))
        and np.all((references >= 0.0) & (references <= 1.0))
        and np.all(np.diff(references) > 0)
        and np.all(np.diff(quantiles[:, 0]) >= -ROUNDING_DB)
    )
