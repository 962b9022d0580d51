"""Harmonic synthesis chunk by chunk."""

import numpy as np
import pytest
import tensorflow as tf
from gradients import assert_gradients_match_differences
from signals import harmonic_truth

from ddsp import core

HOP = 80


def controls(
    rng: np.random.Generator, n_frames: int = 12
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A glide with moving harmonics, all below Nyquist."""
    f0 = np.linspace(300.0, 500.0, n_frames)[None, :, None]
    amplitudes = rng.uniform(0.2, 1.0, size=[1, n_frames, 1])
    weights = rng.uniform(0.1, 1.0, size=[1, n_frames, 7])
    return np.float32(f0), np.float32(amplitudes), np.float32(weights)


def truth(f0: np.ndarray, amplitudes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    shares = amplitudes * weights / weights.sum(-1, keepdims=True)
    return harmonic_truth(f0[0, :, 0], shares[0], HOP * f0.shape[1], 16000, "linear")


def play_in_chunks(
    parts: tuple[np.ndarray, ...], n_frames: int, includes_next_frame: bool
) -> np.ndarray:
    phase, chunks = None, []
    for start in range(0, parts[0].shape[1], n_frames):
        is_last = start + n_frames >= parts[0].shape[1]
        extra = includes_next_frame and not is_last
        chunk = [part[:, start : start + n_frames + extra] for part in parts]
        audio, phase = core.streaming_harmonic_synthesis(
            *chunk, phase, n_samples=HOP * n_frames, includes_next_frame=extra
        )
        chunks.append(audio)
    return np.concatenate(chunks, axis=1)[0]


def test_single_chunk_equals_the_definition(rng: np.random.Generator) -> None:
    parts = controls(rng)
    np.testing.assert_allclose(
        play_in_chunks(parts, 12, False), truth(*parts), atol=1e-5
    )


@pytest.mark.parametrize("n_frames", [1, 3, 6])
def test_chunks_that_know_the_next_frame_join_without_a_seam(
    rng: np.random.Generator, n_frames: int
) -> None:
    parts = controls(rng)
    joined = play_in_chunks(parts, n_frames, includes_next_frame=True)
    np.testing.assert_allclose(joined, truth(*parts), atol=1e-4)
    # The original's chunks hold their last frame (C19), which stays the default.
    held = play_in_chunks(parts, n_frames, includes_next_frame=False)
    assert np.abs(held - truth(*parts)).max() > 0.1


def test_long_stream_stays_exact_and_its_phase_small() -> None:
    # The original's phase grew without end (C18).
    phase, f0 = None, np.full([1, 1, 1], 440.3, np.float32)
    for _ in range(200):
        audio, phase = core.streaming_harmonic_synthesis(
            f0, np.ones([1, 1, 1]), None, phase, n_samples=640
        )
    assert 0.0 <= float(phase[0, 0, 0]) <= 2 * np.pi + 1e-6
    samples = np.arange(199 * 640 + 1, 200 * 640 + 1)
    expected = np.sin(2 * np.pi * float(f0.item()) * samples / 16000)
    np.testing.assert_allclose(audio[0], expected, atol=1e-3)


def test_harmonics_above_nyquist_give_their_amplitude_to_the_rest() -> None:
    frames = tf.ones([1, 2, 1])
    audio, _ = core.streaming_harmonic_synthesis(
        5000.0 * frames, frames, tf.ones([1, 2, 3]), n_samples=1600
    )
    expected = np.sin(2 * np.pi * 5000 * np.arange(1, 1601) / 16000)
    np.testing.assert_allclose(audio[0], expected, atol=1e-4)


def test_recorded_values_agree() -> None:
    audio, phase = core.streaming_harmonic_synthesis(
        tf.constant([[[1000.0], [1000.0]]]),
        tf.constant([[[0.0], [1.0]]]),
        tf.constant([[[0.75, 0.25], [0.5, 0.5]]]),
        tf.constant([[[0.5]]]),
        n_samples=8,
    )
    expected = [0, 0.1874815, 0.19532257, 0.01354176, -0.17487445, -0.12938137]
    expected += [0.05293161, 0.18102272]
    np.testing.assert_allclose(audio[0], expected, atol=1e-6)
    np.testing.assert_allclose(phase[0, 0, 0], 3.6415925, atol=1e-6)


@pytest.mark.parametrize("includes_next_frame", [False, True])
def test_gradients_equal_finite_differences(
    rng: np.random.Generator, includes_next_frame: bool
) -> None:
    f0, amplitudes, weights = controls(rng, 3)
    assert_gradients_match_differences(
        lambda *parts: core.streaming_harmonic_synthesis(
            *parts, n_samples=60, includes_next_frame=includes_next_frame
        )[0],
        [f0, amplitudes, weights, np.ones([1, 1, 1])],
        [1.0, 0.05, 0.02, 0.01],
    )


@pytest.mark.parametrize("n_frames", [1, 4])
def test_next_frame_needs_whole_samples_per_frame(n_frames: int) -> None:
    frames = tf.ones([1, n_frames, 1])
    with pytest.raises(ValueError, match="before the next"):
        core.streaming_harmonic_synthesis(
            frames, frames, n_samples=100, includes_next_frame=True
        )
