"""From activations to pitch."""

from collections.abc import Iterator

import numpy as np
import pytest

from ddsp.spectral_ops import decoding


def activations_at(*peaks: int, height: float = 0.9, floor: float = 0.0) -> np.ndarray:
    activations = np.full([len(peaks), 360], floor, np.float32)
    activations[np.arange(len(peaks)), peaks] = height
    return activations


def test_peak_is_a_weighted_mean_of_nine_pitches() -> None:
    # Recorded from CREPE: a peak over a floor reads 100.641 Hz, the highest 2005.24.
    activations = activations_at(100, 359, floor=0.001)
    f0_hz = decoding.mean_pitch_hz(activations, np.array([100, 359]))
    np.testing.assert_allclose(f0_hz, [100.641, 2005.24], atol=5e-3)


def test_mean_lies_between_neighbours_by_their_weight() -> None:
    activations = np.zeros([1, 360])
    activations[0, [100, 101]] = 0.25, 0.75
    activations[0, 105] = 1.0  # Too far from pitch 100 to count.
    f0_hz = decoding.mean_pitch_hz(activations, np.array([100]))
    expected = 10 * 2 ** ((1997.3794084376191 + 20 * 100.75) / 1200)
    np.testing.assert_allclose(f0_hz, expected, rtol=1e-9)


def test_melody_overrules_a_single_octave_error() -> None:
    blocks = [activations_at(*[100] * 10, 160, *[100] * 10)]
    chosen = [c for _, c in decoding.viterbi_centers(blocks)]
    assert set(np.concatenate(chosen)) == {100}
    best = [c for _, c in decoding.best_centers(blocks)]
    assert np.concatenate(best)[10] == 160


def test_activations_stay_with_their_frames_while_undecided() -> None:
    melody = np.repeat([100, 108, 104, 96], 40)
    blocks = np.array_split(activations_at(*melody), 9)
    pairs = list(decoding.viterbi_centers(blocks))
    assert [len(block) for block, _ in pairs] == [len(c) for _, c in pairs]
    np.testing.assert_array_equal(np.concatenate([c for _, c in pairs]), melody)
    seen = np.concatenate([block.argmax(axis=1) for block, _ in pairs])
    np.testing.assert_array_equal(seen, melody)


def test_frames_without_activation_do_not_bend_the_melody() -> None:
    # From pitch 100 to 140 in four silent frames: at most 11 pitches each.
    activations = activations_at(*[100] * 6, *[0] * 4, *[140] * 6)
    activations[6:10] = 0.0
    ((_, centers),) = (x for x in decoding.viterbi_centers([activations]) if len(x[1]))
    assert list(centers[:6]) == [100] * 6 and list(centers[10:]) == [140] * 6
    assert np.all(np.diff(centers) >= 0)


@pytest.mark.parametrize("n_blocks", [1, 30])
def test_pauses_are_decided_while_they_last(n_blocks: int) -> None:
    n_silent = 5000
    activations = activations_at(*[100] * 40, *[0] * n_silent, *[250] * 40)
    activations[40:-40] = 0.0
    n_seen = 0

    def blocks() -> Iterator[np.ndarray]:
        nonlocal n_seen
        for block in np.array_split(activations, n_blocks):
            n_seen += len(block)
            yield block

    pieces, n_done, most = [], 0, 0
    for block, centers in decoding.viterbi_centers(blocks()):
        assert len(block) == len(centers)
        pieces.append(centers)
        most = max(most, n_seen - n_done)
        n_done += len(centers)
    centers = np.concatenate(pieces)
    assert len(centers) == len(activations)
    assert set(centers[:40]) == {100} and set(centers[-40:]) == {250}
    # A block waits, and before it a pause and what came before that.
    assert n_blocks == 1 or most < 300


def test_long_pauses_begin_another_melody() -> None:
    # A single frame is overruled by the melody, but not if it begins one.
    for n_before, n_silent, is_heard in (
        (20, 20, False),
        (20, 32, False),
        (20, 33, True),
        (20, 300, True),
        (0, 0, True),
        (0, 200, True),
    ):
        activations = activations_at(*[150] * n_before, *[0] * n_silent, 200)
        activations[n_before:-1] = 0.0
        pairs = decoding.viterbi_centers([activations])
        centers = np.concatenate([centers for _, centers in pairs])
        assert len(centers) == n_before + n_silent + 1
        assert (centers[-1] == 200) == is_heard
