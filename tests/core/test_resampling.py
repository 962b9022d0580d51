import re

import numpy as np
import pytest
import tensorflow as tf

from ddsp.core.resampling import center_crop, resample, upsample_with_windows

METHODS = ["nearest", "linear", "cubic", "window"]
# Recorded outputs of the original for the frames 0, 1, 4.
RECORDED = [
    ("linear", 6, True, [0, 0.5, 1, 2.5, 4, 4]),
    ("linear", 6, False, [0, 0.4, 0.8, 1.6, 2.8, 4]),
    ("nearest", 6, True, [0, 0, 1, 1, 4, 4]),
    ("nearest", 6, False, [0, 0, 1, 1, 4, 4]),
    ("cubic", 6, True, [0, 0.21875, 1, 2.59375, 4, 4.28125]),
    (
        "window",
        12,
        True,
        [0, 0.14644665, 0.5, 0.85355335, 1, 1.4393399, 2.5, 3.56066, 4, 4, 4, 4],
    ),
    (
        "window",
        12,
        False,
        [
            *(0, 0.06698731, 0.25, 0.5, 0.75, 0.9330127),
            *(1, 1.2009618, 1.75, 2.5, 3.25, 3.7990382),
        ],
    ),
]


def keys(distance):
    """Keys' kernel, from his two cubics in powers of the distance."""
    a, t = -0.75, abs(distance)
    if t <= 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a if t < 2 else 0.0


def restated(x, n, method, add_endpoint):
    """The definition, one timestep after the other, in float64."""
    last, out = len(x) - 1, np.zeros(n)
    for i in range(n):
        aligned = not add_endpoint and n > 1
        p = i * (len(x) - aligned) / (n - aligned)
        k = int(np.floor(p + 1e-9))
        if method == "nearest":
            out[i] = x[min(int(np.floor(p + 0.5 * (not add_endpoint) + 1e-9)), last)]
        elif method == "linear":
            out[i] = x[k] + (x[min(k + 1, last)] - x[k]) * (p - k)
        else:
            taps = range(k - 1, k + 3)
            out[i] = sum(x[min(max(j, 0), last)] * keys(p - j) for j in taps)
    return out


@pytest.mark.parametrize(("method", "n", "add_endpoint", "expected"), RECORDED)
def test_small_case_equals_the_recorded_numbers(method, n, add_endpoint, expected):
    outputs = resample([0.0, 1.0, 4.0], n, method, add_endpoint)
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("add_endpoint", "expected"), [(True, [0, 2, 4]), (False, [0, 2.5, 5])]
)
def test_fewer_timesteps_are_points_of_the_same_curve(add_endpoint, expected):
    outputs = resample(np.arange(6.0), 3, add_endpoint=add_endpoint)
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


@pytest.mark.parametrize("add_endpoint", [True, False])
@pytest.mark.parametrize("method", ["nearest", "linear", "cubic"])
@pytest.mark.parametrize(
    ("n_frames", "n_timesteps"),
    [(1, 1), (1, 7), (2, 7), (7, 1), (7, 3), (7, 21), (7, 25), (6, 26), (10, 103)],
)
def test_every_ratio_equals_the_definition(
    n_frames, n_timesteps, method, add_endpoint, rng
):
    x = rng.normal(size=[n_frames])
    expected = restated(x, n_timesteps, method, add_endpoint)
    outputs = resample(x, n_timesteps, method, add_endpoint)
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


@pytest.mark.parametrize("add_endpoint", [True, False])
@pytest.mark.parametrize("n_timesteps", [64, 192, 193, 150])
def test_linear_equals_numpys_interpolation(n_timesteps, add_endpoint, rng):
    x = rng.normal(size=[2, 16, 3])
    at = np.arange(n_timesteps) * (16 - (not add_endpoint))
    at = at / (n_timesteps - (not add_endpoint))
    outputs = resample(x, n_timesteps, add_endpoint=add_endpoint).numpy()
    assert outputs.shape == (2, n_timesteps, 3)
    for i, j in np.ndindex(2, 3):
        expected = np.interp(at, np.arange(16), x[i, :, j])
        np.testing.assert_allclose(outputs[i, :, j], expected, atol=2e-5)


@pytest.mark.parametrize("add_endpoint", [True, False])
@pytest.mark.parametrize(("n_frames", "n_timesteps"), [(50, 9600), (13, 100), (90, 7)])
@pytest.mark.parametrize(
    ("method", "kernel"),
    [
        ("nearest", tf.raw_ops.ResizeNearestNeighbor),
        ("linear", tf.raw_ops.ResizeBilinear),
    ],
)
def test_bits_are_those_of_the_image_kernels_of_the_original(
    method, kernel, n_frames, n_timesteps, add_endpoint, rng
):
    x = rng.normal(size=[2, n_frames, 3]).astype(np.float32)
    expected = kernel(
        images=x[:, :, None], size=[n_timesteps, 1], align_corners=not add_endpoint
    )
    outputs = resample(x, n_timesteps, method, add_endpoint)
    np.testing.assert_array_equal(outputs, expected[:, :, 0])


@pytest.mark.parametrize("n_timesteps", [40, 45])
def test_windows_are_overlapping_hann_windows(n_timesteps, rng):
    x = rng.normal(size=[5, 2])
    hop_size = n_timesteps // 5
    phase = np.arange(2 * hop_size) / (2 * hop_size)
    hann = (0.5 - 0.5 * np.cos(2.0 * np.pi * phase))[:, None]
    expected = np.zeros([7 * hop_size, 2])
    for k, frame in enumerate([*x, x[-1]]):
        expected[k * hop_size : (k + 2) * hop_size] += frame * hann
    expected = expected[hop_size:-hop_size]
    np.testing.assert_allclose(
        upsample_with_windows(x[None], n_timesteps)[0], expected, atol=1e-6
    )


@pytest.mark.parametrize("add_endpoint", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_frames_are_kept_where_they_stand(method, add_endpoint, rng):
    x = rng.normal(size=[1, 5, 2]).astype(np.float32)
    n_timesteps = 160 if add_endpoint else 161 - (method == "window")
    n_segments = 5 if add_endpoint else 4
    outputs = resample(x, n_timesteps, method, add_endpoint).numpy()
    at = np.arange(n_segments) * (n_timesteps // n_segments)
    np.testing.assert_allclose(outputs[:, at], x[:, :n_segments], atol=1e-6)


@pytest.mark.parametrize("method", ["linear", "window"])
def test_no_value_leaves_the_range_of_its_neighbours(method, rng):
    x = rng.normal(size=[1, 1000, 1]).astype(np.float32)
    outputs = resample(x, 3000, method).numpy().reshape(1000, 3)
    following = np.append(x[0, 1:, 0], x[0, -1, 0])
    low, high = np.minimum(x[0, :, 0], following), np.maximum(x[0, :, 0], following)
    assert np.all(outputs >= low[:, None] - 1e-6)
    assert np.all(outputs <= high[:, None] + 1e-6)


@pytest.mark.parametrize("add_endpoint", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_ranks_mean_the_same(method, add_endpoint, rng):
    x = rng.normal(size=[2, 4, 3]).astype(np.float32)
    outputs = resample(x, 24, method, add_endpoint).numpy()
    for j in range(3):
        plane = resample(x[:, :, j], 24, method, add_endpoint)
        np.testing.assert_allclose(plane, outputs[:, :, j], atol=1e-6)
        line = resample(x[0, :, j], 24, method, add_endpoint)
        np.testing.assert_allclose(line, outputs[0, :, j], atol=1e-6)
    if method != "window":
        cube = np.stack([x, -x], axis=2)
        outputs = np.stack([outputs, -outputs], axis=2)
        resampled = resample(cube, 24, method, add_endpoint)
        np.testing.assert_allclose(resampled, outputs, atol=1e-6)


@pytest.mark.parametrize("add_endpoint", [True, False])
@pytest.mark.parametrize("method", METHODS)
def test_as_many_timesteps_as_frames_change_nothing(method, add_endpoint, rng):
    x = rng.normal(size=[2, 5, 3]).astype(np.float32)
    np.testing.assert_array_equal(resample(x, 5, method, add_endpoint), x)


def test_one_frame_is_held():
    np.testing.assert_array_equal(
        resample([[[3.0]]], 8, "window"), np.full([1, 8, 1], 3)
    )


@pytest.mark.parametrize(
    ("n_frames", "n_timesteps", "add_endpoint"),
    [(5, 6, True), (5, 4, True), (5, 12, True), (6, 12, False), (1, 4, False)],
)
def test_windows_refuse_what_does_not_divide(n_frames, n_timesteps, add_endpoint):
    with pytest.raises(ValueError, match=f"n_timesteps={n_timesteps} "):
        upsample_with_windows(np.ones([1, n_frames, 1]), n_timesteps, add_endpoint)


@pytest.mark.parametrize("shape", [[4], [1, 4], [1, 4, 1, 1]])
def test_windows_need_batch_frames_and_channels(shape):
    with pytest.raises(ValueError, match="channels"):
        upsample_with_windows(np.ones(shape), 16)


@pytest.mark.parametrize(
    ("shape", "method"),
    [([], "linear"), ([1] * 5, "linear"), ([1] * 4, "window"), ([1, 0, 1], "cubic")],
)
def test_shapes_that_cannot_be_resampled_are_refused(shape, method):
    with pytest.raises(ValueError, match="shape"):
        resample(np.ones(shape), 8, method)


def test_an_unknown_method_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"quadratic.*nearest.*linear.*cubic.*window"):
        resample([1.0, 2.0], 4, method="quadratic")


def test_timesteps_are_a_positive_whole_number():
    with pytest.raises(ValueError, match="n_timesteps=0"):
        resample([1.0, 2.0], 0)
    with pytest.raises(TypeError, match="integer"):
        resample([1.0, 2.0], 4.0)


# Windows need a whole ratio, the others take any.
RATIOS = [*((m, n) for m in METHODS[:3] for n in (24, 25, 19, 3)), ("window", 24)]


@pytest.mark.parametrize("add_endpoint", [True, False])
@pytest.mark.parametrize(("method", "n_timesteps"), RATIOS)
def test_gradient_is_the_weight_of_each_frame(method, n_timesteps, add_endpoint, rng):
    n_frames = 5 if method == "window" and not add_endpoint else 4
    x = tf.constant(rng.normal(size=[n_frames]), tf.float32)
    upstream = rng.normal(size=[n_timesteps])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = resample(x, n_timesteps, method, add_endpoint)
    actual = tape.gradient(y, x, output_gradients=tf.constant(upstream, tf.float32))
    # Resampling is linear, so its columns are the responses to single frames.
    columns = [resample(e, n_timesteps, method, add_endpoint) for e in np.eye(n_frames)]
    np.testing.assert_allclose(actual, np.array(columns) @ upstream, atol=1e-4)


@pytest.mark.parametrize(("method", "n_timesteps"), RATIOS)
def test_compiled_for_any_batch_equals_eager(method, n_timesteps, rng):
    def values_and_gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = resample(x, n_timesteps, method)
            loss = tf.reduce_sum(y**2)
        return y, tape.gradient(loss, x)

    x = tf.constant(rng.normal(size=[3, 4, 2]), tf.float32)
    signature = [tf.TensorSpec([None, 4, 2])]
    for jit_compile in (False, True):
        traced = tf.function(
            values_and_gradient, input_signature=signature, jit_compile=jit_compile
        )
        assert traced.get_concrete_function().output_shapes[0][1:] == [n_timesteps, 2]
        for actual, expected in zip(traced(x), values_and_gradient(x), strict=True):
            np.testing.assert_allclose(actual, expected, atol=2e-5)


@pytest.mark.parametrize("add_endpoint", [True, False])
@pytest.mark.parametrize("method", ["nearest", "linear", "cubic"])
def test_the_number_of_frames_may_be_unknown(method, add_endpoint, rng):
    def resampled(x):
        return resample(x, 24, method, add_endpoint)

    signature = [tf.TensorSpec([None, None, 2])]
    traced = tf.function(resampled, input_signature=signature)
    for n_frames in (1, 4, 24, 37):
        x = rng.normal(size=[2, n_frames, 2]).astype(np.float32)
        np.testing.assert_allclose(traced(x), resampled(x), atol=2e-5)


def test_an_empty_batch_stays_empty():
    for n_timesteps in (8, 9):
        outputs = resample(np.ones([0, 4, 2]), n_timesteps)
        assert outputs.shape == [0, n_timesteps, 2]


@pytest.mark.parametrize("frame_size", [0, 1, 2, 3, 6, 7])
@pytest.mark.parametrize("convert", [np.asarray, tf.constant])
def test_center_crop_undoes_centred_padding(frame_size, convert):
    audio = np.arange(20.0).reshape(2, 10)
    half = frame_size // 2
    padded = np.pad(audio, [(0, 0), (half, half)])
    np.testing.assert_array_equal(center_crop(convert(padded), frame_size), audio)


@pytest.mark.parametrize("add_endpoint", [True, False])
@pytest.mark.parametrize("n_timesteps", [1, 5, 7, 20, 23])
@pytest.mark.parametrize("shape", [[5], [2, 5], [2, 5, 3]])
def test_the_number_of_timesteps_may_be_unknown(shape, n_timesteps, add_endpoint, rng):
    inputs = tf.constant(rng.normal(size=shape), tf.float32)
    expected = resample(inputs, n_timesteps, add_endpoint=add_endpoint)
    known = tf.TensorSpec(shape)
    unknown = tf.TensorSpec([None] * len(shape))
    for spec in (known, unknown):

        @tf.function(input_signature=[spec, tf.TensorSpec([], tf.int32)])
        def at_run_time(inputs, n_timesteps):
            return resample(inputs, n_timesteps, add_endpoint=add_endpoint)

        found = at_run_time(inputs, n_timesteps)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_windows_need_a_number_of_timesteps_that_is_known():
    @tf.function(input_signature=[tf.TensorSpec([], tf.int32)])
    def at_run_time(n_timesteps):
        return resample(tf.ones([2, 5]), n_timesteps, method="window")

    with pytest.raises(TypeError):
        at_run_time(20)


@pytest.mark.parametrize(("n_frames", "n_timesteps"), [(1, 2), (2, 3), (3, 4), (7, 30)])
def test_number_that_the_error_suggests_is_accepted(
    n_frames: int, n_timesteps: int
) -> None:
    frames = tf.ones([1, n_frames, 1])
    with pytest.raises(ValueError, match="use") as error:
        upsample_with_windows(frames, n_timesteps)
    suggested = int(re.search(r"use (\d+)", str(error.value)).group(1))
    assert upsample_with_windows(frames, suggested).shape[1] == suggested
