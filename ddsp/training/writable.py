"""Finds out whether a folder can be written, by trying."""

import tempfile
from pathlib import Path


def why_not_writable(folder: Path) -> str:
    """Says what keeps new files out of a folder.

    Args:
        folder: The folder.

    Returns:
        The system's reason, such as "Permission denied"; empty if there is none.
    """
    try:
        # Permissions do not tell everything; trying does.
        with tempfile.TemporaryFile(prefix=".ddsp-", dir=folder):
            return ""
    except OSError as error:
        return error.strerror or str(error)
