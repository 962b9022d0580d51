"""From a model's name, folder or zip to a folder that holds a whole model."""

from pathlib import Path

from ddsp import pretrained
from ddsp.training.errors import InputError
from ddsp.training.inference.model_archive import unpack_model
from ddsp.training.inference.model_files import missing_file


def resolve_model(name_or_folder: str | Path) -> Path:
    """Finds the folder of a model and makes sure that nothing is missing from it.

    Args:
        name_or_folder: Name of a bundled model, such as "violin", or a folder that
            training has written, or a zip of one. A name wins over a folder; "./violin"
            is a folder.

    Returns:
        The folder, with a checkpoint and an operative config in it. That of a zip is
        temporary and lasts until Python ends.

    Raises:
        InputError: If there is no such model, a file of it is missing, or a zip is
            damaged or hostile.
    """
    names = pretrained.model_names()
    if str(name_or_folder) in names:
        return pretrained.model_folder(str(name_or_folder))
    folder = Path(name_or_folder)
    if folder.suffix.lower() == ".zip" and folder.is_file():
        return unpack_model(folder)
    if not folder.is_dir():
        raise InputError(
            f"A model must be the name of a bundled one ({', '.join(names)}) or a "
            "folder made by `ddsp train`, or a zip of such a folder. Got "
            f"model={name_or_folder}, which is neither."
        )
    missing = missing_file(folder)
    if missing is not None:
        raise InputError(
            f"A model folder must hold a checkpoint and its config. Got model={folder} "
            f"without {missing}; give the folder that `ddsp train` wrote, as a whole."
        )
    return folder
