"""A folder of notes with NSynth's labels, measured once."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gin
import numpy as np
import pytest
import tensorflow as tf
from records import harmonic_tone, write_recording

from ddsp.training import data
from ddsp.training.data import note_features
from ddsp.training.data.feature_spec import FeatureSpec
from ddsp.training.data.note_features import NoteFeatures
from ddsp.training.errors import InputError

SETTINGS: dict[str, Any] = {"example_secs": 0.4, "frame_rate": 100}
PITCHES = (57, 64, 69)


def hz(midi: float) -> float:
    return 440.0 * 2 ** ((midi - 69) / 12)


def write_notes(folder: Path, secs: float = 0.4, **changes: Any) -> Path:
    """Three tones, the last one of the split 'valid' and in the folder `audio`."""
    notes = {}
    for i, pitch in enumerate(PITCHES):
        name = f"reed_{i}-{pitch:03d}"
        parent = folder / "audio" if i == 2 else folder
        path = parent / f"{name}.{'flac' if i else 'wav'}"
        write_recording(path, harmonic_tone(hz(pitch), secs, amplitude=0.1 * (1 + i)))
        notes[name] = {
            "note_str": name,
            "pitch": pitch,
            "instrument": 10 + i,
            "instrument_family": 20 + i,
            "instrument_source": 30 + i,
            "split": "valid" if i == 2 else "train",
            "sample_rate": 16000,
            **changes,
        }
    (folder / "examples.json").write_text(json.dumps(notes))
    return folder


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the recordings that are measured."""
    names: list[str] = []
    measure = NoteFeatures._measure

    def counting(self: NoteFeatures, file: Path) -> np.ndarray:
        names.append(file.name)
        return measure(self, file)

    monkeypatch.setattr(NoteFeatures, "_measure", counting)
    return names


def test_notes_have_the_features_of_nsynth(tmp_path: Path) -> None:
    source = data.NSynthFolder(str(write_notes(tmp_path)), **SETTINGS)
    assert (source.n_notes, source.sample_rate, source.frame_rate) == (3, 16000, 100)
    notes = list(source.get_dataset(shuffle=False))
    for i, (found, pitch) in enumerate(zip(notes, PITCHES, strict=True)):
        assert {name: tuple(x.shape) for name, x in found.items()} == {
            "audio": (6400,),
            **dict.fromkeys(("f0_hz", "f0_confidence", "loudness_db"), (40,)),
            "pitch": (),
            "instrument": (),
            "instrument_family": (),
            "instrument_source": (),
        }
        tone = harmonic_tone(hz(pitch), 0.4, amplitude=0.1 * (1 + i))
        np.testing.assert_allclose(found["audio"], tone, atol=1e-4)
        cents = 1200 * np.log2(np.median(found["f0_hz"]) / hz(pitch))
        assert abs(cents) < 20
        assert np.median(found["f0_confidence"]) > 0.8
        labels = {n: int(x) for n, x in found.items() if x.dtype == tf.int64}
        assert labels == {
            "pitch": pitch,
            "instrument": 10 + i,
            "instrument_family": 20 + i,
            "instrument_source": 30 + i,
        }
    bare = data.NSynthFolder(str(tmp_path), include_note_labels=False, **SETTINGS)
    (batch,) = bare.get_batch(3, repeats=1)
    assert set(batch) == {"audio", "f0_hz", "f0_confidence", "loudness_db"}


def test_frames_are_centred(tmp_path: Path) -> None:
    folder = write_notes(tmp_path)
    click = np.zeros(6400)
    click[3200] = 1.0
    write_recording(folder / "reed_0-057.wav", click)
    (note,) = data.NSynthFolder(str(folder), **SETTINGS).get_dataset(False).take(1)
    assert np.argmax(note["loudness_db"]) == 20


def test_only_the_split_that_is_asked_for(tmp_path: Path) -> None:
    folder = str(write_notes(tmp_path))
    splits = {
        split: [
            int(x["pitch"])
            for x in data.NSynthFolder(folder, split, **SETTINGS).get_dataset(False)
        ]
        for split in ("train", "valid")
    }
    assert splits == {"train": [57, 64], "valid": [69]}
    with pytest.raises(InputError, match="no note has the split 'test'"):
        data.NSynthFolder(folder, "test")


@pytest.mark.parametrize("secs", [0.3, 0.5])
def test_notes_are_cut_or_followed_by_silence(tmp_path: Path, secs: float) -> None:
    source = data.NSynthFolder(str(write_notes(tmp_path, secs)), **SETTINGS)
    (note,) = source.get_dataset(shuffle=False).take(1)
    tone = harmonic_tone(hz(57), secs)[:6400]
    n_samples = min(4800 if secs < 0.4 else 6400, 6400)
    np.testing.assert_allclose(
        note["audio"][:n_samples], 0.5 * tone[:n_samples], atol=1e-4
    )
    assert note["audio"].shape == [6400]
    np.testing.assert_array_equal(note["audio"][n_samples:], 0.0)


def test_other_rates_are_resampled_and_features_stay(tmp_path: Path) -> None:
    folder = str(write_notes(tmp_path))
    plain, fast = (
        next(
            iter(
                data.NSynthFolder(folder, sample_rate=rate, **SETTINGS).get_batch(
                    3, shuffle=False
                )
            )
        )
        for rate in (16000, 32000)
    )
    assert fast["audio"].shape == [3, 12800]
    np.testing.assert_allclose(
        fast["audio"][:, 1000:-1000:2], plain["audio"][:, 500:-500], atol=2e-3
    )
    for name in ("f0_hz", "f0_confidence", "loudness_db"):
        np.testing.assert_array_equal(fast[name], plain[name])


def test_features_are_measured_once(tmp_path: Path, measured: list[str]) -> None:
    folder, cache = str(write_notes(tmp_path / "notes")), tmp_path / "new" / "cache"

    def read(**changes: Any) -> np.ndarray:
        settings = {**SETTINGS, **changes}
        source = data.NSynthFolder(folder, cache_dir=str(cache), **settings)
        batches = [next(iter(source.get_batch(3, shuffle=False))) for _ in range(2)]
        return batches[1]["f0_hz"].numpy()

    first = read()
    assert len(measured) == len(list(cache.iterdir())) == 3
    np.testing.assert_array_equal(read(), first)
    assert len(measured) == 3
    # Another setting or another recording is another measurement.
    read(frame_rate=50)
    read(example_secs=0.2)
    assert len(measured) == 9
    write_recording(tmp_path / "notes" / "reed_0-057.wav", harmonic_tone(300.0, 0.4))
    changed = read()
    assert measured[9:] == ["reed_0-057.wav"]
    np.testing.assert_array_equal(changed[1:], first[1:])
    assert np.median(changed[0]) == pytest.approx(300.0, rel=0.01)


@pytest.mark.parametrize("change", [{"f0_version": 99}, {"loudness_n_fft": 1024}])
def test_another_way_of_measuring_is_another_measurement(
    tmp_path: Path,
    measured: list[str],
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, int],
) -> None:
    folder, cache = str(write_notes(tmp_path / "notes")), str(tmp_path / "cache")
    loudness_db = []
    for changes in ({}, {}, change):
        other = functools.partial(FeatureSpec, **changes)
        monkeypatch.setattr(note_features, "FeatureSpec", other)
        source = data.NSynthFolder(folder, cache_dir=cache, **SETTINGS)
        (batch,) = source.get_batch(3, shuffle=False, repeats=1)
        loudness_db.append(batch["loudness_db"])
    assert len(measured) == 6
    changed = np.mean(loudness_db[2] - loudness_db[0])
    # Twice the window holds twice the power.
    expected = 3.0 if "loudness_n_fft" in change else 0.0
    assert changed == pytest.approx(expected, abs=0.5)


def test_damaged_measurements_are_made_anew(
    tmp_path: Path, measured: list[str]
) -> None:
    folder, cache = str(write_notes(tmp_path / "notes")), tmp_path / "cache"
    source = data.NSynthFolder(folder, cache_dir=str(cache), **SETTINGS)
    source.measure()
    files = sorted(cache.iterdir())
    before = np.array([np.load(file) for file in files])
    files[0].write_bytes(files[0].read_bytes()[:200])
    files[1].write_bytes(b"")
    np.save(files[2], np.zeros([3, 41], np.float32))
    again = data.NSynthFolder(folder, cache_dir=str(cache), **SETTINGS)
    again.measure()
    assert len(measured) == 6
    np.testing.assert_array_equal([np.load(file) for file in files], before)


def test_without_a_folder_features_stay_in_memory(
    tmp_path: Path, measured: list[str]
) -> None:
    source = data.NSynthFolder(str(write_notes(tmp_path)), **SETTINGS)
    assert measured == []
    for _ in range(2):
        list(source.get_batch(3, repeats=2))
    assert len(measured) == 3
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {
        "examples.json",
        "reed_0-057.wav",
        "reed_1-064.flac",
    }


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    folder = str(write_notes(tmp_path / "notes"))
    (tmp_path / "file").write_text("no folder")
    source = data.NSynthFolder(folder, cache_dir=str(tmp_path / "file"), **SETTINGS)
    with pytest.raises(InputError, match="cache_dir a folder to write to"):
        source.get_dataset()


def test_training_goes_on_where_it_stopped(tmp_path: Path) -> None:
    source = data.NSynthFolder(str(write_notes(tmp_path)), **SETTINGS)

    def taken(first: int, count: int) -> list[list[int]]:
        batches = source.get_training_batches(2, 4, first).take(count)
        return [b["pitch"].tolist() for b in batches.as_numpy_iterator()]

    whole = taken(0, 9)
    assert taken(5, 4) == whole[5:]
    epochs = np.sort(np.ravel(whole).reshape(6, 3))
    np.testing.assert_array_equal(epochs, np.tile(PITCHES, [6, 1]))


def test_the_seed_fixes_the_order_of_shuffled_notes(tmp_path: Path) -> None:
    folder = str(write_notes(tmp_path))

    def epochs(seed: int) -> list[int]:
        source = data.NSynthFolder(folder, seed=seed, **SETTINGS)
        return [int(x["pitch"][0]) for x in source.get_batch(1, repeats=6)]

    assert epochs(1) == epochs(1) != epochs(2)


def rewrite(folder: Path, change: Callable[[dict], Any]) -> str:
    path = folder / "examples.json"
    notes = json.loads(path.read_text())
    path.write_text(json.dumps(change(notes)))
    return str(folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: {}, "it is no dictionary of notes"),
        (lambda notes: [notes], "it is no dictionary of notes"),
        (lambda _: {"a": 3}, "a has no whole number as pitch"),
        (lambda notes: {"../x": notes["reed_0-057"]}, "'../x' is no name of a file"),
        (lambda notes: {"": notes["reed_0-057"]}, "is no name of a file"),
        (lambda notes: {"x": notes["reed_0-057"]}, "Got none named x in"),
        (
            lambda notes: {"x": {**notes["reed_0-057"], "instrument": "flute"}},
            "x has no whole number as instrument",
        ),
        *(
            (
                lambda notes, n=number: {"x": {**notes["reed_0-057"], "pitch": n}},
                "x has no whole number as pitch, from 0 to 2147483647",
            )
            for number in (-1, 2**31, 10**30, 60.0, True)
        ),
    ],
)
def test_a_list_that_is_not_like_nsynth_s_is_explained(
    tmp_path: Path, change: Callable[[dict], Any], words: str
) -> None:
    folder = rewrite(write_notes(tmp_path), change)
    with pytest.raises(InputError, match=words) as raised:
        data.NSynthFolder(folder)
    assert "\n" not in str(raised.value)


def test_labels_may_be_any_number_from_0(tmp_path: Path) -> None:
    folder = write_notes(tmp_path, instrument=2**31 - 1, instrument_source=0)
    source = data.NSynthFolder(str(folder), **SETTINGS)
    (batch,) = source.get_batch(3, shuffle=False, repeats=1)
    assert batch["instrument"].numpy().tolist() == [2**31 - 1] * 3
    assert batch["instrument_source"].numpy().tolist() == [0] * 3


def test_a_folder_without_a_list_is_explained(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must have an examples\.json"):
        data.NSynthFolder(str(tmp_path))
    (tmp_path / "examples.json").write_text("{")
    with pytest.raises(InputError, match=r"must have an examples\.json"):
        data.NSynthFolder(str(tmp_path))


def test_a_damaged_recording_is_named(tmp_path: Path) -> None:
    folder = write_notes(tmp_path)
    (folder / "reed_1-064.flac").write_bytes(b"no audio")
    with pytest.raises(InputError, match=r"reed_1-064\.flac: it is no audio"):
        data.NSynthFolder(str(folder), **SETTINGS).get_dataset()


@pytest.mark.parametrize("frame_rate", [0, -250, 300])
def test_frames_are_whole(tmp_path: Path, frame_rate: int) -> None:
    with pytest.raises(ValueError, match="frame_rate must divide 16000"):
        data.NSynthFolder(str(tmp_path), frame_rate=frame_rate)


def test_gin_binds_folder_and_cache(tmp_path: Path) -> None:
    from ddsp.training import config

    folder = write_notes(tmp_path / "notes")
    rewrite(folder, lambda notes: {**notes})
    bindings = [
        f"NSynthFolder.folder = '{folder}'",
        f"NSynthFolder.cache_dir = '{tmp_path}/cache'",
        "NSynthFolder.example_secs = 0.4",
        "NSynthFolder.frame_rate = 100",
    ]
    config.parse_gin(["datasets/nsynth_folder.gin"], bindings)
    counts = {}
    for name in ("train", "evaluate", "sample"):
        reference = gin.query_parameter(f"{name}.data_provider")
        counts[name] = reference.scoped_configurable_fn().n_notes
    assert counts == {"train": 2, "evaluate": 1, "sample": 1}


def test_real_notes_have_the_pitch_of_their_labels(
    shared_data: Callable[..., Path],
) -> None:
    folder = shared_data("notes")
    source = data.NSynthFolder(str(folder), split="valid", frame_rate=50)
    assert source.n_notes == 77
    # Measuring all takes a minute.
    chosen = [i for i, file in enumerate(source._files) if "sopranosax" in file.name][
        :3
    ]
    source._files = [source._files[i] for i in chosen]
    source._labels = {name: x[chosen] for name, x in source._labels.items()}
    notes = list(source.get_dataset(shuffle=False))
    assert len(notes) == 3
    for note in notes:
        f0_hz = note["f0_hz"][note["f0_confidence"] > 0.8]
        midi = 69 + 12 * np.log2(np.median(f0_hz) / 440)
        assert midi == pytest.approx(float(note["pitch"]), abs=0.5)
        assert note["audio"].shape == [64000]
