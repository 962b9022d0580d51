"""Statistics of datasets of every shape are finite and mean what they say."""

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from records import harmonic_tone, write_records

from ddsp import core
from ddsp.training import data, postprocessing
from ddsp.training.errors import InputError

SECS = 1.0
NUMBERS = {
    f"{kind}_{name}{suffix}"
    for kind in ("mean", "max", "min", "mean_max", "mean_min", "std")
    for name in ("pitch", "power", "loudness")
    for suffix in ("", "_note")
}


def example(
    f0_hz: np.ndarray, loudness_db: np.ndarray, confidence: float, amplitude: float
) -> dict[str, np.ndarray]:
    audio = amplitude * harmonic_tone(440.0, SECS) / 0.2
    return {
        "audio": audio,
        "audio_16k": audio,
        "f0_hz": f0_hz,
        "f0_confidence": np.full(len(f0_hz), confidence),
        "loudness_db": loudness_db,
    }


def provider(
    folder: Path, examples: list, frame_rate: int, centered: bool
) -> data.TFRecordProvider:
    write_records(folder / "data.tfrecord", examples)
    return data.TFRecordProvider(str(folder), SECS, 16000, frame_rate, centered)


@pytest.mark.parametrize("centered", [True, False])
@pytest.mark.parametrize("frame_rate", [50, 100, 250])
@pytest.mark.parametrize("power_frame_rate", [None, 50])
def test_numbers_are_those_of_the_features(
    tmp_path: Path, frame_rate: int, centered: bool, power_frame_rate: int | None
) -> None:
    n_frames = int(SECS * frame_rate) + centered
    kept = n_frames - min(20, n_frames // 10)
    midi = [np.linspace(60, 72, n_frames), np.linspace(48, 50, n_frames)]
    loudness_db = [np.linspace(-30, -10, n_frames), np.full(n_frames, -20.0)]
    examples = [
        example(440 * 2 ** ((m - 69) / 12), ld, 0.9, 0.2)
        for m, ld in zip(midi, loudness_db, strict=True)
    ]
    source = provider(tmp_path, examples, frame_rate, centered)
    statistics = postprocessing.compute_dataset_statistics(
        source, power_frame_rate=power_frame_rate
    )
    assert set(statistics) == NUMBERS | {"quantile_transform"}
    for name, curves in (("pitch", midi), ("loudness", loudness_db)):
        kept_curves = np.stack(curves)[:, :kept]
        truth = {
            "mean": kept_curves.mean(),
            "std": kept_curves.std(),
            "max": kept_curves.max(),
            "min": kept_curves.min(),
            "mean_max": kept_curves.max(axis=1).mean(),
            "mean_min": kept_curves.min(axis=1).mean(),
        }
        for kind, value in truth.items():
            assert statistics[f"{kind}_{name}"] == pytest.approx(value, abs=1e-4)
    # The power of a tone, wherever a window lies wholly on it.
    rms = np.sqrt(np.mean(examples[0]["audio"] ** 2))
    assert statistics["max_power"] == pytest.approx(20 * np.log10(rms), abs=0.2)
    assert statistics["mean_power"] == pytest.approx(20 * np.log10(rms), abs=0.6)


def test_note_statistics_count_notes_only(tmp_path: Path) -> None:
    loudness_db = np.full(250, -75.0)
    loudness_db[:150] = -15.0
    f0_hz = np.where(np.arange(250) < 150, 440.0, 2000.0)
    source = provider(tmp_path, [example(f0_hz, loudness_db, 0.95, 0.2)], 250, False)
    statistics = postprocessing.compute_dataset_statistics(source)
    assert statistics["max_pitch"] > 90
    assert statistics["mean_pitch_note"] == pytest.approx(69.0, abs=1e-4)
    assert statistics["min_loudness_note"] == -15.0
    np.testing.assert_array_equal(statistics["quantile_transform"].quantiles_, -15.0)


@pytest.mark.parametrize(
    ("loudness_db", "confidence", "amplitude"),
    [(-80.0, 0.0, 0.0), (-20.0, 1.0, 0.2), (-20.0, 0.0, 0.2)],
    ids=["silent", "one pitch", "no pitch"],
)
def test_extreme_datasets_have_finite_statistics(
    tmp_path: Path, loudness_db: float, confidence: float, amplitude: float
) -> None:
    one = example(np.full(250, 440.0), np.full(250, loudness_db), confidence, amplitude)
    statistics = postprocessing.compute_dataset_statistics(
        provider(tmp_path, [one], 250, False)
    )
    assert all(np.isfinite(statistics[name]) for name in NUMBERS)
    assert statistics["mean_pitch"] == pytest.approx(69.0, abs=1e-4)
    assert statistics["std_pitch"] == 0.0
    postprocessing.save_statistics(statistics, tmp_path)
    loaded = postprocessing.load_statistics(tmp_path)
    assert loaded is not None
    assert {name: loaded[name] for name in NUMBERS} == {
        name: statistics[name] for name in NUMBERS
    }
    np.testing.assert_array_equal(
        loaded["quantile_transform"].inverse_transform([[0.5]]), loudness_db
    )


def test_batches_do_not_matter(tmp_path: Path, rng: np.random.Generator) -> None:
    examples = [
        example(rng.uniform(200, 400, 100), rng.uniform(-40, -10, 100), 0.8, 0.1)
        for _ in range(5)
    ]
    source = provider(tmp_path, examples, 100, False)
    one = postprocessing.compute_dataset_statistics(source, batch_size=1)
    two = postprocessing.compute_dataset_statistics(source, batch_size=2)
    for name in NUMBERS:
        assert one[name] == pytest.approx(two[name], abs=1e-5)


def test_records_of_the_original_can_be_described(golden: Path) -> None:
    pattern = str(golden / "training" / "tfrecord" / "uncentered250*")
    source = data.TFRecordProvider(pattern, 0.5)
    statistics = postprocessing.compute_dataset_statistics(source)
    assert statistics["mean_pitch"] == pytest.approx(float(core.hz_to_midi(440.0)))
    assert statistics["max_loudness"] == pytest.approx(7.9532, abs=1e-3)


class Fixed(data.DataProvider):
    """Gives what it is told."""

    def __init__(self, examples: tf.data.Dataset) -> None:
        super().__init__(16000, 250)
        self._examples = examples

    def get_dataset(self, shuffle: bool = True) -> tf.data.Dataset:
        del shuffle
        return self._examples


def test_a_provider_without_examples_is_refused() -> None:
    nothing = tf.data.Dataset.from_tensors({"f0_hz": tf.zeros(4)}).take(0)
    with pytest.raises(InputError, match="at least one example"):
        postprocessing.compute_dataset_statistics(Fixed(nothing))


def test_a_damaged_record_is_one_line(tmp_path: Path) -> None:
    examples = [example(np.full(250, 440.0), np.full(250, -20.0), 0.9, 0.2)] * 3
    source = provider(tmp_path, examples, 250, False)
    path = tmp_path / "data.tfrecord"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match="must be readable") as raised:
        postprocessing.compute_dataset_statistics(source)
    assert "\n" not in str(raised.value)


def test_features_that_are_not_finite_are_named(tmp_path: Path) -> None:
    loudness_db = np.full(250, -20.0)
    loudness_db[100] = np.nan
    bad = example(np.full(250, 440.0), loudness_db, 0.9, 0.2)
    with pytest.raises(InputError, match="Got loudness that is not"):
        postprocessing.compute_dataset_statistics(provider(tmp_path, [bad], 250, False))
