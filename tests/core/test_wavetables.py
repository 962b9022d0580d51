"""Reading tables at moving positions, against definitions in float64."""

import numpy as np
import pytest
import tensorflow as tf
from signals import impulse, snr_db, wavetable_truth

from ddsp import core


def dense_lookup(phase: np.ndarray, tables: np.ndarray) -> np.ndarray:
    """Triangular weights on all points, the first one repeated at the end."""
    tables = np.concatenate([tables, tables[..., :1]], axis=-1).astype(np.float64)
    points = np.arange(tables.shape[-1])
    distance = np.abs(phase[..., None] * (tables.shape[-1] - 1) - points)
    return np.sum(np.maximum(1.0 - distance, 0.0) * tables, axis=-1)


@pytest.mark.parametrize("per_sample", [False, True])
def test_lookup_is_linear_between_points_and_fades_outside(
    rng: np.random.Generator, per_sample: bool
) -> None:
    phase = np.concatenate([rng.uniform(-0.3, 1.3, 200), [0, 1, -5, 7, 0.5]])
    phase = np.stack([phase, phase[::-1]])
    tables = rng.normal(size=[2, 205, 11] if per_sample else [2, 1, 11])
    given = tables if per_sample else tables[:, 0]
    found = core.linear_lookup(tf.constant(phase[..., None]), tf.constant(given))
    np.testing.assert_allclose(found, dense_lookup(phase, tables), atol=2e-5)


def test_table_of_a_distribution_has_those_harmonics(rng: np.random.Generator) -> None:
    shares = rng.uniform(0, 1, [2, 3, 7]).astype(np.float32)
    for n_points in (14, 15, 64, 65):
        table = core.harmonic_distribution_to_wavetable(shares, n_points).numpy()
        angle = 2 * np.pi * np.arange(n_points) / n_points
        truth = sum(shares[..., h - 1 : h] * np.cos(h * angle) for h in range(1, 8))
        np.testing.assert_allclose(table, truth, atol=1e-5)


def test_too_few_points_for_the_harmonics_are_refused() -> None:
    with pytest.raises(ValueError, match="at least twice"):
        core.harmonic_distribution_to_wavetable(tf.ones([1, 1, 5]), 8)


@pytest.mark.parametrize("n_table_frames", [0, 1, 4, 10])
def test_sound_equals_definition(rng: np.random.Generator, n_table_frames: int) -> None:
    f0 = rng.uniform(50, 900, [2, 10, 1]).astype(np.float32)
    loud = rng.uniform(0, 1, [2, 10, 1]).astype(np.float32)
    shape = [2, n_table_frames, 32] if n_table_frames else [2, 32]
    tables = rng.normal(size=shape).astype(np.float32)
    audio = core.wavetable_synthesis(f0, loud, tables, n_samples=1000).numpy()
    for example in range(2):
        truth = wavetable_truth(
            f0[example, :, 0],
            loud[example, :, 0],
            tables[example].reshape(-1, 32),
            1000,
            16000,
        )
        assert snr_db(truth, audio[example]) > 90.0


def test_sine_table_of_a_long_note_keeps_its_phase() -> None:
    table = np.sin(2 * np.pi * np.arange(2048) / 2048)[None]
    f0 = np.full([1, 100, 1], 441.3, np.float32)
    audio = core.wavetable_synthesis(f0, np.ones([1, 100, 1]), table, 1_600_000)
    sample = np.arange(1_600_000, dtype=np.float64)[-16000:]
    truth = np.sin(2 * np.pi * (float(f0[0, 0, 0]) * sample / 16000 % 1.0))
    assert snr_db(truth, audio.numpy()[0, -16000:]) > 100.0


def test_gradients_of_wavetable_synthesis_are_the_derivatives(
    rng: np.random.Generator,
) -> None:
    values = [
        rng.uniform(100, 400, [1, 5, 1]),
        rng.uniform(0.1, 1, [1, 5, 1]),
        # Smooth, so that differences in pitch see no corner of the straight lines.
        np.cos(2 * np.pi * np.arange(4096) / 4096) * rng.uniform(0.5, 1, [1, 5, 1]),
    ]
    cotangent = rng.normal(size=200)

    def truth(f0: np.ndarray, loud: np.ndarray, tables: np.ndarray) -> float:
        args = f0[0, :, 0], loud[0, :, 0], tables[0], 200, 16000
        return wavetable_truth(*args) @ cotangent

    tensors = [tf.constant(x, tf.float32) for x in values]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        audio = core.wavetable_synthesis(*tensors, n_samples=200)
        total = tf.reduce_sum(audio * np.float32(cotangent))
    found = tape.gradient(total, tensors)
    for index, gradient in enumerate(found):
        direction = rng.normal(size=values[index].shape)
        step = 1e-4
        up, down = (
            truth(
                *(v + s * step * direction * (i == index) for i, v in enumerate(values))
            )
            for s in (1, -1)
        )
        along = np.sum(np.float64(gradient) * direction)
        scale = np.linalg.norm(gradient) * np.linalg.norm(direction)
        np.testing.assert_allclose(along, (up - down) / (2 * step), atol=1e-3 * scale)


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.5, 15 / 16, 1.0])
def test_impulse_comes_out_after_the_stated_delay(phase: float) -> None:
    audio = impulse(40, at=3)
    found = core.variable_length_delay(tf.fill([1, 40, 1], phase), audio, 16)[0]
    expected = np.zeros(40)
    expected[3 + int(16 * phase)] = 1.0
    np.testing.assert_array_equal(found, expected)


def test_delay_grows_with_phase_up_to_its_end(rng: np.random.Generator) -> None:
    ramp = np.arange(100, dtype=np.float32)[None]
    phase = np.sort(rng.uniform(0, 1, 100))
    found = core.variable_length_delay(tf.constant(phase[None, :, None]), ramp, 30)
    expected = np.arange(100) - 30 * phase
    np.testing.assert_allclose(found[0, 30:], expected[30:], atol=1e-4)


def test_gradients_of_the_delay_are_the_derivatives(rng: np.random.Generator) -> None:
    audio = tf.constant(rng.normal(size=[2, 50]), tf.float32)
    whole = rng.integers(0, 10, [2, 50, 1]) + rng.uniform(0.2, 0.8, [2, 50, 1])
    phase = tf.constant(whole / 10, tf.float32)
    cotangent = rng.normal(size=[2, 50])
    with tf.GradientTape() as tape:
        tape.watch([audio, phase])
        delayed = core.variable_length_delay(phase, audio, 10)
        total = tf.reduce_sum(delayed * np.float32(cotangent))
    by_audio, by_phase = tape.gradient(total, [audio, phase])
    past = np.pad(np.float64(audio), [[0, 0], [11, 0]])
    expected = np.zeros([2, 61])
    for example in range(2):
        for n in range(50):
            delay = int(whole[example, n, 0])
            rest = whole[example, n, 0] - delay
            tap = n + 11 - delay
            expected[example, tap] += (1 - rest) * cotangent[example, n]
            expected[example, tap - 1] += rest * cotangent[example, n]
            slope = 10 * (past[example, tap - 1] - past[example, tap])
            slope *= cotangent[example, n]
            np.testing.assert_allclose(by_phase[example, n, 0], slope, atol=1e-4)
    np.testing.assert_allclose(by_audio, expected[:, 11:], atol=1e-4)


@pytest.mark.parametrize("compiled", [False, True])
def test_unknown_batch_equals_eager(rng: np.random.Generator, compiled: bool) -> None:
    f0 = rng.uniform(50, 900, [3, 10, 1]).astype(np.float32)
    tables = rng.normal(size=[3, 10, 16]).astype(np.float32)

    def play(f0_hz: tf.Tensor, tables: tf.Tensor) -> tf.Tensor:
        audio = core.wavetable_synthesis(f0_hz, tf.ones_like(f0_hz), tables, 500)
        phase = tf.sigmoid(audio)[..., None]
        return core.variable_length_delay(phase, audio, 20)

    signature = [tf.TensorSpec([None, 10, 1]), tf.TensorSpec([None, 10, 16])]
    traced = tf.function(play, input_signature=signature, jit_compile=compiled)
    np.testing.assert_allclose(traced(f0, tables), play(f0, tables), atol=2e-4)


@pytest.mark.parametrize("phase", [0.0, -1e9, 1e9, np.inf])
def test_extreme_phases_stay_finite(phase: float) -> None:
    phase = tf.fill([1, 20, 1], phase)
    with tf.GradientTape() as tape:
        tape.watch(phase)
        delayed = core.variable_length_delay(phase, tf.ones([1, 20]), 8)
    gradient = tape.gradient(delayed, phase)
    assert np.isfinite(delayed).all()
    assert np.isfinite(gradient).all()


def test_one_sound_or_one_delay_serves_a_batch(rng: np.random.Generator) -> None:
    audio = rng.normal(size=[2, 30]).astype(np.float32)
    phase = rng.uniform(0, 1, [2, 30, 1]).astype(np.float32)
    for one_phase, one_audio in ((phase[:1], audio), (phase, audio[:1])):
        both = (np.repeat(x, 3 - len(x), axis=0) for x in (one_phase, one_audio))
        expected = core.variable_length_delay(*both, 10)
        found = core.variable_length_delay(one_phase, one_audio, 10)
        np.testing.assert_array_equal(found, expected)


def test_tables_at_frame_rate_are_refused_by_the_lookup() -> None:
    with pytest.raises(ValueError, match="one table"):
        core.linear_lookup(tf.zeros([2, 20]), tf.zeros([2, 10, 4]))
