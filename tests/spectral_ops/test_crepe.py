"""The pitch network against its recorded activations."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from signals import sine

from ddsp import pretrained, spectral_ops
from ddsp.spectral_ops import crepe


@pytest.fixture(scope="module")
def network() -> Callable:
    return crepe.CrepeNetwork()


def framed(n_frames: int, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=[n_frames, 1024]).astype(np.float32)


def test_activations_are_the_recorded_ones(golden: Path, network: Callable) -> None:
    arrays = np.load(golden / "crepe_activations.npz")
    assert arrays["tiny"].shape == (18, 360)
    np.testing.assert_allclose(network(arrays["frames"]), arrays["tiny"], atol=1e-5)


def test_level_and_offset_do_not_matter(network: Callable) -> None:
    frames = sine(440.0, 1024)[np.newaxis]
    expected = network(frames)
    np.testing.assert_allclose(network(0.001 * frames), expected, atol=1e-4)
    np.testing.assert_allclose(network(frames + 10.0), expected, atol=1e-3)


def test_offset_is_as_silent_as_silence(network: Callable) -> None:
    silence = network(np.zeros([1, 1024], np.float32))
    assert np.max(silence) < 0.1
    for offset in (0.1, 0.37, 1e-20):
        frames = np.full([1, 1024], offset, np.float32)
        np.testing.assert_allclose(network(frames), silence, atol=1e-6)


@pytest.mark.parametrize("n_frames", [1, 64, 256, 300])
def test_pieces_make_the_whole(
    n_frames: int, network: Callable, rng: np.random.Generator
) -> None:
    frames = framed(n_frames, rng)
    pieces = list(crepe.compute_activations(frames))
    assert max(len(piece) for piece in pieces) <= 256
    np.testing.assert_allclose(np.concatenate(pieces), network(frames), atol=1e-5)


def test_all_lengths_share_one_graph(rng: np.random.Generator) -> None:
    for n_frames in (3, 5, 7):
        list(crepe.compute_activations(framed(n_frames, rng)))
    compiled = crepe._compiled_network("tiny")
    assert compiled.experimental_get_tracing_count() == 1


def test_reset_forgets_the_network() -> None:
    before = crepe._compiled_network("tiny")
    assert crepe._compiled_network("tiny") is before
    spectral_ops.reset_crepe()
    assert crepe._compiled_network("tiny") is not before


def test_network_is_found_while_another_graph_is_traced(
    rng: np.random.Generator,
) -> None:
    frames = framed(2, rng)
    spectral_ops.reset_crepe()

    @tf.function
    def traced() -> tf.Tensor:
        return tf.constant(np.concatenate(list(crepe.compute_activations(frames))))

    found = traced().numpy()
    again = np.concatenate(list(crepe.compute_activations(frames)))
    np.testing.assert_array_equal(found, again)


def test_frames_that_are_not_finite_are_silent(rng: np.random.Generator) -> None:
    frames = framed(3, rng)
    frames[1, 500] = np.nan
    activations = np.concatenate(list(crepe.compute_activations(frames)))
    assert np.all(activations[1] == 0)
    assert np.all(activations[[0, 2]] > 0)


def test_gradient_reaches_the_audio_and_is_finite_on_silence(network: Callable) -> None:
    for audio, is_sound in ((sine(440.0, 1024), True), (np.zeros(1024), False)):
        frames = tf.constant(audio[np.newaxis], tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(frames)
            activations = network(frames)
        gradient = tape.gradient(activations, frames)
        assert np.all(np.isfinite(gradient))
        assert np.any(gradient != 0) or not is_sound


def test_unknown_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="'huge'; use 'tiny'"):
        crepe.CrepeNetwork("huge")
    with pytest.raises(ValueError, match="layer='conv7'; use one of: input-reshape,"):
        crepe.CrepeNetwork().activations(np.zeros([1, 1024], np.float32), "conv7")


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_folded_network_is_the_one_with_layers(
    sign: float, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    weights = pretrained.crepe_weights()
    for i in (1, 3, 6):  # Negative factors turn the maxima of pooling into minima.
        weights[f"conv{i}-BN.gamma"] = sign * weights[f"conv{i}-BN.gamma"]
    monkeypatch.setattr(pretrained, "crepe_weights", lambda _: weights)
    network = crepe.CrepeNetwork()
    frames = crepe.normalize_frames(framed(3, rng))
    features = network.activations(frames, "flatten").numpy().astype(np.float64)
    logits = features @ weights["classifier.kernel"] + weights["classifier.bias"]
    expected = 1 / (1 + np.exp(-logits))
    assert expected.max() > 2 * expected.min()
    np.testing.assert_allclose(network.activations(frames), expected, atol=1e-5)


def test_full_network_gives_the_recorded_activations(golden: Path) -> None:
    try:
        full = crepe.CrepeNetwork("full")
    except ImportError:
        pytest.skip("CREPE's full weights (extra crepe) are not installed")
    arrays = np.load(golden / "crepe_activations.npz")
    np.testing.assert_allclose(full(arrays["frames"]), arrays["full"], atol=1e-5)


def test_two_networks_are_kept_and_no_more(tmp_path: Path) -> None:
    spectral_ops.reset_crepe()
    paths = [str(tmp_path / f"{i}.npz") for i in range(2)]
    for path in paths:
        np.savez(path, **pretrained.crepe_weights())
    tiny = crepe.load_network("tiny")
    crepe.load_network(paths[0])
    assert crepe.load_network("tiny") is tiny
    crepe.load_network(paths[1])
    crepe.load_network(paths[0])
    assert crepe.load_network("tiny") is not tiny
