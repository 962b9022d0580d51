"""A dataset says what it is, and a damaged description is no surprise later."""

import json
from pathlib import Path

import pytest
from records import dataset_info

from ddsp.training import data
from ddsp.training.errors import InputError


@pytest.mark.parametrize("name", ["", "data.tfrecord*", "data.tfrecord-00000-of-00001"])
def test_description_is_found_from_folder_or_pattern(tmp_path: Path, name: str) -> None:
    (tmp_path / "dataset.json").write_text(dataset_info(sample_rate=48000))
    info = data.read_dataset_info(tmp_path / name)
    assert info is not None and info["sample_rate"] == 48000


def test_a_folder_without_description_has_none(tmp_path: Path) -> None:
    assert data.read_dataset_info(tmp_path) is None
    assert data.read_dataset_info(str(tmp_path / "nowhere" / "data*")) is None


def test_descriptions_of_both_formats_are_read(tmp_path: Path) -> None:
    for number, more in [(1, {}), (2, {"features": {"f0_method": "tiny"}})]:
        text = dataset_info(format=number, **more)
        (tmp_path / "dataset.json").write_text(text)
        info = data.read_dataset_info(tmp_path)
        assert info is not None and info["format"] == number


@pytest.mark.parametrize(
    ("pattern", "rate"),
    [
        ("train.tfrecord*", 48000),
        ("train.tfrecord-00000-of-00001", 48000),
        ("train.tfrecord-eval*", 24000),
        ("other*", 16000),
        ("", 16000),
    ],
)
def test_records_that_share_a_folder_have_descriptions_of_their_own(
    tmp_path: Path, pattern: str, rate: int
) -> None:
    for name, number in [
        ("dataset.json", 16000),
        ("dataset.train.tfrecord.json", 48000),
        ("dataset.train.tfrecord-eval.json", 24000),
    ]:
        (tmp_path / name).write_text(dataset_info(sample_rate=number))
    info = data.read_dataset_info(tmp_path / pattern)
    assert info is not None and info["sample_rate"] == rate


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"format": 1}',
        dataset_info(format=3).encode(),
        dataset_info(format=True).encode(),
        dataset_info(format=2).encode(),
        dataset_info(format=2, features=None).encode(),
        dataset_info(sample_rate="16000").encode(),
        dataset_info(sample_rate=True).encode(),
        dataset_info(sample_rate=0).encode(),
        dataset_info(frame_rate=-250).encode(),
        dataset_info(frame_rate=10**100).encode(),
        dataset_info(example_secs=float("nan")).encode(),
        dataset_info(example_secs=float("inf")).encode(),
        dataset_info(hop_secs=None).encode(),
        dataset_info(centered="no").encode(),
        dataset_info(n_examples=1.5).encode(),
        json.dumps({"format": 1, "sample_rate": 16000}).encode(),
    ],
)
def test_a_damaged_description_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "dataset.json"
    path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        data.read_dataset_info(tmp_path)
    message = str(raised.value)
    assert str(path) in message and "\n" not in message


@pytest.mark.parametrize(
    ("pattern", "is_found"),
    [
        ("violin", True),
        ("violin*", True),
        ("violin-00000-of-00001", True),
        ("violin[-]*", True),
        ("violin?00000*", True),
        ("violin_old.tfrecord*", False),
        ("violin.tfrecord*", False),
        ("violin2*", False),
        ("viola*", False),
    ],
)
def test_a_description_is_not_that_of_records_with_a_longer_name(
    tmp_path: Path, pattern: str, is_found: bool
) -> None:
    (tmp_path / "dataset.violin.json").write_text(dataset_info())
    assert (data.read_dataset_info(tmp_path / pattern) is not None) == is_found
