"""Records of URMP: names of files, notes by pitch, whole pieces."""

from pathlib import Path
from typing import Any

import gin
import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import data
from ddsp.training.data import urmp
from ddsp.training.errors import InputError

N_FRAMES = 1000
ROLLS = ("note_active_velocities", "note_active_frame_indices")
NOTES = (*ROLLS, "note_onsets", "note_offsets")


def example(n_frames: int = N_FRAMES, key: str = "vc") -> dict[str, Any]:
    """A record with one note of MIDI 57, from the third frame to the last but one."""
    rolls = {name: np.zeros([n_frames, 128]) for name in NOTES}
    rolls["note_active_velocities"][3:-1, 57] = 0.8
    rolls["note_active_frame_indices"][3:-1, 57] = np.arange(1, n_frames - 3)
    rolls["note_onsets"][3, 57] = 1.0
    rolls["note_offsets"][n_frames - 2, 57] = 1.0
    curves = {
        "f0_hz": np.linspace(220.0, 221.0, n_frames),
        "f0_confidence": np.ones(n_frames),
        "loudness_db": np.linspace(-30.0, -20.0, n_frames),
        "power_db": np.linspace(-40.0, -30.0, n_frames),
    }
    return {
        "audio": np.linspace(-1.0, 1.0, n_frames * 64),
        **curves,
        **rolls,
        "instrument_id": key.encode(),
        "recording_id": b"01_Jupiter",
    }


def write(path: Path, examples: list[dict[str, Any]]) -> None:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for values in examples:
            features = {}
            for name, value in values.items():
                if isinstance(value, bytes):
                    kind = {"bytes_list": tf.train.BytesList(value=[value])}
                else:
                    floats = tf.train.FloatList(value=np.ravel(value))
                    kind = {"float_list": floats}
                features[name] = tf.train.Feature(**kind)
            record = tf.train.Features(feature=features)
            writer.write(tf.train.Example(features=record).SerializeToString())


@pytest.mark.parametrize("kind", [data.Urmp, data.UrmpMidi, data.UrmpMidiUnsegmented])
def test_files_have_the_names_of_the_original(kind: type) -> None:
    solo = "x/urmp_tpt_solo_ddsp_conditioning_train.tfrecord*"
    assert kind("x").default_file_pattern == solo
    test = "x/urmp_vn_solo_ddsp_conditioning_test_v2.tfrecord*"
    assert kind("x", "vn", "test", "v2").default_file_pattern == test
    every = "x/all_instruments_test.tfrecord*"
    assert kind("x", "all", split="test").default_file_pattern == every
    assert (kind("x").sample_rate, kind("x").frame_rate) == (16000, 250)


def test_gin_knows_all_three_by_the_folder(tmp_path: Path) -> None:
    write(tmp_path / "urmp_vc_solo_ddsp_conditioning_train.tfrecord", [example()])
    gin.parse_config(f"""
        Urmp.base_dir = '{tmp_path}'
        Urmp.instrument_key = 'vc'
        UrmpMidi.base_dir = '{tmp_path}'
        UrmpMidi.instrument_key = 'vc'
        UrmpMidiUnsegmented.base_dir = '{tmp_path}'
        UrmpMidiUnsegmented.instrument_key = 'vc'
        """)
    for name in ("Urmp", "UrmpMidi", "UrmpMidiUnsegmented"):
        source = gin.get_configurable(f"ddsp.training.data.{name}")()
        batch = next(iter(source.get_batch(1)))
        np.testing.assert_allclose(batch["f0_hz"][0, -1], 221.0)


def test_solo_records_are_those_without_audio_at_16_khz(tmp_path: Path) -> None:
    write(tmp_path / "urmp_tpt_solo_ddsp_conditioning_train.tfrecord-x", [example()])
    (found,) = data.Urmp(str(tmp_path)).get_dataset()
    expected = example()
    assert set(found) == {"audio", "f0_hz", "f0_confidence", "loudness_db"}
    for name, values in found.items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-6)
    with pytest.raises(InputError, match=r"urmp_va_solo.*no file matches"):
        data.Urmp(str(tmp_path), "va").get_dataset()


@pytest.mark.parametrize("is_whole", [False, True])
def test_notes_are_shaped_by_frame_and_pitch(tmp_path: Path, is_whole: bool) -> None:
    n_frames = 700 if is_whole else N_FRAMES
    kind = data.UrmpMidiUnsegmented if is_whole else data.UrmpMidi
    written = example(n_frames)
    write(tmp_path / "urmp_vc_solo_ddsp_conditioning_train.tfrecord", [written])
    source = kind(str(tmp_path), "vc")
    (found,) = source.get_dataset(shuffle=True)
    assert not any(isinstance(x, tf.SparseTensor) for x in found.values())
    for name in ROLLS:
        np.testing.assert_allclose(found[name], written[name], rtol=1e-6)
    for name in ("note_onsets", "note_offsets"):
        np.testing.assert_allclose(found[name], np.ravel(written[name]))
    for name in ("f0_hz", "loudness_db"):
        np.testing.assert_allclose(found[name], written[name][:, None], rtol=1e-6)
    for name in ("audio", "f0_confidence", "power_db"):
        np.testing.assert_allclose(found[name], written[name], rtol=1e-6)
    sounds = (np.arange(n_frames) >= 3) & (np.arange(n_frames) < n_frames - 1)
    np.testing.assert_array_equal(found["midi"], np.where(sounds, 57, 0))
    np.testing.assert_array_equal(np.flatnonzero(found["onsets"]), [3])
    np.testing.assert_array_equal(np.flatnonzero(found["offsets"]), [n_frames - 2])
    for name in ("midi", "onsets", "offsets", "instrument_id"):
        assert found[name].dtype == tf.int64
    assert found["onsets"].numpy().max() == 1
    assert found["instrument_id"] == 2
    assert found["recording_id"] == b"01_Jupiter"
    (batch,) = source.get_training_batches(1, seed=3).take(1)
    np.testing.assert_array_equal(batch["midi"][0], found["midi"])


def test_instruments_are_numbered_as_in_the_original() -> None:
    strings = ["vn", "va", "vc", "db"]
    winds = ["fl", "ob", "cl", "sax", "bn", "tpt", "hn", "tbn", "tba"]
    keys = [*strings, *winds]
    numbers = [int(urmp._find_instrument(tf.constant(key))) for key in keys]
    assert numbers == list(range(13))
    assert urmp._find_instrument(tf.constant("kazoo")) == -1


def test_several_notes_at_once_begin_and_end(tmp_path: Path) -> None:
    written = example()
    written["note_onsets"][[500, 500], [60, 64]] = 1.0
    written["note_offsets"][900, 60] = 1.0
    write(tmp_path / "all_instruments_train.tfrecord", [written])
    (found,) = data.UrmpMidi(str(tmp_path), "all").get_dataset()
    np.testing.assert_array_equal(np.flatnonzero(found["onsets"]), [3, 500])
    np.testing.assert_array_equal(np.flatnonzero(found["offsets"]), [900, 998])
    assert found["onsets"].numpy().max() == 1


def test_whole_pieces_of_all_lengths_are_read(tmp_path: Path) -> None:
    pieces = [example(n, "tba") for n in (300, 120, 210)]
    write(tmp_path / "all_instruments_train.tfrecord", pieces)
    source = data.UrmpMidiUnsegmented(str(tmp_path), "all", seed=1)
    for dataset in (source.get_dataset(), source.get_dataset(shuffle=False)):
        lengths = [len(x["f0_hz"]) for x in dataset]
        assert sorted(lengths) == [120, 210, 300]
    whole = [b["f0_hz"].shape[1] for b in source.get_training_batches(1, 2).take(9)]
    later = [b["f0_hz"].shape[1] for b in source.get_training_batches(1, 2, 4).take(5)]
    assert later == whole[4:] and sorted(whole[:3]) == [120, 210, 300]
    lines: list[str] = []
    assert data.hold_out(source, say=lines.append) == (source, None)
    assert lines == ["no validation: UrmpMidiUnsegmented gives no loudness to compare"]


def test_memory_for_shuffling_follows_the_size_of_whole_pieces(tmp_path: Path) -> None:
    path = tmp_path / "all_instruments_train.tfrecord"
    write(path, [example(200), example(400)])
    source = data.UrmpMidiUnsegmented(str(tmp_path), "all")
    assert source._record_bytes([str(path)], 2) == path.stat().st_size // 2
    assert source._record_bytes(["gs://bucket/x"], 10_000) == 256 << 20
    segments = data.UrmpMidi(str(tmp_path), "all")
    assert segments._record_bytes([str(path)], 2) == 4 * (64000 + 4 * 128000 + 4000)
