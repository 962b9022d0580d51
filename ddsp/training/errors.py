"""The error for input that a person can correct, and what errors say in one line."""

import re

# Colours of a terminal, and the names of operations that TensorFlow puts around.
_AROUND = re.compile(r"\x1b\[[0-9;]*m|{{.*?}} | \[Op:.*?\]")
# Lines in which Keras and gin tell where an error was, not what.
_WHERE = ("encountered when", "In call to configurable")


class InputError(ValueError):
    """A file, folder, dataset or model given by the user cannot be used.

    The message is one line: what was given, why it cannot be used, what to do instead.
    Commands show that line and end with status 2; nothing has been written.
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
