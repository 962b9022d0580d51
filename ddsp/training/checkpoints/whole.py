"""The checkpoint to go on from: the newest one that can be read to its end."""

import os
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from ddsp.training.checkpoints.paths import (
    MissingFileError,
    announced_checkpoint,
    checkpoint_number,
    get_latest_checkpoint,
    numbered_files,
)
from ddsp.training.checkpoints.saved import SavedCheckpoint
from ddsp.training.checkpoints.sidecar import load_sidecar
from ddsp.training.errors import InputError


def latest_whole_checkpoint(folder: str | Path, warn: Callable[[str], object]) -> str:
    """Finds the newest checkpoint whose index, values and sidecar are whole.

    A disk that was full or a power cut may leave half of the newest one. For a run that
    goes on by itself the one before is better than none.

    Args:
        folder: Folder of a model. The path of a checkpoint stands for that one alone,
            which must be whole.
        warn: Receives one line if newer checkpoints are passed over.

    Returns:
        Path of the checkpoint, without the endings of its files.

    Raises:
        MissingFileError: If there is no checkpoint.
        InputError: If there is none that is whole; the newest is named. Also if there
            is none although the file 'checkpoint' names one.
    """
    folder = os.fspath(folder)
    _check_any(folder)
    errors: dict[str, InputError] = {}
    for path in _newest_first(folder):
        try:
            _check(path)
        except InputError as error:
            errors[os.path.basename(path)] = error
            continue
        if errors:
            warn(
                f"{' and '.join(errors)} cannot be read to the end: going on from "
                f"{os.path.basename(path)}, the one before"
            )
        return path
    raise next(iter(errors.values()))


def _check_any(folder: str) -> None:
    """Raises if there is no checkpoint, be it whole or not."""
    try:
        get_latest_checkpoint(folder)
    except MissingFileError:
        announced = announced_checkpoint(folder)
        if announced is None:
            raise
        raise InputError(
            "The file 'checkpoint' of a model's folder must name one that is there. "
            f"Got {folder}, where it names {os.path.basename(announced)}, and there is "
            "none at all; copy the folder again, or remove that file to start afresh."
        ) from None


def _newest_first(path: str) -> list[str]:
    """Paths of checkpoints: the newest, those of lower steps, then higher ones.

    A folder may hold higher steps of another run, whose weights are not those before.
    """
    if tf.io.gfile.exists(f"{path}.index"):
        return [path]
    newest = announced_checkpoint(path) or get_latest_checkpoint(path)
    step = checkpoint_number(newest)
    found = numbered_files(path, "ckpt-", ".index")
    numbers = sorted(found, reverse=True)
    if step is not None:
        numbers.sort(key=lambda number: number > step)
    others = [found[number].removesuffix(".index") for number in numbers]
    return list(dict.fromkeys([newest, *others]))


def _check(path: str) -> None:
    """Raises if a checkpoint is not whole."""
    SavedCheckpoint(path).check()
    load_sidecar(path)
