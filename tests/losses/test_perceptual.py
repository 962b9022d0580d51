"""The network's activations in float64, and what the losses hear."""

import importlib.util
from collections.abc import Callable

import gin
import numpy as np
import pytest
import tensorflow as tf
from signals import sine

from ddsp import losses, pretrained, spectral_ops

TONE = sine(440.0)[np.newaxis]


def truth(frames: np.ndarray) -> dict[str, np.ndarray]:
    """Activations of the first blocks by definition, [n_frames, ...], float64."""
    weights = {k: v.astype(np.float64) for k, v in pretrained.crepe_weights().items()}
    found, x = {}, frames[..., np.newaxis]
    for number in (1, 2):
        stride = 4 if number == 1 else 1
        kernel = weights[f"conv{number}.kernel"][:, 0]
        width, n_steps = len(kernel), -(-x.shape[1] // stride)
        missing = max((n_steps - 1) * stride + width - x.shape[1], 0)
        before = missing // 2
        padded = np.pad(x, [(0, 0), (before, missing - before), (0, 0)])
        windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=1)
        x = np.einsum("ntcw,wcd->ntd", windows[:, ::stride], kernel)
        x = np.maximum(x + weights[f"conv{number}.bias"], 0.0)
        found[f"conv{number}"] = x
        norm = {
            name: weights[f"conv{number}-BN.{name}"]
            for name in ("gamma", "beta", "moving_mean", "moving_variance")
        }
        x = (x - norm["moving_mean"]) / np.sqrt(norm["moving_variance"] + 1e-3)
        x = x * norm["gamma"] + norm["beta"]
        found[f"conv{number}-BN"] = x
        x = x.reshape(len(x), -1, 2, x.shape[-1]).max(axis=2)
        found[f"conv{number}-maxpool"] = found[f"conv{number}-dropout"] = x
    return found


def frames_truth(audio: np.ndarray) -> np.ndarray:
    padded = np.pad(audio.astype(np.float64), 512)
    frames = padded[: len(padded) // 1024 * 1024].reshape(-1, 1024)
    frames = frames - frames.mean(axis=1, keepdims=True)
    return frames / (frames.std(axis=1, keepdims=True) + 1e-5)


def test_layers_are_their_definitions(rng: np.random.Generator) -> None:
    audio = rng.normal(size=3000)
    for layer, expected in truth(frames_truth(audio)).items():
        model = losses.PretrainedCREPE(activation_layer=layer)
        found = model(audio[np.newaxis])
        assert found.shape[1] == len(expected) == 3
        np.testing.assert_allclose(found[0], expected.reshape(3, -1), atol=1e-3)


def test_classifier_hears_what_the_pitch_tracker_hears() -> None:
    model = losses.PretrainedCREPE(activation_layer="classifier")
    activations = model(TONE)
    assert activations.shape == (1, 16, 360)
    decode = spectral_ops.PretrainedCREPE.activations_to_f0_and_confidence
    f0_hz, _ = decode(activations[0, 1:-1])
    np.testing.assert_allclose(f0_hz, 440.0, rtol=0.01)


def test_default_layer_has_the_depth_of_the_original() -> None:
    assert losses.PretrainedCREPE()(TONE).shape == (1, 16, 256)


@pytest.mark.parametrize(("hop", "center", "n_frames"), [(1024, True, 3), (64, 0, 32)])
def test_frames_have_no_level(hop: int, center: bool, n_frames: int) -> None:
    model = losses.PretrainedCREPE()
    audio = np.concatenate([0.01 * TONE, TONE + 5.0])[:, :3010]
    frames = model.frame_audio(audio, hop, center)
    assert frames.shape == (2, n_frames, 1024)
    inner = frames.numpy()[:, 1:]
    np.testing.assert_allclose(inner.mean(axis=-1), 0.0, atol=1e-5)
    np.testing.assert_allclose(inner.std(axis=-1), 1.0, atol=2e-3)


def test_batch_and_length_may_be_unknown() -> None:
    model = losses.PretrainedCREPE()
    spec = tf.TensorSpec([None, None])
    traced = tf.function(model.call, input_signature=[spec])
    np.testing.assert_allclose(traced(TONE), model(TONE), atol=1e-5)


def test_gradient_reaches_the_audio_and_is_finite_on_silence() -> None:
    loss = losses.PretrainedCREPEEmbeddingLoss()
    for audio in (sine(450.0, 4000), np.zeros(4000, np.float32)):
        audio = tf.constant(audio[np.newaxis])
        with tf.GradientTape() as tape:
            tape.watch(audio)
            value = loss(TONE[:, :4000], audio)
        gradient = tape.gradient(value, audio)
        assert np.isfinite(gradient).all()
        assert np.any(gradient != 0)


def test_further_pitch_is_a_greater_loss() -> None:
    loss = losses.PretrainedCREPEEmbeddingLoss()
    near, far = (float(loss(TONE, sine(hz)[np.newaxis])) for hz in (442.0, 700.0))
    assert 0 < near < far


@pytest.mark.parametrize(
    ("layer", "factor"),
    [("classifier", 2600.0), ("conv1-maxpool", 20.0), ("conv6-BN", 600.0)],
)
def test_layers_have_the_factors_of_the_original(layer: str, factor: float) -> None:
    other = sine(500.0)[np.newaxis]
    model = losses.PretrainedCREPE(activation_layer=layer)
    expected = np.mean(np.abs(model(TONE) - model(other)))
    loss = losses.PretrainedCREPEEmbeddingLoss(0.5, activation_layer=layer)
    np.testing.assert_allclose(loss(TONE, other), 0.5 * factor * expected, rtol=1e-3)


def test_dropout_sleeps_while_a_model_is_trained() -> None:
    dropout = tf.keras.Sequential([tf.keras.layers.Dropout(0.9)])
    embedding = losses.EmbeddingLoss(pretrained_model=dropout)
    crepe = losses.PretrainedCREPEEmbeddingLoss()

    class Model(tf.keras.Model):
        def call(self, audio: tf.Tensor, training: bool = False) -> tf.Tensor:
            assert training
            return embedding(audio, audio) + crepe(audio, audio)

    assert float(Model()(TONE, training=True)) == 0.0


def test_all_losses_share_one_network(monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    load = pretrained.crepe_weights

    def counted(capacity: str) -> dict:
        loads.append(capacity)
        return load(capacity)

    monkeypatch.setattr(pretrained, "crepe_weights", counted)
    spectral_ops.reset_crepe()
    spectral_ops.compute_f0(TONE[0, :2000], 100)
    for layer in ("classifier", "conv5-maxpool"):
        losses.PretrainedCREPEEmbeddingLoss(activation_layer=layer)
    assert loads == ["tiny"]


def test_network_is_not_trained_and_not_part_of_checkpoints() -> None:
    loss = losses.PretrainedCREPEEmbeddingLoss()
    loss(TONE, TONE)
    assert loss.weights == []
    with pytest.raises(ValueError, match="trainable=True"):
        losses.PretrainedCREPE(trainable=True)


@pytest.mark.parametrize(
    "build", [losses.PretrainedCREPE, losses.PretrainedCREPEEmbeddingLoss]
)
def test_sizes_that_are_not_there_are_refused(
    build: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    spectral_ops.reset_crepe()
    with pytest.raises(ImportError, match=r"capacity='full'; .*ddsp\[crepe\]"):
        build(model_capacity="full")
    with pytest.raises(ValueError, match="capacity='huge'; use 'tiny'"):
        build(model_capacity="huge")


@pytest.mark.parametrize(
    "build", [losses.PretrainedCREPE, losses.PretrainedCREPEEmbeddingLoss]
)
def test_unknown_layers_are_refused_with_those_that_exist(build: Callable) -> None:
    with pytest.raises(ValueError, match=r"'conv7-BN'; use one of: .*conv6-BN"):
        build(activation_layer="conv7-BN")


def test_settings_build_the_same_layer_again() -> None:
    model = losses.PretrainedCREPE(activation_layer="conv2-BN", name="mine")
    loss = losses.EmbeddingLoss(pretrained_model=model)
    again = losses.EmbeddingLoss.from_config(loss.get_config()).pretrained_model
    assert again.get_config() == model.get_config()
    np.testing.assert_array_equal(again(TONE), model(TONE))


def test_loss_without_network_says_so() -> None:
    with pytest.raises(ValueError, match="pretrained_model=None"):
        losses.EmbeddingLoss()(TONE, TONE)


def test_weight_zero_is_zero() -> None:
    loss = losses.EmbeddingLoss(weight=0.0, pretrained_model=tf.square)
    assert float(loss(TONE, 0 * TONE)) == 0.0


def test_gin_chooses_the_layer() -> None:
    gin.parse_config("PretrainedCREPEEmbeddingLoss.activation_layer = 'conv2-BN'")
    loss = gin.get_configurable("losses.PretrainedCREPEEmbeddingLoss")()
    assert loss.activation_layer == "conv2-BN"
