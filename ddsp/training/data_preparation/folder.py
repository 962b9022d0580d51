"""A folder that appears whole or not at all."""

import contextlib
import fnmatch
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ddsp.training.errors import InputError


@contextlib.contextmanager
def new_folder(
    path: str | Path, overwrite: bool, replaceable: Sequence[str]
) -> Iterator[Path]:
    """Offers a temporary folder that becomes the wanted one if all goes well.

    Args:
        path: Folder to make. It may exist and be empty.
        overwrite: Whether it may also hold something, which is then replaced.
        replaceable: Patterns of the names of files that may be replaced, of which the
            first must be there. A folder that holds anything else is left alone.

    Yields:
        The temporary folder, beside the wanted one.

    Raises:
        InputError: If the folder cannot be made, or must not be replaced.
    """
    path = Path(os.path.abspath(path))
    _check_replaceable(path, overwrite, replaceable)
    try:
        temporary = tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        workshop = Path(temporary, "new")
        workshop.mkdir()
        yield workshop
        if path.exists():
            os.replace(path, Path(temporary, "replaced"))
        os.replace(workshop, path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"The output must be a folder that can be written. Got {path} "
        f"({error.strerror or error}); choose another place."
    )


def _check_replaceable(path: Path, overwrite: bool, names: Sequence[str]) -> None:
    """Raises if something is at the path that must stay."""
    if path.exists() and not path.is_dir():
        raise InputError(
            f"The output must be a folder. Got {path}, which is a file; choose another "
            "name."
        )
    found = sorted(os.listdir(path)) if path.is_dir() else []
    if found and not overwrite:
        raise InputError(
            f"The output must be a new or empty folder. Got {path}, which holds "
            f"{found[0]}; choose another name, or replace a dataset with --overwrite."
        )
    others = [name for name in found if not _is_replaceable(path / name, names)]
    if others or (found and not fnmatch.filter(found, names[0])):
        raise InputError(
            f"Only a dataset can be replaced. Got {path}, which holds "
            f"{(others or found)[0]}; choose another name."
        )


def _is_replaceable(path: Path, names: Sequence[str]) -> bool:
    """Whether a thing is a file of one of the given names."""
    return path.is_file() and any(fnmatch.fnmatch(path.name, name) for name in names)
