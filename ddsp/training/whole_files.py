"""Writing a file whole or not at all."""

import contextlib
import os
import re
import uuid

import tensorflow as tf

_LEFTOVER = re.compile(r".+\.[0-9a-f]{32}\.partial")


def write_whole(path: str, content: bytes) -> None:
    """Writes a file aside and renames it, so that nobody ever sees half of it.

    A folder may come from somebody else, with links in it: what is written aside has a
    name that nobody can know before, and a link at the path itself is replaced.

    Args:
        path: The file, also in a bucket; what was there before is replaced.
        content: Its bytes.

    Raises:
        tf.errors.OpError: If it cannot be written.
    """
    partial = f"{path}.{uuid.uuid4().hex}.partial"
    try:
        with tf.io.gfile.GFile(partial, "wb") as file:
            file.write(content)
        tf.io.gfile.rename(partial, path, overwrite=True)
    except BaseException:
        if tf.io.gfile.exists(partial):
            tf.io.gfile.remove(partial)
        raise


def remove_leftovers(folder: str) -> None:
    """Removes what `write_whole` had written aside when its process was killed.

    Args:
        folder: The folder, also in a bucket, which need not exist. Nobody else may
            write to it. What cannot be removed stays.
    """
    if not tf.io.gfile.isdir(folder):
        return
    for name in tf.io.gfile.listdir(folder):
        if _LEFTOVER.fullmatch(name):
            # A folder of that name is not ours, and is not removed.
            with contextlib.suppress(tf.errors.OpError):
                tf.io.gfile.remove(os.path.join(folder, name))
