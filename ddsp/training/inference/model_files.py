"""The files that a model consists of."""

from pathlib import Path


def missing_file(folder: Path) -> str | None:
    """Finds the first file that a model needs and its folder lacks.

    Args:
        folder: Folder of a model.

    Returns:
        Name of the file; None if the model is whole.
    """
    indices = sorted(folder.glob("ckpt-*.index"))
    if not indices:
        return "ckpt-<step>.index"
    for index in indices:
        if not any(folder.glob(f"{index.stem}.data-*-of-*")):
            return f"{index.stem}.data-00000-of-00001"
    if not any(folder.glob("operative_config-*.gin")):
        return "operative_config-<step>.gin"
    return None
