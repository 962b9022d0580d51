"""One run at a time trains into a folder."""

import contextlib
import errno
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from absl import logging

from ddsp.training.errors import InputError

FILE_NAME = ".training.lock"
PATIENCE_SECS = 1.0  # A process that was just killed needs a moment to be gone.
_RETRY_SECS = 0.05
# What a system answers whose folder cannot lock, as some of networks cannot.
_CANNOT_LOCK = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
# The folder may come from somebody else, with links to anywhere; Windows has no flag.
_OPEN = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)

_File = tuple[int, int]
# What this process holds: descriptors by the file's identity.
_held: dict[_File, int] = {}
_guard = threading.Lock()


class RunLock:
    """Keeps a folder for one run, for as long as a `with` statement lasts.

    The system itself holds the lock and lets go of it with the process, however that
    ends. The file `.training.lock` stays and says who has it; a folder that was made
    for it and holds nothing else goes with it.

    Example:
        >>> with RunLock('violin_model') as lock:
        ...     print(lock.is_held)
        True
    """

    def __init__(
        self, folder: str | Path, say: Callable[[str], object] = logging.warning
    ) -> None:
        """Remembers the folder.

        Args:
            folder: Folder of the model; made if it does not exist. Empty for a run
                that writes nothing, which needs no lock.
            say: Receives one line if this folder cannot be locked.
        """
        self.folder = os.fspath(folder)
        self._say = say
        self._file: _File | None = None
        self._process = 0
        self._has_made_folder = False

    @property
    def is_held(self) -> bool:
        """Whether this process holds the lock."""
        return self._file is not None and self._process == os.getpid()

    def __enter__(self) -> "RunLock":
        """Takes the lock.

        Returns:
            The lock itself.

        Raises:
            InputError: If another run has the folder, or it cannot be written to.
        """
        if not self.folder:
            return self
        if "://" in self.folder:
            self._say(_cannot_lock(self.folder, "it is no folder of a disk"))
            return self
        try:
            self._take()
        except OSError as error:
            reason = error.strerror or str(error)
            if error.errno not in _CANNOT_LOCK:
                raise InputError(
                    f"The folder of a model must be writable. Got {self.folder}: "
                    f"{reason}; choose another folder."
                ) from error
            self._say(_cannot_lock(self.folder, reason))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Gives the lock back."""
        del kind, error, traceback
        # In a child of this process the lock is still its parent's.
        if self._file is not None and self.is_held:
            with _guard:
                descriptor = _held.pop(self._file)
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, 0)
                    self._remove_if_empty()
                    _unlock(descriptor)
                os.close(descriptor)
        self._file = None

    def _remove_if_empty(self) -> None:
        """Removes a folder of which nothing has come, while nobody else may use it."""
        path = os.path.join(self.folder, FILE_NAME)
        # Windows removes no open file, and so keeps the folder.
        with contextlib.suppress(OSError):
            # Another folder of that name is another run's.
            is_own = self._has_made_folder and _is_there(path, self._file)
            if is_own and os.listdir(self.folder) == [FILE_NAME]:
                os.unlink(path)
                os.rmdir(self.folder)

    def _take(self) -> None:
        """Locks the file, trying again for a moment."""
        self._has_made_folder = not os.path.isdir(self.folder)
        os.makedirs(self.folder, exist_ok=True)
        path = os.path.join(self.folder, FILE_NAME)
        end = time.monotonic() + PATIENCE_SECS
        while (file := _try_to_lock(path)) is None:
            if time.monotonic() >= end:
                raise InputError(_refusal(self.folder, path))
            time.sleep(_RETRY_SECS)
            os.makedirs(self.folder, exist_ok=True)
        self._file, self._process = file, os.getpid()


def _try_to_lock(path: str) -> _File | None:
    """Locks a file; returns its identity, or None if somebody else holds it."""
    # No child may be born between opening and noting: it would hold the lock too.
    with _guard:
        if os.path.islink(path):
            raise InputError(
                f"The lock of a folder must be a file of its own. Got {path}, which is "
                "a link; remove it."
            )
        # Opening it once more could lose the lock on a network's disk.
        if os.path.exists(path) and _identity(os.stat(path)) in _held:
            raise InputError(
                "A folder must belong to one run at a time. Got "
                f"{os.path.dirname(path)}, into which this process trains already; "
                "end that run first, or choose another folder."
            )
        try:
            descriptor = os.open(path, _OPEN, 0o666)
        except FileNotFoundError:
            return None
        file = _identity(os.fstat(descriptor))
        try:
            _lock(descriptor)
            # A holder that has removed its folder leaves a file without a name.
            is_there = _is_there(path, file)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        if not is_there:
            os.close(descriptor)
            return None
        _held[file] = descriptor
        # A full disk keeps the words out, but not the lock.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, _holder().encode())
    return file


def _identity(status: os.stat_result) -> _File:
    """What two names of one file have in common."""
    return status.st_dev, status.st_ino


def _is_there(path: str, file: _File | None) -> bool:
    """Whether a path leads to this file still."""
    try:
        return _identity(os.stat(path)) == file
    except FileNotFoundError:
        return False


def _holder() -> str:
    """Who holds a lock, for those who find it taken."""
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    return json.dumps(
        {"pid": os.getpid(), "host": socket.gethostname(), "since": since}
    )


def _refusal(folder: str, path: str) -> str:
    """The message for a folder that is taken."""
    try:
        holder = json.loads(Path(path).read_text())
        pid, host, since = (holder[key] for key in ("pid", "host", "since"))
        who = f"process {pid} on {host} has trained since {since}"
        end = f"end it (kill {pid})"
    except (OSError, ValueError, KeyError, TypeError):
        who, end = "another process trains", "end it"
    return (
        f"A folder must belong to one run at a time. Got {folder}, into which {who}; "
        f"wait for it, {end}, or choose another folder."
    )


def _cannot_lock(folder: str, reason: str) -> str:
    """The line for a folder without locks."""
    return (
        f"{folder} cannot be locked ({reason}): see to it that no second run trains "
        "into it"
    )


def _close_in_child() -> None:
    """Leaves the locks of a parent to the parent."""
    for descriptor in _held.values():
        with contextlib.suppress(OSError):
            os.close(descriptor)
    _held.clear()
    _guard.release()


if sys.platform == "win32":
    import msvcrt

    # Far behind the words, which others must be able to read.
    _POSITION = 1 << 30

    def _lock(descriptor: int) -> None:
        """Locks a file, or raises BlockingIOError."""
        os.lseek(descriptor, _POSITION, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)

    def _unlock(descriptor: int) -> None:
        """Lets go of a file."""
        os.lseek(descriptor, _POSITION, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        """Locks a file, or raises BlockingIOError."""
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        """Lets go of a file, for all copies of the descriptor."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)

    os.register_at_fork(
        before=_guard.acquire,
        after_in_parent=_guard.release,
        after_in_child=_close_in_child,
    )
