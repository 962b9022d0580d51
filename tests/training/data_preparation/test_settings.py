"""The numbers of a dataset: what follows from them, and which make no sense."""

import dataclasses

import pytest

from ddsp.training.data_preparation.settings import Settings, check_shards
from ddsp.training.errors import InputError


def test_defaults_are_four_seconds_each_second() -> None:
    settings = Settings()
    assert settings.shape is not None
    assert (settings.shape.n_samples, settings.shape.n_frames) == (64000, 1001)
    assert (settings.hop_frames, settings.chunk_frames) == (250, 0)
    assert settings.features is not None and settings.features.viterbi
    settings.check_for_training()


def test_whole_pieces_are_as_long_as_pieces() -> None:
    settings = Settings(example_secs=0, chunk_secs=20.0, frame_rate=100)
    assert settings.shape is not None and settings.shape.example_secs == 20.0
    assert settings.hop_frames == settings.example_frames == 2000


def test_whole_recordings_have_no_length() -> None:
    settings = Settings(example_secs=0, chunk_secs=0)
    assert settings.shape is None and settings.example_frames == 0
    assert settings.hop_frames == 1 and settings.shortest_secs == 1.0


def test_without_features_examples_begin_on_a_grid() -> None:
    settings = Settings(frame_rate=0)
    assert settings.features is None and settings.grid_rate == 250


def test_short_examples_take_short_recordings() -> None:
    assert Settings(example_secs=0.5).shortest_secs == 0.5
    assert Settings(example_secs=4).shortest_secs == 1.0
    assert Settings(example_secs=4, chunk_secs=20).shortest_secs == 1.0


def test_a_whole_piece_is_never_mostly_silence() -> None:
    assert Settings(example_secs=0, chunk_secs=20).shortest_secs == 10.0
    assert Settings(example_secs=0, chunk_secs=0.5).shortest_secs == 0.25


@pytest.mark.parametrize("chunk_secs", [0.09, 600.5, 1e6])
def test_whole_pieces_are_as_bounded_as_examples(chunk_secs: float) -> None:
    settings = Settings(example_secs=0, chunk_secs=600)
    settings.check()
    settings = dataclasses.replace(settings, chunk_secs=chunk_secs)
    with pytest.raises(InputError, match=r"from 0\.1, an example, to 600\. Got c"):
        settings.check()


def test_pieces_of_several_examples_may_be_days_long() -> None:
    Settings(chunk_secs=1e6).check()
    with pytest.raises(InputError, match=r"from 4, an example, to 1000000\. Got c"):
        Settings(chunk_secs=1.1e6).check()


@pytest.mark.parametrize(
    "change",
    [
        {"sample_rate": 48000},
        {"frame_rate": 100},
        {"example_secs": 2.0},
        {"centered": False},
        {"viterbi": False},
    ],
)
def test_what_changes_the_analysis_changes_the_digest(change: dict) -> None:
    digest = Settings().digest()
    assert len(digest) == 16 and digest == Settings().digest()
    assert dataclasses.replace(Settings(), **change).digest() != digest


def test_hop_and_pieces_use_the_same_analysis() -> None:
    assert Settings(hop_secs=0.5, chunk_secs=20.0).digest() == Settings().digest()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sample_rate", 3999),
        ("sample_rate", 192001),
        ("frame_rate", 31),
        ("frame_rate", 60),
        ("frame_rate", -250),
        ("example_secs", 0.09),
        ("example_secs", 601),
        ("example_secs", float("nan")),
        ("hop_secs", 0.0),
        ("hop_secs", float("inf")),
        ("chunk_secs", 3.9),
        ("chunk_secs", -1.0),
        ("chunk_secs", float("inf")),
    ],
)
def test_what_makes_no_sense_is_named(name: str, value: float) -> None:
    with pytest.raises(InputError, match=f"^{name} must .* Got {name}={value}; choose"):
        dataclasses.replace(Settings(), **{name: value}).check()


@pytest.mark.parametrize(("name", "value"), [("frame_rate", 0), ("example_secs", 0)])
def test_audio_alone_is_not_for_training(name: str, value: int) -> None:
    settings = dataclasses.replace(Settings(chunk_secs=20.0), **{name: value})
    settings.check()
    with pytest.raises(InputError, match=f"Got {name}=0"):
        settings.check_for_training()


@pytest.mark.parametrize("n_shards", [0, -1, 10001])
def test_numbers_of_files_are_bounded(n_shards: int) -> None:
    with pytest.raises(InputError, match=f"Got n_shards={n_shards}"):
        check_shards(n_shards)
    for good in (None, 1, 10000):
        check_shards(good)
