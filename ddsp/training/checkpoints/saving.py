"""Writing checkpoints that the original can read, and never half of one."""

import os
import re
import uuid
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ddsp.training.checkpoints.optimizer_state import adam_moments, moments_tree
from ddsp.training.checkpoints.paths import get_latest_checkpoint, numbered_files
from ddsp.training.checkpoints.restoring import verify
from ddsp.training.checkpoints.saved import MODEL, OPTIMIZER
from ddsp.training.checkpoints.sidecar import ENDING, check_sidecar, write_sidecar
from ddsp.training.checkpoints.view import (
    as_checkpoint,
    named_variables,
    not_called,
    variable_tree,
)
from ddsp.training.errors import writing

_TEMPORARY = ".saving-"
_OURS = re.compile(rf"{re.escape(_TEMPORARY)}[0-9a-f]{{32}}")
# What is written there, for a time also in a folder of TensorFlow's.
_WRITTEN = re.compile(r"ckpt-\d+[._].+|checkpoint(\..+)?|names_.+|part-.+")
_PARTS = re.compile(r"ckpt-\d+_temp")
# A checkpoint is called so while another of its step takes its place.
_REPLACED = "replaced-"
# What belongs to a checkpoint besides its index.
_BESIDES = rf"\.data-\d+-of-\d+|{re.escape(ENDING)}"
_DATA = re.compile(rf"(ckpt-\d+)(?:{_BESIDES})")
_COPIES = re.compile(rf"{_REPLACED}\d+(?:{_BESIDES}|\.index)")


def save_checkpoint(
    model: Any,
    optimizer: Any,
    folder: str | Path,
    step: int,
    max_to_keep: int | None = 100,
    sidecar: Mapping[str, np.ndarray] | None = None,
    keep: Collection[int] = (),
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
        keep: Steps whose checkpoints stay beyond max_to_keep, such as that of the best
            validation loss. Those that are not in the folder are left out.

    Returns:
        Path of the checkpoint, without the endings of its files.

    Raises:
        InputError: If the folder cannot be written to, or the model has never been
            called.
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
    with writing("A checkpoint", folder):
        tf.io.gfile.makedirs(folder)
        _remove_leftovers(folder)
        temporary = os.path.join(folder, f"{_TEMPORARY}{uuid.uuid4().hex}")
        try:
            written = _write(tree, arrays, temporary)
            _bring_back(temporary, folder, step)
            others = _others(folder, step)
            pruned = _superfluous(others, max_to_keep, keep)
            names = [f"ckpt-{n}" for n in (*others, step) if n not in pruned]
            # Whatever needs space is on the disk before the first file is moved.
            state = _write_state(temporary, names)
            _flush(temporary)
            _move(written, temporary, folder, step)
            _announce(state, folder)
            _prune(folder, pruned)
        finally:
            if tf.io.gfile.exists(temporary):
                tf.io.gfile.rmtree(temporary)
    return os.path.join(folder, f"ckpt-{step}")


def _tree(model: Any, optimizer: Any) -> dict[str, Any]:
    """Everything that a checkpoint holds, by name."""
    if not getattr(model, "built", True):
        raise not_called(model)
    named = named_variables(model)
    tree: dict[str, Any] = {MODEL: variable_tree(model)}
    if optimizer is not None:
        listed = [optimizer.iterations]
        moments = adam_moments(named, optimizer)
        for pair in moments.values():
            listed += pair
        tree[OPTIMIZER] = {
            "_iterations": optimizer.iterations,
            "_current_learning_rate": tf.Variable(
                tf.cast(optimizer.learning_rate, tf.float32)
            ),
            "_variables": {str(i): variable for i, variable in enumerate(listed)},
            # The same once more, to say whose they are; it adds no values.
            **moments_tree(moments),
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
        _copy(target, os.path.join(folder, f"{_REPLACED}{step}"), temporary)
        names = [f"ckpt-{number}" for number in _others(folder, step)]
        _announce(_write_state(temporary, [*names, f"{_REPLACED}{step}"]), folder)
    tf.io.gfile.remove(f"{target}.index")


def _bring_back(temporary: str, folder: str, step: int) -> None:
    """Gives a checkpoint its name back that a save was to replace, but was cut off."""
    for number in numbered_files(folder, _REPLACED, ".index"):
        target = os.path.join(folder, f"ckpt-{number}")
        if number != step and not tf.io.gfile.exists(f"{target}.index"):
            _copy(os.path.join(folder, f"{_REPLACED}{number}"), target, temporary)


def _copy(source: str, target: str, temporary: str) -> None:
    """Copies a checkpoint; no file of it is ever half there, nor written to a link."""
    endings = [e for e in _files_of(source) if tf.io.gfile.exists(f"{source}{e}")]
    path = os.path.join(temporary, "ckpt-0.copy")
    for ending in endings:
        tf.io.gfile.copy(f"{source}{ending}", f"{path}{ending}", overwrite=True)
    _flush(temporary)
    for ending in endings:
        tf.io.gfile.rename(f"{path}{ending}", f"{target}{ending}", overwrite=True)


def _write_state(temporary: str, names: list[str]) -> str:
    """Writes the file that names checkpoints, the newest last; returns its path."""
    lines = [f'model_checkpoint_path: "{names[-1]}"']
    lines += [f'all_model_checkpoint_paths: "{name}"' for name in names]
    path = os.path.join(temporary, f"names_{names[-1]}")
    with tf.io.gfile.GFile(path, "w") as file:
        file.write("\n".join(lines) + "\n")
    return path


def _announce(state: str, folder: str) -> None:
    """Puts the file that names the checkpoints of a folder where it is looked for."""
    tf.io.gfile.rename(state, os.path.join(folder, "checkpoint"), overwrite=True)


def _flush(temporary: str) -> None:
    """Waits until files are on the disk, so that a power cut finds them whole.

    A disk that belongs to a network or to a quota may also be full only now.
    """
    for folder, _, names in os.walk(temporary):  # Finds nothing in gs://.
        for name in names:
            with open(os.path.join(folder, name), "rb+") as file:
                os.fsync(file.fileno())


def _superfluous(
    others: list[int], max_to_keep: int | None, keep: Collection[int]
) -> list[int]:
    """Numbers of the checkpoints that are to go, smallest first."""
    n_old = max(0, len(others) + 1 - max_to_keep) if max_to_keep else 0
    return [number for number in others[:n_old] if number not in keep]


def _prune(folder: str, numbers: list[int]) -> None:
    """Removes checkpoints, their index first, and copies of replaced ones."""
    for number in numbers:
        path = os.path.join(folder, f"ckpt-{number}")
        for ending in reversed(_files_of(path)):
            tf.io.gfile.remove(f"{path}{ending}")
    copies = [n for n in tf.io.gfile.listdir(folder) if _COPIES.fullmatch(n)]
    for name in sorted(copies, key=lambda name: not name.endswith(".index")):
        tf.io.gfile.remove(os.path.join(folder, name))


def _remove_leftovers(folder: str) -> None:
    """Removes what a save that was cut off has left behind.

    Among it are files of checkpoints without an index, which nobody can read: the index
    comes last and goes first.
    """
    names = tf.io.gfile.listdir(folder)
    for name in names:
        path = os.path.join(folder, name)
        orphan = _DATA.fullmatch(name)
        if _OURS.fullmatch(name.rstrip("/")):
            _remove_temporary(path)
        elif orphan and f"{orphan[1]}.index" not in names:
            tf.io.gfile.remove(path)


def _remove_temporary(path: str) -> None:
    """Removes what a save makes in a folder, and the folder unless more is in it.

    The folder of a model may come from a stranger, with links to anywhere.
    """
    if os.path.islink(path):
        tf.io.gfile.remove(path)
        return
    for name in tf.io.gfile.listdir(path) if tf.io.gfile.isdir(path) else []:
        inner = os.path.join(path, name)
        if _PARTS.fullmatch(name.rstrip("/")):
            _remove_temporary(inner)
        elif _WRITTEN.fullmatch(name) and (
            os.path.islink(inner) or not tf.io.gfile.isdir(inner)
        ):
            tf.io.gfile.remove(inner)
    if tf.io.gfile.isdir(path) and not tf.io.gfile.listdir(path):
        tf.io.gfile.rmtree(path)
