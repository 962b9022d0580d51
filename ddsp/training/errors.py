"""The error for input that a person can correct, and what errors say in one line."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

# Colours of a terminal, and the names of operations that TensorFlow puts around.
_AROUND = re.compile(r"\x1b\[[0-9;]*m|{{.*?}} | \[Op:.*?\](?: name:.*)?")
# Lines in which Keras and gin tell where an error was, not what.
_WHERE = ("encountered when", "In call to configurable")


class InputError(ValueError):
    """A file, folder, dataset or model given by the user cannot be used.

    The message is one line: what was given, why it cannot be used, what to do instead.
    Commands show that line and end with status 2. What a run has saved before stays.
    """


def first_line(error: BaseException) -> str:
    """What an error says, in one line.

    Args:
        error: The error, of any library.

    Returns:
        The first line that says what is wrong; empty if there is none.
    """
    text = str(error)
    if isinstance(error, KeyError) and error.args:
        text = str(error.args[0])  # A KeyError puts the whole of it in quotes.
    lines = [x.strip() for x in _AROUND.sub("", text).splitlines() if x.strip()]
    told = [x for x in lines if not any(words in x for words in _WHERE)]
    return next(iter(told), "")


def reason(error: BaseException) -> str:
    """Why a file could not be read or written, such as "No space left on device".

    Args:
        error: What the system or TensorFlow has raised.

    Returns:
        The reason alone, without the path; at least the kind of the error.
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    # TensorFlow puts "path; " before the reason.
    return first_line(error).rpartition("; ")[2] or type(error).__name__


@contextlib.contextmanager
def writing(
    what: str, place: str | Path, cure: str = "make room, or choose another folder"
) -> Iterator[None]:
    """Turns what a place says that takes no more into one line.

    It belongs around the writing alone: within it, whatever the system or TensorFlow
    raises is taken for the fault of the place.

    Args:
        what: What is written, as the first words of the message.
        place: File or folder that it goes to.
        cure: What to do.

    Yields:
        Nothing.

    Raises:
        InputError: If it cannot be written.
    """
    try:
        yield
    except (OSError, tf.errors.OpError) as error:
        raise InputError(
            f"{what} must go to a place that can be written. Got {os.fspath(place)} "
            f"({reason(error)}); {cure}."
        ) from error
