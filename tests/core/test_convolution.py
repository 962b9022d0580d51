"""FFT convolution against direct convolution."""

import numpy as np
import pytest
import scipy.signal
import tensorflow as tf
from gradients import assert_gradients_match_differences
from hypothesis import example, given, settings
from hypothesis import strategies as st
from signals import impulse

from ddsp import core
from ddsp.core import convolution


def blockwise(audio: np.ndarray, responses: np.ndarray) -> np.ndarray:
    """Each block convolved with its own response, tails added, in float64."""
    hop = -(-len(audio) // len(responses))
    total = np.zeros(hop * len(responses) + responses.shape[1])
    for index, response in enumerate(responses):
        tail = np.convolve(audio[index * hop : (index + 1) * hop], response)
        total[index * hop : index * hop + len(tail)] += tail
    return total


def frames_that_fit(n_samples: int) -> list[int]:
    """Numbers of equal blocks, the last perhaps shorter, that cover the audio."""
    return sorted({-(-n_samples // hop) for hop in range(1, n_samples + 1)})


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[int, int, int, str, int]:
    n_samples = draw(st.integers(1, 150))
    n_frames = draw(st.sampled_from(frames_that_fit(n_samples)))
    n_taps = draw(st.integers(1, 150))
    padding = draw(st.sampled_from(["same", "valid"]))
    return n_samples, n_taps, n_frames, padding, draw(st.integers(0, 200))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(convolutions())
# The original returned nothing where total length - size == start (C27).
@example((8, 9, 1, "valid", 0))
@example((100, 25, 1, "same", 24))
@example((50, 7, 5, "valid", 0))
@example((1, 1, 1, "same", 5))
def test_convolution_equals_definition(case: tuple[int, int, int, str, int]) -> None:
    n_samples, n_taps, n_frames, padding, delay = case
    rng = np.random.default_rng(0)
    audio, responses = rng.normal(size=n_samples), rng.normal(size=[n_frames, n_taps])
    length = n_samples if padding == "same" else n_samples + n_taps - 1
    expected = blockwise(audio, responses)
    expected = np.pad(expected, [0, delay + length])[delay : delay + length]
    result = core.fft_convolve(audio[None], responses[None], padding, delay)
    assert length > 0
    np.testing.assert_allclose(result[0], expected, atol=1e-4)


@pytest.mark.parametrize("n_taps", [1, 2, 3, 4, 5, 25, 26, 301])
def test_automatic_delay_is_half_the_response_but_one(n_taps: int) -> None:
    # The original's rule, which for one or two taps gave nothing (C28).
    start = max(0, (n_taps - 1) // 2 - 1)
    response = np.float32(impulse(n_taps, at=start))
    audio = core.fft_convolve(impulse(1000, at=400), response)
    np.testing.assert_allclose(audio, impulse(1000, at=400), atol=1e-5)


def test_long_convolution_equals_scipy(rng: np.random.Generator) -> None:
    audio, response = rng.normal(size=[1, 4000]), rng.normal(size=[1, 3000]) / 50
    result = core.fft_convolve(audio, response, "valid", 0)
    np.testing.assert_allclose(
        result[0], scipy.signal.fftconvolve(audio[0], response[0]), atol=1e-4
    )


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_sizes_that_are_known_only_when_running_change_nothing(
    rng: np.random.Generator, compiled: bool, padding: str
) -> None:
    audio = rng.normal(size=[3, 100]).astype(np.float32)
    responses = rng.normal(size=[1, 5, 9]).astype(np.float32)
    convolve = tf.function(
        lambda x, y: core.fft_convolve(x, y, padding),
        input_signature=[tf.TensorSpec([None, None]), tf.TensorSpec([None] * 3)],
        jit_compile=compiled,
    )
    expected = core.fft_convolve(audio, responses, padding)
    np.testing.assert_allclose(convolve(audio, responses), expected, atol=1e-5)
    if not compiled:
        with pytest.raises(tf.errors.InvalidArgumentError, match="equal length"):
            convolve(audio, np.ones([1, 37, 9], np.float32))


def test_shared_response_is_transformed_once() -> None:
    traced = tf.function(core.fft_convolve).get_concrete_function(
        tf.TensorSpec([4, 64]), tf.TensorSpec([1, 8])
    )
    transformed = [
        op.inputs[0].shape.as_list()
        for op in traced.graph.get_operations()
        if op.type == "RFFT"
    ]
    assert sorted(shape[0] for shape in transformed) == [1, 4]


def test_gradients_equal_finite_differences(rng: np.random.Generator) -> None:
    inputs = rng.normal(size=[2, 30]), rng.normal(size=[1, 3, 6])
    assert_gradients_match_differences(core.fft_convolve, inputs, [0.1, 0.1])


@pytest.mark.parametrize(
    ("audio", "response", "padding", "message"),
    [
        (np.ones([2, 10]), np.ones([3, 4]), "same", "same batch size"),
        (np.ones([1, 1000]), np.ones([1, 1010, 4]), "same", "use 1000 frames"),
        (np.ones([1, 1000]), np.ones([1, 999, 4]), "same", "use 500 frames"),
        (np.ones([1, 1000]), np.ones([1, 37, 4]), "same", "use 36 frames"),
        (np.ones([1, 10]), np.ones([1, 4]), "full", "padding must be"),
        (np.ones([10]), np.ones([1, 4]), "same", "n_samples"),
        (np.ones([1, 0]), np.ones([1, 4]), "same", "must not be empty"),
        (np.ones([1, 10]), np.ones([1, 0, 4]), "same", "must not be empty"),
    ],
)
def test_wrong_input_is_named(
    audio: np.ndarray, response: np.ndarray, padding: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        core.fft_convolve(audio, response, padding)


@pytest.mark.parametrize("n_samples", [10, 97, 100])
def test_number_of_frames_that_an_error_suggests_is_accepted(n_samples: int) -> None:
    refused = set(range(1, n_samples)) - set(frames_that_fit(n_samples))
    assert refused
    audio = np.ones([1, n_samples], np.float32)
    for n_frames in sorted(refused):
        with pytest.raises(ValueError, match="equal length") as error:
            core.fft_convolve(audio, np.ones([1, n_frames, 1], np.float32))
        suggested = int(str(error.value).split("use ")[1].split()[0])
        result = core.fft_convolve(audio, np.ones([1, suggested, 1], np.float32))
        np.testing.assert_allclose(result, audio, atol=1e-5)


@pytest.mark.parametrize(("frame_size", "ir_size"), [(1, 1), (8, 9), (1000, 257)])
def test_fft_size_holds_the_convolution(frame_size: int, ir_size: int) -> None:
    needed = frame_size + ir_size - 1
    size = core.get_fft_size(frame_size, ir_size)
    assert needed <= size < 2 * needed
    assert size & (size - 1) == 0


def test_fft_size_of_small_factors() -> None:
    assert core.get_fft_size(64000, 48000) == 131072
    assert core.get_fft_size(64000, 48000, power_of_2=False) == 112500


def test_the_gradient_of_a_convolution_has_a_gradient():
    rng = np.random.default_rng(0)
    audio, taps, one, two = (
        tf.constant(rng.normal(size=n), tf.float32)
        for n in ([2, 12], [1, 3, 5], [2, 12], [1, 3, 5])
    )

    def slope(audio, taps):
        with tf.GradientTape() as tape:
            tape.watch((audio, taps))
            total = tf.reduce_sum(core.fft_convolve(audio, taps, "same", 0) ** 3)
        by_audio, by_taps = tape.gradient(total, (audio, taps))
        return tf.reduce_sum(by_audio * one) + tf.reduce_sum(by_taps * two)

    with tf.GradientTape() as tape:
        tape.watch((audio, taps))
        value = slope(audio, taps)
    by_audio, by_taps = tape.gradient(value, (audio, taps))
    found = tf.reduce_sum(by_audio * one) + tf.reduce_sum(by_taps * two)
    step = 1e-2
    ends = [slope(audio + s * one, taps + s * two) for s in (step, -step)]
    expected = (ends[0] - ends[1]) / (2.0 * step)
    np.testing.assert_allclose(found, expected, rtol=1e-2)


@pytest.mark.parametrize(("size", "hop"), [(2, 2), (7, 3), (8, 2), (3, 4), (40, 2)])
def test_blocks_add_up_where_they_overlap(size, hop):
    blocks = np.random.default_rng(0).normal(size=[2, 5, size]).astype(np.float32)
    expected = np.zeros([2, 4 * hop + size], np.float32)
    for i in range(5):
        expected[:, i * hop : i * hop + size] += blocks[:, i]
    found = convolution.overlap_and_add(tf.constant(blocks), hop)
    np.testing.assert_allclose(found, expected, atol=1e-5)
