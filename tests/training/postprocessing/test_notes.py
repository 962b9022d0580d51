"""Smoothing and finding notes."""

from pathlib import Path

import numpy as np
import pytest

from ddsp.training import postprocessing


@pytest.fixture
def recorded(golden: Path) -> dict[str, np.ndarray]:
    return dict(np.load(golden / "training" / "functions.npz"))


@pytest.mark.parametrize("filter_size", [1, 2, 3, 4, 7, 40])
def test_smoothing_is_the_mean_of_neighbours(
    rng: np.random.Generator, filter_size: int
) -> None:
    x = rng.normal(size=(2, 30))
    n_before, n_after = (filter_size - 1) // 2, filter_size // 2
    padded = np.pad(x, [(0, 0), (n_before, n_after)])
    truth = [padded[:, i : i + filter_size].mean(axis=1) for i in range(30)]
    smoothed = postprocessing.smooth(x, filter_size)
    assert smoothed.dtype == np.float32
    np.testing.assert_allclose(smoothed, np.stack(truth, axis=1), atol=1e-6)
    np.testing.assert_array_equal(postprocessing.smooth(x[1], filter_size), smoothed[1])


@pytest.mark.parametrize("shape", [(), (1, 2, 3)])
def test_smoothing_refuses_other_ranks(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="filter_size=3"):
        postprocessing.smooth(np.zeros(shape))


def test_smoothing_refuses_an_empty_window() -> None:
    with pytest.raises(ValueError, match="filter_size=0"):
        postprocessing.smooth(np.zeros(3), 0)


def test_smoothing_is_that_of_the_original(recorded: dict[str, np.ndarray]) -> None:
    smoothed = postprocessing.smooth(recorded["in/l2"], 40)
    np.testing.assert_allclose(smoothed, recorded["smooth40"], atol=1e-4)


def test_notes_are_those_of_the_original(recorded: dict[str, np.ndarray]) -> None:
    is_note, clarity = postprocessing.detect_notes(
        recorded["in/l2"], recorded["in/conf"], f0_confidence_threshold=0.5
    )
    assert 0.1 < recorded["detect_mask"].mean() < 0.9
    np.testing.assert_array_equal(is_note, recorded["detect_mask"])
    np.testing.assert_allclose(clarity, recorded["detect_ratio"], atol=1e-5)


def test_a_note_between_rests_is_found() -> None:
    loudness_db, confidence = np.full(600, -70.0), np.full(600, 0.3)
    loudness_db[200:400], confidence[200:400] = -20.0, 0.95
    is_note, clarity = postprocessing.detect_notes(loudness_db, confidence)
    on = np.flatnonzero(is_note)
    assert abs(on[0] - 200) <= 20 and abs(on[-1] - 399) <= 20
    np.testing.assert_array_equal(on, np.arange(on[0], on[-1] + 1))
    # 60 dB above silence against a mean of 80/3 dB, confidence 0.95 against 0.7.
    assert clarity[300] == pytest.approx(60 / (80 / 3) * (0.95 / 0.7) ** 2, rel=1e-4)


def test_silence_has_no_notes() -> None:
    is_note, clarity = postprocessing.detect_notes(np.full(100, -80.0), np.ones(100))
    assert not is_note.any()
    np.testing.assert_array_equal(clarity, 0.0)
