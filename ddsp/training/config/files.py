"""Where gin files are, installed or in a checkout."""

import os
from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from ddsp.training.errors import InputError

_TRAINING = Path(__file__).resolve().parents[1]
# The wheel carries the files beside the modules; a checkout has them at its top.
_CANDIDATES = (_TRAINING / "gin", _TRAINING.parents[1] / "gin")
_MODEL_FILES = ("checkpoint", "ckpt-*", "operative_config-*")


def gin_search_path() -> str:
    """Finds the folder of the gin files that belong to this package.

    Returns:
        Path of the folder that holds 'models/ae.gin'.

    Raises:
        InputError: If the package has been installed without its gin files.
    """
    for folder in _CANDIDATES:
        if (folder / "models" / "ae.gin").is_file():
            return str(folder)
    raise InputError(
        "The package must come with its gin files. Got none in "
        f"{' or '.join(map(str, _CANDIDATES))}; install ddsp again."
    )


def resolve_gin_file(name: str | Path, extra_dirs: Sequence[str | Path] = ()) -> str:
    """Turns the name of a gin file into the path of a file that exists.

    gin looks names up itself, but fails in folders that bear the name of a part of
    them.

    Args:
        name: A path, absolute or from the working directory, or a name below a search
            path, such as 'models/solo_instrument.gin'.
        extra_dirs: Further search paths, after the package's own.

    Returns:
        Absolute path of the file.

    Raises:
        InputError: If there is no such file.
    """
    name = os.fspath(name)
    places = [
        os.getcwd(),
        gin_search_path(),
        *(os.fspath(folder) for folder in extra_dirs),
    ]
    for place in places:
        path = os.path.join(place, name)
        if os.path.isfile(path):
            return os.path.abspath(path)
    if "://" in name and tf.io.gfile.exists(name):
        return name
    looked = "" if os.path.isabs(name) else f", which is in none of {', '.join(places)}"
    raise InputError(
        f"A gin file must exist. Got {name}{looked}; name a file, or one of the "
        "package such as models/solo_instrument.gin."
    )


def is_packaged(path: str) -> bool:
    """Whether a gin file came with the package.

    Args:
        path: Path of the file.

    Returns:
        Whether it is below `gin_search_path`.
    """
    folder = Path(gin_search_path()).resolve()
    return "://" not in path and Path(path).resolve().is_relative_to(folder)


def refuse_special_file(path: str | Path) -> None:
    """Raises for what is a pipe or a device, from which reading may never return.

    Args:
        path: Path of a file, which need not exist.

    Raises:
        InputError: If it exists and is neither a file nor a folder.
    """
    path = os.fspath(path)
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        raise InputError(
            f"A file of a model must be a regular one. Got {path}, which is a pipe or "
            "a device; copy the model again."
        )


def refuse_special_files(folder: str | Path) -> None:
    """Raises if a checkpoint or a config of a model folder is a pipe or a device.

    Args:
        folder: Folder of a model, or path of a checkpoint in it; it need not exist.

    Raises:
        InputError: If one of these files is neither a file nor a folder.
    """
    path = Path(folder)
    place = path if path.is_dir() else path.parent
    for pattern in _MODEL_FILES:
        for file in sorted(place.glob(pattern)):
            refuse_special_file(file)
