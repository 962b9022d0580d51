"""FFT convolution against direct convolution."""

import itertools

import numpy as np
import pytest
import scipy.signal
import tensorflow as tf

from ddsp import core

SWEEP = list(itertools.product([8, 50, 100], [1, 2, 3, 9, 25], [1, 2, 5], [0, 3]))


def blockwise(audio: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """Each block convolved with its own response, tails added, in float64."""
    hop = -(-len(audio) // len(responses))
    total = np.zeros(hop * len(responses) + responses.shape[1])
    for index, response in enumerate(responses):
        tail = np.convolve(audio[index * hop : (index + 1) * hop], response)
        total[index * hop : index * hop + len(tail)] += tail
    return total


@pytest.mark.parametrize(("n_samples", "n_taps", "n_frames", "delay"), SWEEP)
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_convolution_equals_definition(
    rng: np.random.Generator,
    n_samples: int,
    n_taps: int,
    n_frames: int,
    delay: int,
    padding: str,
) -> None:
    if n_samples == 8 and n_frames == 5:
        n_frames = 4  # Five blocks of two samples would be ten.
    audio = rng.normal(size=n_samples)
    responses = rng.normal(size=[n_frames, n_taps])
    length = n_samples if padding == "same" else n_samples + n_taps - 1
    expected = blockwise(audio, responses)
    expected = np.pad(expected, [0, delay + length])[delay : delay + length]
    result = core.fft_convolve(audio[None], responses[None], padding, delay)
    np.testing.assert_allclose(result[0], expected, atol=1e-4)


def test_long_convolution_equals_scipy(rng: np.random.Generator) -> None:
    audio, response = rng.normal(size=[1, 4000]), rng.normal(size=[1, 3000]) / 50
    result = core.fft_convolve(audio, response, "valid", 0)
    np.testing.assert_allclose(
        result[0], scipy.signal.fftconvolve(audio[0], response[0]), atol=1e-4
    )


def test_one_response_serves_a_batch_of_unknown_size(rng: np.random.Generator) -> None:
    audio = rng.normal(size=[3, 64]).astype(np.float32)
    response = tf.constant([[0.0, 1.0]])
    delayed = tf.function(
        lambda x: core.fft_convolve(x, response, "same", 0),
        input_signature=[tf.TensorSpec([None, 64])],
    )(audio)
    np.testing.assert_allclose(delayed[:, 1:], audio[:, :-1], atol=1e-5)


def test_response_of_one_tap_is_a_gain() -> None:
    audio = np.ones([1, 1000], np.float32)
    np.testing.assert_allclose(
        core.fft_convolve(audio, [[0.5]]), 0.5 * audio, atol=1e-6
    )


@pytest.mark.parametrize(
    ("audio", "response", "padding", "message"),
    [
        (np.ones([2, 10]), np.ones([3, 4]), "same", "same batch size"),
        (np.ones([1, 1000]), np.ones([1, 1010, 4]), "same", "equal blocks"),
        (np.ones([1, 1000]), np.ones([1, 999, 4]), "same", "equal blocks"),
        (np.ones([1, 10]), np.ones([1, 4]), "full", "padding must be"),
        (np.ones([10]), np.ones([1, 4]), "same", "n_samples"),
    ],
)
def test_wrong_input_is_named(
    audio: np.ndarray, response: np.ndarray, padding: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        core.fft_convolve(audio, response, padding)


@pytest.mark.parametrize(("frame_size", "ir_size"), [(1, 1), (8, 9), (1000, 257)])
def test_fft_size_holds_the_convolution(frame_size: int, ir_size: int) -> None:
    needed = frame_size + ir_size - 1
    size = core.get_fft_size(frame_size, ir_size)
    assert needed <= size < 2 * needed
    assert size & (size - 1) == 0


def test_fft_size_of_small_factors() -> None:
    assert core.get_fft_size(64000, 48000) == 131072
    assert core.get_fft_size(64000, 48000, power_of_2=False) == 112500
