"""From recordings to a dataset: what is in it, what is not, and why."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from records import harmonic_tone, read_records, write_recording

from ddsp import version
from ddsp.training import data, postprocessing
from ddsp.training.data_preparation import DatasetInfo, prepare_dataset
from ddsp.training.errors import InputError

FAST = {"example_secs": 0.4, "hop_secs": 0.1, "frame_rate": 50, "viterbi": False}


def prepare(recordings: object, output: Path, **settings: object) -> DatasetInfo:
    return prepare_dataset(recordings, output, **{**FAST, **settings})


def swelling_tone() -> np.ndarray:
    """One second of 440 Hz, no part of which is like another."""
    return harmonic_tone(440.0, 1.0) * np.linspace(0.2, 1.0, 16000)


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    return write_recording(tmp_path / "tone.wav", swelling_tone())


def test_examples_hold_the_recording_and_its_pitch(tmp_path: Path, tone: Path) -> None:
    info = prepare(tone, tmp_path / "out")
    found = read_records(tmp_path / "out")
    assert info.n_examples == len(found) == 7
    truth = swelling_tone()
    starts = []
    for example in found:
        assert set(example) == {
            "audio",
            "audio_16k",
            "f0_hz",
            "f0_confidence",
            "loudness_db",
        }
        np.testing.assert_array_equal(example["audio"], example["audio_16k"])
        assert example["f0_hz"].size == info.n_frames == 21
        errors = [
            np.max(np.abs(example["audio"] - truth[320 * k : 320 * k + 6400]))
            for k in range(31)
        ]
        assert np.min(errors) < 1e-4
        starts.append(int(np.argmin(errors)))
        inside = example["f0_confidence"] > 0.8
        assert np.mean(inside) > 0.8
        cents = 1200 * np.log2(example["f0_hz"][inside] / 440.0)
        np.testing.assert_allclose(cents, 0.0, atol=20.0)
    assert sorted(starts) == [0, 5, 10, 15, 20, 25, 30]
    assert starts != sorted(starts)  # Neighbours, which overlap, are apart.


def test_the_provider_reads_it_by_its_description(tmp_path: Path, tone: Path) -> None:
    prepare(tone, tmp_path / "out", sample_rate=22050)
    info = data.read_dataset_info(tmp_path / "out")
    assert info is not None
    names = ("example_secs", "sample_rate", "frame_rate", "centered")
    source = data.TFRecordProvider(
        str(tmp_path / "out"), **{name: info[name] for name in names}
    )
    (batch,) = source.get_batch(7, repeats=1)
    assert batch["audio"].shape == (7, 8820)
    rms = np.sqrt(np.mean(np.square(batch["audio"]), axis=1))
    truth = [
        np.sqrt(np.mean(swelling_tone()[i * 1600 : i * 1600 + 6400] ** 2))
        for i in range(7)
    ]
    np.testing.assert_allclose(np.sort(rms), truth, rtol=0.01)


def test_preparing_twice_gives_the_same_files(tmp_path: Path, tone: Path) -> None:
    digests = []
    for name in ("one", "two"):
        prepare(tone, tmp_path / name)
        files = sorted((tmp_path / name).glob("data.tfrecord*"))
        digests.append([hashlib.sha256(f.read_bytes()).hexdigest() for f in files])
    assert digests[0] and digests[0] == digests[1]


def test_description_says_what_was_done(tmp_path: Path, tone: Path) -> None:
    prepare(tone, tmp_path / "out", sample_rate=24000)
    text = (tmp_path / "out" / "dataset.json").read_text()
    content = json.loads(text)
    statistics = postprocessing.load_statistics(tmp_path / "out")
    assert statistics is not None
    del statistics["quantile_transform"]
    assert content.pop("statistics") == pytest.approx(statistics)
    assert content.pop("voiced_secs") == pytest.approx(1.0, abs=0.1)
    assert content == {
        "format": 2,
        "ddsp_version": version.__version__,
        "sample_rate": 24000,
        "frame_rate": 50,
        "example_secs": 0.4,
        "hop_secs": 0.1,
        "centered": True,
        "n_examples": 7,
        "n_frames": 21,
        "schema": {
            "audio": [9600],
            "audio_16k": [6400],
            "f0_hz": [21],
            "f0_confidence": [21],
            "loudness_db": [21],
        },
        "features": {
            "frame_rate": 50,
            "centered": True,
            "viterbi": False,
            "f0_method": "tiny",
            "f0_version": 2,
            "loudness_method": "a-weighted",
            "loudness_version": 1,
            "loudness_n_fft": 512,
        },
        "sources": [
            {
                "name": "tone.wav",
                "seconds": 1.0,
                "sha256": hashlib.sha256(tone.read_bytes()).hexdigest(),
            }
        ],
        "dropped": [],
    }
    assert str(tmp_path) not in text


def test_statistics_lie_beside_the_records(tmp_path: Path, tone: Path) -> None:
    prepare(tone, tmp_path / "out")
    statistics = postprocessing.load_statistics(tmp_path / "out")
    assert statistics is not None
    assert statistics["mean_pitch_note"] == pytest.approx(69.0, abs=0.1)
    assert np.isfinite(statistics["quantile_transform"].quantiles_).all()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "data.tfrecord-00000-of-00001",
        "dataset.json",
        "dataset_statistics.json",
        "dataset_statistics.npz",
    ]


@pytest.mark.parametrize(("center", "lead_secs"), [(True, 0.0), (False, 0.016)])
def test_a_click_is_in_the_frame_of_its_time(
    tmp_path: Path, center: bool, lead_secs: float
) -> None:
    audio = 1e-4 * harmonic_tone(440.0, 0.4)
    audio[3200] = 0.9  # At 0.2 s.
    write_recording(tmp_path / "click.wav", audio)
    prepare(tmp_path / "click.wav", tmp_path / "out", center=center, frame_rate=250)
    (example,) = read_records(tmp_path / "out")
    loudness_db = example["loudness_db"]
    assert loudness_db.size == (101 if center else 100)
    assert abs(np.argmax(loudness_db) / 250 - (0.2 - lead_secs)) <= 0.5 / 250


def test_ten_clips_of_one_example_give_ten_examples(tmp_path: Path) -> None:
    for i in range(10):
        audio = harmonic_tone(220.0 * 2 ** (i / 12), 0.4)
        write_recording(tmp_path / "clips" / f"{i}.flac", audio)
    info = prepare(tmp_path / "clips", tmp_path / "out", n_shards=4)
    found = read_records(tmp_path / "out")
    assert info.n_examples == len(found) == 10 and not info.dropped
    assert len(list((tmp_path / "out").glob("data.tfrecord-*-of-00004"))) == 4
    assert all(np.sqrt(np.mean(example["audio"] ** 2)) > 0.1 for example in found)
    pitches = sorted(np.median(example["f0_hz"]) for example in found)
    np.testing.assert_allclose(pitches, 220.0 * 2 ** (np.arange(10) / 12), rtol=0.01)


def test_a_clip_of_three_seconds_is_filled_up_once(tmp_path: Path) -> None:
    write_recording(tmp_path / "clip.wav", harmonic_tone(330.0, 3.0))
    info = prepare(tmp_path / "clip.wav", tmp_path / "out", example_secs=4.0)
    (example,) = read_records(tmp_path / "out")
    assert info.sources[0].seconds == 3.0
    assert example["audio"].size == 64000
    assert np.max(np.abs(example["audio"][47500:48000])) > 0.1
    np.testing.assert_array_equal(example["audio"][48000:], 0.0)
    assert np.max(example["loudness_db"][160:]) == -80.0


def test_voiced_time_is_counted_once_per_second_of_recording(tmp_path: Path) -> None:
    audio = np.append(harmonic_tone(330.0, 0.8), np.zeros(12800))
    write_recording(tmp_path / "half.wav", audio)
    info = prepare(tmp_path / "half.wav", tmp_path / "out")
    assert info.seconds == pytest.approx(1.6)
    assert info.voiced_secs == pytest.approx(0.8, abs=0.1)


def test_silent_examples_are_left_out_and_counted(tmp_path: Path) -> None:
    audio = np.append(harmonic_tone(330.0, 0.8), np.zeros(12800))
    write_recording(tmp_path / "half.wav", audio)
    info = prepare(tmp_path / "half.wav", tmp_path / "out")
    found = read_records(tmp_path / "out")
    assert len(found) == info.n_examples == 8
    assert all(np.max(np.abs(example["audio"])) > 0.1 for example in found)
    (dropped,) = info.dropped
    assert dropped.name == "half.wav"
    assert dropped.reason == "5 of its 13 examples are silent"


def test_good_recordings_are_used_and_bad_ones_listed(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    folder = tmp_path / "recordings"
    write_recording(folder / "good.wav", harmonic_tone(440.0, 0.5))
    write_recording(folder / "stereo" / "good.wav", np.zeros([8000, 2]) + 0.1)
    write_recording(folder / "silent.wav", np.zeros(8000))
    write_recording(folder / "short.wav", harmonic_tone(440.0, 0.1))
    cut = write_recording(folder / "cut.flac", rng.uniform(-1, 1, 40000))
    cut.write_bytes(cut.read_bytes()[:20000])
    (folder / "empty.wav").touch()
    (folder / "letter.wav").write_text("Dear Anna,\n" * 99)
    (folder / "notes.txt").write_text("no recording")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "good.wav").write_text("hidden")
    info = prepare(folder, tmp_path / "out")
    assert [source.name for source in info.sources] == [
        "recordings/good.wav",
        "stereo/good.wav",
    ]
    reasons = {dropped.name: dropped.reason for dropped in info.dropped}
    assert set(reasons) == {
        "cut.flac",
        "empty.wav",
        "letter.wav",
        "short.wav",
        "silent.wav",
    }
    assert "truncated" in reasons["cut.flac"]
    assert "0 bytes" in reasons["empty.wav"]
    assert "no audio" in reasons["letter.wav"]
    assert reasons["short.wav"] == "it lasts 0.10 s, less than 0.4 s"
    assert reasons["silent.wav"] == "it is silent"
    stored = data.read_dataset_info(tmp_path / "out")
    assert stored is not None
    assert {entry["name"]: entry["reason"] for entry in stored["dropped"]} == reasons


@pytest.mark.parametrize("frame_rate", [50, 100, 250])
@pytest.mark.parametrize("kind", ["one", "mostly silent", "one pitch"])
def test_statistics_are_finite(tmp_path: Path, frame_rate: int, kind: str) -> None:
    audio = harmonic_tone(440.0, 1.5 if kind == "one pitch" else 0.4)
    if kind == "mostly silent":
        audio = np.append(audio, np.full(16000, 2e-5))
    write_recording(tmp_path / "a.wav", audio, subtype="FLOAT")
    info = prepare(tmp_path / "a.wav", tmp_path / "out", frame_rate=frame_rate)
    assert (info.n_examples == 1) == (kind == "one")
    statistics = postprocessing.load_statistics(tmp_path / "out")
    assert statistics is not None and len(statistics) == 37
    transform = statistics.pop("quantile_transform")
    assert np.all(np.isfinite(transform.quantiles_))
    assert np.all(np.isfinite(list(statistics.values())))
    if kind != "mostly silent":  # An example without notes counts as a whole.
        assert statistics["mean_pitch_note"] == pytest.approx(69.0, abs=0.5)
    assert info.statistics == statistics


def test_only_silence_is_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_recording(tmp_path / f"{name}.wav", np.zeros(16000))
    with pytest.raises(InputError, match="every recording is silent"):
        prepare(tmp_path, tmp_path / "out")
    assert sorted(os.listdir(tmp_path)) == ["a.wav", "b.wav"]


def test_a_tenth_of_a_second_is_refused(tmp_path: Path) -> None:
    write_recording(tmp_path / "a.wav", harmonic_tone(440.0, 0.1))
    with pytest.raises(InputError, match=r"Got a.wav: it lasts 0.10 s, less than 1 s"):
        prepare_dataset([tmp_path / "a.wav"], tmp_path / "out")
    assert os.listdir(tmp_path) == ["a.wav"]


def test_nothing_but_bad_files_is_refused(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        (tmp_path / name).touch()
    with pytest.raises(InputError, match=r"a.wav: it is empty .*; b.wav: it is empty"):
        prepare(tmp_path, tmp_path / "out")
    assert sorted(os.listdir(tmp_path)) == ["a.wav", "b.wav"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sample_rate", 0),
        ("frame_rate", 0),
        ("frame_rate", -250),
        ("frame_rate", 60),
        ("frame_rate", 25),
        ("example_secs", 0.0),
        ("example_secs", float("nan")),
        ("hop_secs", 0.0),
        ("hop_secs", float("inf")),
        ("n_shards", 0),
    ],
)
def test_settings_that_make_no_sense_are_refused(
    tmp_path: Path, tone: Path, name: str, value: float
) -> None:
    with pytest.raises(InputError, match=f"Got {name}={value}; choose"):
        prepare(tone, tmp_path / "out", **{name: value})
    assert os.listdir(tmp_path) == ["tone.wav"]


def test_a_second_dataset_never_mixes_with_the_first(
    tmp_path: Path, tone: Path
) -> None:
    other = write_recording(tmp_path / "b.wav", harmonic_tone(880.0, 0.5))
    prepare(tone, tmp_path / "out", n_shards=3)
    with pytest.raises(InputError, match="--overwrite"):
        prepare(other, tmp_path / "out")
    assert len(read_records(tmp_path / "out")) == 7
    prepare(other, tmp_path / "out", overwrite=True)
    found = read_records(tmp_path / "out")
    assert len(found) == 2
    for example in found:
        assert np.median(example["f0_hz"]) == pytest.approx(880.0, rel=0.02)


def test_recordings_are_never_overwritten(tmp_path: Path) -> None:
    write_recording(tmp_path / "a.wav", harmonic_tone(880.0, 0.5))
    with pytest.raises(InputError, match=r"holds a\.wav"):
        prepare(tmp_path, tmp_path, overwrite=True)
    assert os.listdir(tmp_path) == ["a.wav"]


@pytest.mark.parametrize("room", [10_000, 200_000], ids=["audio", "records"])
def test_a_full_disk_is_one_line_and_leaves_only_what_is_analysed(
    tmp_path: Path, tone: Path, room: int
) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        with pytest.raises(InputError, match="choose another place") as raised:
            prepare(tone, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "\n" not in str(raised.value)
    is_analysed = room == 200_000
    left = [".out.preparing"] if is_analysed else []
    assert sorted(os.listdir(tmp_path)) == [*left, "tone.wav"]
    lines: list[str] = []
    prepare(tone, tmp_path / "out", progress=lines.append)
    assert ("analysing 1 s" in lines) != is_analysed
    assert sorted(os.listdir(tmp_path)) == ["out", "tone.wav"]


def test_progress_names_the_recording_and_the_stages(
    tmp_path: Path, tone: Path
) -> None:
    lines: list[str] = []
    prepare(tone, tmp_path / "out", progress=lines.append)
    assert lines[:3] == ["reading 1/1 tone.wav", "analysing 1 s", "analysed 1 of 1 s"]
    assert len(set(lines)) == len(lines)
    assert lines[-2:] == ["wrote 7 of 7 examples", "computing statistics"]


def test_a_real_violin_is_prepared(
    tmp_path: Path, shared_data: Callable[..., Path]
) -> None:
    recording = shared_data("violin_eval", "sms_violin-B3.flac")
    info = prepare_dataset([recording], tmp_path / "out")
    (example,) = read_records(tmp_path / "out")
    sure = example["f0_confidence"] > 0.8
    assert sure.sum() > 200 and info.voiced_secs > 0.8
    midi = 69 + 12 * np.log2(np.median(example["f0_hz"][sure]) / 440)
    assert midi == pytest.approx(59, abs=0.5)
