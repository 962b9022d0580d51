"""Datasets that tf.data has saved."""

from pathlib import Path

import gin
import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import data
from ddsp.training.errors import InputError


def numbers(dataset: tf.data.Dataset) -> list[int]:
    return [int(x["number"]) for x in dataset.as_numpy_iterator()]


@pytest.fixture
def folder(tmp_path: Path) -> str:
    tf.data.Dataset.from_tensor_slices({"number": range(60)}).save(str(tmp_path))
    return str(tmp_path)


def test_what_was_saved_comes_back_in_order_and_shuffled(folder: str) -> None:
    source = data.ExperimentalDataProvider(folder, 24000, 100)
    assert (source.sample_rate, source.frame_rate) == (24000, 100)
    assert source.data_dir == folder
    assert numbers(source.get_dataset(shuffle=False)) == list(range(60))
    shuffled = source.get_dataset()
    first, second = numbers(shuffled), numbers(shuffled)
    assert sorted(first) == sorted(second) == list(range(60))
    places = np.corrcoef([np.argsort(first), np.argsort(second), np.arange(60)])
    assert np.abs(places - np.eye(3)).max() < 0.45


def test_training_goes_on_where_it_stopped(folder: str) -> None:
    source = data.ExperimentalDataProvider(folder, 16000, 250)

    def taken(first: int, count: int) -> list[list[int]]:
        batches = source.get_training_batches(7, 3, first).take(count)
        return [b["number"].tolist() for b in batches.as_numpy_iterator()]

    assert taken(11, 3) == taken(0, 14)[11:]


def test_a_folder_without_a_dataset_is_named(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        source = data.ExperimentalDataProvider(str(folder), 16000, 250)
        with pytest.raises(InputError, match="must be a folder") as raised:
            source.get_dataset()
        assert f"data_dir={folder}, which is none" in str(raised.value)


def test_gin_binds_the_original_names(folder: str) -> None:
    gin.parse_config(f"""
        ExperimentalDataProvider.data_dir = '{folder}'
        ExperimentalDataProvider.sample_rate = 16000
        ExperimentalDataProvider.frame_rate = 250
        """)
    name = "ddsp.training.data.ExperimentalDataProvider"
    source = gin.get_configurable(name)()
    assert numbers(source.get_dataset(shuffle=False))[:2] == [0, 1]
