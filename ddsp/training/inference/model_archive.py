"""Models that come as a zip, such as the download of the original's notebooks.

Nobody vouches for an archive. Of all that it holds, only regular files with the names
that a model needs are taken out, one by one, into a folder of ours.
"""

import atexit
import io
import re
import shutil
import stat
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from ddsp.training.errors import InputError
from ddsp.training.inference.model_files import missing_file

MAX_MEMBERS = 300
# The largest models of the original, with the state of their optimizer, are 300 MB.
MAX_UNPACKED_BYTES = 1 << 30
# Weights hardly shrink; what a small file swells to does no harm.
MAX_RATIO = 200
FREE_BYTES = 1 << 20
CHUNK_BYTES = 1 << 20
# Entries of the table of contents are at least 46 bytes, mostly less than 200.
MAX_TABLE_BYTES = 1 << 17

_NEEDED = re.compile(
    r"checkpoint|(?:ckpt|replaced)-\d{1,12}\.(?:index|data-\d{5}-of-\d{5})"
    r"|operative_config-\d{1,12}\.gin|dataset_statistics\.(pkl|json|npz)"
    r"|features\.json|README\.md",
    re.ASCII,
)
_INDEX = re.compile(r"(?:ckpt|replaced)-\d{1,12}\.index", re.ASCII)
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

# Folders of archives that were unpacked before, by path, time and size.
_unpacked: dict[tuple[str, int, int], Path] = {}


class _RefusedError(Exception):
    """What an archive holds and must not."""


class _BoundedFile(io.BufferedReader):
    """A file of which nobody can ask for too much at once.

    `zipfile` reads the table of contents as a whole, however large it says to be.
    """

    limit = MAX_TABLE_BYTES

    def read(self, size: int | None = -1) -> bytes:
        wanted = self.limit + 1 if size is None or size < 0 else size
        content = super().read(min(wanted, self.limit + 1))
        if len(content) > self.limit:
            raise _RefusedError("a table of contents that is too large")
        return content


def unpack_model(archive: str | Path) -> Path:
    """Takes a model out of a zip.

    Args:
        archive: The zip, with the files of one model at its top or in a folder.

    Returns:
        Temporary folder with the files of the model, named like the archive; it is
        removed when Python ends. An archive that did not change is unpacked once.

    Raises:
        InputError: If the archive is damaged or hostile, or holds no model or several.
            Nothing of it is left on the disk.
    """
    archive = Path(archive)
    try:
        status = archive.stat()
        key = (str(archive.resolve()), status.st_mtime_ns, status.st_size)
        if key not in _unpacked or not _unpacked[key].is_dir():
            _unpacked[key] = _unpack(archive)
        return _unpacked[key]
    except _RefusedError as refused:
        raise _not_usable(archive, str(refused)) from refused
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise _not_usable(archive, f"an error: {reason}") from error


def _not_usable(archive: Path, reason: str) -> InputError:
    """The line for an archive that is refused."""
    return InputError(
        "A zipped model must hold the files of one model and nothing strange. Got "
        f"model={archive} with {reason}. Download it again, or unpack it yourself "
        "and give the folder."
    )


def _unpack(archive: Path) -> Path:
    """A new folder with the model; none if anything fails."""
    outer = Path(tempfile.mkdtemp(prefix="ddsp_model_"))
    try:
        # A name of dots only would be another folder.
        folder = outer / (archive.stem if archive.stem.strip(".") else "model")
        folder.mkdir()
        _take_out(archive, folder)
    except BaseException:
        shutil.rmtree(outer, ignore_errors=True)
        raise
    atexit.register(shutil.rmtree, outer, ignore_errors=True)
    return folder


def _take_out(archive: Path, folder: Path) -> None:
    """Writes the files of the model into a folder."""
    try:
        with _BoundedFile(io.FileIO(archive)) as file, zipfile.ZipFile(file) as opened:
            file.limit = CHUNK_BYTES
            members = _check_members(opened.infolist(), archive.stat().st_size)
            for member in members:
                path = folder / PurePosixPath(member.filename).name
                _write_member(opened, member, path)
    except (_RefusedError, OSError):
        raise
    except Exception as error:  # What is damaged on purpose fails in any way.
        raise _RefusedError("contents that are damaged") from error
    missing = missing_file(folder)
    if missing is not None:
        raise _RefusedError(f"no file {missing}")


def _write_member(opened: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> None:
    """Writes one file, counting what really comes out."""
    n_bytes = 0
    with opened.open(member) as source, open(path, "xb") as target:
        while chunk := source.read(CHUNK_BYTES):
            n_bytes += len(chunk)
            if n_bytes > member.file_size:
                break
            target.write(chunk)
    if n_bytes != member.file_size:
        raise _RefusedError("contents of another size than they say")


def _check_members(
    members: list[zipfile.ZipInfo], n_archive_bytes: int
) -> list[zipfile.ZipInfo]:
    """The files of the one model, if nothing at all is strange about the archive."""
    if len(members) > MAX_MEMBERS:
        raise _RefusedError(f"more than {MAX_MEMBERS} files")
    seen = set()
    for member in members:
        _check_name(member.orig_filename)
        _check_kind(member)
        name = PurePosixPath(member.filename).as_posix().casefold()
        if name in seen:
            raise _RefusedError(f"two files named {member.filename[:80]!r}")
        seen.add(name)
    n_bytes = sum(member.file_size for member in members)
    if n_bytes > MAX_UNPACKED_BYTES:
        raise _RefusedError("contents that are too large")
    if n_bytes > FREE_BYTES + MAX_RATIO * n_archive_bytes:
        raise _RefusedError("contents that swell too much")
    return _of_one_model([member for member in members if not member.is_dir()])


def _check_name(name: str) -> None:
    """Refuses names that lead elsewhere, on any system."""
    leads_away = (
        name.startswith("/")
        or re.match("[A-Za-z]:", name)
        or ".." in name.split("/")
        or "\\" in name
    )
    if leads_away or re.search("[\x00-\x1f\x7f]", name):
        raise _RefusedError(f"the name {name[:80]!r}")


def _check_kind(member: zipfile.ZipInfo) -> None:
    """Refuses whatever is not a plain file or folder."""
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _RefusedError(f"the link or device {member.filename[:80]!r}")
    if member.flag_bits & _ENCRYPTED:
        raise _RefusedError("files behind a password")
    if member.compress_type not in _COMPRESSIONS:
        raise _RefusedError("an unusual compression")
    if member.file_size > FREE_BYTES + MAX_RATIO * member.compress_size:
        raise _RefusedError("contents that swell too much")


def _of_one_model(files: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The files that a model needs, all from the one folder with checkpoints."""
    places = {file.filename: PurePosixPath(file.filename) for file in files}
    parents = {p.parent for p in places.values() if _INDEX.fullmatch(p.name)}
    if len(parents) != 1:
        found = "several models" if parents else "no file ckpt-<step>.index"
        raise _RefusedError(found)
    (parent,) = parents
    return [
        file
        for file in files
        if places[file.filename].parent == parent
        and _NEEDED.fullmatch(places[file.filename].name)
    ]
