import io
import logging
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from small_models import TRAINED, tiny_autoencoder

from ddsp.training import checkpoints
from ddsp.training.errors import InputError

ARRAYS = {
    "random_state": np.array([1, 2**63], np.uint64),
    "average/decoder/rnn/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "file": np.array("a name that means something to NumPy"),
    "done": np.bool_(True),
    "empty": np.zeros([0, 3]),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
}


@pytest.fixture
def tiny():
    model, features = tiny_autoencoder()
    model(features)
    return model


@pytest.fixture
def saved(tiny, tmp_path):
    """A checkpoint with a sidecar."""
    return checkpoints.save_checkpoint(tiny, None, tmp_path, 7, sidecar=ARRAYS)


def test_what_was_saved_beside_a_checkpoint_comes_back(saved, tmp_path):
    for path in (saved, tmp_path):
        loaded = checkpoints.load_sidecar(path)
        assert loaded.keys() == ARRAYS.keys()
        for name, array in ARRAYS.items():
            assert loaded[name].dtype == array.dtype
            np.testing.assert_array_equal(loaded[name], array)


def test_the_original_does_not_see_it(saved, tmp_path):
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint",
        "ckpt-7.data-00000-of-00001",
        "ckpt-7.extra.npz",
        "ckpt-7.index",
    ]
    assert tf.train.latest_checkpoint(str(tmp_path)) == saved
    assert [path.name for path in tmp_path.glob("ckpt-*.index")] == ["ckpt-7.index"]
    assert all(
        name.startswith(("model/", "save_counter", "_CHECKPOINTABLE"))
        for name, _ in tf.train.list_variables(saved)
    )


def test_without_a_sidecar_there_is_nothing_to_load(tiny, tmp_path):
    checkpoints.save_checkpoint(tiny, None, tmp_path, 7)
    assert checkpoints.load_sidecar(tmp_path) == {}
    assert checkpoints.load_sidecar(TRAINED / "solo_small") == {}
    with pytest.raises(checkpoints.MissingFileError):
        checkpoints.load_sidecar(tmp_path / "ckpt-8")


def test_an_empty_sidecar_is_one(tiny, tmp_path):
    checkpoints.save_checkpoint(tiny, None, tmp_path, 7, sidecar={})
    assert (tmp_path / "ckpt-7.extra.npz").exists()
    assert checkpoints.load_sidecar(tmp_path) == {}


def test_it_goes_with_its_checkpoint(tiny, tmp_path):
    for step in (1, 2, 10):
        sidecar = {"step": np.array(step)}
        checkpoints.save_checkpoint(tiny, None, tmp_path, step, 2, sidecar)
    names = {path.name for path in tmp_path.glob("*.npz")}
    assert names == {"ckpt-2.extra.npz", "ckpt-10.extra.npz"}
    assert checkpoints.load_sidecar(tmp_path / "ckpt-2") == {"step": 2}


def test_saving_again_without_one_removes_it(tiny, saved, tmp_path):
    assert Path(f"{saved}.extra.npz").exists()
    checkpoints.save_checkpoint(tiny, None, tmp_path, 7)
    assert not list(tmp_path.glob("*.npz"))


def test_it_never_serves_another_checkpoint(tiny, saved, tmp_path, caplog):
    tiny.decoder.dense_out.bias.assign_add(tf.ones([6]))
    other = checkpoints.save_checkpoint(tiny, None, tmp_path / "other", 7)
    for ending in ("index", "data-00000-of-00001"):
        Path(f"{saved}.{ending}").write_bytes(Path(f"{other}.{ending}").read_bytes())
    assert checkpoints.load_sidecar(tmp_path) == {}
    assert "ckpt-7.extra.npz belongs to another checkpoint" in caplog.text
    with caplog.at_level(logging.WARNING):
        assert checkpoints.restore_checkpoint(tiny, tmp_path) == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("", np.ones(1)),
        ("checkpoint_sha256", np.ones(1)),
        ("code", np.array([print], object)),
        ("table", np.zeros(2, [("a", "f4")])),
        ("date", np.array(["2020-01-01"], "datetime64[D]")),
    ],
)
def test_what_is_no_plain_array_is_refused_before_anything_is_written(
    name, value, tiny, tmp_path
):
    with pytest.raises(ValueError, match="must hold arrays of numbers") as caught:
        checkpoints.save_checkpoint(tiny, None, tmp_path, 7, sidecar={name: value})
    assert f"name={name!r} with dtype={value.dtype}" in str(caught.value)
    assert not list(tmp_path.iterdir())


def npy(array, **settings):
    """Bytes of an array, as NumPy stores it."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, **settings)
    return buffer.getvalue()


def header(shape, dtype="'<f4'"):
    """Bytes of an array without anything in it."""
    text = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def write_zip(path, entries, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)


GOOD = npy(np.zeros(4, np.float32))
FILES = {
    "more than there is": ({"a.npy": header("(1000000000000,)")}, "announces"),
    "less than there is": ({"a.npy": GOOD + b"1234"}, "announces"),
    "a negative size": ({"a.npy": header("(-1,)") + b"1234"}, "announces"),
    "objects": ({"a.npy": npy(np.array([{}], object), allow_pickle=True)}, ""),
    "a table": ({"a.npy": npy(np.zeros(2, [("a", "f4")]))}, "announces"),
    "no array": ({"a.npy": b"something else"}, ""),
    "nothing": ({"a.npy": b""}, ""),
    "a new format": ({"a.npy": npy(np.zeros(1), version=(3, 0))}, "unknown format"),
    "brackets that stay open": ({"a.npy": header("((1,), ")}, ""),
    "brackets in brackets": ({"a.npy": header("(" * 5000)}, ""),
    "items of no bytes": ({"a.npy": header("(100000000000,)", "'|S0'")}, "announces"),
    "more than counts": ({"a.npy": header(f"({10**23},)", "'|S0'")}, "announces"),
    "no owner": ({"a.npy": GOOD}, "checkpoint_sha256"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_not_ours_is_an_error_that_names_it(kind, saved, tmp_path):
    entries, reason = FILES[kind]
    write_zip(tmp_path / "ckpt-7.extra.npz", entries)
    with pytest.raises(InputError, match="A sidecar must be") as caught:
        checkpoints.load_sidecar(tmp_path)
    assert f"{saved}.extra.npz" in str(caught.value)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_compressed_files_are_refused_for_they_may_be_endless(saved):
    entries = {"a.npy": npy(np.zeros(1 << 20))}
    write_zip(f"{saved}.extra.npz", entries, zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match=r"a.npy is compressed"):
        checkpoints.load_sidecar(saved)


@pytest.mark.parametrize("flag", [1, 1 << 5, 1 << 6])
def test_encrypted_and_patched_archives_are_refused(flag, saved):
    file = Path(f"{saved}.extra.npz")
    content = bytearray(file.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= flag
    file.write_bytes(content)
    with pytest.raises(InputError, match="A sidecar must be"):
        checkpoints.load_sidecar(saved)


@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_a_truncated_file_is_an_error(part, saved):
    file = Path(f"{saved}.extra.npz")
    file.write_bytes(file.read_bytes()[: int(part * file.stat().st_size)])
    with pytest.raises(InputError, match="remove the file to go on without"):
        checkpoints.load_sidecar(saved)


def test_a_changed_byte_is_an_error(saved):
    file = Path(f"{saved}.extra.npz")
    content = file.read_bytes()
    value = np.arange(6, dtype=np.float32).tobytes()
    assert content.count(value) == 1
    file.write_bytes(content.replace(value, value[::-1]))
    with pytest.raises(InputError, match="CRC"):
        checkpoints.load_sidecar(saved)


def test_entries_that_lie_in_each_other_are_refused(saved, monkeypatch):
    file = Path(f"{saved}.extra.npz")
    write_zip(file, {"a.npy": GOOD, "b.npy": GOOD})
    content = bytearray(file.read_bytes())
    # The second entry of the table of contents leads to the first array once more.
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 4)
    table = bytes(content[first:second])
    content[second:second] = table * 38
    end = content.index(b"PK\x05\x06")
    content[end + 8 : end + 12] = (40).to_bytes(2, "little") * 2
    content[end + 12 : end + 16] = (end - first).to_bytes(4, "little")
    file.write_bytes(content)
    read = []
    monkeypatch.setattr(checkpoints.sidecar, "_read_array", lambda *_: read.append(1))
    with pytest.raises(InputError, match="more than it can hold"):
        checkpoints.load_sidecar(saved)
    assert not read


def test_too_many_entries_are_refused(saved, monkeypatch):
    monkeypatch.setattr(checkpoints.sidecar, "_MAX_ENTRIES", len(ARRAYS) + 1)
    assert checkpoints.load_sidecar(saved)
    monkeypatch.setattr(checkpoints.sidecar, "_MAX_ENTRIES", len(ARRAYS))
    with pytest.raises(InputError, match="more than it can hold"):
        checkpoints.load_sidecar(saved)


def test_memory_that_does_not_suffice_is_an_error(saved, monkeypatch):
    def fails(*_):
        raise MemoryError("no memory")

    monkeypatch.setattr(checkpoints.sidecar, "_read_array", fails)
    with pytest.raises(InputError, match="no memory"):
        checkpoints.load_sidecar(saved)


def test_a_pipe_is_no_sidecar(saved):
    file = Path(f"{saved}.extra.npz")
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(InputError, match="it is no file"):
        checkpoints.load_sidecar(saved)


def test_a_file_beyond_all_measure_is_not_read(saved, monkeypatch):
    size = Path(f"{saved}.extra.npz").stat().st_size
    monkeypatch.setattr(checkpoints.sidecar, "_MAX_BYTES", size)
    assert checkpoints.load_sidecar(saved)
    monkeypatch.setattr(checkpoints.sidecar, "_MAX_BYTES", size - 1)
    with pytest.raises(InputError, match="too large"):
        checkpoints.load_sidecar(saved)
