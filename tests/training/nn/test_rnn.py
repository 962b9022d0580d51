import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import checkpoints, nn


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


@pytest.mark.parametrize("rnn_type", ["gru", "lstm"])
def test_blocks_with_the_state_carried_on_are_the_whole_sequence(rnn_type, rng):
    x = rng.normal(size=[2, 12, 3]).astype(np.float32)
    trained, player = nn.Rnn(4, rnn_type), nn.StatelessRnn(4, rnn_type)
    whole = trained(x)
    state = tf.zeros([2, player.state_size])
    player(x, state)
    named = checkpoints.named_variables(player)
    for path, variable in checkpoints.named_variables(trained).items():
        named[path].assign(variable)
    blocks = []
    for start in range(0, 12, 4):
        block, state = player(x[:, start : start + 4], state)
        blocks.append(block)
    np.testing.assert_allclose(np.concatenate(blocks, axis=1), whole, atol=1e-6)
    np.testing.assert_allclose(state[:, :4], whole[:, -1], atol=1e-6)


@pytest.mark.parametrize(("rnn_type", "size"), [("gru", 4), ("lstm", 8)])
def test_state_of_another_size_is_an_error(rnn_type, size):
    layer = nn.StatelessRnn(4, rnn_type)
    with pytest.raises(ValueError, match=rf"state must have shape \[batch, {size}\]"):
        layer(tf.zeros([1, 5, 2]), tf.zeros([1, 5]))


def test_unknown_kind_of_stateless_recurrence_is_an_error():
    with pytest.raises(KeyError, match="'gru' or 'lstm'"):
        nn.StatelessRnn(4, "rnn")
