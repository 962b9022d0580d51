"""Files that a cluster sees: on shared disks and in buckets, through Apache Beam."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ddsp.training.errors import InputError


def import_beam() -> Any:
    """Loads Apache Beam.

    Returns:
        The module `apache_beam`.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        import apache_beam
        import apache_beam.options.pipeline_options
    except ImportError as error:
        raise ImportError(
            "Preparing on a cluster must have Apache Beam. Got no module apache_beam; "
            "install it with: pip install 'ddsp[data]'."
        ) from error
    return apache_beam


def _systems() -> Any:
    import_beam()
    from apache_beam.io.filesystems import FileSystems

    return FileSystems


def is_remote(path: str) -> bool:
    """Tells whether a path is in a bucket.

    Args:
        path: Path or URL.

    Returns:
        True for 'gs://bucket/a.wav' and the like.
    """
    return "://" in path


def join(folder: str, name: str) -> str:
    """Names a file in a folder.

    Args:
        folder: Path or URL.
        name: Name of the file.

    Returns:
        Its path or URL.
    """
    separator = "/" if is_remote(folder) else os.sep
    return f"{folder.rstrip(separator)}{separator}{name}"


def fetch(path: str, folder: str) -> str:
    """Makes a file readable by every library.

    Args:
        path: Path or URL.
        folder: Where to copy it to if it is in a bucket.

    Returns:
        Path on this computer.
    """
    if not is_remote(path):
        return path
    local = Path(folder, os.path.basename(path))
    with _systems().open(path) as source, open(local, "wb") as target:
        shutil.copyfileobj(source, target)
    return str(local)


def put(local: str, path: str) -> None:
    """Copies a file to where all see it; a repeated attempt replaces it.

    Args:
        local: File on this computer.
        path: Path or URL.
    """
    with open(local, "rb") as source, _systems().create(path) as target:
        shutil.copyfileobj(source, target)


def read(path: str) -> bytes:
    """Reads a small file.

    Args:
        path: Path or URL.

    Returns:
        Its bytes.
    """
    with _systems().open(path) as file:
        return file.read()


def write(path: str, content: bytes) -> None:
    """Writes a small file; a repeated attempt replaces it.

    Args:
        path: Path or URL.
        content: Its bytes.
    """
    with _systems().create(path) as file:
        file.write(content)


def match(patterns: Iterable[str]) -> list[str]:
    """Lists files in buckets.

    Args:
        patterns: URLs, with wildcards or without.

    Returns:
        URLs of files, sorted.

    Raises:
        InputError: If a pattern matches nothing.
    """
    found: set[str] = set()
    for pattern in patterns:
        files = [entry.path for entry in _systems().match([pattern])[0].metadata_list]
        if not files:
            raise InputError(
                f"Patterns must match recordings. Got {pattern}, which matches none; "
                "check the name."
            )
        found.update(files)
    return sorted(found)


def list_files(prefix: str) -> list[str]:
    """Lists files whose URLs begin alike.

    Args:
        prefix: Beginning of the URLs.

    Returns:
        Sorted URLs; maybe none.
    """
    found = _systems().match([prefix + "*"])[0].metadata_list
    return sorted(entry.path for entry in found)


def remove(paths: list[str]) -> None:
    """Removes files.

    Args:
        paths: Paths or URLs.
    """
    if paths:
        _systems().delete(paths)
