"""Finds out whether results can be written, before the work that makes them."""

from collections.abc import Sequence
from pathlib import Path


def check_output(path: str, suffix: str, inputs: Sequence[str] = ()) -> None:
    """Makes sure that a file can be written, without writing it.

    Args:
        path: File to be written later; it may exist and is then to be replaced.
        suffix: How its name must end, such as ".wav".
        inputs: Files that it must not replace.

    Raises:
        InputError: If the name is wrong, or the place cannot be written.
    """
    from ddsp.training.errors import InputError

    target = Path(path)
    if target.suffix.lower() != suffix:
        raise InputError(
            f"The file to write must end in {suffix}. Got {path}; choose another name."
        )
    if any(target.resolve() == Path(other).resolve() for other in inputs):
        raise InputError(
            f"The file to write must not be another one of this command. Got {path} "
            "twice; choose another name."
        )
    if target.is_dir():
        raise InputError(
            f"The file to write must not be a folder. Got {path}; name a file in it."
        )
    check_folder(target.parent, path)


def check_folder(folder: Path, path: str) -> None:
    """Makes sure that new files can be made in a folder.

    Args:
        folder: The folder.
        path: What is to be written there, for the message.

    Raises:
        InputError: If the folder is missing or cannot be written.
    """
    from ddsp.training.errors import InputError
    from ddsp.training.writable import why_not_writable

    reason = why_not_writable(folder)
    if reason:
        raise InputError(
            f"Results must go to a folder that can be written. Got {path} "
            f"({reason}: {folder}); make the folder or choose another one."
        )
