"""A dataset says how its features were measured, and models can compare that."""

import dataclasses
import json
import os
from pathlib import Path

import pytest

from ddsp.training.data.feature_spec import (
    MAX_BYTES,
    SPEC_FILE,
    FeatureSpec,
    read_feature_spec,
)
from ddsp.training.errors import InputError

SPEC = FeatureSpec(frame_rate=250, centered=True)


def test_it_comes_back_the_same() -> None:
    again = FeatureSpec.from_dict(SPEC.to_dict())
    assert again == SPEC and again.digest() == SPEC.digest()
    assert len(SPEC.digest()) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"frame_rate": 100},
        {"centered": False},
        {"viterbi": False},
        {"f0_method": "pyin"},
        {"f0_version": 1},
        {"loudness_method": "rms"},
        {"loudness_version": 2},
        {"loudness_n_fft": 2048},
    ],
)
def test_any_difference_changes_the_digest(change: dict) -> None:
    assert dataclasses.replace(SPEC, **change).digest() != SPEC.digest()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("frame_rate", 0),
        ("frame_rate", 250.0),
        ("frame_rate", True),
        ("centered", 1),
        ("f0_method", None),
        ("loudness_n_fft", -512),
    ],
)
def test_a_damaged_description_names_what_is_wrong(name: str, value: object) -> None:
    with pytest.raises(InputError, match=f"Got {name}={value!r}; prepare"):
        FeatureSpec.from_dict({**SPEC.to_dict(), name: value})


def test_datasets_of_format_1_have_the_first_methods() -> None:
    info = {"format": 1, "frame_rate": 100, "centered": False}
    expected = FeatureSpec(100, centered=False, f0_version=1, loudness_version=1)
    assert FeatureSpec.from_info(info) == expected != FeatureSpec(100, centered=False)
    assert FeatureSpec.from_info({"features": SPEC.to_dict()}) == SPEC


def test_pitch_is_no_longer_that_of_the_first_version() -> None:
    assert (SPEC.f0_version, SPEC.loudness_version) == (2, 1)
    assert (SPEC.f0_method, SPEC.loudness_n_fft, SPEC.viterbi) == ("tiny", 512, True)


def test_a_model_without_a_description_has_none(tmp_path: Path) -> None:
    assert read_feature_spec(tmp_path) is None
    (tmp_path / SPEC_FILE).write_text(json.dumps(SPEC.to_dict()))
    assert read_feature_spec(tmp_path) == SPEC


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"\xff", b"[" * 10000, b" " * (MAX_BYTES + 1), b"{}"]
)
def test_a_stranger_s_description_is_one_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / SPEC_FILE).write_bytes(content)
    with pytest.raises(InputError, match=r"by a whole file\. Got .*features\.json"):
        read_feature_spec(tmp_path)


def test_a_pipe_in_place_of_a_description_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / SPEC_FILE)
    with pytest.raises(InputError, match="no regular file"):
        read_feature_spec(tmp_path)
