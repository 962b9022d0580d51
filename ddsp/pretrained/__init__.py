"""Weights that come with the library, and where they are."""

from pathlib import Path

from ddsp.pretrained.crepe_files import crepe_weights

__all__ = ["crepe_weights", "model_folder", "model_names"]

_FOLDER = Path(__file__).parent


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
