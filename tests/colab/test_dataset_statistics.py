"""Statistics that notebooks save are those of the dataset, and are read again."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from records import harmonic_tone, write_records

from ddsp.colab import colab_utils
from ddsp.training import data, postprocessing
from ddsp.training.errors import InputError

MIDI = 64.0


@pytest.fixture(params=[50, 250])
def provider(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> data.TFRecordProvider:
    """A second of a note, whose power has a frame more than its features."""
    frame_rate = request.param
    folder = tmp_path_factory.mktemp("dataset")
    audio = harmonic_tone(440.0, 1.0)
    n_frames = frame_rate
    example = {
        "audio": audio,
        "audio_16k": audio,
        "f0_hz": np.full(n_frames, 440 * 2 ** ((MIDI - 69) / 12)),
        "f0_confidence": np.full(n_frames, 0.9),
        "loudness_db": np.linspace(-30, -10, n_frames),
    }
    write_records(folder / "data.tfrecord", [example])
    return data.TFRecordProvider(str(folder), 1.0, 16000, frame_rate, False)


def check(statistics: dict, expected: dict) -> None:
    assert statistics["mean_pitch"] == pytest.approx(MIDI, abs=1e-3)
    for name, value in expected.items():
        if name == "quantile_transform":
            np.testing.assert_allclose(
                statistics[name].quantiles_, value.quantiles_, atol=1e-6
            )
        else:
            assert statistics[name] == pytest.approx(value), name


def test_pickle_gives_back_what_was_computed(
    provider: data.TFRecordProvider, tmp_path: Path
) -> None:
    file = tmp_path / "sax.pkl"
    expected = colab_utils.save_dataset_statistics(provider, file)
    assert [path.name for path in tmp_path.iterdir()] == ["sax.pkl"]
    check(pickle.loads(file.read_bytes()), expected)


def test_library_reads_the_pickle_without_running_it(
    provider: data.TFRecordProvider, tmp_path: Path
) -> None:
    file = tmp_path / "dataset_statistics.pkl"
    expected = colab_utils.save_dataset_statistics(provider, str(file))
    for other in tmp_path.iterdir():
        if other != file:
            other.unlink()
    check(postprocessing.load_statistics(tmp_path), expected)


def test_older_statistics_beside_the_pickle_do_not_win(
    provider: data.TFRecordProvider, tmp_path: Path
) -> None:
    old = {
        "mean_pitch": 30.0,
        "quantile_transform": postprocessing.QuantileTransformer().fit(
            np.linspace(-9, -1, 50)[:, np.newaxis]
        ),
    }
    postprocessing.save_statistics(old, tmp_path)
    expected = colab_utils.save_dataset_statistics(
        provider, tmp_path / "dataset_statistics.pkl"
    )
    check(postprocessing.load_statistics(tmp_path), expected)


def test_nothing_is_written_without_a_name(
    provider: data.TFRecordProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    statistics = colab_utils.save_dataset_statistics(provider)
    assert statistics["mean_pitch"] == pytest.approx(MIDI, abs=1e-3)
    assert not list(tmp_path.iterdir())


def test_place_that_cannot_be_written_is_named(
    provider: data.TFRecordProvider, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=r"missing/a\.pkl"):
        colab_utils.save_dataset_statistics(provider, tmp_path / "missing" / "a.pkl")
