from pathlib import Path

import pytest

from ddsp.training.inference.model_files import missing_file

NAMES = ("ckpt-5.index", "ckpt-5.data-00000-of-00001", "operative_config-0.gin")


def folder_with(folder: Path, *names: str, newest: str | None = None) -> Path:
    for name in names:
        (folder / name).touch()
    if newest is not None:
        (folder / "checkpoint").write_text(f'model_checkpoint_path: "{newest}"\n')
    return folder


def test_nothing_is_missing_from_a_whole_model(tmp_path: Path) -> None:
    assert missing_file(folder_with(tmp_path, *NAMES)) is None


@pytest.mark.parametrize(
    ("left_out", "named"),
    [
        (0, "ckpt-<step>.index"),
        (1, "ckpt-5.data-00000-of-00001"),
        (2, "operative_config-<step>.gin"),
    ],
)
def test_each_file_is_missed(tmp_path: Path, left_out: int, named: str) -> None:
    names = NAMES[:left_out] + NAMES[left_out + 1 :]
    assert missing_file(folder_with(tmp_path, *names)) == named


def test_data_is_missed_of_every_checkpoint(tmp_path: Path) -> None:
    folder_with(tmp_path, *NAMES, "ckpt-4.index", newest="ckpt-5")
    assert missing_file(tmp_path) == "ckpt-4.data-00000-of-00001"


def test_a_checkpoint_that_was_to_be_replaced_is_one(tmp_path: Path) -> None:
    names = [name.replace("ckpt", "replaced") for name in NAMES]
    folder_with(tmp_path, *names, NAMES[1], newest="replaced-5")
    assert missing_file(tmp_path) is None
    (tmp_path / names[1]).unlink()
    assert missing_file(tmp_path) == "replaced-5.data-00000-of-00001"


def test_a_copy_that_nothing_names_is_none(tmp_path: Path) -> None:
    names = [name.replace("ckpt", "replaced") for name in NAMES]
    assert missing_file(folder_with(tmp_path, *names)) == "ckpt-<step>.index"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"no such text"])
def test_a_damaged_list_of_checkpoints_does_not_matter(
    tmp_path: Path, content: bytes
) -> None:
    folder_with(tmp_path, *NAMES)
    (tmp_path / "checkpoint").write_bytes(content)
    assert missing_file(tmp_path) is None
