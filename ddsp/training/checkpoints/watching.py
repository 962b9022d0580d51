"""Waiting for the checkpoints of a run that is still going on."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import tensorflow as tf

from ddsp.training.checkpoints.paths import MissingFileError, get_latest_checkpoint

POLL_SECS = 1.0


def watch_checkpoints(
    path: str | Path,
    say: Callable[[str], None],
    min_interval_secs: float = 0.0,
    once: bool = False,
) -> Iterator[str]:
    """Finds the newest checkpoint, and those that follow as they are written.

    Args:
        path: Folder of the checkpoints; the path of one checkpoint stands for that one
            alone.
        say: Receives one line if there is nothing yet.
        min_interval_secs: Least time between two checkpoints.
        once: Whether to take one checkpoint only. Otherwise this waits without end.

    Yields:
        Paths of checkpoints.

    Raises:
        MissingFileError: If there is none and once is True.
    """
    path = os.fspath(path)
    is_one = tf.io.gfile.exists(f"{path}.index")
    previous = None
    while True:
        begin = time.monotonic()
        newest = _newer(path, previous)
        if newest is None and previous is None:
            if once:
                get_latest_checkpoint(path)  # Says what is wrong.
            say(f"waiting for a checkpoint in {path}")
        while newest is None:
            time.sleep(POLL_SECS)
            newest = _newer(path, previous)
        previous = newest
        yield newest
        if once or is_one:
            return
        time.sleep(max(0.0, begin + min_interval_secs - time.monotonic()))


def _newer(path: str, previous: str | None) -> str | None:
    """The newest checkpoint, if it is another than the previous one."""
    try:
        newest = get_latest_checkpoint(path)
    except MissingFileError:
        return None
    return None if newest == previous else newest
