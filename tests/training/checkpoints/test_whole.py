"""A run goes on from the newest checkpoint that can be read to its end."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from small_models import TRAINED, tiny_autoencoder

from ddsp.training import checkpoints
from ddsp.training.errors import InputError

DATA = ".data-00000-of-00001"
ENDINGS = (".index", DATA, ".extra.npz")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A folder with three checkpoints, of steps 5, 10 and 15."""
    model, features = tiny_autoencoder()
    model(features)
    folder = tmp_path_factory.mktemp("saved")
    for step in (5, 10, 15):
        sidecar = {"step": np.array(step)}
        checkpoints.save_checkpoint(model, None, folder, step, sidecar=sidecar)
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of them."""
    return Path(shutil.copytree(saved, tmp_path / "model"))


def cut(path, part=0.5):
    """Takes the end of a file away."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])


def latest(folder):
    """Name of the checkpoint to go on from, and what was said."""
    said = []
    path = Path(checkpoints.latest_whole_checkpoint(folder, said.append))
    assert path.parent == Path(folder)
    return path.name, said


def test_a_whole_folder_gives_its_newest_without_a_word(folder):
    assert latest(folder) == ("ckpt-15", [])


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("part", [0.0, 0.5, 0.98])
def test_a_cut_newest_is_skipped_for_the_one_before(folder, ending, part):
    cut(folder / f"ckpt-15{ending}", part)
    name, said = latest(folder)
    assert name == "ckpt-10"
    assert said == [
        "ckpt-15 cannot be read to the end: going on from ckpt-10, the one before"
    ]
    # By name it is an error still.
    with pytest.raises(InputError, match="ckpt-15"):
        checkpoints.latest_whole_checkpoint(folder / "ckpt-15", said.append)
    assert len(said) == 1


@pytest.mark.parametrize("ending", [".index", DATA])
def test_a_newest_that_has_lost_a_file_is_skipped_too(folder, ending):
    (folder / f"ckpt-15{ending}").unlink()
    name, said = latest(folder)
    assert name == "ckpt-10"
    assert len(said) == 1
    assert said[0].startswith("ckpt-15 cannot")


def test_damage_in_the_middle_counts_as_well(folder):
    path = folder / f"ckpt-15{DATA}"
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    assert latest(folder)[0] == "ckpt-10"


def test_all_that_are_cut_are_named_in_one_line(folder):
    cut(folder / f"ckpt-15{DATA}")
    cut(folder / "ckpt-10.index")
    name, said = latest(folder)
    assert name == "ckpt-5"
    assert len(said) == 1
    assert said[0].startswith("ckpt-15 and ckpt-10 cannot be read")


def test_where_none_is_whole_the_newest_is_named(folder):
    for path in folder.glob("*.data-*"):
        cut(path)
    said = []
    with pytest.raises(InputError, match="ckpt-15, which cannot be read"):
        checkpoints.latest_whole_checkpoint(folder, said.append)
    assert said == []


def test_a_folder_without_any_is_an_error(tmp_path):
    with pytest.raises(checkpoints.MissingFileError):
        checkpoints.latest_whole_checkpoint(tmp_path, print)


def test_a_run_whose_files_are_gone_does_not_start_afresh_in_silence(folder):
    for path in folder.glob("*.index"):
        path.unlink()
    with pytest.raises(InputError, match="it names ckpt-15, and there is none") as e:
        checkpoints.latest_whole_checkpoint(folder, pytest.fail)
    assert not isinstance(e.value, FileNotFoundError)
    assert "remove that file to start afresh" in str(e.value)
    (folder / "checkpoint").unlink()
    with pytest.raises(checkpoints.MissingFileError):
        checkpoints.latest_whole_checkpoint(folder, pytest.fail)


def test_a_whole_one_may_be_named(folder):
    path = str(folder / "ckpt-10")
    assert checkpoints.latest_whole_checkpoint(path, pytest.fail) == path


def test_the_one_before_is_not_of_another_run(folder):
    # A run that started at a lower step has saved step 10 last.
    text = 'model_checkpoint_path: "ckpt-10"\nall_model_checkpoint_paths: "ckpt-10"\n'
    (folder / "checkpoint").write_text(text)
    assert latest(folder) == ("ckpt-10", [])
    cut(folder / f"ckpt-10{DATA}")
    assert latest(folder)[0] == "ckpt-5"
    cut(folder / f"ckpt-5{DATA}")
    assert latest(folder)[0] == "ckpt-15"


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 64, b"\xff\xfe", b'model_checkpoint_path: "ck', b"unknown: 1\n"],
)
def test_after_a_power_cut_the_list_of_checkpoints_may_be_damaged(folder, content):
    (folder / "checkpoint").write_bytes(content)
    assert latest(folder) == ("ckpt-15", [])
    assert checkpoints.get_latest_checkpoint(folder) == str(folder / "ckpt-15")


def test_checkpoints_of_the_original_are_whole():
    name, said = latest(TRAINED / "solo_small")
    assert name == Path(tf.train.latest_checkpoint(TRAINED / "solo_small")).name
    assert said == []
