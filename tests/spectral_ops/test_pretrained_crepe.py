"""The pitch tracker in a graph: known pitches, and agreement with `compute_f0`."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from signals import sine

from ddsp import pretrained, spectral_ops

decode = spectral_ops.PretrainedCREPE.activations_to_f0_and_confidence


@pytest.fixture(scope="module")
def tracker() -> spectral_ops.PretrainedCREPE:
    return spectral_ops.PretrainedCREPE("tiny")


def cents(f0_hz: np.ndarray, reference_hz: np.ndarray | float) -> np.ndarray:
    return 1200 * np.log2(f0_hz / reference_hz)


@pytest.mark.parametrize("viterbi", [True, False])
def test_tones_are_heard_within_50_cents(
    tracker: spectral_ops.PretrainedCREPE, viterbi: bool
) -> None:
    tones_hz = np.array([110.0, 261.63, 880.0])
    audio = np.stack([sine(hz, 8000) + sine(2 * hz, 8000) / 2 for hz in tones_hz])
    f0_hz, confidence = tracker.predict_f0_and_confidence(audio, viterbi)
    assert f0_hz.shape == confidence.shape == (3, 51)
    inner = slice(5, -5)
    assert np.abs(cents(f0_hz, tones_hz[:, None]))[:, inner].max() < 50
    assert confidence.numpy()[:, inner].min() > 0.5


@pytest.mark.parametrize("padding", ["center", "same", "valid"])
def test_pitch_is_that_of_the_offline_tracker(
    tracker: spectral_ops.PretrainedCREPE, padding: str
) -> None:
    glide_hz = 220.0 * 2.0 ** (np.arange(16000) / 16000)
    audio = np.sin(2 * np.pi * np.cumsum(glide_hz) / 16000)
    expected = spectral_ops.compute_f0(audio, 100, viterbi=False, padding=padding)
    found = tracker.predict_f0_and_confidence(audio, padding=padding)
    n_frames = {"center": 101, "same": 100, "valid": 94}[padding]
    assert found[0].shape == found[1].shape == (1, n_frames)
    np.testing.assert_allclose(cents(found[0][0], expected[0]), 0.0, atol=0.1)
    np.testing.assert_allclose(found[1][0], expected[1], atol=1e-4)


def test_peak_is_a_mean_of_nine_pitches_cut_off_at_the_ends() -> None:
    # Recorded from CREPE: a peak over a floor reads 100.641 Hz, the highest 2005.24.
    activations = np.full([2, 360], 1e-3, np.float32)
    activations[[0, 1], [100, 359]] = 0.9
    f0_hz, confidence = decode(activations)
    np.testing.assert_allclose(f0_hz, [100.641, 2005.24], atol=5e-3)
    np.testing.assert_allclose(confidence, [[0.9], [0.9]])
    around_200, _ = decode(activations, np.array([200, 200]))
    center = 10 * 2 ** ((1997.3794084376191 + 20 * 200) / 1200)
    np.testing.assert_allclose(around_200, center, rtol=1e-5)


def test_no_activation_is_no_pitch_and_has_a_finite_gradient() -> None:
    activations = tf.zeros([1, 360])
    with tf.GradientTape() as tape:
        tape.watch(activations)
        f0_hz, _ = decode(activations)
    np.testing.assert_array_equal(f0_hz, [0.0])
    assert np.isfinite(tape.gradient(f0_hz, activations)).all()


def test_melody_is_the_likeliest_of_soft_counts(
    tracker: spectral_ops.PretrainedCREPE, rng: np.random.Generator
) -> None:
    acts = rng.uniform(size=[2, 12, 360]).astype(np.float32)
    steps = np.abs(np.arange(360)[:, None] - np.arange(360))
    transitions = np.maximum(12.0 - steps, 1e-5)
    transitions = np.log(transitions / transitions.sum(axis=1, keepdims=True))
    found = tracker.viterbi_decode(acts)
    for example in range(2):
        scores = np.log(0.1025 / 0.0025) * acts[example].astype(np.float64)
        best, origins = scores[0], []
        for frame in scores[1:]:
            ways = best[:, None] + transitions
            origins.append(ways.argmax(axis=0))
            best = ways.max(axis=0) + frame
        path = [int(best.argmax())]
        for origin in reversed(origins):
            path.append(int(origin[path[-1]]))
        np.testing.assert_array_equal(found[example], path[::-1])


def test_model_of_melodies_has_probabilities(
    tracker: spectral_ops.PretrainedCREPE, rng: np.random.Generator
) -> None:
    model = tracker.create_hmm(num_steps=10)
    np.testing.assert_allclose(np.exp(model.log_initial).sum(), 1.0, rtol=1e-5)
    rows = np.exp(model.log_transitions).sum(axis=1)
    np.testing.assert_allclose(rows, np.ones(360), rtol=1e-5)
    # Two frames: start, step and what is heard.
    heard = rng.normal(size=[1, 2, 360]).astype(np.float32)
    ways = heard[0, 0, :, None] + model.log_transitions + heard[0, 1] - np.log(360)
    np.testing.assert_allclose(
        model.log_likelihood(heard)[0], np.log(np.exp(ways).sum()), rtol=1e-5
    )
    best = np.unravel_index(ways.argmax(), ways.shape)
    np.testing.assert_array_equal(model.most_likely_path(heard)[0], best)


@pytest.mark.parametrize("compiled", [False, True])
def test_graph_with_unknown_batch_hears_the_same(
    tracker: spectral_ops.PretrainedCREPE, compiled: bool
) -> None:
    audio = np.stack([sine(hz, 3200) for hz in (300.0, 500.0)])

    def predict(audio: tf.Tensor) -> tuple:
        return tracker.predict_f0_and_confidence(audio, viterbi=True)

    spec = tf.TensorSpec([None, 3200])
    traced = tf.function(predict, input_signature=[spec], jit_compile=compiled)
    for found, expected in zip(traced(audio), predict(audio), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3)


def test_gradient_reaches_the_audio(tracker: spectral_ops.PretrainedCREPE) -> None:
    for samples in (sine(440.0, 2048), np.zeros(2048, np.float32)):
        audio = tf.constant(samples)
        with tf.GradientTape() as tape:
            tape.watch(audio)
            f0_hz, confidence = tracker.predict_f0_and_confidence(audio)
            value = tf.reduce_sum(f0_hz) + tf.reduce_sum(confidence)
        gradient = tape.gradient(value, audio)
        assert np.isfinite(gradient).all()
        assert np.any(gradient != 0) or not np.any(samples)


def test_frames_pass_and_audio_is_cut(tracker: spectral_ops.PretrainedCREPE) -> None:
    frames = np.arange(2048.0).reshape(2, 1024)
    np.testing.assert_array_equal(tracker.batch_frames(frames), frames)
    audio = np.arange(4000.0).reshape(2, 2000).astype(np.float32)
    cut = tracker.batch_frames(audio)
    assert cut.shape == (14, 1024)
    np.testing.assert_array_equal(cut[8], audio[1, 160 : 160 + 1024])


def test_sizes_that_are_not_installed_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    spectral_ops.reset_crepe()
    with pytest.raises(ImportError, match=r"capacity='full'; .*ddsp\[crepe\]"):
        spectral_ops.PretrainedCREPE("full")


def test_weights_may_come_from_a_file(
    tmp_path: Path, tracker: spectral_ops.PretrainedCREPE
) -> None:
    weights = pretrained.crepe_weights()
    weights["classifier.bias"] = np.roll(weights["classifier.bias"], 60)
    weights["classifier.kernel"] = np.roll(weights["classifier.kernel"], 60, axis=1)
    path = str(tmp_path / "octave_up.npz")
    np.savez(path, **weights)
    audio = sine(300.0, 4000)
    found, _ = spectral_ops.PretrainedCREPE(path).predict_f0_and_confidence(audio)
    expected, _ = tracker.predict_f0_and_confidence(audio)
    np.testing.assert_allclose(found, 2 * expected, rtol=1e-3)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"missing.keras'; use 'tiny'"):
        spectral_ops.PretrainedCREPE(str(tmp_path / "missing.keras"))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("suffix", ["keras", "h5", "hdf5"])
def test_saved_model_takes_the_place_of_the_network(
    tmp_path: Path, suffix: str
) -> None:
    # Always pitch 100, except while training.
    bias = -10.0 * np.ones(360)
    bias[100] = 10.0
    model = tf.keras.Sequential(
        [
            tf.keras.layers.Input([1024]),
            tf.keras.layers.Dense(360, "sigmoid", kernel_initializer="zeros"),
            tf.keras.layers.Dropout(0.5),
        ]
    )
    model.layers[0].bias.assign(bias)
    path = str(tmp_path / f"model.{suffix}")
    model.save(path)
    tracker = spectral_ops.PretrainedCREPE(path, hop_size=500)
    f0_hz, _ = tracker.predict_f0_and_confidence(sine(440.0, 2000))
    expected = 10 * 2 ** ((1997.3794084376191 + 20 * 100) / 1200)
    np.testing.assert_allclose(f0_hz, np.full([1, 5], expected), rtol=1e-3)


def test_calling_the_model_itself_is_not_implemented(
    tracker: spectral_ops.PretrainedCREPE,
) -> None:
    with pytest.raises(NotImplementedError):
        tracker(tf.zeros([1, 2048]))
