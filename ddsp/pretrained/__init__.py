"""Weights that come with the library, and where they are."""

from pathlib import Path

import numpy as np

_FOLDER = Path(__file__).parent
_CREPE_CAPACITIES = ("tiny", "small", "medium", "large", "full")


def crepe_weights(capacity: str = "tiny") -> dict[str, np.ndarray]:
    """Loads the weights of the pitch network CREPE.

    Args:
        capacity: Size of the network; 'tiny' is the one that is bundled.

    Returns:
        Arrays by `<layer>.<variable>`, float32; crepe/README.md lists their shapes.

    Raises:
        ValueError: If the size is not bundled.
    """
    path = _FOLDER / "crepe" / f"crepe_{capacity}.npz"
    if capacity not in _CREPE_CAPACITIES or not path.exists():
        raise ValueError(
            "capacity must be a bundled size of CREPE, which is 'tiny' so far. Got "
            f"capacity={capacity!r}; use 'tiny'. The sizes 'small', 'medium', 'large' "
            "and 'full' are not bundled yet."
        )
    with np.load(path) as arrays:
        return dict(arrays)


def model_names() -> list[str]:
    """Names of the bundled models.

    Returns:
        Names that `model_folder` knows, in alphabetical order.
    """
    return sorted(path.parent.name for path in _FOLDER.glob("*/checkpoint"))


def model_folder(name: str) -> Path:
    """Finds the folder of a bundled model.

    Args:
        name: One of `model_names()`.

    Returns:
        Folder with the model's checkpoint, config and dataset statistics.

    Raises:
        ValueError: If there is no such model.
    """
    if name not in model_names():
        known = ", ".join(model_names()) or "none"
        raise ValueError(
            f"name must be a bundled model. Got name={name!r}; use one of: {known}."
        )
    return _FOLDER / name
