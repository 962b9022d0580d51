"""Writing checkpoints that the original can read, and never half of one."""

import os
import uuid
from pathlib import Path
from typing import Any

import tensorflow as tf

from ddsp.training.checkpoints.paths import numbered_files
from ddsp.training.checkpoints.restoring import verify
from ddsp.training.checkpoints.view import (
    as_checkpoint,
    named_variables,
    optimizer_slots,
    variable_tree,
)
from ddsp.training.errors import InputError

_TEMPORARY = ".saving-"


def save_checkpoint(
    model: Any,
    optimizer: Any,
    folder: str | Path,
    step: int,
    max_to_keep: int | None = 100,
) -> str:
    """Writes `ckpt-<step>` and makes it the newest checkpoint of a folder.

    The files are written in a folder of their own and read back before they are moved
    to where they are looked for, so an interruption at any moment leaves the folder
    with whole checkpoints only.

    Args:
        model: A model that has been called.
        optimizer: Its built Adam optimizer; None to save the model alone.
        folder: Folder of the model; made if it does not exist.
        step: Steps that are done.
        max_to_keep: Newest checkpoints that stay in the folder; None for all.

    Returns:
        Path of the checkpoint, without the endings of its files.

    Raises:
        InputError: If the folder cannot be written to.
        ValueError: If a variable of the model has no name in the checkpoint.
    """
    folder = os.fspath(folder)
    tree = _tree(model, optimizer)
    try:
        tf.io.gfile.makedirs(folder)
        _remove_leftovers(folder)
        temporary = os.path.join(folder, f"{_TEMPORARY}{uuid.uuid4().hex}")
        try:
            _write(tree, temporary, folder, step)
            _prune(folder, step, max_to_keep)
            _write_state(temporary, folder, step)
        finally:
            if tf.io.gfile.exists(temporary):
                tf.io.gfile.rmtree(temporary)
    except (OSError, tf.errors.OpError) as error:
        raise InputError(
            f"The folder of a model must be writable. Got {folder}: "
            f"{str(error).splitlines()[0]}; free some space, or choose another folder."
        ) from error
    return os.path.join(folder, f"ckpt-{step}")


def _tree(model: Any, optimizer: Any) -> dict[str, Any]:
    """Everything that a checkpoint holds, by name."""
    named = named_variables(model)
    tree: dict[str, Any] = {"model": variable_tree(model)}
    if optimizer is not None:
        slots = [optimizer.iterations, *optimizer_slots(named, optimizer)]
        tree["optimizer"] = {
            "_iterations": optimizer.iterations,
            "_current_learning_rate": tf.Variable(
                tf.cast(optimizer.learning_rate, tf.float32)
            ),
            "_variables": {str(i): variable for i, variable in enumerate(slots)},
        }
    return tree


def _write(tree: dict[str, Any], temporary: str, folder: str, step: int) -> None:
    """Writes and checks the files, then moves them; the index, which counts, last."""
    tf.io.gfile.makedirs(temporary)
    path = as_checkpoint(tree).save(os.path.join(temporary, "ckpt"))
    verify(path, tree)
    prefix = f"{os.path.basename(path)}."
    names = [n for n in tf.io.gfile.listdir(temporary) if n.startswith(prefix)]
    for name in sorted(names):
        ending = name.removeprefix(prefix)
        target = os.path.join(folder, f"ckpt-{step}.{ending}")
        tf.io.gfile.rename(os.path.join(temporary, name), target, overwrite=True)


def _prune(folder: str, step: int, max_to_keep: int | None) -> None:
    """Removes the oldest checkpoints."""
    if not max_to_keep:
        return
    indices = numbered_files(folder, "ckpt-", ".index")
    others = [number for number in indices if number != step]
    for number in others[: max(0, len(others) + 1 - max_to_keep)]:
        tf.io.gfile.remove(indices[number])
        for name in tf.io.gfile.listdir(folder):
            if name.startswith(f"ckpt-{number}.data-"):
                tf.io.gfile.remove(os.path.join(folder, name))


def _write_state(temporary: str, folder: str, step: int) -> None:
    """Writes the file that names the newest checkpoint."""
    others = [n for n in numbered_files(folder, "ckpt-", ".index") if n != step]
    lines = [f'model_checkpoint_path: "ckpt-{step}"']
    lines += [f'all_model_checkpoint_paths: "ckpt-{n}"' for n in (*others, step)]
    path = os.path.join(temporary, "state")
    with tf.io.gfile.GFile(path, "w") as file:
        file.write("\n".join(lines) + "\n")
    tf.io.gfile.rename(path, os.path.join(folder, "checkpoint"), overwrite=True)


def _remove_leftovers(folder: str) -> None:
    """Removes what a process that was killed while saving has left behind."""
    for name in tf.io.gfile.listdir(folder):
        if name.startswith(_TEMPORARY):
            tf.io.gfile.rmtree(os.path.join(folder, name))
