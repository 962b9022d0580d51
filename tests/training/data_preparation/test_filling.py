"""What is said of recordings that are shorter than an example."""

from pathlib import Path

import numpy as np
import pytest
from records import harmonic_tone, read_records, write_recording

from ddsp.training.data import features
from ddsp.training.data_preparation import DatasetInfo, prepare_dataset

FAST = {"example_secs": 0.4, "hop_secs": 0.1, "frame_rate": 50, "viterbi": False}


def prepare(recordings: object, output: Path, **settings: object) -> DatasetInfo:
    return prepare_dataset(recordings, output, **{**FAST, **settings})


def test_filling_is_said_and_whole_blocks_of_it_are_not_analysed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_recording(tmp_path / "in" / "a.wav", harmonic_tone(330.0, 1.2))
    write_recording(tmp_path / "in" / "b.wav", harmonic_tone(440.0, 4.0))
    all_blocks = prepare(tmp_path / "in", tmp_path / "all", example_secs=4.0)
    monkeypatch.setattr(features, "BLOCK_SECS", 1.0)
    lines: list[str] = []
    info = prepare(
        tmp_path / "in", tmp_path / "out", example_secs=4.0, progress=lines.append
    )
    assert (
        info.summary()[1:]
        == all_blocks.summary()[1:]
        == [
            "filled up with silence: 35% of the examples, 2.8 s of 8.0 s, after a.wav: "
            "shorter than an example"
        ]
    )
    # Of the one the second 1.0 to 1.2 too, of the other all.
    assert "analysing 5 s" in lines
    kept = zip(
        read_records(tmp_path / "out"), read_records(tmp_path / "all"), strict=True
    )
    for found, expected in kept:
        for name in ("f0_confidence", "loudness_db"):
            assert found[name].size == expected[name].size
            np.testing.assert_allclose(found[name], expected[name], atol=1e-3)


def test_nothing_is_said_of_filling_where_there_is_none(
    tmp_path: Path,
) -> None:
    tone = write_recording(tmp_path / "tone.wav", harmonic_tone(440.0, 1.0))
    assert len(prepare(tone, tmp_path / "out").summary()) == 1
