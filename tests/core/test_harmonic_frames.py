"""Harmonic synthesis in chunks of frames, and harmonics that cross half the rate."""

import numpy as np
import pytest
import tensorflow as tf
from signals import harmonic_truth, snr_db

from ddsp import core

# Octave leaps, silence between notes, and a glide through many crossings.
LEAPS = np.float32([83, 83, 647, 0, 0, 1301, 67, 3907, 4111, 7901, 8117, 91])


def play(f0_hz: tf.Tensor, amplitudes: tf.Tensor, hop_size: int) -> tf.Tensor:
    return core.harmonic_synthesis(
        f0_hz[..., None],
        tf.ones_like(f0_hz)[..., None],
        harmonic_distribution=amplitudes,
        n_samples=int(f0_hz.shape[-1]) * hop_size,
    )


def truth_gradients(
    f0_hz: np.ndarray, amplitudes: np.ndarray, cotangent: np.ndarray, hop_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Gradients of one example by differences of the definition in float64."""

    def total(f0: np.ndarray, gains: np.ndarray) -> float:
        return harmonic_truth(f0, gains, len(f0) * hop_size, 16000) @ cotangent

    by_f0, by_amplitudes = np.zeros(len(f0_hz)), np.zeros(amplitudes.shape)
    for frame in range(len(f0_hz)):
        step = 1e-4 * np.eye(len(f0_hz))[frame]
        up, down = (total(f0_hz + s * step, amplitudes) for s in (1, -1))
        by_f0[frame] = (up - down) / 2e-4
        for k in range(amplitudes.shape[1]):
            one = np.zeros(amplitudes.shape)
            one[frame, k] = 1.0
            by_amplitudes[frame, k] = total(f0_hz, one)
    return by_f0, by_amplitudes


@pytest.mark.parametrize("hop_size", [7, 64, 500])
def test_leaps_of_pitch_gate_every_harmonic_by_the_sample(
    rng: np.random.Generator, hop_size: int
) -> None:
    amplitudes = rng.uniform(0, 0.02, [len(LEAPS), 100]).astype(np.float32)
    audio = play(tf.constant(LEAPS[None]), tf.constant(amplitudes[None]), hop_size)
    truth = harmonic_truth(LEAPS, amplitudes, len(LEAPS) * hop_size, 16000)
    assert snr_db(truth, audio.numpy()[0]) > 100.0


@pytest.mark.parametrize("n_harmonics", [1, 5, 12])
def test_gradients_are_those_of_the_definition(
    rng: np.random.Generator, n_harmonics: int
) -> None:
    # No leap: where a crossing moves with pitch, differences see a jump of the gate.
    f0 = np.float32([120, 180, 650, 700, 640, 90])
    amplitudes = rng.uniform(0, 0.2, [6, n_harmonics]).astype(np.float32)
    cotangent = rng.normal(size=6 * 40)
    inputs = tf.constant(f0[None]), tf.constant(amplitudes[None])
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(play(*inputs, 40) * np.float32(cotangent))
    found = tape.gradient(total, inputs)
    expected = truth_gradients(np.float64(f0), amplitudes, cotangent, 40)
    for ours, truth in zip(found, expected, strict=True):
        scale = np.abs(truth).max()
        np.testing.assert_allclose(ours[0], truth, rtol=1e-3, atol=1e-4 * scale)


def test_gradient_of_amplitudes_is_gated_by_the_sample(
    rng: np.random.Generator,
) -> None:
    amplitudes = rng.uniform(0, 0.02, [len(LEAPS), 60]).astype(np.float32)
    cotangent = rng.normal(size=[len(LEAPS) * 20])
    gains = tf.constant(amplitudes[None])
    with tf.GradientTape() as tape:
        tape.watch(gains)
        audio = play(tf.constant(LEAPS[None]), gains, 20)
        total = tf.reduce_sum(audio * np.float32(cotangent))
    found = tape.gradient(total, gains)[0]
    _, expected = truth_gradients(np.float64(LEAPS), amplitudes, cotangent, 20)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * scale)


def test_gradient_of_pitch_counts_audible_samples_only() -> None:
    # Harmonic 2 passes 8 kHz at the middle of the first frame and stays above.
    f0 = np.float32([3900, 4100, 4300])
    shares = np.float32([[0, 1]] * 3)
    inputs = tf.constant(f0[None])
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(play(inputs, tf.constant(shares[None]), 100))
    found = tape.gradient(total, inputs)[0].numpy()
    sample = np.arange(100)
    phase = np.cumsum(2 * np.pi * 2 * (3900 + 2 * sample) / 16000)
    audible = np.where(2 * (3900 + 2 * sample) < 8000, 1.0, 0.0)
    slope = np.cumsum(1 - sample / 100) * 2 * np.pi * 2 / 16000
    expected = np.sum(audible * np.cos(phase) * slope)
    np.testing.assert_allclose(found[0], expected, rtol=1e-3)
    assert found[2] == 0.0


def test_chunks_do_not_show(rng: np.random.Generator) -> None:
    # 3 x 700 frames of 64 samples are more than four chunks, the last one not full.
    f0 = rng.uniform(60, 3000, [3, 700]).astype(np.float32)
    amplitudes = rng.uniform(0, 0.1, [3, 700, 30]).astype(np.float32)
    audio = play(tf.constant(f0), tf.constant(amplitudes), 64).numpy()
    for example in range(3):
        truth = harmonic_truth(f0[example], amplitudes[example], 700 * 64, 16000)
        assert snr_db(truth, audio[example]) > 100.0


@pytest.mark.parametrize("compiled", [False, True])
def test_gradients_in_a_graph_with_unknown_batch_equal_eager(
    rng: np.random.Generator, compiled: bool
) -> None:
    f0 = rng.uniform(60, 3000, [2, 400]).astype(np.float32)
    amplitudes = rng.uniform(0, 0.1, [2, 400, 9]).astype(np.float32)

    def gradients(f0_hz: tf.Tensor, amplitudes: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([f0_hz, amplitudes])
            total = tf.reduce_sum(play(f0_hz, amplitudes, 128) ** 2)
        return tape.gradient(total, [f0_hz, amplitudes])

    eager = gradients(tf.constant(f0), tf.constant(amplitudes))
    signature = [tf.TensorSpec([None, 400]), tf.TensorSpec([None, 400, 9])]
    traced = tf.function(gradients, input_signature=signature, jit_compile=compiled)
    for ours, truth in zip(traced(f0, amplitudes), eager, strict=True):
        scale = float(tf.reduce_max(tf.abs(truth)))
        np.testing.assert_allclose(ours, truth, atol=2e-4 * scale)


def test_ten_minutes_keep_90_db(rng: np.random.Generator) -> None:
    # 40 frames of 15 seconds each: the last one begins at 9:45.
    amplitudes = np.tile(rng.uniform(0, 0.02, [1, 100]), [40, 1]).astype(np.float32)
    f0 = np.full([40], 77.7, np.float32)
    audio = play(tf.constant(f0[None]), tf.constant(amplitudes[None]), 240_000)
    last = np.arange(9_360_001, 9_600_001, dtype=np.float64)
    cycles = last * float(f0[0]) / 16000 % 1.0
    truth = sum(
        gain * np.sin(2 * np.pi * (k * cycles % 1.0))
        for k, gain in enumerate(np.float64(amplitudes[0]), start=1)
    )
    assert snr_db(truth, audio.numpy()[0, -240_000:]) > 90.0


@pytest.mark.parametrize("shared", ["f0", "amplitudes"])
def test_one_curve_serves_a_batch_and_gathers_its_gradient(
    rng: np.random.Generator, shared: str
) -> None:
    f0 = rng.uniform(100, 900, [2, 4]).astype(np.float32)
    amplitudes = rng.uniform(0, 0.2, [2, 4, 3]).astype(np.float32)
    if shared == "f0":
        one, f0 = f0[:1], np.repeat(f0[:1], 2, axis=0)
    else:
        one, amplitudes = amplitudes[:1], np.repeat(amplitudes[:1], 2, axis=0)
    both = tf.constant(f0), tf.constant(amplitudes)
    single = (tf.constant(one), both[1]) if shared == "f0" else (both[0], one)
    single = tuple(map(tf.constant, single))

    def play_and_sum(f0_hz: tf.Tensor, gains: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        audio = core.harmonic_synthesis(
            f0_hz[..., None],
            tf.ones([1, 4, 1]),
            harmonic_distribution=gains,
            n_samples=80,
        )
        return audio, tf.reduce_sum(audio * tf.cos(tf.range(80.0)))

    with tf.GradientTape(persistent=True) as tape:
        tape.watch([both, single])
        audio, total = play_and_sum(*both)
        audio_of_one, total_of_one = play_and_sum(*single)
    np.testing.assert_allclose(audio_of_one, audio, atol=1e-6)
    index = 0 if shared == "f0" else 1
    expected = tf.reduce_sum(tape.gradient(total, both[index]), axis=0)
    found = tape.gradient(total_of_one, single[index])[0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_empty_batch_has_an_empty_sound_and_gradient() -> None:
    f0, amplitudes = tf.zeros([0, 4]), tf.zeros([0, 4, 3])
    with tf.GradientTape() as tape:
        tape.watch(f0)
        audio = play(f0, amplitudes, 20)
    assert audio.shape == [0, 80]
    assert tape.gradient(audio, f0).shape == [0, 4]


def test_second_derivative_is_refused_instead_of_wrong() -> None:
    f0 = tf.constant([[100.0, 120.0, 90.0]])
    with tf.GradientTape() as outer:
        outer.watch(f0)
        with tf.GradientTape() as inner:
            inner.watch(f0)
            total = tf.reduce_sum(play(f0, tf.ones([1, 3, 2]), 20))
        gradient = inner.gradient(total, f0)
    with pytest.raises(LookupError, match="no derivative"):
        outer.gradient(gradient, f0)
