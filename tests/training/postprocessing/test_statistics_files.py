"""Statistics on the disk: complete, or refused in one line."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ddsp.training import postprocessing
from ddsp.training.errors import InputError

NUMBERS, ARRAYS = "dataset_statistics.json", "dataset_statistics.npz"


def statistics() -> dict:
    values = np.linspace(-60.0, -10.0, 2000)[:, np.newaxis]
    transform = postprocessing.QuantileTransformer().fit(values)
    return {"mean_pitch": np.float32(60.1), "quantile_transform": transform}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    postprocessing.save_statistics(statistics(), tmp_path)
    return tmp_path


def test_they_come_back_as_they_were(folder: Path) -> None:
    loaded = postprocessing.load_statistics(folder)
    assert loaded is not None
    assert loaded["mean_pitch"] == float(np.float32(60.1))
    x = np.linspace(-70.0, 0.0, 50)[:, np.newaxis]
    np.testing.assert_array_equal(
        loaded["quantile_transform"].transform(x),
        statistics()["quantile_transform"].transform(x),
    )


def test_saving_again_replaces_and_leaves_nothing_else(folder: Path) -> None:
    postprocessing.save_statistics({**statistics(), "mean_pitch": 70}, folder)
    assert sorted(os.listdir(folder)) == [NUMBERS, ARRAYS]
    loaded = postprocessing.load_statistics(folder)
    assert loaded is not None and loaded["mean_pitch"] == 70


def test_a_folder_without_statistics_has_none(tmp_path: Path) -> None:
    assert postprocessing.load_statistics(tmp_path) is None


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="choose another place"):
        postprocessing.save_statistics(statistics(), tmp_path / "nowhere")


@pytest.mark.parametrize("name", [NUMBERS, ARRAYS])
def test_one_file_alone_is_refused(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(InputError, match="only one of them"):
        postprocessing.load_statistics(folder)


def npz(**arrays: np.ndarray) -> bytes:
    stored = io.BytesIO()
    np.savez(stored, **arrays)
    return stored.getvalue()


def inflating_zip() -> bytes:
    """A small file that unpacks to 64 MB."""
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("references.npy", bytes(64 << 20))
    return stored.getvalue()


def zipped(method: int = zipfile.ZIP_STORED, **files: bytes) -> bytes:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(f"{name}.npy", content)
    return stored.getvalue()


def behind_a_password() -> bytes:
    """Arrays whose entries say that they are encrypted."""
    content = bytearray(npz(references=RANKS, quantiles=VALUES))
    for signature, place in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        start = -1
        while (start := content.find(signature, start + 1)) >= 0:
            content[start + place] |= 1
    return bytes(content)


def npy(header: str, content: bytes = b"") -> bytes:
    """An array that says anything of itself."""
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


def with_header(header: str, content: bytes = bytes(24)) -> bytes:
    ranks = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}", bytes(24))
    return zipped(references=ranks, quantiles=npy(header, content))


def shaped(shape: str, descr: str = "<f8") -> bytes:
    return with_header(
        f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}"
    )


RANKS = np.linspace(0.0, 1.0, 3)
VALUES = np.array([[1.0], [2.0], [3.0]])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (NUMBERS, b""),
        (NUMBERS, b"[1, 2]"),
        (NUMBERS, b"[" * 100_000),
        (NUMBERS, b"\xff\xfe"),
        (NUMBERS, b"{}"),
        (NUMBERS, b'{"mean_pitch": "60"}'),
        (NUMBERS, b'{"mean_pitch": true}'),
        (NUMBERS, b'{"mean_pitch": NaN}'),
        (NUMBERS, b'{"mean_pitch": 60, "std_pitch": 1e999}'),
        (NUMBERS, b" " * (2 << 20)),
        (NUMBERS, b'{"mean_pitch": 1' + b"0" * 400 + b"}"),
        (NUMBERS, b'{"mean_pitch": 1' + b"0" * 40_000 + b"}"),
        (NUMBERS, b'{"mean_pitch": 60, "x": ' + b"[" * 90_000 + b"]" * 90_000 + b"}"),
        (NUMBERS, b'{"mean_pitch": 60, "x": ' + b'{"x":' * 90_000 + b"}" * 90_000),
        (NUMBERS, b'{"mean_pitch": 60, "a\\n\\u001b[31m": null}'),
        (NUMBERS, b'{"mean_pitch": 60, "' + b"a" * 9_000 + b'": null}'),
        (ARRAYS, b""),
        (ARRAYS, b"not a zip file"),
        (ARRAYS, inflating_zip()),
        (ARRAYS, behind_a_password()),
        (ARRAYS, shaped("(4,)")),
        (ARRAYS, shaped("(2,)")),
        (ARRAYS, shaped("(10**12, 1)")),
        (ARRAYS, shaped("(1000000000000, 1)")),
        (ARRAYS, shaped("(1" + "0" * 40 + ", 0)", "<f8")),
        (ARRAYS, shaped("(-3, -1)")),
        (ARRAYS, shaped("(3, 1, 1)")),
        (ARRAYS, shaped("3")),
        (ARRAYS, shaped("(3, 1)", "|O")),
        (ARRAYS, shaped("(24, 1)", "|V1")),
        (ARRAYS, shaped("(3, 1)", "<i8")),
        (ARRAYS, shaped("(3, 1)", "<c8")),
        (ARRAYS, with_header("(" * 9_000)),
        (ARRAYS, with_header("-" * 9_000 + "1")),
        (ARRAYS, with_header("__import__('os').abort()")),
        (ARRAYS, zipped(references=b"", quantiles=b"")),
        (ARRAYS, zipped(references=b"\x93NUMPY\x09\x00", quantiles=b"")),
        (ARRAYS, zipped(zipfile.ZIP_LZMA, references=npy("{}"), quantiles=npy("{}"))),
        (ARRAYS, npz(references=RANKS, quantiles=VALUES)[:-30]),
        (ARRAYS, bytes(2 << 20)),
        (ARRAYS, npz(references=RANKS, quantiles=VALUES.astype(np.longdouble))),
        (ARRAYS, npz(references=RANKS)),
        (ARRAYS, npz(references=RANKS, quantiles=VALUES[:2])),
        (ARRAYS, npz(references=RANKS, quantiles=VALUES[:, 0])),
        (ARRAYS, npz(references=RANKS, quantiles=VALUES[::-1])),
        (ARRAYS, npz(references=RANKS, quantiles=VALUES * np.nan)),
        (ARRAYS, npz(references=RANKS * 0, quantiles=VALUES)),
        (ARRAYS, npz(references=np.float64(1.0), quantiles=VALUES)),
        (ARRAYS, npz(references=RANKS[:0], quantiles=VALUES[:0])),
        (ARRAYS, npz(references=RANKS, quantiles=np.array([["a"], ["b"], ["c"]]))),
        (ARRAYS, npz(references=RANKS, quantiles=np.array([[len], [1], [2]]))),
    ],
)
def test_damaged_files_are_one_line(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(InputError) as raised:
        postprocessing.load_statistics(folder)
    message = str(raised.value)
    assert name in message and "\n" not in message and "\x1b" not in message
    assert len(message) < 400 + len(str(folder))


def test_compressed_and_transposed_arrays_are_read(folder: Path) -> None:
    stored = io.BytesIO()
    np.savez_compressed(
        stored,
        references=RANKS.astype(">f4"),
        quantiles=np.asfortranarray(VALUES),
    )
    (folder / ARRAYS).write_bytes(stored.getvalue())
    loaded = postprocessing.load_statistics(folder)
    assert loaded is not None
    transform = loaded["quantile_transform"]
    np.testing.assert_array_equal(transform.references_, RANKS)
    np.testing.assert_array_equal(transform.quantiles_, VALUES)
    assert transform.n_quantiles_ == 3
    # Values can be computed with, whatever their file was.
    assert transform.quantiles_.dtype == transform.references_.dtype == np.float64


@pytest.mark.parametrize("falls_by, fits", [(5e-5, True), (1e-3, False)])
def test_quantiles_fall_by_rounding_errors_only(
    folder: Path, falls_by: float, fits: bool
) -> None:
    values = VALUES.copy()
    values[2] = values[1] - falls_by
    (folder / ARRAYS).write_bytes(npz(references=RANKS, quantiles=values))
    if not fits:
        with pytest.raises(InputError, match="no quantiles"):
            postprocessing.load_statistics(folder)
        return
    loaded = postprocessing.load_statistics(folder)
    assert loaded is not None
    np.testing.assert_array_equal(
        loaded["quantile_transform"].quantiles_, [[1.0], [2.0], [2.0]]
    )


def test_the_largest_files_are_read(folder: Path) -> None:
    numbers = b'{"mean_pitch": 60}'
    (folder / NUMBERS).write_bytes(numbers.ljust(1 << 20))
    loaded = postprocessing.load_statistics(folder)
    assert loaded is not None and loaded["mean_pitch"] == 60
    (folder / NUMBERS).write_bytes(numbers.ljust((1 << 20) + 1))
    with pytest.raises(InputError, match="too large"):
        postprocessing.load_statistics(folder)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes are of Unix")
@pytest.mark.parametrize("name", [NUMBERS, ARRAYS])
def test_a_pipe_is_not_waited_for(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(InputError, match="no regular file"):
        postprocessing.load_statistics(folder)
