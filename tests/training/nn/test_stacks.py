import numpy as np
import pytest
import tensorflow as tf
from golden_layers import assert_as_recorded

from ddsp.training import checkpoints, nn


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("Fc", lambda: nn.Fc(5)),
        ("FcStack", lambda: nn.FcStack(5, 2)),
        ("FcStackOut", lambda: nn.FcStackOut(5, 2, 3)),
        ("Rnn_gru", lambda: nn.Rnn(5, "gru")),
        ("Rnn_lstm", lambda: nn.Rnn(5, "lstm")),
        ("Rnn_bidir", lambda: nn.Rnn(5, "gru", bidir=True)),
        ("RnnSandwich", lambda: nn.RnnSandwich(5, 1, 6)),
        ("SingleGru", lambda: nn.SingleGru(5)),
    ],
)
def test_layer_has_the_weights_and_outputs_of_the_original(name, make):
    assert_as_recorded(name, make())


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


def test_last_state_alone_is_the_last_of_the_sequence(rng):
    x = rng.normal(size=[2, 9, 3]).astype(np.float32)
    sequence, last = nn.Rnn(4, "gru"), nn.Rnn(4, "gru", return_sequences=False)
    states = sequence(x)
    last(x)
    last.set_weights(sequence.get_weights())
    np.testing.assert_allclose(last(x), states[:, -1], atol=1e-6)


def test_unknown_kind_of_recurrence_is_an_error():
    with pytest.raises(KeyError, match="'gru' or 'lstm'"):
        nn.Rnn(4, "rnn")


def test_identity_returns_its_input():
    x = tf.constant([1.0, -2.0])
    np.testing.assert_array_equal(nn.Identity()(x), x)
