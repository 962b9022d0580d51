"""A folder that appears whole or not at all, and what is kept while it is made."""

import contextlib
import fnmatch
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from ddsp.training.errors import InputError
from ddsp.training.loop.run_lock import RunLock

NEW, REPLACED, KEPT, PASSING = "new", "replaced", "kept", "passing"


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
        The temporary folder, in that of `work_folder`.

    Raises:
        InputError: If the folder cannot be made, or must not be replaced.
    """
    path = Path(os.path.abspath(path))
    _check_replaceable(path, overwrite, replaceable)
    with work_folder(path) as work:
        # What a killed attempt had put aside is in its place again.
        _check_replaceable(path, overwrite, replaceable)
        yield work / NEW
        if path.exists():
            os.replace(path, work / REPLACED)
        os.replace(work / NEW, path)


def work_path(path: str | Path) -> Path:
    """Names the hidden folder in which something is made.

    Args:
        path: What is to be made.

    Returns:
        Where the folder of `work_folder` is while there is one.
    """
    path = Path(os.path.abspath(path))
    return path.with_name(f".{path.name}.preparing")


@contextlib.contextmanager
def work_folder(path: str | Path) -> Iterator[Path]:
    """Offers a hidden folder beside a wanted file or folder, to one process at a time.

    It holds the empty folders `new`, and `passing` for what is of use to this attempt
    alone, and `kept` for what a later one can use. That stays, if there is anything,
    until an attempt ends well.

    Args:
        path: What is to be made.

    Yields:
        The hidden folder.

    Raises:
        InputError: If it cannot be made, something cannot be written within, or another
            process has it.
    """
    path = Path(os.path.abspath(path))
    work = work_path(path)
    try:
        if work.is_symlink():
            work.unlink()
        work.mkdir(exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error, is_kept=False) from error
    with _alone(work, path):
        _clear(work, path)
        try:
            for name in (NEW, PASSING):
                (work / name).mkdir()
            (work / KEPT).mkdir(exist_ok=True)
            yield work
        except BaseException as error:
            _clear(work, path)
            is_kept = any(found.is_file() for found in (work / KEPT).rglob("*"))
            if not is_kept:
                shutil.rmtree(work, ignore_errors=True)
            if isinstance(error, OSError):
                raise _unwritable(path, error, is_kept) from error
            raise
        shutil.rmtree(work, ignore_errors=True)


@contextlib.contextmanager
def _alone(work: Path, path: Path) -> Iterator[None]:
    """Keeps other processes out."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(RunLock(work))
        except InputError as error:
            raise InputError(
                f"One process at a time can prepare a dataset. Got {path}, which "
                "another one is writing; wait for it, or choose another place."
            ) from error
        yield


def _clear(work: Path, path: Path) -> None:
    """Removes what an attempt that has not ended well has left, save what is kept."""
    if (work / REPLACED).exists() and not path.exists():
        os.replace(work / REPLACED, path)  # It ended in between.
    for name in (NEW, REPLACED, PASSING):
        shutil.rmtree(work / name, ignore_errors=True)


def _unwritable(path: Path, error: OSError, is_kept: bool) -> InputError:
    """The line for a place that takes no more."""
    go_on = "make room and repeat, as what is done is kept, or " if is_kept else ""
    return InputError(
        f"The output must be a folder that can be written. Got {path} "
        f"({error.strerror or error}); {go_on}choose another place."
    )


def _check_replaceable(path: Path, overwrite: bool, names: Sequence[str]) -> None:
    """Raises if something is at the path that must stay."""
    if path.exists() and not path.is_dir():
        raise InputError(
            f"The output must be a folder. Got {path}, which is a file; choose another "
            "name."
        )
    found = sorted(os.listdir(path)) if path.is_dir() else []
    others = [name for name in found if not _is_replaceable(path / name, names)]
    has_dataset = bool(fnmatch.filter(found, names[0])) and names[0] not in others
    if not found or (overwrite and has_dataset and not others):
        return
    rule = "The output must be a new or empty folder"
    if overwrite:
        rule = "Only a dataset can be replaced"
    named = (others or found)[0]
    way_out = "; choose another name"
    if has_dataset and others:
        way_out = ", which is no part of a dataset; move it away or choose another name"
    elif has_dataset:
        way_out += ", or replace the dataset with --overwrite"
    raise InputError(f"{rule}. Got {path}, which holds {named}{way_out}.")


def _is_replaceable(path: Path, names: Sequence[str]) -> bool:
    """Whether a thing is a file of one of the given names."""
    return path.is_file() and any(fnmatch.fnmatch(path.name, name) for name in names)
