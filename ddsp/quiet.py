"""Loading TensorFlow without its greetings."""

import contextlib
import os
import sys
from collections.abc import Iterator

STDERR = 2
LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def load_tensorflow() -> None:
    """Loads TensorFlow without its greetings, unless the user asks for them.

    Whatever the level of its log, it tells of processors and missing GPUs on the error
    stream while it is loaded, and would hide the one line that a command has to say.
    Where the environment variable TF_CPP_MIN_LOG_LEVEL is set, nothing is done.
    """
    if LOG_LEVEL in os.environ:
        return
    os.environ[LOG_LEVEL] = "2"
    with silent_error_stream():
        import tensorflow as tf

        tf.config.list_physical_devices()


@contextlib.contextmanager
def silent_error_stream() -> Iterator[None]:
    """Drops what is written to the error stream, by native code too.

    Yields:
        Nothing.
    """
    sys.stderr.flush()
    try:
        saved = os.dup(STDERR)
    except OSError:  # A program without a console has none.
        yield
        return
    sink = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(sink, STDERR)
        yield
    finally:
        sys.stderr.flush()
        os.dup2(saved, STDERR)
        os.close(saved)
        os.close(sink)
