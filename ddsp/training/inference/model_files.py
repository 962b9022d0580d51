"""The files that a model consists of."""

import os
from pathlib import Path

from ddsp.training.checkpoints import MissingFileError, get_latest_checkpoint


def missing_file(folder: Path) -> str | None:
    """Finds the first file that a model needs and its folder lacks.

    Args:
        folder: Folder of a model.

    Returns:
        Name of the file; None if the model is whole. A checkpoint whose replacement was
        cut off counts, under the name that it has meanwhile.
    """
    try:
        newest = os.path.basename(get_latest_checkpoint(folder))
    except MissingFileError:
        return "ckpt-<step>.index"
    found = {index.stem for index in folder.glob("ckpt-*.index")}
    for name in sorted(found | {newest}):
        if not any(folder.glob(f"{name}.data-*-of-*")):
            return f"{name}.data-00000-of-00001"
    if not any(folder.glob("operative_config-*.gin")):
        return "operative_config-<step>.gin"
    return None
