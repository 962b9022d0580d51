"""Accuracies of curves whose mistakes are counted by hand."""

import numpy as np
import pytest

from ddsp.training.metrics import raw_chroma_accuracy, raw_pitch_accuracy

CENT = 2 ** (1 / 1200)
A4 = np.full(10, 440.0)
ALL = np.ones(10, bool)


def test_right_pitch_is_all_right() -> None:
    assert raw_pitch_accuracy(A4, A4, ALL) == 1.0
    assert raw_chroma_accuracy(A4, A4, ALL) == 1.0


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("accuracy", [raw_pitch_accuracy, raw_chroma_accuracy])
def test_half_a_semitone_is_the_border(accuracy, sign: int) -> None:
    assert accuracy(A4, A4 * CENT ** (sign * 49.9), ALL) == 1.0
    assert accuracy(A4, A4 * CENT ** (sign * 50.1), ALL) == 0.0
    assert accuracy(A4, A4 * CENT ** (sign * 20.1), ALL, tolerance_cents=20) == 0.0
    assert accuracy(A4, A4 * CENT ** (sign * 19.9), ALL, tolerance_cents=20) == 1.0


@pytest.mark.parametrize("octaves", [-3, -1, 1, 2])
def test_octaves_are_wrong_pitch_and_right_chroma(octaves: int) -> None:
    predicted = A4 * 2.0**octaves * CENT**30
    assert raw_pitch_accuracy(A4, predicted, ALL) == 0.0
    assert raw_chroma_accuracy(A4, predicted, ALL) == 1.0
    assert raw_chroma_accuracy(A4, predicted * CENT**30, ALL) == 0.0


def test_share_is_of_voiced_frames() -> None:
    predicted = A4.copy()
    predicted[:3] = 660.0
    voiced = np.arange(10) < 5
    assert raw_pitch_accuracy(A4, predicted, voiced) == pytest.approx(2 / 5)
    # Whatever is said of frames without a voice does not count.
    assert raw_pitch_accuracy(A4, predicted, ~voiced) == 1.0


@pytest.mark.parametrize("accuracy", [raw_pitch_accuracy, raw_chroma_accuracy])
def test_frame_without_predicted_pitch_is_wrong(accuracy) -> None:
    predicted = np.where(np.arange(10) < 4, 0.0, 440.0)
    assert accuracy(A4, predicted, ALL) == pytest.approx(6 / 10)


@pytest.mark.parametrize("accuracy", [raw_pitch_accuracy, raw_chroma_accuracy])
def test_frame_without_true_pitch_does_not_count(accuracy) -> None:
    truth = np.where(np.arange(10) < 4, 0.0, 440.0)
    assert accuracy(truth, A4, ALL) == 1.0
    assert accuracy(0.0 * A4, A4, ALL) == 0.0
    assert accuracy(A4, A4, ~ALL) == 0.0
