"""The error for input that a person can correct."""


class InputError(ValueError):
    """A file, folder, dataset or model given by the user cannot be used.

    The message is one line: what was given, why it cannot be used, what to do instead.
    Commands show that line and end with status 2; nothing has been written.
    """
