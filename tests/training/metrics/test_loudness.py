"""Distances in loudness that are known."""

import numpy as np
import pytest

from ddsp import spectral_ops
from ddsp.training import metrics


@pytest.fixture
def noise(rng: np.random.Generator) -> np.ndarray:
    return 0.1 * rng.standard_normal([2, 8000]).astype(np.float32)


def distance_db(batch: dict, audio_gen: np.ndarray, sample_rate: int = 16000) -> float:
    loudness = metrics.LoudnessMetrics(sample_rate, 250)
    loudness.update_state(batch, audio_gen)
    means = loudness.flush(step=1)
    assert list(means) == ["metrics/loudness/loudness_db"]
    return means["metrics/loudness/loudness_db"]


def test_same_sound_has_no_distance_whatever_loudness_was_stored(
    noise: np.ndarray,
) -> None:
    # The original took stored frames for centred ones, and was 1.4 dB off (T42).
    stored = spectral_ops.compute_loudness(noise, 16000, 250, padding="same")
    assert distance_db({"audio": noise, "loudness_db": stored}, noise) == 0.0


@pytest.mark.parametrize("padding", ["same", "center"])
def test_stored_loudness_is_compared_with_frames_placed_as_its_own(
    noise: np.ndarray, padding: str
) -> None:
    stored = spectral_ops.compute_loudness(noise, 16000, 250, padding=padding)
    assert distance_db({"loudness_db": stored}, noise) == pytest.approx(0.0, abs=1e-4)
    with_channel = {"loudness_db": stored[..., np.newaxis]}
    assert distance_db(with_channel, noise) == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("gain_db", [-20.0, 6.0])
def test_gain_is_the_distance(noise: np.ndarray, gain_db: float) -> None:
    changed = noise * 10 ** (gain_db / 20)
    assert distance_db({"audio": noise}, changed) == pytest.approx(
        abs(gain_db), rel=1e-3
    )


def test_distance_is_a_mean_over_examples(noise: np.ndarray) -> None:
    changed = noise * np.array([[1.0], [10.0]], np.float32)
    assert distance_db({"audio": noise}, changed) == pytest.approx(10.0, rel=1e-3)


def test_distance_does_not_depend_on_the_sample_rate(rng: np.random.Generator) -> None:
    audio = 0.1 * rng.standard_normal([1, 24000]).astype(np.float32)
    assert distance_db({"audio": audio}, 0.1 * audio, 48000) == pytest.approx(
        20.0, rel=1e-2
    )
