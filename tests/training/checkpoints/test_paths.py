import os
from pathlib import Path

import pytest

from ddsp.training import checkpoints
from ddsp.training.checkpoints import paths
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


def test_the_config_of_a_checkpoint_is_that_of_its_session(tmp_path):
    touch(tmp_path, *(f"operative_config-{n}.gin" for n in (0, 300, 900)))
    for step, number in (
        ("3", 0),
        ("299", 0),
        ("300", 300),
        ("600", 300),
        ("900", 900),
    ):
        found = checkpoints.get_latest_operative_config(tmp_path / f"ckpt-{step}")
        assert found == str(tmp_path / f"operative_config-{number}.gin"), step


def test_the_checkpoint_that_a_folder_would_load_decides_on_the_config(tmp_path):
    touch(tmp_path, "operative_config-0.gin", "operative_config-300.gin")
    highest = str(tmp_path / "operative_config-300.gin")
    assert checkpoints.get_latest_operative_config(tmp_path) == highest
    touch(tmp_path, "ckpt-200.index", "ckpt-400.index")
    assert checkpoints.get_latest_operative_config(tmp_path) == highest
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "ckpt-200"\n')
    found = checkpoints.get_latest_operative_config(str(tmp_path))
    assert found == str(tmp_path / "operative_config-0.gin")


def test_without_an_earlier_config_the_highest_number_counts(tmp_path):
    touch(tmp_path, "operative_config-10.gin", "operative_config-20.gin")
    for name in ("", "ckpt-5", "ckpt-best", "ckpt-15.index"):
        found = checkpoints.get_latest_operative_config(tmp_path / name)
        assert found == str(tmp_path / "operative_config-20.gin"), name


def test_the_folder_around_may_hold_the_config(tmp_path):
    touch(tmp_path, "operative_config-0.gin", "operative_config-8.gin", "ckpt-9.index")
    touch(tmp_path / "inner", "ckpt-5.index")
    found = checkpoints.get_latest_operative_config(tmp_path / "inner")
    assert found == str(tmp_path / "operative_config-0.gin")
    touch(tmp_path / "inner", "operative_config-7.gin")
    found = checkpoints.get_latest_operative_config(tmp_path / "inner")
    assert found == str(tmp_path / "inner" / "operative_config-7.gin")


def test_no_config_is_an_error_that_names_the_folder(tmp_path):
    for path in (tmp_path, tmp_path / "a" / "b"):
        with pytest.raises(checkpoints.MissingFileError) as caught:
            checkpoints.get_latest_operative_config(path)
        assert f"Got {path}, which has none" in str(caught.value)


def test_steps_are_read_off_names():
    expected = {"ckpt-0": 0, "a/ckpt-300": 300, "replaced-7": 7}
    for name, step in expected.items():
        assert paths.checkpoint_number(name) == step
        assert paths.checkpoint_number(Path(name)) == step
    for name in ("ckpt", "ckpt-", "ckpt-x", "ckpt-1.index", "my-ckpt-1", "ckpt-1/a"):
        assert paths.checkpoint_number(name) is None


def test_signs_and_patterns_in_names_are_no_trouble(tmp_path):
    touch(tmp_path, "a.b-2.gin", "axb-3.gin", "a.b--4.gin", "a.b---5.gin", "a.b-6xgin")
    found = paths.numbered_files(tmp_path, "a.b-", ".gin")
    assert {n: Path(p).name for n, p in found.items()} == {
        2: "a.b-2.gin",
        4: "a.b--4.gin",
    }


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
