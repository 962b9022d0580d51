"""Shapes, lengths and curves for any sizes, against float64."""

import numpy as np
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddsp import core, spectral_ops

few = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    # The fixture that seeds and clears gin is the same for all examples.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
sizes = st.integers(1, 60)
seeds = st.integers(0, 1000)


def curve(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1.0, 1.0, shape).astype(np.float32)


def positions(n_frames: int, n_timesteps: int, add_endpoint: bool) -> np.ndarray:
    """Where each timestep lies, in frames."""
    steps = np.arange(n_timesteps)
    if add_endpoint:
        return np.minimum(steps * n_frames / n_timesteps, n_frames - 1)
    return steps * (n_frames - 1) / max(n_timesteps - 1, 1)


@few
@given(n_frames=sizes, n_timesteps=sizes, add_endpoint=st.booleans(), seed=seeds)
def test_linear_resample_is_linear_interpolation(
    n_frames, n_timesteps, add_endpoint, seed
):
    frames = curve(seed, n_frames)
    output = core.resample(frames, n_timesteps, "linear", add_endpoint)
    where = positions(n_frames, n_timesteps, add_endpoint)
    expected = np.interp(where, np.arange(n_frames), frames)
    np.testing.assert_allclose(output, expected, atol=1e-5)


@few
@given(
    n_frames=sizes,
    n_timesteps=sizes,
    rank=st.integers(1, 4),
    method=st.sampled_from(["nearest", "linear", "cubic"]),
    add_endpoint=st.booleans(),
)
def test_resample_keeps_constants_and_other_axes(
    n_frames, n_timesteps, rank, method, add_endpoint
):
    shape = {1: [n_frames], 2: [2, n_frames], 3: [2, n_frames, 3]}.get(
        rank, [2, n_frames, 3, 4]
    )
    output = core.resample(np.full(shape, 0.7), n_timesteps, method, add_endpoint)
    expected = [
        n_timesteps if n == n_frames and i == (rank > 1) else n
        for i, n in enumerate(shape)
    ]
    assert output.shape.as_list() == expected
    np.testing.assert_allclose(output, 0.7, atol=1e-6)


@few
@given(n_frames=sizes, n_timesteps=sizes, add_endpoint=st.booleans(), seed=seeds)
def test_nearest_resample_invents_nothing(n_frames, n_timesteps, add_endpoint, seed):
    frames = curve(seed, n_frames)
    output = core.resample(frames, n_timesteps, "nearest", add_endpoint).numpy()
    assert set(output) <= set(frames)
    assert output[0] == frames[0]


@few
@given(n_frames=st.integers(1, 30), hop_size=st.integers(3, 20), seed=seeds)
def test_window_resample_rises_like_half_a_cosine(n_frames, hop_size, seed):
    frames = curve(seed, n_frames)
    output = core.resample(frames, n_frames * hop_size, "window")
    where = positions(n_frames, n_frames * hop_size, True)
    index = np.floor(where + 1e-9).astype(int)
    share = 0.5 - 0.5 * np.cos(np.pi * (where - index))
    after = frames[np.minimum(index + 1, n_frames - 1)]
    expected = (1.0 - share) * frames[index] + share * after
    np.testing.assert_allclose(output, expected, atol=1e-5)


@few
@given(
    n_samples=st.integers(1, 300),
    frame_size=st.integers(1, 70),
    hop_share=st.floats(0.01, 1.0),
    padding=st.sampled_from(["center", "same", "valid"]),
)
def test_framed_lengths_are_those_of_padding_and_framing(
    n_samples, frame_size, hop_share, padding
):
    hop_size = max(1, int(hop_share * frame_size))
    audio = np.ones(n_samples, np.float32)
    n_frames, padded = spectral_ops.get_framed_lengths(
        n_samples, frame_size, hop_size, padding
    )
    longer = spectral_ops.pad(audio, frame_size, hop_size, padding)
    assert longer.shape == [padded]
    assert float(tf.reduce_sum(longer)) == n_samples
    if padded >= frame_size:
        framed = tf.signal.frame(longer, frame_size, hop_size)
        assert framed.shape == [n_frames, frame_size]
    else:
        assert n_frames == 0
    if padding == "same":
        assert n_frames == -(-n_samples // hop_size)
    if padding == "center":
        assert n_frames == n_samples // hop_size + 1


keys = st.text("abc_ 0", min_size=1, max_size=4)
trees = st.dictionaries(
    keys, st.recursive(st.integers(), lambda x: st.dictionaries(keys, x, max_size=3))
)


@few
@given(tree=trees, delimiter=st.sampled_from(["/", ".", "::"]))
def test_every_leaf_is_found_under_its_path(tree, delimiter):
    def leaves(branch):
        for value in branch.values():
            yield from leaves(value) if isinstance(value, dict) else [value]

    paths = core.nested_keys(tree, delimiter)
    assert [core.nested_lookup(path, tree, delimiter) for path in paths] == list(
        leaves(tree)
    )
    for path in paths:
        assert path.endswith(core.leaf_key(path, delimiter))
        assert delimiter not in core.leaf_key(path, delimiter)


@few
@given(
    n_frames=st.integers(1, 31),
    hop_size=st.integers(3, 40),
    remainder=st.integers(0, 7),
    method=st.sampled_from(["window", "linear"]),
    seed=seeds,
)
def test_harmonics_are_sines_of_the_summed_pitch(
    n_frames, hop_size, remainder, method, seed
):
    # Frames of a fraction of a sample are possible with linear amplitudes only.
    n_samples = n_frames * hop_size + (remainder if method == "linear" else 0)
    f0_hz = 300.0 + 200.0 * curve(seed, 1, n_frames, 1)
    amplitudes = 1.0 + curve(seed + 1, 1, n_frames, 1)
    shares = 1.0 + curve(seed + 2, 1, n_frames, 3)
    audio = core.harmonic_synthesis(
        f0_hz,
        amplitudes,
        harmonic_distribution=shares,
        n_samples=n_samples,
        amp_resample_method=method,
    )
    where, index = positions(n_frames, n_samples, True), np.arange(n_frames)
    phase = 2 * np.pi * np.cumsum(np.interp(where, index, f0_hz[0, :, 0])) / 16000
    expected = np.zeros(n_samples)
    for number in range(3):
        frames = amplitudes[0, :, 0].astype(np.float64) * shares[0, :, number]
        level = np.interp(
            where if method == "linear" else rounded(where), index, frames
        )
        expected += level * np.sin((number + 1) * phase)
    np.testing.assert_allclose(audio[0], expected, atol=2e-4)


def rounded(where: np.ndarray) -> np.ndarray:
    """Bends steps between frames so that linear interpolation follows a cosine."""
    index = np.floor(where + 1e-9)
    return index + 0.5 - 0.5 * np.cos(np.pi * (where - index))
