"""Octaves and confidence, checked against the period of the sound."""

from collections.abc import Callable

import numpy as np
import pytest
from signals import sine

from ddsp.spectral_ops.crepe_pitch import correct_octaves, track_crepe

PITCH_200 = round((1200 * np.log2(200 / 10) - 1997.3794084376191) / 20)


def frame(*numbers: int, f0_hz: float = 200.0) -> np.ndarray:
    return np.sum([sine(k * f0_hz, 1024) / k for k in numbers], axis=0)[np.newaxis]


def heard_at(pitch: int, height: float = 0.8) -> np.ndarray:
    activations = np.zeros([1, 360], np.float32)
    activations[0, pitch - 1 : pitch + 2] = height / 2, height, height / 2
    return activations


@pytest.mark.parametrize(
    ("numbers", "heard", "true"),
    [
        ((2, 3, 4, 5, 6), 60, 0),  # Without its fundamental, heard too high.
        ((1, 2, 3, 4, 5), 0, 0),
        ((1,), 0, 0),
        ((2, 4, 6), 0, 60),  # Without odd harmonics, heard too low.
        ((1, 3, 5), 0, 0),
    ],
)
def test_octave_is_the_one_in_which_the_sound_repeats(
    numbers: tuple[int, ...], heard: int, true: int
) -> None:
    activations = heard_at(PITCH_200 + heard)
    moved, repeating = correct_octaves(frame(*numbers), activations)
    np.testing.assert_array_equal(moved, heard_at(PITCH_200 + true))
    assert repeating[0] > 0.95
    np.testing.assert_array_equal(activations, heard_at(PITCH_200 + heard))


def test_soft_subharmonic_is_no_fundamental() -> None:
    # An eighth of the power or less in the odd harmonics: the octave stays.
    numbers = frame(2, 4, 6) + 0.1 * frame(1, 3)
    moved, repeating = correct_octaves(numbers, heard_at(PITCH_200 + 60))
    assert moved.argmax() == PITCH_200 + 60
    assert 0.7 < repeating[0] < 1.0


def test_octaves_beyond_the_range_are_not_moved_to() -> None:
    low, high = frame(2, 3, f0_hz=25.0), frame(1, f0_hz=2400.0)
    for sound, pitch in ((low, 59), (high, 301)):
        moved, _ = correct_octaves(sound, heard_at(pitch))
        assert moved.argmax() == pitch


def test_frames_are_judged_one_by_one(rng: np.random.Generator) -> None:
    frames = np.concatenate(
        [frame(1, 2), frame(2, 3, 4, 5), rng.normal(size=(1, 1024))]
    )
    activations = np.concatenate([heard_at(PITCH_200 + x) for x in (0, 60, 0)])
    moved, repeating = correct_octaves(frames, activations)
    np.testing.assert_array_equal(moved.argmax(axis=1), [PITCH_200] * 3)
    assert repeating[:2].min() > 0.95 and abs(repeating[2]) < 0.3


@pytest.mark.parametrize("viterbi", [True, False])
def test_silent_frames_have_no_pitch_and_no_confidence(viterbi: bool) -> None:
    frames = np.concatenate([np.full([1, 1024], 0.5), frame(1, 2), np.zeros([1, 1024])])
    frames[2, 5] = np.nan
    f0_hz, confidence = track_crepe(frames.astype(np.float32), "tiny", viterbi)
    np.testing.assert_array_equal(f0_hz > 0, [False, True, False])
    np.testing.assert_array_equal(confidence > 0, [False, True, False])


@pytest.mark.parametrize("viterbi", [True, False])
def test_no_frames_give_nothing(viterbi: bool) -> None:
    frames = np.zeros([0, 1024], np.float32)
    f0_hz, confidence = track_crepe(frames, "tiny", viterbi)
    assert f0_hz.shape == confidence.shape == (0,)


def test_confidence_is_that_of_crepe_unless_less_than_half_repeats(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    activations = np.concatenate([heard_at(PITCH_200, height) for height in (0.9, 0.6)])
    monkeypatch.setattr(
        "ddsp.spectral_ops.crepe_pitch.compute_activations",
        lambda frames, _: iter([activations[: len(frames)]]),
    )
    for repeating, factor in ((0.8, 1.0), (0.5, 1.0), (0.25, 0.5), (-0.3, 0.0)):
        monkeypatch.setattr(
            "ddsp.spectral_ops.crepe_pitch.correct_octaves",
            lambda _, x, repeating=repeating: (x, np.full(len(x), repeating)),
        )
        frames = rng.normal(size=[2, 1024]).astype(np.float32)
        _, confidence = track_crepe(frames, "tiny", False)
        np.testing.assert_allclose(confidence, [0.9 * factor, 0.6 * factor], rtol=1e-6)


def test_network_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def compute(_: np.ndarray, size: str) -> object:
        asked.append(size)
        return iter([heard_at(PITCH_200)])

    compute_activations: Callable = compute
    name = "ddsp.spectral_ops.crepe_pitch.compute_activations"
    monkeypatch.setattr(name, compute_activations)
    f0_hz, _ = track_crepe(frame(1, 2).astype(np.float32), "large", False)
    assert asked == ["large"]
    assert f0_hz[0] == pytest.approx(200, rel=0.01)
