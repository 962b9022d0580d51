"""Writing checkpoints that the original can read, and never half of one."""

import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ddsp.training.checkpoints.optimizer_state import adam_moments
from ddsp.training.checkpoints.paths import get_latest_checkpoint, numbered_files
from ddsp.training.checkpoints.restoring import verify
from ddsp.training.checkpoints.saved import MODEL, OPTIMIZER
from ddsp.training.checkpoints.sidecar import ENDING, check_sidecar, write_sidecar
from ddsp.training.checkpoints.view import (
    as_checkpoint,
    named_variables,
    variable_tree,
)
from ddsp.training.errors import InputError

_TEMPORARY = ".saving-"
# A checkpoint is called so while another of its step takes its place.
_REPLACED = "replaced-"


def save_checkpoint(
    model: Any,
    optimizer: Any,
    folder: str | Path,
    step: int,
    max_to_keep: int | None = 100,
    sidecar: Mapping[str, np.ndarray] | None = None,
) -> str:
    """Writes `ckpt-<step>` and makes it the newest checkpoint of a folder.

    The files are written in a folder of their own and read back before they are moved
    to where they are looked for. An interruption at any moment leaves the folder naming
    a whole checkpoint, also where another one of the same step is replaced.

    Args:
        model: A model that has been called.
        optimizer: Its built Adam optimizer; None to save the model alone.
        folder: Folder of the model; made if it does not exist.
        step: Steps that are done.
        max_to_keep: Checkpoints that stay in the folder: this one and those of the
            highest steps, whichever run has written them. None or 0 for all.
        sidecar: Arrays by name to keep beside the checkpoint, for `load_sidecar`; None
            for none. It is pruned together with its checkpoint.

    Returns:
        Path of the checkpoint, without the endings of its files.

    Raises:
        InputError: If the folder cannot be written to.
        ValueError: If a variable of the model has no name in the checkpoint, the
            sidecar holds something else than arrays, or max_to_keep is negative.
    """
    if max_to_keep is not None and max_to_keep < 0:
        raise ValueError(
            "max_to_keep must not be negative. Got "
            f"max_to_keep={max_to_keep}; use None to keep all."
        )
    folder = os.fspath(folder)
    tree = _tree(model, optimizer)
    arrays = None if sidecar is None else check_sidecar(sidecar)
    try:
        tf.io.gfile.makedirs(folder)
        _remove_leftovers(folder)
        temporary = os.path.join(folder, f"{_TEMPORARY}{uuid.uuid4().hex}")
        try:
            written = _write(tree, arrays, temporary)
            _move(written, temporary, folder, step)
            others = _others(folder, step)
            n_pruned = max(0, len(others) + 1 - max_to_keep) if max_to_keep else 0
            names = [f"ckpt-{number}" for number in (*others[n_pruned:], step)]
            _write_state(temporary, folder, names)
            _prune(folder, others[:n_pruned])
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
    tree: dict[str, Any] = {MODEL: variable_tree(model)}
    if optimizer is not None:
        listed = [optimizer.iterations]
        for pair in adam_moments(named, optimizer).values():
            listed += pair
        tree[OPTIMIZER] = {
            "_iterations": optimizer.iterations,
            "_current_learning_rate": tf.Variable(
                tf.cast(optimizer.learning_rate, tf.float32)
            ),
            "_variables": {str(i): variable for i, variable in enumerate(listed)},
        }
    return tree


def _write(
    tree: dict[str, Any], arrays: dict[str, np.ndarray] | None, temporary: str
) -> str:
    """Writes and checks the files; returns their path without endings."""
    tf.io.gfile.makedirs(temporary)
    path = as_checkpoint(tree).save(os.path.join(temporary, "ckpt"))
    verify(path, tree)
    if arrays is not None:
        write_sidecar(f"{path}{ENDING}", arrays, f"{path}.index")
    return path


def _files_of(path: str) -> list[str]:
    """Endings of the files of a checkpoint; that of the index, which counts, last."""
    prefix = f"{os.path.basename(path)}."
    names = tf.io.gfile.listdir(os.path.dirname(path))
    endings = [n.removeprefix(prefix[:-1]) for n in names if n.startswith(prefix)]
    ours = [e for e in endings if e.startswith(".data-") or e in (ENDING, ".index")]
    return sorted(ours)


def _others(folder: str, step: int) -> list[int]:
    """Numbers of the checkpoints of a folder but one, smallest first."""
    return [n for n in numbered_files(folder, "ckpt-", ".index") if n != step]


def _move(written: str, temporary: str, folder: str, step: int) -> None:
    """Moves the files of a checkpoint to their place; the index, which counts, last."""
    target = os.path.join(folder, f"ckpt-{step}")
    if tf.io.gfile.exists(f"{target}.index"):
        _set_aside(target, temporary, folder, step)
    if tf.io.gfile.exists(f"{target}{ENDING}"):
        tf.io.gfile.remove(f"{target}{ENDING}")
    for ending in _files_of(written):
        tf.io.gfile.rename(f"{written}{ending}", f"{target}{ending}", overwrite=True)


def _set_aside(target: str, temporary: str, folder: str, step: int) -> None:
    """Takes away the index of a checkpoint that is to be replaced.

    Without it nobody takes half-moved files for a checkpoint. If it is the newest, a
    copy of it stands in meanwhile.
    """
    if get_latest_checkpoint(folder) == target:
        for ending in _files_of(target):
            copy = os.path.join(folder, f"{_REPLACED}{step}{ending}")
            tf.io.gfile.copy(f"{target}{ending}", copy, overwrite=True)
        names = [f"ckpt-{number}" for number in _others(folder, step)]
        _write_state(temporary, folder, [*names, f"{_REPLACED}{step}"])
    tf.io.gfile.remove(f"{target}.index")


def _write_state(temporary: str, folder: str, names: list[str]) -> None:
    """Writes the file that names the checkpoints of a folder, the newest last."""
    lines = [f'model_checkpoint_path: "{names[-1]}"']
    lines += [f'all_model_checkpoint_paths: "{name}"' for name in names]
    path = os.path.join(temporary, "state")
    with tf.io.gfile.GFile(path, "w") as file:
        file.write("\n".join(lines) + "\n")
    tf.io.gfile.rename(path, os.path.join(folder, "checkpoint"), overwrite=True)


def _prune(folder: str, numbers: list[int]) -> None:
    """Removes checkpoints, their index first, and copies of replaced ones."""
    for number in numbers:
        path = os.path.join(folder, f"ckpt-{number}")
        for ending in reversed(_files_of(path)):
            tf.io.gfile.remove(f"{path}{ending}")
    copies = [n for n in tf.io.gfile.listdir(folder) if n.startswith(_REPLACED)]
    for name in sorted(copies, key=lambda name: not name.endswith(".index")):
        tf.io.gfile.remove(os.path.join(folder, name))


def _remove_leftovers(folder: str) -> None:
    """Removes what a process that was killed while saving has left behind."""
    for name in tf.io.gfile.listdir(folder):
        if name.startswith(_TEMPORARY):
            tf.io.gfile.rmtree(os.path.join(folder, name))
