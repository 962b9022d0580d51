"""Models are found by name or folder, and what is missing is named."""

from pathlib import Path

import pytest

from ddsp import pretrained
from ddsp.training.errors import InputError
from ddsp.training.inference import resolve_model

FILES = (
    "checkpoint",
    "ckpt-7.index",
    "ckpt-7.data-00000-of-00001",
    "operative_config-0.gin",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).touch()
    return tmp_path


def test_whole_folder_is_a_model(folder: Path) -> None:
    assert resolve_model(folder) == resolve_model(str(folder)) == folder


def test_bundled_model_is_found_by_name() -> None:
    assert "violin" in pretrained.model_names()
    assert resolve_model("violin") == pretrained.model_folder("violin")


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ("ckpt-7.index", "ckpt-<step>.index"),
        ("ckpt-7.data-00000-of-00001", "ckpt-7.data-00000-of-00001"),
        ("operative_config-0.gin", "operative_config-<step>.gin"),
    ],
)
def test_missing_file_is_named(folder: Path, missing: str, named: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(InputError) as caught:
        resolve_model(folder)
    assert named in str(caught.value)
    assert str(folder) in str(caught.value)


def test_unknown_model_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError) as caught:
        resolve_model("kazoo")
    assert "kazoo" in str(caught.value)
    assert all(name in str(caught.value) for name in pretrained.model_names())


def test_file_is_no_model(folder: Path) -> None:
    with pytest.raises(InputError, match="neither"):
        resolve_model(folder / "checkpoint")
