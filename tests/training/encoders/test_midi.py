import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import encoders, nn

KINDS = {
    encoders.MidiEncoder: {"f0_midi": 1, "loudness": 1},
    encoders.HarmonicToMidiEncoder: {"f0_midi": 1, "amps": 1, "hd": 6, "noise": 5},
}
each_kind = pytest.mark.parametrize("kind", KINDS)


class Seen(tf.keras.layers.Layer):
    """Keeps its input, and returns it."""

    def call(self, x):
        self.seen = x
        return x


def features(kind, rng):
    made = {
        key: rng.uniform(size=[2, 10, size]).astype(np.float32)
        for key, size in KINDS[kind].items()
    }
    made["f0_midi"] = 40.0 + 40.0 * made["f0_midi"]
    return made


@each_kind
def test_controls_go_into_the_network_in_their_order(kind, rng):
    net, inputs = Seen(), features(kind, rng)
    kind(net)(dict(reversed(inputs.items())))
    expected = np.concatenate(list(inputs.values()), axis=-1)
    np.testing.assert_array_equal(net.seen, expected)


@each_kind
def test_a_network_that_says_nothing_leaves_the_pitch_as_it_is(kind, rng):
    encoder, inputs = kind(nn.Identity()), features(kind, rng)
    encoder(inputs)
    encoder.dense_out.kernel.assign(tf.zeros_like(encoder.dense_out.kernel))
    encoder.dense_out.bias.assign([0.5, 0.25])
    outputs = encoder(inputs)
    np.testing.assert_array_equal(outputs["z_pitch"], inputs["f0_midi"] + 0.5)
    np.testing.assert_array_equal(outputs["z_vel"], np.full([2, 10, 1], 0.25))


@each_kind
def test_without_the_residual_the_network_says_the_pitch_itself(kind, rng):
    encoder, inputs = kind(nn.Identity(), f0_residual=False), features(kind, rng)
    encoder(inputs)
    encoder.dense_out.kernel.assign(tf.zeros_like(encoder.dense_out.kernel))
    encoder.dense_out.bias.assign([60.0, 0.25])
    outputs = encoder(inputs)
    np.testing.assert_array_equal(outputs["z_pitch"], np.full([2, 10, 1], 60.0))
    np.testing.assert_array_equal(outputs["z_vel"], np.full([2, 10, 1], 0.25))


@each_kind
def test_the_output_of_the_network_is_normalised_as_a_whole(kind, rng):
    encoder, inputs = kind(nn.Identity(), f0_residual=False), features(kind, rng)
    outputs = encoder(inputs)
    x = np.float64(np.concatenate(list(inputs.values()), axis=-1))
    x -= x.mean(axis=(1, 2), keepdims=True)
    x /= np.sqrt(x.var(axis=(1, 2), keepdims=True) + 1e-5)
    expected = x @ encoder.dense_out.kernel + encoder.dense_out.bias
    np.testing.assert_allclose(outputs["z_pitch"], expected[..., :1], atol=1e-4)
    np.testing.assert_allclose(outputs["z_vel"], expected[..., 1:], atol=1e-4)
