"""Records under a prefix, with the settings of the original."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from records import harmonic_tone, write_recording

from ddsp.training import data
from ddsp.training.data_preparation import prepare_tfrecord_lib
from ddsp.training.data_preparation.prepare_tfrecord_lib import prepare_tfrecord
from ddsp.training.errors import InputError

FAST = {"example_secs": 0.4, "hop_secs": 0.1, "frame_rate": 50, "viterbi": False}


def read(pattern: Path) -> list[dict[str, np.ndarray]]:
    examples = []
    for path in sorted(pattern.parent.glob(pattern.name)):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            features = tf.train.Example.FromString(record).features.feature
            examples.append(
                {name: np.array(v.float_list.value) for name, v in features.items()}
            )
    return examples


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """2.1 seconds that rise, so that each moment is known by its loudness."""
    audio = harmonic_tone(440.0, 2.1) * np.linspace(0.1, 1.0, 33600)
    return write_recording(tmp_path / "in" / "a.wav", audio)


def test_defaults_are_those_of_the_original(tmp_path: Path) -> None:
    audio = harmonic_tone(440.0, 25.0)
    path = write_recording(tmp_path / "a.wav", audio)
    info = prepare_tfrecord(path, tmp_path / "out" / "train.tfrecord")
    assert (info.example_secs, info.hop_secs, info.centered) == (4.0, 1.0, False)
    # 20 s are 17 examples, as in the original; 5 s are 2, not 17 with silence (T29).
    assert info.n_examples == 19
    examples = read(tmp_path / "out" / "train.tfrecord-00000-of-00001")
    assert len(examples) == 19
    for example in examples:
        assert example["audio"].size == example["audio_16k"].size == 64000
        assert example["f0_hz"].size == example["loudness_db"].size == 1000
        assert np.max(np.abs(example["audio"][-100:])) > 0.01


def test_a_provider_reads_it_without_any_number(
    tmp_path: Path, recording: Path
) -> None:
    prepare_tfrecord(recording, tmp_path / "x.tfrecord", **FAST, center=True)
    provider = data.TFRecordProvider(str(tmp_path / "x.tfrecord*"))
    (batch,) = provider.get_batch(18, repeats=1)
    assert batch["f0_hz"].shape == (18, 21)


def test_records_of_the_prefix_are_replaced_and_no_others(
    tmp_path: Path, recording: Path
) -> None:
    out = tmp_path / "out"
    for prefix in ("a.tfrecord", "b.tfrecord"):
        prepare_tfrecord(recording, out / prefix, num_shards=3, **FAST)
    (out / "a.tfrecord-notes").touch()
    prepare_tfrecord(recording, out / "a.tfrecord", num_shards=2, **FAST)
    assert sorted(os.listdir(out)) == [
        "a.tfrecord-00000-of-00002",
        "a.tfrecord-00001-of-00002",
        "a.tfrecord-notes",
        *(f"b.tfrecord-0000{i}-of-00003" for i in range(3)),
        "dataset.a.tfrecord.json",
        "dataset.b.tfrecord.json",
    ]


@pytest.mark.parametrize("n_shards", [3, 2])
def test_old_records_are_there_until_all_new_ones_are(
    tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch, n_shards: int
) -> None:
    out = tmp_path / "out"
    prepare_tfrecord(recording, out / "a.tfrecord", num_shards=3, **FAST)
    old = read(out / "a.tfrecord-*-of-00003")
    move = os.replace

    def fail(source: Any, target: Any) -> None:
        if Path(target).parent == out:
            raise OSError(28, "No space left on device")
        move(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(InputError, match="No space left on device"):
        prepare_tfrecord(recording, out / "a.tfrecord", num_shards=n_shards, **FAST)
    kept = read(out / "a.tfrecord-*-of-00003")
    assert len(kept) == len(old) == 18
    for one, other in zip(kept, old, strict=True):
        np.testing.assert_array_equal(one["audio"], other["audio"])


def test_a_split_that_is_given_up_leaves_no_part_behind(
    tmp_path: Path, recording: Path
) -> None:
    split = {"chunk_secs": 0.5, "eval_split_fraction": 0.5}
    path = tmp_path / "out" / "x.tfrecord"
    prepare_tfrecord(recording, path, **FAST, **split)
    assert len(os.listdir(tmp_path / "out")) == 4
    prepare_tfrecord(recording, path, **FAST)
    assert sorted(os.listdir(tmp_path / "out")) == [
        "dataset.x.tfrecord.json",
        "x.tfrecord-00000-of-00001",
    ]
    prepare_tfrecord(recording, path, **{**FAST, "frame_rate": 0})
    # Another description would tell of features that are not there any more.
    assert os.listdir(tmp_path / "out") == ["x.tfrecord-00000-of-00001"]


def test_evaluation_gets_pieces_of_its_own(tmp_path: Path, recording: Path) -> None:
    info = prepare_tfrecord(
        recording,
        tmp_path / "x.tfrecord",
        **FAST,
        chunk_secs=0.5,
        eval_split_fraction=0.5,
    )
    parts = [read(tmp_path / f"x.tfrecord-{part}-*") for part in ("train", "eval")]
    # Four pieces of two examples, save the last, of 0.6 s, which has three.
    assert sorted(map(len, parts)) == [4, 5] and info.n_examples == 9
    moments = [
        {float(value) for example in part for value in example["loudness_db"]}
        for part in parts
    ]
    # A piece is 25 frames, the last is 30, and none is like another.
    assert sorted(map(len, moments)) == [50, 55]
    assert not moments[0] & moments[1]


def test_each_part_is_described_with_its_own_numbers(
    tmp_path: Path, recording: Path
) -> None:
    # With a bracket, as a name may have one that is no pattern.
    path = tmp_path / "x[1].tfrecord"
    split = {"chunk_secs": 0.5, "eval_split_fraction": 0.5}
    whole = prepare_tfrecord(recording, path, **FAST, **split)
    assert whole.statistics == {}
    for part in ("train", "eval"):
        text = (tmp_path / f"dataset.{path.name}-{part}.json").read_text()
        content = json.loads(text)
        examples = read(tmp_path / f"x?1?.tfrecord-{part}-*")
        assert content["n_examples"] == len(examples) in (4, 5)
        loudest = max(example["loudness_db"].max() for example in examples)
        loudest_kept = content["statistics"]["max_loudness"]
        assert loudest - 1.0 < loudest_kept <= loudest
    assert not (tmp_path / f"dataset.{path.name}.json").exists()


def test_records_without_a_split_tell_their_statistics(
    tmp_path: Path, recording: Path
) -> None:
    info = prepare_tfrecord(
        recording, tmp_path / "x.tfrecord", **FAST, sample_rate=44100
    )
    assert info.statistics["mean_pitch_note"] == pytest.approx(69.0, abs=0.1)
    text = (tmp_path / "dataset.x.tfrecord.json").read_text()
    assert json.loads(text)["statistics"] == pytest.approx(info.statistics)
    assert json.loads(text)["n_examples"] == info.n_examples == 18


def test_without_a_frame_rate_there_is_audio_alone(
    tmp_path: Path, recording: Path
) -> None:
    settings: dict[str, Any] = {**FAST, "frame_rate": 0}
    info = prepare_tfrecord(recording, tmp_path / "x.tfrecord", **settings)
    examples = read(tmp_path / "x.tfrecord-*")
    assert len(examples) == 18 and info.features is None
    assert all(set(example) == {"audio", "audio_16k"} for example in examples)
    assert not list(tmp_path.glob("dataset*"))


@pytest.mark.parametrize("nothing", [0, None])
def test_without_seconds_examples_are_pieces(
    tmp_path: Path, recording: Path, nothing: int | None
) -> None:
    settings: dict[str, Any] = {**FAST, "example_secs": nothing, "chunk_secs": 1.0}
    prepare_tfrecord(recording, tmp_path / "x.tfrecord", **settings)
    examples = read(tmp_path / "x.tfrecord-*")
    assert [example["audio"].size for example in examples] == [16000] * 3
    assert {example["f0_hz"].size for example in examples} == {50}


@pytest.mark.usefixtures("recording")
def test_without_pieces_examples_are_whole_recordings(tmp_path: Path) -> None:
    write_recording(tmp_path / "in" / "b.wav", harmonic_tone(330.0, 1.5))
    settings: dict[str, Any] = {**FAST, "example_secs": 0, "chunk_secs": 0}
    info = prepare_tfrecord(tmp_path / "in", tmp_path / "x.tfrecord", **settings)
    examples = read(tmp_path / "x.tfrecord-*")
    assert info.summary()[0].startswith("2 examples from 2 recordings: 3.6 s, ")
    sizes = sorted((e["audio"].size, e["f0_hz"].size) for e in examples)
    assert sizes == [(24000, 75), (33600, 105)]


@pytest.mark.parametrize(
    ("options", "is_local"),
    [
        ([], True),
        (["--runner=DirectRunner"], True),
        (["--runner=DirectRunner", "--direct_num_workers=4"], True),
        (["--runner=FlinkRunner"], False),
        (["--runner=DataflowRunner", "--project=x"], False),
        (["--runner=NotDirectRunner"], False),
        (["--temp_location=gs://x"], False),
    ],
)
def test_only_the_direct_runner_needs_no_beam(
    options: list[str], is_local: bool
) -> None:
    assert prepare_tfrecord_lib.is_local(options) == is_local


@pytest.mark.parametrize("path", ["", "out/"])
def test_a_path_without_a_name_is_refused(
    tmp_path: Path, recording: Path, path: str
) -> None:
    with pytest.raises(InputError, match="must end in a name"):
        prepare_tfrecord(recording, path and f"{tmp_path}/{path}", **FAST)


def test_a_share_that_makes_no_sense_leaves_nothing(
    tmp_path: Path, recording: Path
) -> None:
    with pytest.raises(InputError, match=r"Got eval_split_fraction=1\.0"):
        prepare_tfrecord(recording, tmp_path / "x", **FAST, eval_split_fraction=1.0)
    assert os.listdir(tmp_path) == ["in"]


def test_a_split_without_a_piece_for_evaluation_loses_no_analysis(
    tmp_path: Path, recording: Path
) -> None:
    path = tmp_path / "x.tfrecord"
    with pytest.raises(InputError, match=r"Got eval_split_fraction=0\.01"):
        prepare_tfrecord(recording, path, **FAST, eval_split_fraction=0.01)
    lines: list[str] = []
    prepare_tfrecord(recording, path, **FAST, progress=lines.append)
    assert lines[0] == "reading 1/1 a.wav"
    assert not any(line.startswith("analys") for line in lines)
    assert not list(tmp_path.glob(".*"))


def test_a_recording_of_less_than_half_a_piece_is_left_out(
    tmp_path: Path, recording: Path
) -> None:
    write_recording(tmp_path / "in" / "b.wav", harmonic_tone(330.0, 1.0))
    settings: dict[str, Any] = {**FAST, "example_secs": 0, "chunk_secs": 4.0}
    info = prepare_tfrecord(tmp_path / "in", tmp_path / "x.tfrecord", **settings)
    assert [source.name for source in info.sources] == [recording.name]
    (dropped,) = info.dropped
    assert dropped.reason == "it lasts 1.00 s, less than 2 s"
    (example,) = read(tmp_path / "x.tfrecord-*")
    assert example["audio"].size == 64000


def test_a_place_that_cannot_be_is_one_line(recording: Path) -> None:
    with pytest.raises(InputError, match="choose another place"):
        prepare_tfrecord(recording, recording / "x.tfrecord", **FAST)
