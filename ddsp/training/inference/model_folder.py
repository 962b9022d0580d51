"""From a model's name or folder to a folder that holds a whole model."""

from pathlib import Path

from ddsp import pretrained
from ddsp.training.errors import InputError


def resolve_model(name_or_folder: str | Path) -> Path:
    """Finds the folder of a model and makes sure that nothing is missing from it.

    Args:
        name_or_folder: Name of a bundled model, such as "violin", or a folder that
            training has written. A name wins over a folder; "./violin" is a folder.

    Returns:
        The folder, with a checkpoint and an operative config in it.

    Raises:
        InputError: If there is no such model, or a file of it is missing.
    """
    names = pretrained.model_names()
    if str(name_or_folder) in names:
        return pretrained.model_folder(str(name_or_folder))
    folder = Path(name_or_folder)
    if not folder.is_dir():
        raise InputError(
            f"A model must be the name of a bundled one ({', '.join(names)}) or a "
            f"folder made by `ddsp train`. Got model={name_or_folder}, which is "
            "neither."
        )
    missing = _missing_file(folder)
    if missing is not None:
        raise InputError(
            f"A model folder must hold a checkpoint and its config. Got model={folder} "
            f"without {missing}; give the folder that `ddsp train` wrote, as a whole."
        )
    return folder


def _missing_file(folder: Path) -> str | None:
    """Name of the first file that a model needs and the folder lacks."""
    indices = sorted(folder.glob("ckpt-*.index"))
    if not indices:
        return "ckpt-<step>.index"
    for index in indices:
        if not any(folder.glob(f"{index.stem}.data-*-of-*")):
            return f"{index.stem}.data-00000-of-00001"
    if not any(folder.glob("operative_config-*.gin")):
        return "operative_config-<step>.gin"
    return None
