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
        (ARRAYS, b""),
        (ARRAYS, b"not a zip file"),
        (ARRAYS, inflating_zip()),
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
    assert name in message and "\n" not in message
