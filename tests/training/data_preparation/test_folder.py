"""A folder appears whole or not at all, and nobody's files are lost."""

import errno
from pathlib import Path

import pytest

from ddsp.training.data_preparation.folder import new_folder, work_folder
from ddsp.training.errors import InputError

PATTERNS = ("main.json", "part-*")


def make(path: Path, text: str = "new", overwrite: bool = False) -> None:
    with new_folder(path, overwrite, PATTERNS) as folder:
        (folder / "main.json").write_text(text)
        assert not (path / "main.json").exists() or overwrite


def content(folder: Path) -> dict[str, str]:
    """Names and texts of all files below a folder."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_it_appears_at_the_end(tmp_path: Path) -> None:
    make(tmp_path / "out")
    assert content(tmp_path) == {"out/main.json": "new"}


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    make(tmp_path / "out")
    assert content(tmp_path) == {"out/main.json": "new"}


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, InputError])
def test_after_an_error_everything_is_as_before(
    tmp_path: Path, kind: type[BaseException]
) -> None:
    make(tmp_path / "out", "old")
    with (
        pytest.raises(kind),
        new_folder(tmp_path / "out", True, PATTERNS) as folder,
    ):
        (folder / "main.json").write_text("half")
        raise kind
    assert content(tmp_path) == {"out/main.json": "old"}


def test_a_full_folder_is_replaced_only_if_asked(tmp_path: Path) -> None:
    make(tmp_path / "out", "old")
    (tmp_path / "out" / "part-1").write_text("old part")
    with pytest.raises(InputError, match=r"holds main.json; .*--overwrite"):
        make(tmp_path / "out")
    make(tmp_path / "out", overwrite=True)
    assert content(tmp_path) == {"out/main.json": "new"}


@pytest.mark.parametrize("name", ["letter.txt", "part-1", "main.json/deep.txt"])
def test_what_is_something_else_is_never_replaced(tmp_path: Path, name: str) -> None:
    if name == "letter.txt":
        make(tmp_path / "out", "old")
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("precious")
    before = content(tmp_path)
    with pytest.raises(InputError, match="Only a dataset can be replaced"):
        make(tmp_path / "out", overwrite=True)
    assert content(tmp_path) == before


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_of_other_things_is_not_offered_to_be_replaced(
    tmp_path: Path, overwrite: bool
) -> None:
    (tmp_path / "out").mkdir()
    for name in ("letter.txt", "part-1"):
        (tmp_path / "out" / name).write_text("precious")
    with pytest.raises(InputError) as raised:
        make(tmp_path / "out", overwrite=overwrite)
    said = str(raised.value)
    assert said.endswith("which holds letter.txt; choose another name.")
    assert "--overwrite" not in said


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_strangers_file_in_a_dataset_is_to_be_moved_away(
    tmp_path: Path, overwrite: bool
) -> None:
    make(tmp_path / "out", "old")
    (tmp_path / "out" / "my_notes.txt").write_text("precious")
    with pytest.raises(InputError) as raised:
        make(tmp_path / "out", overwrite=overwrite)
    assert str(raised.value).endswith(
        f"Got {tmp_path / 'out'}, which holds my_notes.txt, which is no part of a "
        "dataset; move it away or choose another name."
    )
    (tmp_path / "out" / "my_notes.txt").unlink()
    make(tmp_path / "out", overwrite=True)
    assert content(tmp_path) == {"out/main.json": "new"}


def test_a_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("precious")
    with pytest.raises(InputError, match="which is a file"):
        make(tmp_path / "out", overwrite=True)
    assert content(tmp_path) == {"out": "precious"}


def test_a_place_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="choose another place"):
        make(tmp_path / "nowhere" / "out")
    assert content(tmp_path) == {}


def test_what_a_killed_attempt_had_put_aside_is_replaced_only_if_asked(
    tmp_path: Path,
) -> None:
    put_aside = tmp_path / ".out.preparing" / "replaced"
    put_aside.mkdir(parents=True)
    (put_aside / "main.json").write_text("old")
    with pytest.raises(InputError, match=r"holds main.json; .*--overwrite"):
        make(tmp_path / "out")
    assert content(tmp_path) == {"out/main.json": "old"}
    make(tmp_path / "out", overwrite=True)
    assert content(tmp_path) == {"out/main.json": "new"}


def test_what_is_something_else_is_not_replaced_either_when_it_comes_back(
    tmp_path: Path,
) -> None:
    (tmp_path / ".out.preparing" / "replaced").mkdir(parents=True)
    (tmp_path / ".out.preparing" / "replaced" / "letter.txt").write_text("precious")
    with pytest.raises(InputError, match="Only a dataset can be replaced"):
        make(tmp_path / "out", overwrite=True)
    assert content(tmp_path) == {"out/letter.txt": "precious"}


def test_a_folder_that_cannot_take_its_place_leaves_the_old_one(
    tmp_path: Path,
) -> None:
    make(tmp_path / "out", "old")
    with (
        pytest.raises(InputError, match="choose another place"),
        new_folder(tmp_path / "out", True, PATTERNS) as folder,
    ):
        folder.rmdir()
    assert content(tmp_path) == {"out/main.json": "old"}


@pytest.mark.parametrize(
    "error",
    [
        InputError("a process has died"),
        OSError(errno.ENOSPC, "No space left on device"),
        KeyboardInterrupt(),
        RuntimeError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_after_any_error_there_is_what_a_later_attempt_can_use(
    tmp_path: Path, error: BaseException
) -> None:
    with pytest.raises(BaseException) as raised, work_folder(tmp_path / "x") as work:
        for name in ("kept", "new", "passing"):
            (work / name / "a").mkdir()
            (work / name / "a" / "file").write_text(name)
        raise error
    kept = {name: text for name, text in content(tmp_path).items() if text}
    assert kept == {".x.preparing/kept/a/file": "kept"}
    if isinstance(error, OSError):
        assert isinstance(raised.value, InputError)
        assert "(No space left on device); make room and repeat" in str(raised.value)
    else:
        assert raised.value is error
    with work_folder(tmp_path / "x") as work:
        assert (work / "kept" / "a" / "file").read_text() == "kept"
        assert not list((work / "new").iterdir())
        assert not list((work / "passing").iterdir())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [InputError, OSError, KeyboardInterrupt])
def test_nothing_of_use_is_not_kept(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(BaseException) as raised, work_folder(tmp_path / "x") as work:
        (work / "kept" / "a").mkdir()
        (work / "new" / "file").touch()
        raise error
    assert "make room" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []
