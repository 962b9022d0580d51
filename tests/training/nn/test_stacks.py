import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import checkpoints, nn


def test_no_layers_are_the_identity(rng):
    x = rng.normal(size=[2, 5, 3]).astype(np.float32)
    stack = nn.FcStack(ch=8, layers=0)
    np.testing.assert_array_equal(stack(x), x)
    assert not stack.weights


def test_a_built_stack_takes_sequences_of_any_length_and_rank(rng):
    stack = nn.FcStack(ch=4, layers=2)
    x = rng.normal(size=[3, 50, 2]).astype(np.float32)
    whole = stack(x[:, :7])
    np.testing.assert_allclose(stack(x)[:, :7], whole, atol=1e-6)
    np.testing.assert_allclose(stack(x[:1])[:, :7], whole[:1], atol=1e-6)
    np.testing.assert_allclose(stack(x[:, 0]), whole[:, 0], atol=1e-6)


def test_a_stack_can_be_built_before_it_is_called():
    layer = nn.FcStackOut(ch=4, layers=2, n_out=3)
    layer.build([None, None, 2])
    shapes = {k: tuple(v.shape) for k, v in checkpoints.named_variables(layer).items()}
    assert shapes["stack/layer_with_weights-0/layer_with_weights-0/kernel"] == (2, 4)
    assert shapes["dense_out/kernel"] == (4, 3)


def test_identity_returns_its_input():
    x = tf.constant([1.0, -2.0])
    np.testing.assert_array_equal(nn.Identity()(x), x)


@pytest.mark.parametrize("bidir", [False, True])
def test_recurrent_layers_of_an_rnn_fc_pass_all_frames_on(bidir, rng):
    x = rng.normal(size=[2, 9, 3]).astype(np.float32)
    layer = nn.RnnFc(rnn_feat=4, out_feat=5, rnn_type="gru", bidir=bidir, n_rnn=2)
    whole = layer(x).numpy()
    assert whole.shape == (2, 9, 5)
    # Only what runs backwards can hear a later frame.
    x[:, -1] += 1.0
    earlier = np.abs(layer(x) - whole)[:, :-1].max()
    assert earlier > 1e-4 if bidir else earlier < 1e-6


def test_rnn_fc_has_the_names_and_the_range_of_the_original(rng):
    layer = nn.RnnFc(rnn_feat=4, out_feat=5)
    y = layer(10.0 * rng.normal(size=[2, 9, 3]).astype(np.float32))
    assert 0.0 < np.min(y) < 0.5 < np.max(y) < 1.0  # A sigmoid.
    shapes = {k: tuple(v.shape) for k, v in checkpoints.named_variables(layer).items()}
    assert shapes["layer_with_weights-0/rnn/cell/recurrent_kernel"] == (4, 16)
    assert shapes["layer_with_weights-1/layer_with_weights-0/kernel"] == (4, 5)
