"""How recordings and times are named in what is said about them."""

import collections
from collections.abc import Sequence
from pathlib import Path


def display_names(files: Sequence[Path]) -> list[str]:
    """Names files without their path, which is nobody's business.

    Args:
        files: Audio files.

    Returns:
        File names, with the folder in front where a name repeats.
    """
    counts = collections.Counter(file.name for file in files)
    return [
        file.name if counts[file.name] == 1 else f"{file.parent.name}/{file.name}"
        for file in files
    ]


def say_duration(secs: float) -> str:
    """A duration as a person would say it, to the tenth.

    Args:
        secs: Seconds.

    Returns:
        Text such as "42.0 s" or "12.3 min".
    """
    return f"{secs:.1f} s" if secs < 120 else f"{secs / 60:.1f} min"
