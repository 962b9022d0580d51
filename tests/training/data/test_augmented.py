"""Examples that are changed anew each time, and the same again in a resumed run."""

from pathlib import Path

import gin
import numpy as np
import pytest
import tensorflow as tf
from records import harmonic_tone, write_records

from ddsp.training import data
from ddsp.training.errors import InputError

SETTINGS = {"example_secs": 0.1, "frame_rate": 100}
LIMITS = {"gain_db": 6.0, "pitch_cents": 50.0, "shift_secs": 0.03}
F0S_HZ = 300.0 + 40.0 * np.arange(6)


class Other(data.DataProvider):
    """Gives one example of any kind."""

    def __init__(self, example: object, frame_rate: int = 250) -> None:
        super().__init__(16000, frame_rate)
        self.example = example

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        del shuffle
        return tf.data.Dataset.from_tensors(self.example)


@pytest.fixture
def records(tmp_path: Path) -> data.TFRecordProvider:
    examples = []
    for f0_hz in F0S_HZ:
        audio = harmonic_tone(f0_hz, 0.1)
        examples.append(
            {
                "audio": audio,
                "audio_16k": audio,
                "f0_hz": np.full(10, f0_hz),
                "f0_confidence": np.ones(10),
                "loudness_db": np.full(10, -20.0),
            }
        )
    write_records(tmp_path / "data.tfrecord", examples)
    return data.TFRecordProvider(str(tmp_path), **SETTINGS)


def taken(batches: tf.data.Dataset, n: int) -> list[dict[str, np.ndarray]]:
    return list(batches.take(n).as_numpy_iterator())


def assert_same(some: list[dict], others: list[dict]) -> None:
    assert some and len(some) == len(others)
    for one, other in zip(some, others, strict=True):
        assert set(one) == set(other)
        for name, values in one.items():
            assert values.tobytes() == other[name].tobytes()


def test_nothing_is_changed_unless_asked_for(records: data.TFRecordProvider) -> None:
    source = data.AugmentedProvider(records)
    assert (source.sample_rate, source.frame_rate) == (16000, 100)
    for get in ("get_training_batches", "get_batch"):
        args = (2, 7) if get == "get_training_batches" else (2, False)
        plain = taken(getattr(records, get)(*args), 4)
        assert_same(taken(getattr(source, get)(*args), 4), plain)
    plain = taken(records.get_dataset(False), 6)
    assert_same(taken(source.get_dataset(False), 6), plain)
    loudness = [x["loudness_db"] for x in taken(source.get_dataset(), 6)]
    np.testing.assert_array_equal(loudness, -20.0)


@pytest.mark.parametrize("first", [1, 3, 8])
def test_a_resumed_run_sees_the_same(
    records: data.TFRecordProvider, first: int
) -> None:
    source = data.AugmentedProvider(records, **LIMITS)
    whole = taken(source.get_training_batches(4, seed=5), 10)
    resumed = taken(source.get_training_batches(4, 5, first), 10 - first)
    assert_same(resumed, whole[first:])


def test_each_epoch_changes_an_example_otherwise(
    records: data.TFRecordProvider,
) -> None:
    source = data.AugmentedProvider(records, gain_db=6.0)
    batches = taken(source.get_training_batches(3, seed=5), 20)
    f0_hz, loudness = (
        np.concatenate([b[name][:, 0] for b in batches])
        for name in ("f0_hz", "loudness_db")
    )
    for one in F0S_HZ:
        gains = loudness[f0_hz == np.float32(one)] + 20.0
        assert len(gains) == len(np.unique(gains)) == 10
        assert np.ptp(gains) > 4.0 and np.max(np.abs(gains)) <= 6.0
    other = taken(source.get_training_batches(3, seed=6), 20)
    assert other[0]["loudness_db"][0, 0] != loudness[0]


def test_changes_do_not_depend_on_the_size_of_batches(
    records: data.TFRecordProvider,
) -> None:
    source = data.AugmentedProvider(records, **LIMITS)
    small = taken(source.get_training_batches(2, 5), 6)
    large = taken(source.get_training_batches(6, 5), 2)
    for name in large[0]:
        np.testing.assert_array_equal(
            np.concatenate([b[name] for b in small]),
            np.concatenate([b[name] for b in large]),
        )
    dataset = data.AugmentedProvider(
        data.TFRecordProvider(records._file_pattern, seed=1, **SETTINGS), **LIMITS
    )
    batched = np.concatenate(
        [b["audio"] for b in taken(dataset.get_batch(2, repeats=1), 3)]
    )
    single = np.array([x["audio"] for x in taken(dataset.get_dataset(), 6)])
    np.testing.assert_array_equal(batched, single)


def test_audio_and_features_are_changed_together(
    records: data.TFRecordProvider,
) -> None:
    source = data.AugmentedProvider(records, gain_db=6.0, pitch_cents=100.0)
    specs = source.get_training_batches(3, 1).element_spec
    assert specs == records.get_training_batches(3, 1).element_spec
    for batch in taken(source.get_training_batches(6, 1), 3):
        np.testing.assert_array_equal(batch["audio"], batch["audio_16k"])
        for i in range(6):
            n = 1200
            spectrum = np.abs(np.fft.rfft(batch["audio"][i, :n] * np.hanning(n), 16000))
            assert np.argmax(spectrum) == pytest.approx(batch["f0_hz"][i, 0], abs=4)
            gain = batch["loudness_db"][i, 0] + 20.0
            rms = np.sqrt(np.mean(batch["audio"][i, :n] ** 2))
            reference = np.sqrt(
                np.mean(harmonic_tone(batch["f0_hz"][i, 0], 0.075) ** 2)
            )
            assert 20 * np.log10(rms / reference) == pytest.approx(gain, abs=0.3)
    changed = {
        round(float(f0_hz))
        for b in taken(source.get_training_batches(6, 1), 3)
        for f0_hz in b["f0_hz"][:, 0]
    }
    assert len(changed) > 12


def test_shift_is_limited_by_seconds() -> None:
    noise = np.random.default_rng(0).normal(size=320).astype(np.float32)
    source = data.AugmentedProvider(Other({"audio": noise}, 1000), shift_secs=0.003)
    rolled = np.array([np.roll(noise, -16 * s) for s in range(-5, 6)])
    batches = source.get_batch(60).take(1).as_numpy_iterator()
    shifts = {
        int(np.argmin(np.sum(np.abs(rolled - audio), axis=1))) - 5
        for audio in next(batches)["audio"]
    }
    assert shifts == {-3, -2, -1, 0, 1, 2, 3}


def test_what_is_not_shuffled_is_not_changed(
    records: data.TFRecordProvider,
) -> None:
    source = data.AugmentedProvider(records, **LIMITS)
    expected = taken(records.get_batch(2, shuffle=False), 5)
    assert_same(taken(source.get_batch(2, shuffle=False), 5), expected)
    expected = taken(records.get_dataset(shuffle=False), 6)
    assert_same(taken(source.get_dataset(shuffle=False), 6), expected)


def test_batches_are_as_many_as_asked_for(records: data.TFRecordProvider) -> None:
    source = data.AugmentedProvider(records, gain_db=1.0)
    sizes = [len(b["audio"]) for b in source.get_batch(4, repeats=1)]
    assert sizes == [4]
    sizes = [len(b["audio"]) for b in source.get_batch(4, True, 1, False)]
    assert sizes == [4, 2]


def test_the_seed_of_the_constructor_is_for_batches(
    records: data.TFRecordProvider,
) -> None:
    def first(seed: int) -> float:
        source = data.AugmentedProvider(records, gain_db=6.0, seed=seed)
        return float(next(iter(source.get_batch(1)))["loudness_db"][0, 0])

    assert first(1) == first(1) != first(2)
    training = [
        data.AugmentedProvider(records, gain_db=6.0, seed=seed).get_training_batches(
            2, 3
        )
        for seed in (1, 2)
    ]
    assert_same(taken(training[0], 3), taken(training[1], 3))


def test_what_is_held_out_is_not_changed(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    examples = [
        {
            "audio": np.full(1600, 0.1),
            "audio_16k": np.full(1600, 0.1),
            "f0_hz": np.full(10, 100.0 + i),
            "f0_confidence": np.ones(10),
            "loudness_db": rng.normal(-30.0, 5.0, 10),
        }
        for i in range(20)
    ]
    write_records(tmp_path / "data.tfrecord", examples)
    records = data.TFRecordProvider(str(tmp_path), **SETTINGS)
    source = data.AugmentedProvider(records, gain_db=6.0, seed=3)
    lines: list[str] = []
    training, held_out = data.hold_out(source, 0.1, lines.append)
    assert lines == ["validation: 2 of 20 examples are held out"]
    assert isinstance(training, data.AugmentedProvider)
    assert held_out is not None
    np.testing.assert_allclose([x["audio"] for x in held_out.get_dataset()], 0.1)
    batches = taken(training.get_training_batches(18, 1), 1)
    assert len(np.unique(batches[0]["f0_hz"])) == 18
    assert len(np.unique(batches[0]["audio"])) == 18
    whole = data.AugmentedProvider(data.TFRecordProvider(str(tmp_path), **SETTINGS))
    assert data.hold_out(whole, 0.0) == (whole, None)


@pytest.mark.parametrize("name", ["gain_db", "pitch_cents", "shift_secs"])
@pytest.mark.parametrize("limit", [-1.0, float("nan"), float("inf")])
def test_limits_are_not_negative(name: str, limit: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must be 0 or more"):
        data.AugmentedProvider(data.DataProvider(16000, 250), **{name: limit})


def test_pitch_is_shifted_by_two_semitones_at_most() -> None:
    inner = data.DataProvider(16000, 250)
    assert data.AugmentedProvider(inner, pitch_cents=200.0).provider is inner
    with pytest.raises(ValueError, match="formants shift too"):
        data.AugmentedProvider(inner, pitch_cents=200.1)


@pytest.mark.parametrize(
    ("example", "words"),
    [
        ({"f0_hz": tf.zeros(10)}, "dictionaries with audio"),
        ((tf.zeros(10), tf.zeros(10)), "augment the providers that are combined"),
        ({"audio": tf.zeros(10), "notes": tf.zeros([10, 128])}, "Got notes of shape"),
    ],
)
def test_features_that_cannot_be_changed_are_refused(
    example: object, words: str
) -> None:
    source = data.AugmentedProvider(Other(example), gain_db=1.0)
    for get in (source.get_dataset, lambda: source.get_batch(1)):
        with pytest.raises(ValueError, match=words):
            get()
    with pytest.raises(ValueError, match=words):
        source.get_training_batches(1, 0)


def test_labels_pass_through() -> None:
    example = {"audio": tf.ones(320), "pitch": 60, "name": "a"}
    source = data.AugmentedProvider(Other(example), gain_db=6.0)
    batch = next(iter(source.get_batch(2)))
    assert batch["pitch"].numpy().tolist() == [60, 60]
    assert batch["name"].numpy().tolist() == [b"a", b"a"]
    assert batch["audio"][0, 0] != batch["audio"][1, 0]


def test_gin_wraps_a_provider(records: data.TFRecordProvider) -> None:
    gin.parse_config(f"""
        AugmentedProvider.provider = @data.TFRecordProvider()
        AugmentedProvider.gain_db = 3.0
        TFRecordProvider.file_pattern = '{records._file_pattern}'
        TFRecordProvider.example_secs = 0.1
        TFRecordProvider.frame_rate = 100
        """)
    source = gin.get_configurable("ddsp.training.data.AugmentedProvider")()
    loudness = taken(source.get_batch(6), 1)[0]["loudness_db"]
    assert 0.1 < np.max(np.abs(loudness + 20.0)) <= 3.0


def test_errors_of_the_records_come_through(tmp_path: Path) -> None:
    source = data.AugmentedProvider(
        data.TFRecordProvider(str(tmp_path / "none*"), **SETTINGS), gain_db=1.0
    )
    with pytest.raises(InputError, match="no file matches"):
        source.get_training_batches(1, 0)
