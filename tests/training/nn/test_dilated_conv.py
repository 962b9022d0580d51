import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import nn


def _heard(stack, n_frames=61, channels=2):
    """Distances of the frames that the middle frame of the output depends on."""
    x = tf.random.normal([1, n_frames, channels], seed=5)
    with tf.GradientTape() as tape:
        tape.watch(x)
        middle = tf.reduce_sum(stack(x)[:, n_frames // 2] ** 2)
    slopes = np.abs(tape.gradient(middle, x)[0]).max(axis=-1)
    return np.flatnonzero(slopes) - n_frames // 2


@pytest.mark.parametrize(
    ("dilation", "reach"), [(2, 1 + 1 + 2 + 4), (-2, 1 + 4 + 2 + 1), (3, 1 + 1 + 3 + 9)]
)
def test_reach_is_the_sum_of_the_dilations_on_both_sides(dilation, reach):
    stack = nn.DilatedConvStack(16, layers_per_stack=3, stacks=1, dilation=dilation)
    heard = _heard(stack)
    assert (heard.min(), heard.max()) == (-reach, reach)


@pytest.mark.parametrize(("dilation", "rates"), [(2, [1, 2, 4]), (-2, [4, 2, 1])])
def test_a_negative_dilation_begins_with_the_widest(dilation, rates):
    stack = nn.DilatedConvStack(4, layers_per_stack=3, stacks=2, dilation=dilation)
    found = [layer.layers[-1].dilation_rate for layer in stack.layers]
    assert found == [(rate, 1) for rate in rates] * 2


def test_normalisation_lets_every_frame_hear_all():
    stack = nn.DilatedConvStack(8, layers_per_stack=1, stacks=1, norm_type="layer")
    assert len(_heard(stack)) == 61


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    ("resample_type", "stacks_per_resample", "n_frames"),
    [
        ("downsample", 1, 32 // 2**4),
        ("downsample", 2, 32 // 2**2),
        ("upsample", 1, 32 * 2**4),
        ("upsample", 4, 32 * 2),
    ],
)
def test_frame_rate_changes_once_for_so_many_stacks(
    resample_type, stacks_per_resample, n_frames, after
):
    stack = nn.DilatedConvStack(
        2,
        layers_per_stack=2,
        stacks=4,
        resample_type=resample_type,
        resample_stride=2,
        stacks_per_resample=stacks_per_resample,
        resample_after_convolve=after,
    )
    assert stack(tf.zeros([1, 32, 3])).shape == (1, n_frames, 2)


def test_conditioning_may_differ_from_frame_to_frame(rng):
    x = rng.normal(size=[1, 20, 3]).astype(np.float32)
    z = np.zeros([1, 20, 2], np.float32)
    stack = nn.DilatedConvStack(8, 1, 1, conditional=True)
    before = stack([x, z]).numpy()
    z[:, 15] = 1.0
    changed = np.abs(stack([x, z]) - before)[0].max(axis=-1)
    assert np.flatnonzero(changed).tolist() == [15]


def test_a_built_stack_takes_sequences_of_any_length_and_gradients(rng):
    stack = nn.DilatedConvStack(4, layers_per_stack=3, stacks=1, norm_type="instance")
    stack.build([None, None, 3])
    names = {v.path for v in stack.trainable_variables}
    spec = tf.TensorSpec([None, None, 3])
    traced = tf.function(stack, input_signature=[spec], autograph=False)
    for batch, n_frames in ((1, 20), (3, 33)):
        x = rng.normal(size=[batch, n_frames, 3]).astype(np.float32)
        with tf.GradientTape() as tape:
            y = traced(x)
            total = tf.reduce_sum(y * rng.normal(size=y.shape).astype(np.float32))
        np.testing.assert_allclose(y, stack(x), atol=1e-5)
        slopes = tape.gradient(total, [v.value for v in stack.trainable_variables])
        assert all(np.isfinite(s).all() and np.abs(s).max() > 0 for s in slopes)
    assert {v.path for v in stack.trainable_variables} == names


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("resample_type must be", {"resample_type": "sideways"}),
        (
            "stacks must be a multiple",
            {"resample_type": "upsample", "stacks": 3, "stacks_per_resample": 2},
        ),
        (
            "stacks must be a multiple",
            {"resample_type": "upsample", "stacks_per_resample": 0},
        ),
    ],
)
def test_settings_that_make_no_stack_are_errors(name, settings):
    with pytest.raises(ValueError, match=name):
        nn.DilatedConvStack(**settings)


def test_what_is_no_sequence_is_an_error():
    with pytest.raises(ValueError, match="The input must have shape"):
        nn.DilatedConvStack(2, 1, 1)(tf.zeros([1, 4, 1, 2]))


def test_conditioning_by_frames_does_not_fit_another_frame_rate():
    stack = nn.DilatedConvStack(
        2,
        1,
        1,
        resample_type="downsample",
        resample_stride=2,
        conditional=True,
        resample_after_convolve=False,
    )
    x, z = tf.zeros([1, 8, 3]), tf.zeros([1, 8, 2])
    with pytest.raises(ValueError, match="average z over time"):
        stack([x, z])
    assert stack([x, z[:, :1]]).shape == (1, 4, 2)
