"""Statistics on the disk: numbers as JSON, arrays as npz, nothing that can run."""

import io
import json
import math
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ddsp.training.errors import InputError
from ddsp.training.postprocessing.pickle_contents import UnusableError
from ddsp.training.postprocessing.statistics_checks import (
    MAX_BYTES,
    check_numbers,
    read_bounded,
    refusing_damage,
    restore_transform,
)
from ddsp.training.postprocessing.statistics_pickles import (
    QUANTILE_TRANSFORM,
    read_pickled_statistics,
)

NUMBERS_FILE = "dataset_statistics.json"
ARRAYS_FILE = "dataset_statistics.npz"
PICKLE_FILE = "dataset_statistics.pkl"


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

    Where JSON and npz are missing, the `dataset_statistics.pkl` of the original is
    read, as a description: nothing that it names is built or called.

    Args:
        folder: Folder of the dataset or the model. Its files are not trusted.

    Returns:
        Numbers by name, `mean_pitch` (MIDI) among them, and `quantile_transform`, a
        fitted `QuantileTransformer`; None where the folder has no statistics.

    Raises:
        InputError: If one of JSON and npz is missing, or a file is damaged or hostile.
    """
    numbers_path, arrays_path = Path(folder, NUMBERS_FILE), Path(folder, ARRAYS_FILE)
    if not numbers_path.exists() and not arrays_path.exists():
        return _load_pickle(Path(folder, PICKLE_FILE))
    try:
        with refusing_damage(numbers_path):
            statistics: dict[str, Any] = dict(_parse_json(read_bounded(numbers_path)))
        with refusing_damage(arrays_path):
            arrays = _parse_npz(read_bounded(arrays_path))
            statistics[QUANTILE_TRANSFORM] = restore_transform(*arrays)
    except FileNotFoundError as error:
        raise InputError(
            f"Statistics are two files, {NUMBERS_FILE} and {ARRAYS_FILE}. Got {folder} "
            "with only one of them; copy both."
        ) from error
    return statistics


def _load_pickle(path: Path) -> dict[str, Any] | None:
    """Statistics of the original; None where there are none."""
    try:
        with refusing_damage(path):
            return read_pickled_statistics(read_bounded(path))
    except FileNotFoundError:
        return None


def _parse_json(content: bytes) -> dict[str, float]:
    """Finite numbers by name."""
    try:
        numbers = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UnusableError("it is no JSON") from error
    return check_numbers(numbers)


def _parse_npz(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Ranks and values of the quantiles."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return (
                _parse_npy(_unpack(archive, "references.npy")),
                _parse_npy(_unpack(archive, "quantiles.npy")),
            )
    except Exception as error:  # What is damaged on purpose fails in any way.
        raise UnusableError("its arrays cannot be read") from error


def _unpack(archive: zipfile.ZipFile, name: str) -> bytes:
    """A file of an archive that is not too large."""
    entry = archive.getinfo(name)
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("other compressions can ask for any amount of memory")
    with archive.open(entry) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError("too large")
    return content


def _parse_npy(content: bytes) -> np.ndarray:
    """An array of numbers, no larger than the bytes that are there for it."""
    file = io.BytesIO(content)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("unknown version")
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
    raw = file.read()
    if dtype.kind != "f" or math.prod(shape) * dtype.itemsize != len(raw):
        raise ValueError("other values than there should be")
    return np.frombuffer(raw, dtype).reshape(shape, order="F" if is_fortran else "C")
