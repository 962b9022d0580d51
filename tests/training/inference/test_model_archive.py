"""Zipped models: unpacked as they are, refused in one line, and never elsewhere."""

import io
import os
import stat
import struct
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tiny_model import make_tiny_model

from ddsp.training.errors import InputError
from ddsp.training.inference import TimbreTransfer, model_archive, resolve_model

INDEX, DATA = "ckpt-7.index", "ckpt-7.data-00000-of-00001"
FILES = {
    "checkpoint": b"state",
    INDEX: b"index",
    DATA: np.random.default_rng(7).bytes(50_000),
    "operative_config-0.gin": b"import ddsp\n",
    "dataset_statistics.pkl": b"statistics",
}


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for archives, beside the one that temporary folders are made in."""
    (tmp_path / "temporary").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


def pack(
    path: Path,
    files: dict[str, bytes],
    change: Callable[[zipfile.ZipInfo], None] = lambda _: None,
    method: int = zipfile.ZIP_DEFLATED,
) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo("x")
            entry.filename = name  # The constructor would clean it.
            entry.compress_type = method
            entry.external_attr = 0o644 << 16
            change(entry)
            archive.writestr(entry, content)
    return path


def everything_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def refusal(room: Path, archive: Path) -> str:
    """The line for an archive, of which nothing may be left."""
    before = everything_in(room)
    with pytest.raises(InputError) as caught:
        resolve_model(archive)
    assert everything_in(room) == before
    message = str(caught.value)
    assert str(archive) in message and "\n" not in message and "\x1b" not in message
    assert len(message) < 400 + len(str(archive))
    return message


@pytest.mark.parametrize("parent", ["", "./", "violin/", "content/models/violin/"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_model_is_found_at_the_top_or_in_a_folder(
    room: Path, parent: str, method: int
) -> None:
    files = {f"{parent}{name}": content for name, content in FILES.items()}
    archive = pack(room / "my violin.ZIP", files, method=method)
    folder = resolve_model(archive)
    assert folder.name == "my violin"
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == FILES
    assert folder.parent.parent == room / "temporary"
    assert everything_in(room / "here") == set()


def test_what_is_no_part_of_a_model_stays_where_it_is(room: Path) -> None:
    others = {
        "events.out.tfevents.1": b"x",
        "run.sh": b"x",
        "sitecustomize.py": b"x",
        "ckpt-7.index.py": b"x",
        "ckpt-x.index": b"x",
        "ckpt-8.data-0-of-1": b"x",
        "dataset_statistics.sh": b"x",
        "operative_config-0.gin.bak": b"x",
        "more/operative_config-9.gin": b"x",
        "more/more.zip": b"x",
        "more.zip": b"x",
        "__MACOSX/._ckpt-7.index": b"x",
        "dataset_statistics.json": b"{}",
        "dataset_statistics.npz": b"PK",
        "features.json": b"{}",
        "README.md": b"card",
    }
    kept = {"dataset_statistics.json", "dataset_statistics.npz", "README.md"}
    kept |= {"features.json"}
    folder = resolve_model(pack(room / "a.zip", {**FILES, **others}))
    assert {p.name for p in folder.iterdir()} == set(FILES) | kept
    assert everything_in(folder.parent) - {"a"} == {
        f"a/{name}" for name in set(FILES) | kept
    }


def test_all_checkpoints_are_taken(room: Path) -> None:
    more = {"ckpt-12000.index": b"", "ckpt-12000.data-00001-of-00002": b"1"}
    folder = resolve_model(pack(room / "a.zip", {**FILES, **more}))
    assert {p.name for p in folder.iterdir()} == {*FILES, *more}


def test_folders_may_be_listed(room: Path) -> None:
    files = {"violin/": b"", **{f"violin/{k}": v for k, v in FILES.items()}}
    folder = resolve_model(pack(room / "a.zip", files))
    assert {p.name for p in folder.iterdir()} == set(FILES)


def test_an_archive_is_unpacked_once_and_again_when_it_changed(room: Path) -> None:
    archive = pack(room / "a.zip", FILES)
    first = resolve_model(archive)
    assert resolve_model(str(archive)) == first
    pack(archive, {**FILES, "README.md": b"new"})
    second = resolve_model(archive)
    assert second != first and (second / "README.md").exists()
    for path in (*second.iterdir(), second):
        path.unlink() if path.is_file() else path.rmdir()
    assert (resolve_model(archive) / INDEX).exists()


def test_the_folder_is_gone_when_python_ends(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_end: list = []
    monkeypatch.setattr(
        model_archive.atexit,
        "register",
        lambda *call, **how: at_end.append((call, how)),
    )
    folder = resolve_model(pack(room / "a.zip", FILES))
    (((remove, *arguments), options),) = at_end
    remove(*arguments, **options)
    assert not folder.exists() and everything_in(room / "temporary") == set()


@pytest.mark.parametrize("name", ["...zip", "..zip", ".zip"])
def test_names_of_dots_lead_nowhere(room: Path, name: str) -> None:
    archive = pack(room / "a.zip", FILES).rename(room / name)
    folder = model_archive.unpack_model(archive)
    assert folder.parent.parent == room / "temporary"
    assert folder.resolve() == folder
    assert {p.name for p in folder.iterdir()} == set(FILES)


@pytest.mark.parametrize(
    "name",
    [
        "/tmp/evil",
        "//host/evil",
        "../evil",
        "violin/../../evil",
        "violin/..",
        "..",
        "C:/evil",
        "c:evil",
        "violin\\evil",
        "..\\evil",
        "evil\0.index",
        "evil\n",
        "evil\x1b[31m",
        "evil\x7f",
        f"../{INDEX}",
        f"/{INDEX}",
        f"..\\{INDEX}",
        "x" * 500 + "/../x",
    ],
)
def test_names_that_lead_elsewhere_are_refused(room: Path, name: str) -> None:
    message = refusal(room, pack(room / "a.zip", {**FILES, name: b"evil"}))
    assert "with the name " in message
    assert not (room / "evil").exists() and not (room / "temporary" / "evil").exists()


@pytest.mark.parametrize("name", ["..gin", "a..b", "...", "ab:c", "x/C:/y", "Grüße 1"])
def test_names_that_only_look_so_are_let_be(room: Path, name: str) -> None:
    folder = resolve_model(pack(room / "a.zip", {**FILES, name: b"x"}))
    assert {p.name for p in folder.iterdir()} == set(FILES)


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK]
)
@pytest.mark.parametrize("name", [INDEX, "other"])
def test_links_and_devices_are_refused(room: Path, kind: int, name: str) -> None:
    def change(entry: zipfile.ZipInfo) -> None:
        if entry.filename == name:
            entry.external_attr = (kind | 0o777) << 16

    archive = pack(room / "a.zip", {**FILES, "other": b"/etc/passwd"}, change)
    assert f"with the link or device {name!r}" in refusal(room, archive)


def test_plain_kinds_are_let_be(room: Path) -> None:
    def change(entry: zipfile.ZipInfo) -> None:
        is_folder = entry.filename.endswith("/")
        kind = stat.S_IFDIR if is_folder else stat.S_IFREG
        entry.external_attr = (kind | 0o644) << 16

    folder = resolve_model(pack(room / "a.zip", {**FILES, "x/": b""}, change))
    assert {p.name for p in folder.iterdir()} == set(FILES)


@pytest.mark.parametrize(
    "again", [INDEX, "CKPT-7.Index", f"./{INDEX}", f"{INDEX}/", "a//b", "a/b/"]
)
def test_two_files_of_one_name_are_refused(room: Path, again: str) -> None:
    archive = pack(room / "a.zip", {**FILES, "a/b": b""})
    with (
        zipfile.ZipFile(archive, "a") as opened,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("warnings.warn", lambda *_, **__: None)
        opened.writestr(again, b"other")
    assert f"with two files named {again!r}" in refusal(room, archive)


def patched(path: Path, signature: bytes, place: int, value: bytes) -> Path:
    """An archive with other bytes in every header of a kind."""
    content = bytearray(path.read_bytes())
    start = content.find(signature)
    assert start >= 0
    while start >= 0:
        content[start + place : start + place + len(value)] = value
        start = content.find(signature, start + 4)
    path.write_bytes(content)
    return path


CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


@pytest.mark.parametrize("flags", [0x1, 0x40 | 0x1, 0x2000])
def test_files_behind_a_password_are_refused(room: Path, flags: int) -> None:
    archive = pack(room / "a.zip", FILES)
    patched(archive, LOCAL, 6, struct.pack("<H", flags))
    patched(archive, CENTRAL, 8, struct.pack("<H", flags))
    assert "files behind a password" in refusal(room, archive)


def test_many_files_are_refused(room: Path) -> None:
    most = model_archive.MAX_MEMBERS
    more = {f"events-{k}": b"" for k in range(most - len(FILES))}
    resolve_model(pack(room / "a.zip", {**FILES, **more}))
    archive = pack(room / "b.zip", {**FILES, **more, "one more": b""})
    assert f"with more than {most} files" in refusal(room, archive)


def test_a_huge_table_of_contents_is_not_read(room: Path) -> None:
    more = {f"{k}": b"" for k in range(4000)}
    archive = pack(room / "a.zip", {**FILES, **more})
    assert "a table of contents that is too large" in refusal(room, archive)


@pytest.mark.parametrize("name", [DATA, "other"])
def test_bombs_are_refused(room: Path, name: str) -> None:
    files = {**FILES, name: bytes(16 << 20)}
    assert "contents that swell too much" in refusal(room, pack(room / "a.zip", files))


@pytest.mark.parametrize(
    ("n_random", "n_zeros", "is_refused"),
    [(20_000, 3 << 20, False), (5_000, 4 << 20, True), (0, 2 << 20, True)],
)
def test_weights_may_be_partly_zero(
    room: Path,
    rng: np.random.Generator,
    n_random: int,
    n_zeros: int,
    is_refused: bool,
) -> None:
    files = {**FILES, DATA: rng.bytes(n_random) + bytes(n_zeros)}
    archive = pack(room / "a.zip", files)
    if is_refused:
        assert "contents that swell too much" in refusal(room, archive)
    else:
        assert (resolve_model(archive) / DATA).read_bytes() == files[DATA]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_large_files_come_out_whole(
    room: Path, rng: np.random.Generator, method: int
) -> None:
    files = {**FILES, DATA: rng.bytes(2 * model_archive.CHUNK_BYTES + 1)}
    folder = resolve_model(pack(room / "a.zip", files, method=method))
    assert (folder / DATA).read_bytes() == files[DATA]


def test_small_files_may_swell(room: Path) -> None:
    files = {**FILES, INDEX: bytes(1 << 20)}
    folder = resolve_model(pack(room / "a.zip", files))
    assert (folder / INDEX).read_bytes() == files[INDEX]


def test_many_names_for_one_content_are_refused(room: Path) -> None:
    # Each entry of the table points to the same bytes; none of them swells by itself.
    archive = pack(
        room / "a.zip",
        {DATA: np.random.default_rng(7).bytes(40_000) + bytes(4_000_000)},
    )
    content = archive.read_bytes()
    start, end = content.find(CENTRAL), content.find(END)
    entry = content[start:end]
    entries = [entry.replace(b"00000-of", b"%05d-of" % k) for k in range(200)]
    counts = struct.pack("<HHII", 200, 200, 200 * len(entry), start)
    archive.write_bytes(
        content[:start] + b"".join(entries) + END + bytes(4) + counts + bytes(2)
    )
    assert "contents that swell too much" in refusal(room, archive)


def test_contents_beyond_the_bound_are_refused(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert model_archive.MAX_UNPACKED_BYTES == 1 << 30
    n_bytes = sum(map(len, FILES.values()))
    monkeypatch.setattr(model_archive, "MAX_UNPACKED_BYTES", n_bytes)
    resolve_model(pack(room / "a.zip", FILES))
    archive = pack(room / "b.zip", {**FILES, "other": b"x"})
    assert "contents that are too large" in refusal(room, archive)


@pytest.mark.parametrize("n_bytes", [0, 1, 4, 6, 1 << 20])
def test_sizes_that_lie_are_refused(room: Path, n_bytes: int) -> None:
    # The content of the index is five bytes.
    files = {INDEX: FILES[INDEX], **FILES}
    archive = pack(room / "a.zip", files, method=zipfile.ZIP_STORED)
    content = archive.read_bytes()
    start = content.find(CENTRAL)
    assert content[start:].find(INDEX.encode()) == 46
    size = struct.pack("<I", n_bytes)
    archive.write_bytes(content[: start + 24] + size + content[start + 28 :])
    message = refusal(room, archive)
    assert "of another size than they say" in message or "are damaged" in message


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_refused(room: Path, method: int) -> None:
    archive = pack(room / "a.zip", FILES, method=method)
    assert "an unusual compression" in refusal(room, archive)


def zipped_model() -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    return stored.getvalue()


def without(name: str) -> dict[str, bytes]:
    return {key: content for key, content in FILES.items() if key != name}


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "no file ckpt-<step>.index"),
        ({"violin.zip": zipped_model()}, "no file ckpt-<step>.index"),
        (without(INDEX), "no file ckpt-<step>.index"),
        (without(DATA), f"no file {DATA}"),
        (without("operative_config-0.gin"), "no file operative_config-<step>.gin"),
        ({**FILES, "b/ckpt-9.index": b""}, "several models"),
        ({**without(DATA), f"b/{DATA}": b""}, f"no file {DATA}"),
    ],
)
def test_archives_without_one_whole_model_are_refused(
    room: Path, files: dict[str, bytes], reason: str
) -> None:
    assert f"with {reason}." in refusal(room, pack(room / "a.zip", files))


@pytest.mark.parametrize("name", ["checkpoint", "dataset_statistics.pkl"])
def test_files_that_are_not_needed_may_be_missing(room: Path, name: str) -> None:
    folder = resolve_model(pack(room / "a.zip", without(name)))
    assert {p.name for p in folder.iterdir()} == set(FILES) - {name}


def test_damaged_archives_are_refused(room: Path) -> None:
    content = pack(room / "good.zip", FILES).read_bytes()
    archive = room / "a.zip"
    for n_bytes in (0, 10, 1000, len(content) // 2, len(content) - 1):
        archive.write_bytes(content[:n_bytes])
        assert "contents that are damaged" in refusal(room, archive)
    archive.write_bytes(b"no zip at all")
    assert "contents that are damaged" in refusal(room, archive)
    changed = bytearray(content)
    changed[20_000] ^= 0xFF
    archive.write_bytes(changed)
    assert "contents that are damaged" in refusal(room, archive)


def test_a_full_disk_leaves_nothing(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model_archive, "_write_member", full)
    message = refusal(room, pack(room / "a.zip", FILES))
    assert "No space left on device" in message


def test_an_interruption_leaves_nothing(
    room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    archive = pack(room / "a.zip", FILES)
    monkeypatch.setattr(model_archive, "_write_member", interrupt)
    with pytest.raises(KeyboardInterrupt):
        resolve_model(archive)
    assert everything_in(room / "temporary") == set()


def test_a_zip_that_is_not_there_is_no_model(room: Path) -> None:
    with pytest.raises(InputError, match="a zip of such a folder"):
        resolve_model(room / "nowhere.zip")
    (room / "folder.zip").mkdir()
    with pytest.raises(InputError, match="without ckpt"):
        resolve_model(room / "folder.zip")


def test_a_zipped_model_sounds_as_its_folder(
    room: Path, rng: np.random.Generator
) -> None:
    (room / "model").mkdir()
    folder = make_tiny_model(room / "model")
    files = {f"violin/{p.name}": p.read_bytes() for p in folder.iterdir()}
    archive = pack(room / "model.zip", files)
    time = np.arange(8000) / 16000
    audio = 0.2 * np.sin(2 * np.pi * 300 * time) + 0.001 * rng.normal(size=8000)
    of_zip, of_folder = (
        TimbreTransfer.from_folder(place).transfer(audio, 16000)
        for place in (archive, folder)
    )
    assert of_folder.audio.std() > 0.001
    np.testing.assert_array_equal(of_zip.audio, of_folder.audio)
    assert of_zip.register_shift == of_folder.register_shift != 0.0


def test_changed_archives_are_unpacked_or_refused_in_a_line(
    room: Path, rng: np.random.Generator
) -> None:
    original = pack(room / "good.zip", {**FILES, DATA: b"12345"}).read_bytes()
    outcomes = []
    for k in range(400):
        content = bytearray(original)
        for place in rng.integers(len(content), size=1 + k % 3):
            content[place] = rng.integers(256)
        archive = room / f"{k}.zip"
        archive.write_bytes(content)
        before = os.listdir(room / "temporary")
        try:
            folder = resolve_model(archive)
            assert {p.name for p in folder.iterdir()} <= set(FILES)
            outcomes.append("unpacked")
        except InputError as error:
            assert "\n" not in str(error)
            assert os.listdir(room / "temporary") == before
            outcomes.append("refused")
    assert min(map(outcomes.count, ("unpacked", "refused"))) > 20
