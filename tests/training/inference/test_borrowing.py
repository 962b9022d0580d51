"""A model that plays is left as it was found, and plays for one thread at a time."""

import concurrent.futures
from pathlib import Path

import gin
import numpy as np
import pytest
from tiny_model import make_tiny_model

from ddsp.training.inference import TimbreTransfer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def instrument(folder: Path) -> TimbreTransfer:
    return TimbreTransfer.from_folder(folder)


def curves(n_frames: int) -> dict[str, np.ndarray]:
    time = np.arange(n_frames) / 250
    return {
        "f0_hz": 220.0 * 2 ** (np.sin(2 * np.pi * 0.7 * time) / 12),
        "loudness_db": -30.0 + 10.0 * np.sin(2 * np.pi * time),
    }


def state_of(instrument: TimbreTransfer) -> list[dict[str, object]]:
    """What the parts of a model hold besides layers and weights."""
    model = instrument.model
    parts = [model.preprocessor, *model.processor_group.modules]
    names = ("n_samples", "seed", "time_steps", "compute_loudness")
    return [{k: v for k, v in vars(part).items() if k in names} for part in parts]


def test_a_model_is_left_as_it_was_found(folder: Path) -> None:
    first = TimbreTransfer.from_folder(folder)
    found = state_of(first)
    assert {"time_steps": 1000, "compute_loudness": True} in found
    assert {"n_samples": 64000, "seed": None} in found
    audio = first.render(curves(200), seed=5)
    assert state_of(first) == found
    with pytest.raises(TypeError, match="loudness_db"):
        first.render({"f0_hz": np.full(100, 220.0)})
    assert state_of(first) == found
    second = TimbreTransfer(first.model, folder, first.statistics)
    assert second.hop_size == first.hop_size
    assert second.render(curves(200), seed=5).tobytes() == audio.tobytes()


def test_threads_play_what_is_played_alone(
    instrument: TimbreTransfer, folder: Path
) -> None:
    before = gin.config_str()

    def play(number: int) -> bytes:
        # Every third one restores a model of its own while the others play.
        chosen = instrument if number % 3 else TimbreTransfer.from_folder(folder)
        return chosen.render(curves(60 + 25 * number), seed=number).tobytes()

    alone = [play(number) for number in range(8)]
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        assert list(threads.map(play, range(8))) == alone
    assert gin.config_str() == before
