"""The newest checkpoint and the newest configuration of a folder."""

import os
from pathlib import Path

import tensorflow as tf

from ddsp.training.errors import InputError


class MissingFileError(InputError, FileNotFoundError):
    """There is no file of the kind that was looked for."""


def expand_path(file_path: str | Path) -> str:
    """Puts in what `$VARIABLES` and `~` stand for.

    Args:
        file_path: Any path.

    Returns:
        The path.
    """
    return os.path.expanduser(os.path.expandvars(os.fspath(file_path)))


def numbered_files(folder: str | Path, prefix: str, suffix: str) -> dict[int, str]:
    """Finds files whose names hold a number.

    Args:
        folder: Folder to look in.
        prefix: What stands before the number.
        suffix: What stands after it.

    Returns:
        Paths by number, smallest first. Names with anything but a number between prefix
        and suffix are left out.
    """
    folder = os.fspath(folder)
    found = {}
    for name in tf.io.gfile.listdir(folder) if tf.io.gfile.isdir(folder) else []:
        middle = name.removeprefix(prefix).removesuffix(suffix)
        if name == f"{prefix}{middle}{suffix}" and middle.lstrip("-").isdecimal():
            found[abs(int(middle))] = os.path.join(folder, name)
    return dict(sorted(found.items()))


def get_latest_file(
    dir_path: str | Path, prefix: str = "operative_config-", suffix: str = ".gin"
) -> str:
    """Finds the file with the highest number in its name.

    Args:
        dir_path: Folder to look in.
        prefix: What stands before the number.
        suffix: What stands after it.

    Returns:
        Path of the file.

    Raises:
        MissingFileError: If there is none.
    """
    found = numbered_files(dir_path, prefix, suffix)
    if not found:
        raise MissingFileError(
            f"A folder must hold a file {prefix}<number>{suffix}. Got {dir_path}, "
            "which has none; give the folder of a trained model."
        )
    return found[max(found)]


def get_latest_checkpoint(checkpoint_path: str | Path) -> str:
    """Finds the checkpoint that a path stands for.

    Args:
        checkpoint_path: Path of a checkpoint without the endings of its files, such as
            'violin/ckpt-3000', or a folder: then the one that its file 'checkpoint'
            names, or else the one with the highest number.

    Returns:
        Path of the checkpoint, without the endings of its files.

    Raises:
        MissingFileError: If there is none.
    """
    path = os.fspath(checkpoint_path)
    if tf.io.gfile.exists(f"{path}.index"):
        return path
    if tf.io.gfile.isdir(path):
        state = tf.train.get_checkpoint_state(path)
        if state:
            # Only the name counts: a folder may have been copied, or lie.
            named = os.path.join(path, os.path.basename(state.model_checkpoint_path))
            if tf.io.gfile.exists(f"{named}.index"):
                return named
        found = numbered_files(path, "ckpt-", ".index")
        if found:
            return found[max(found)].removesuffix(".index")
    raise MissingFileError(
        "A checkpoint must be a folder with files ckpt-<step>.index, or the path of "
        f"one without its ending. Got {path}, which is neither; give the folder of a "
        "trained model."
    )


def get_latest_operative_config(restore_dir: str | Path) -> str:
    """Finds the configuration that belongs to a model.

    Args:
        restore_dir: Folder of a model, or path of a checkpoint in it.

    Returns:
        Path of the newest operative config.

    Raises:
        MissingFileError: If there is none.
    """
    try:
        return get_latest_file(restore_dir)
    except MissingFileError:
        parent = os.path.dirname(os.fspath(restore_dir))
        if numbered_files(parent, "operative_config-", ".gin"):
            return get_latest_file(parent)
        raise
