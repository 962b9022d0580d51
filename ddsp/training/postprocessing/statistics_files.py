"""Statistics on the disk: numbers as JSON, arrays as npz, nothing that can run."""

import json
import math
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ddsp.training.errors import InputError
from ddsp.training.postprocessing.quantiles import QuantileTransformer

NUMBERS_FILE = "dataset_statistics.json"
ARRAYS_FILE = "dataset_statistics.npz"
QUANTILE_TRANSFORM = "quantile_transform"
# A thousand quantiles are 16 kB.
MAX_BYTES = 1 << 20
MAX_QUANTILES = 1 << 16


def save_statistics(statistics: dict[str, Any], folder: str | Path) -> None:
    """Writes statistics as `dataset_statistics.json` and `dataset_statistics.npz`.

    Args:
        statistics: What `compute_dataset_statistics` returns.
        folder: Folder to write into.

    Raises:
        InputError: If the files cannot be written.
    """
    numbers = {
        name: float(value)
        for name, value in statistics.items()
        if name != QUANTILE_TRANSFORM
    }
    transform = statistics[QUANTILE_TRANSFORM]
    arrays = {"references": transform.references_, "quantiles": transform.quantiles_}
    paths = [Path(folder, name) for name in (ARRAYS_FILE, NUMBERS_FILE)]
    partial = [path.with_name(f".{path.name}.{os.getpid()}.tmp") for path in paths]
    try:
        with open(partial[0], "wb") as file:
            np.savez(file, **arrays)
        partial[1].write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
        for source, target in zip(partial, paths, strict=True):
            os.replace(source, target)
    except OSError as error:
        raise InputError(
            f"Statistics must go to a folder that can be written. Got {folder} "
            f"({error.strerror}); choose another place."
        ) from error
    finally:
        for path in partial:
            path.unlink(missing_ok=True)


def load_statistics(folder: str | Path) -> dict[str, Any] | None:
    """Reads the statistics beside a dataset or a model.

    Args:
        folder: Folder of the dataset or the model.

    Returns:
        Numbers by name, `mean_pitch` (MIDI) among them, and `quantile_transform`, a
        fitted `QuantileTransformer`; None where the folder has no statistics.

    Raises:
        InputError: If one of the two files is missing, or a file is damaged.
    """
    numbers_path, arrays_path = Path(folder, NUMBERS_FILE), Path(folder, ARRAYS_FILE)
    if not numbers_path.exists() and not arrays_path.exists():
        return None
    try:
        return {
            **_read_numbers(numbers_path),
            QUANTILE_TRANSFORM: _read_transform(arrays_path),
        }
    except FileNotFoundError as error:
        raise InputError(
            f"Statistics are two files, {NUMBERS_FILE} and {ARRAYS_FILE}. Got {folder} "
            "with only one of them; copy both."
        ) from error


def _read_numbers(path: Path) -> dict[str, float]:
    """Finite numbers by name."""
    if path.stat().st_size > MAX_BYTES:
        raise _damaged(path, "it is too large")
    try:
        numbers = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "it is no JSON") from error
    if not isinstance(numbers, dict) or "mean_pitch" not in numbers:
        raise _damaged(path, '"mean_pitch" is missing')
    for name, value in numbers.items():
        if type(value) not in (int, float) or not math.isfinite(value):
            raise _damaged(path, f'"{name[:40]}" is no finite number')
    return numbers


def _read_transform(path: Path) -> QuantileTransformer:
    """A transformer of one feature."""
    try:
        with zipfile.ZipFile(path) as archive:
            n_bytes = sum(entry.file_size for entry in archive.infolist())
        if n_bytes > MAX_BYTES:
            raise ValueError("too large")
        with np.load(path, allow_pickle=False) as arrays:
            references, quantiles = arrays["references"], arrays["quantiles"]
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise _damaged(path, "its arrays cannot be read") from error
    if not _are_quantiles(references, quantiles):
        raise _damaged(path, "its arrays are no quantiles")
    transform = QuantileTransformer()
    transform.references_ = references.astype(np.float64)
    transform.quantiles_ = quantiles.astype(np.float64)
    transform.n_quantiles_ = len(references)
    return transform


def _are_quantiles(references: np.ndarray, quantiles: np.ndarray) -> bool:
    """Whether arrays are ranks and values that rise with them."""
    n_quantiles = len(references) if references.ndim == 1 else 0
    return bool(
        0 < n_quantiles <= MAX_QUANTILES
        and quantiles.shape == (n_quantiles, 1)
        and all(array.dtype.kind == "f" for array in (references, quantiles))
        and np.all(np.isfinite(references))
        and np.all(np.isfinite(quantiles))
        and np.all(np.diff(references) > 0)
        and np.all(np.diff(quantiles[:, 0]) >= 0)
    )


def _damaged(path: Path, reason: str) -> InputError:
    """The error for statistics that cannot be used."""
    return InputError(
        "Dataset statistics must be as `ddsp prepare` writes them. Got "
        f"{path}: {reason}. Copy the file again or prepare the dataset again."
    )
