"""Features of recordings on the disk, block by block, so that work can be shared."""

import os
import uuid
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ddsp.spectral_ops import DB_RANGE
from ddsp.training.data import features
from ddsp.training.data_preparation.decoding import Decoded
from ddsp.training.data_preparation.settings import Settings

# A recording, the number of a block of it, and the settings.
Task = tuple[Decoded, int, Settings]


def count_blocks(decoded: Decoded, settings: Settings) -> int:
    """Counts the blocks of a recording.

    Args:
        decoded: The recording.
        settings: How it is analysed.

    Returns:
        Number of blocks of features.BLOCK_SECS, the begun one included; 0 if there are
        to be no features.
    """
    if not settings.frame_rate:
        return 0
    n_frames = features.count_frames(
        decoded.n_samples_16k, settings.frame_rate, settings.centered
    )
    return -(-n_frames // features.block_frames(settings.frame_rate))


def tasks_of(decoded: Sequence[Decoded], settings: Settings) -> list[Task]:
    """Lists all blocks of some recordings.

    Args:
        decoded: Recordings.
        settings: How they are analysed.

    Returns:
        What `analyse_block` takes, block by block; none for blocks of silence that was
        only added to fill an example.
    """
    return [
        (recording, block, settings)
        for recording in decoded
        for block in range(count_blocks(recording, settings))
        if not _is_filling(recording, block)
    ]


def _is_filling(decoded: Decoded, block: int) -> bool:
    """Whether a block is so far after the end that it hears only added silence."""
    end_secs = decoded.seconds + features.CONTEXT_SECS
    return block * features.BLOCK_SECS >= end_secs


def task_secs(task: Task) -> float:
    """Says how much audio a block is.

    Args:
        task: The block.

    Returns:
        Seconds, without silence that was added.
    """
    decoded, block, _ = task
    left = decoded.seconds - block * features.BLOCK_SECS
    return min(features.BLOCK_SECS, max(left, 0.0))


def is_done(task: Task) -> bool:
    """Tells whether a block was analysed before.

    Args:
        task: The block.

    Returns:
        True if its features are there and whole.
    """
    return _load(_path(task[0], task[1])) is not None


def analyse_block(decoded: Decoded, block: int, settings: Settings) -> None:
    """Measures the features of a block and keeps them beside the audio.

    Args:
        decoded: The recording.
        block: Number of the block.
        settings: How it is analysed.

    Raises:
        OSError: If they cannot be written.
    """
    measured = features.measure_block(
        np.load(decoded.audio_16k_path, mmap_mode="r"),
        block,
        settings.frame_rate,
        settings.centered,
        settings.viterbi,
    )
    path = _path(decoded, block)
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    with open(partial, "wb") as file:
        np.savez(
            file,
            f0_hz=measured["f0_hz"],
            f0_confidence=measured["f0_confidence"],
            loudness_db=measured["loudness_db"],
        )
    os.replace(partial, path)


def load_features(decoded: Decoded, settings: Settings) -> dict[str, np.ndarray]:
    """Joins the blocks of a recording.

    Args:
        decoded: The recording, of which all blocks are done.
        settings: How it was analysed.

    Returns:
        `f0_hz`, `f0_confidence` and `loudness_db`, [n_frames] each, or nothing if
        there are to be no features.
    """
    blocks = list(_blocks(decoded, settings))
    return features.join_blocks(blocks) if blocks else {}


def _blocks(decoded: Decoded, settings: Settings) -> Iterator[dict[str, np.ndarray]]:
    """Features of all blocks in their order."""
    for block in range(count_blocks(decoded, settings)):
        if _is_filling(decoded, block):
            yield _silence(decoded, block, settings)
            continue
        measured = _load(_path(decoded, block))
        if measured is None:
            raise OSError(f"features of {decoded.folder} have vanished")
        yield measured


def _silence(decoded: Decoded, block: int, settings: Settings) -> dict[str, np.ndarray]:
    """Features of a block in which there is nothing."""
    n_frames = features.count_frames(
        decoded.n_samples_16k, settings.frame_rate, settings.centered
    )
    n_block = features.block_frames(settings.frame_rate)
    n_here = min(n_block, n_frames - block * n_block)
    nothing = np.zeros(n_here, np.float32)
    return {
        "f0_hz": nothing,
        "f0_confidence": nothing,
        "loudness_db": nothing - np.float32(DB_RANGE),
    }


def _path(decoded: Decoded, block: int) -> Path:
    return Path(decoded.folder, f"features-{block:05d}.npz")


def _load(path: Path) -> dict[str, np.ndarray] | None:
    """Features of a block; None if they are not there or damaged."""
    try:
        # numpy does not close a damaged file that it has opened itself.
        with open(path, "rb") as file, np.load(file) as arrays:
            return {name: arrays[name] for name in features.NAMES}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
