"""The newest checkpoint and the newest configuration of a folder."""

import os
import re
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
        match = re.fullmatch(rf"{re.escape(prefix)}-?(\d+){re.escape(suffix)}", name)
        if match:
            found[int(match[1])] = os.path.join(folder, name)
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
        named = announced_checkpoint(path)
        if named is not None and tf.io.gfile.exists(f"{named}.index"):
            return named
        found = numbered_files(path, "ckpt-", ".index")
        if found:
            return found[max(found)].removesuffix(".index")
    raise MissingFileError(
        "A checkpoint must be a folder with files ckpt-<step>.index, or the path of "
        f"one without its ending. Got {path}, which is neither; give the folder of a "
        "trained model."
    )


def announced_checkpoint(folder: str | Path) -> str | None:
    """Finds the checkpoint that the file 'checkpoint' of a folder names.

    Args:
        folder: Folder of a model.

    Returns:
        Path of the checkpoint, which need not exist; None where there is no such file,
        or a damaged one: after a power cut it may be empty.
    """
    folder = os.fspath(folder)
    try:
        state = tf.train.get_checkpoint_state(folder)
    except ValueError:
        return None
    # Only the name counts: a folder may have been copied, or lie.
    name = os.path.basename(state.model_checkpoint_path) if state else ""
    return os.path.join(folder, name) if name else None


def checkpoint_number(path: str | Path) -> int | None:
    """Reads the step off the name of a checkpoint.

    Args:
        path: Path of a checkpoint, without the endings of its files.

    Returns:
        The step; None for another name than 'ckpt-<step>' or 'replaced-<step>', as a
        checkpoint is called while another of its step takes its place.
    """
    match = re.fullmatch(r"(?:ckpt|replaced)-(\d+)", os.path.basename(os.fspath(path)))
    return int(match[1]) if match else None


def get_latest_operative_config(restore_dir: str | Path) -> str:
    """Finds the configuration that belongs to a model.

    A session of training writes its configuration under the step at which it starts. So
    a checkpoint belongs to the configuration with the highest number that is not above
    its own. Where there is none, or no checkpoint, the highest number counts.

    Args:
        restore_dir: Path of a checkpoint, or folder of a model: then the checkpoint
            that `get_latest_checkpoint` finds there decides. The configuration is
            looked for in the folder, then in the one around it.

    Returns:
        Path of the operative config.

    Raises:
        MissingFileError: If there is none.
    """
    path = os.fspath(restore_dir)
    try:
        step = checkpoint_number(get_latest_checkpoint(path))
    except MissingFileError:
        step = checkpoint_number(path)
    for folder in (path, os.path.dirname(path)):
        found = numbered_files(folder, "operative_config-", ".gin")
        if found:
            earlier = [number for number in found if step is None or number <= step]
            return found[max(earlier or found)]
    return get_latest_file(path)
