"""A folder appears whole or not at all, and nobody's files are lost."""

from pathlib import Path

import pytest

from ddsp.training.data_preparation.folder import new_folder
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


def test_a_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("precious")
    with pytest.raises(InputError, match="which is a file"):
        make(tmp_path / "out", overwrite=True)
    assert content(tmp_path) == {"out": "precious"}


def test_a_place_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="choose another place"):
        make(tmp_path / "nowhere" / "out")
    assert content(tmp_path) == {}
