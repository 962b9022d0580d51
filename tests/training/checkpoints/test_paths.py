import os
from pathlib import Path

import pytest

from ddsp.training import checkpoints
from ddsp.training.errors import InputError


def touch(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()


def test_variables_and_home_are_put_in(monkeypatch):
    monkeypatch.setenv("HOME", "/home/player")
    monkeypatch.setenv("SCRATCH", "~/scratch")
    assert checkpoints.expand_path("$SCRATCH/run") == "/home/player/scratch/run"
    assert checkpoints.expand_path("/a b/ünï (1)") == "/a b/ünï (1)"


def test_the_highest_number_counts_not_the_last_name(tmp_path):
    touch(tmp_path, *(f"operative_config-{n}.gin" for n in (0, 9, 10)))
    touch(tmp_path, "operative_config-old.gin", "operative_config-11.gin.partial")
    newest = checkpoints.get_latest_file(tmp_path)
    assert newest == str(tmp_path / "operative_config-10.gin")


def test_prefix_and_suffix_choose_the_files(tmp_path):
    touch(tmp_path, "a-1.txt", "a-2.wav", "b-3.txt")
    assert checkpoints.get_latest_file(tmp_path, "a-", ".txt").endswith("a-1.txt")


@pytest.mark.parametrize("folder", ["", "missing"])
def test_no_file_is_an_error_that_names_the_folder(folder, tmp_path):
    with pytest.raises(InputError, match="which has none") as caught:
        checkpoints.get_latest_file(tmp_path / folder)
    assert isinstance(caught.value, FileNotFoundError)
    assert str(tmp_path / folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_path_of_a_checkpoint_stands_for_itself(tmp_path):
    touch(tmp_path, "ckpt-3.index", "ckpt-20.index")
    path = str(tmp_path / "ckpt-3")
    assert checkpoints.get_latest_checkpoint(path) == path


def test_the_state_file_wins_over_numbers(tmp_path):
    touch(tmp_path, "ckpt-3.index", "ckpt-20.index")
    state = 'model_checkpoint_path: "ckpt-3"\nall_model_checkpoint_paths: "ckpt-3"\n'
    (tmp_path / "checkpoint").write_text(state)
    assert checkpoints.get_latest_checkpoint(tmp_path) == str(tmp_path / "ckpt-3")


def test_without_a_state_file_the_highest_number_counts(tmp_path):
    touch(tmp_path, "ckpt-3.index", "ckpt-20.index", "ckpt-best.index")
    assert checkpoints.get_latest_checkpoint(tmp_path) == str(tmp_path / "ckpt-20")


def test_a_state_file_of_files_that_are_gone_is_stepped_over(tmp_path):
    touch(tmp_path, "ckpt-3.index")
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "/gone/ckpt-9"\n')
    assert checkpoints.get_latest_checkpoint(tmp_path) == str(tmp_path / "ckpt-3")


@pytest.mark.parametrize("name", ["", "missing", "ckpt-7"])
def test_no_checkpoint_is_an_error_that_names_the_path(name, tmp_path):
    with pytest.raises(checkpoints.MissingFileError, match="which is neither"):
        checkpoints.get_latest_checkpoint(os.path.join(tmp_path, name))


def test_the_config_is_found_from_a_checkpoint_in_the_folder(tmp_path):
    touch(tmp_path, "operative_config-0.gin", "operative_config-300.gin")
    newest = str(tmp_path / "operative_config-300.gin")
    assert checkpoints.get_latest_operative_config(tmp_path) == newest
    assert checkpoints.get_latest_operative_config(tmp_path / "ckpt-600") == newest
    with pytest.raises(FileNotFoundError):
        checkpoints.get_latest_operative_config(tmp_path / "a" / "b")


def test_a_checkpoint_file_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "ckpt-7.index").write_text("")
    (outside / "ckpt-9.index").write_text("")
    state = f'model_checkpoint_path: "{outside}/ckpt-9"\n'
    (inside / "checkpoint").write_text(state)
    found = checkpoints.get_latest_checkpoint(inside)
    assert Path(found) == inside / "ckpt-7"
