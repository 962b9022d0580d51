"""What a run needs beyond what the original keeps, in a file beside each checkpoint.

`ckpt-<step>.extra.npz` holds arrays by name, such as the state of random generators.
The original's tools do not look at it. It names the checkpoint that it was written
with, so that it never serves another one.
"""

import hashlib
import io
import math
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from absl import logging

from ddsp.training.checkpoints.paths import get_latest_checkpoint
from ddsp.training.checkpoints.saved import is_regular
from ddsp.training.errors import InputError

ENDING = ".extra.npz"
_OWNER = "checkpoint_sha256"
# Booleans, numbers and text, but no objects, which could run code.
_KINDS = "biufcSU"
_MAX_BYTES = 1 << 32
_MAX_ENTRIES = 1 << 16


def check_sidecar(arrays: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Refuses what a sidecar cannot hold.

    Args:
        arrays: Arrays by name.

    Returns:
        The same as NumPy arrays.

    Raises:
        ValueError: If a name is empty or reserved, or an array is not of numbers,
            booleans or text.
    """
    checked = {name: np.asarray(value) for name, value in arrays.items()}
    for name, array in checked.items():
        if not name or name == _OWNER or array.dtype.kind not in _KINDS:
            raise ValueError(
                "A sidecar must hold arrays of numbers, booleans or text by name. Got "
                f"name={name!r} with dtype={array.dtype}; leave out what is no array, "
                "and use another name if it is empty or reserved."
            )
    return checked


def write_sidecar(path: str, arrays: Mapping[str, np.ndarray], index_path: str) -> None:
    """Writes a sidecar.

    Args:
        path: Path of the file.
        arrays: What `check_sidecar` returned.
        index_path: Path of the index of the checkpoint that it belongs to.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in {**arrays, _OWNER: _digest(index_path)}.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)
    with tf.io.gfile.GFile(path, "wb") as file:
        file.write(buffer.getvalue())


def load_sidecar(path: str | Path) -> dict[str, np.ndarray]:
    """Reads what was saved beside a checkpoint.

    Args:
        path: A folder, whose newest checkpoint is meant, or the path of a checkpoint.

    Returns:
        Arrays by name. Empty where there is no sidecar, as in folders of the original,
        and where it belongs to a checkpoint that has since been replaced.

    Raises:
        InputError: If there is no checkpoint, or the sidecar is damaged.
    """
    checkpoint = get_latest_checkpoint(path)
    file_path = f"{checkpoint}{ENDING}"
    if not tf.io.gfile.exists(file_path):
        return {}
    try:
        arrays = _read(file_path)
        owner = arrays.pop(_OWNER)
    except Exception as error:  # What is damaged on purpose fails in any way.
        reason = str(error).partition("\n")[0]
        raise InputError(
            f"A sidecar must be as it was saved. Got {file_path}, which is damaged "
            f"({reason}); copy the folder again, or remove the file to go on without."
        ) from error
    if not np.array_equal(owner, _digest(f"{checkpoint}.index")):
        logging.warning(
            "%s belongs to another checkpoint and is left aside.",
            os.path.basename(file_path),
        )
        return {}
    return arrays


def _digest(index_path: str) -> np.ndarray:
    """What tells a checkpoint from others: its index has checksums of all values."""
    with tf.io.gfile.GFile(index_path, "rb") as file:
        return np.frombuffer(hashlib.sha256(file.read()).digest(), np.uint8)


def _read(path: str) -> dict[str, np.ndarray]:
    """All arrays of a file that nobody vouches for."""
    if not is_regular(path):
        raise ValueError("it is no file")
    n_bytes = tf.io.gfile.stat(path).length
    if n_bytes > _MAX_BYTES:
        raise ValueError("it is too large")
    with tf.io.gfile.GFile(path, "rb") as file, zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        for entry in entries:
            if entry.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"{entry.filename} is compressed")
        # Entries that overlap would hold more together than the file does.
        if len(entries) > _MAX_ENTRIES or sum(e.file_size for e in entries) > n_bytes:
            raise ValueError("it announces more than it can hold")
        return {
            entry.filename.removesuffix(".npy"): _read_array(archive, entry)
            for entry in entries
        }


def _read_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> np.ndarray:
    """One array, which cannot be larger than the file it lies in."""
    with archive.open(entry) as stream:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise ValueError(f"{entry.filename} has an unknown format")
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        n_bytes = entry.file_size - stream.tell()
        n_items = math.prod(shape)
        # Items of no bytes may be as many as they like, and be read one by one.
        is_plain = dtype.kind in _KINDS and (dtype.itemsize or not n_items)
        if not is_plain or n_items * dtype.itemsize != n_bytes:
            raise ValueError(f"{entry.filename} does not hold the array it announces")
    with archive.open(entry) as stream:
        return np.lib.format.read_array(stream, allow_pickle=False)
