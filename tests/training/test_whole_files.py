"""A file is there whole, and nothing is left of one that is not."""

import os
from pathlib import Path

import pytest
import tensorflow as tf

from ddsp.training.whole_files import remove_leftovers, write_whole

HEX = "0123456789abcdef" * 2


def test_a_file_takes_the_place_of_another(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for content in (b"one", b"", b"three"):
        write_whole(str(path), content)
        assert path.read_bytes() == content
        assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    precious, link = tmp_path / "precious", tmp_path / "a.csv"
    precious.write_bytes(b"mine")
    link.symlink_to(precious)
    write_whole(str(link), b"new")
    assert (precious.read_bytes(), link.read_bytes()) == (b"mine", b"new")
    assert not link.is_symlink()


def test_nothing_is_left_of_what_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        del args, kwargs
        raise tf.errors.ResourceExhaustedError(None, None, "no room")

    path = tmp_path / "a.csv"
    path.write_bytes(b"before")
    monkeypatch.setattr(tf.io.gfile, "rename", fail)
    with pytest.raises(tf.errors.OpError, match="no room"):
        write_whole(str(path), b"after")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"before"


def test_only_what_was_left_aside_is_removed(tmp_path: Path) -> None:
    others = (
        "history.csv",
        "history.csv.partial",
        f"history.csv.{HEX}",
        f"history.csv.{HEX[:-1]}.partial",
        f"history.csv.{HEX}.partial.txt",
        f"history.csv.{HEX.upper()}.partial",
        f".{HEX}.partial",
    )
    for name in (*others, f"history.csv.{HEX}.partial", f"a.wav.{HEX[::-1]}.partial"):
        (tmp_path / name).write_text("mine")
    link = tmp_path / f"link.{HEX}.partial"
    link.symlink_to(tmp_path / "history.csv")
    folder = tmp_path / f"folder.{HEX}.partial"
    folder.mkdir()
    remove_leftovers(str(tmp_path))
    assert sorted(os.listdir(tmp_path)) == sorted([*others, folder.name])
    assert (tmp_path / "history.csv").read_text() == "mine"


def test_a_folder_that_is_not_there_has_no_leftovers(tmp_path: Path) -> None:
    remove_leftovers(str(tmp_path / "none"))
    assert list(tmp_path.iterdir()) == []
