import numpy as np
import pytest
import tensorflow as tf
from golden_layers import assert_as_recorded, run_as_recorded

from ddsp.training import checkpoints, decoders, nn

SPLITS = (
    ("f0_midi", 1),
    ("amplitudes", 1),
    ("harmonic_distribution", 5),
    ("magnitudes", 4),
)
BOTH = [decoders.MidiDecoder, decoders.MidiToHarmonicDecoder]
both = pytest.mark.parametrize("decoder_class", BOTH)
PITCH = tf.constant([[[60.0], [62.0], [0.0]], [[48.0], [0.0], [72.0]]])


def net():
    return nn.FcStack(4, 1)


def silenced(decoder, *inputs):
    """Sets the dense layer to zero, so that the network has no say."""
    decoder(*inputs)
    for variable in decoder.dense_out.variables:
        variable.assign(tf.zeros_like(variable))
    return decoder(*inputs)


def test_outputs_are_those_of_the_original():
    assert_as_recorded("MidiDecoder", decoders.MidiDecoder(net()))
    decoder = decoders.MidiToHarmonicDecoder(net(), output_splits=SPLITS)
    assert_as_recorded("MidiToHarmonicDecoder", decoder)


@pytest.mark.parametrize(
    ("name", "decoder"),
    [
        ("MidiDecoder", decoders.MidiDecoder(net())),
        (
            "MidiToHarmonicDecoder",
            decoders.MidiToHarmonicDecoder(net(), output_splits=SPLITS),
        ),
    ],
)
def test_checkpoint_has_the_children_in_the_order_of_the_original(name, decoder):
    run_as_recorded(name, decoder)
    children = [path.split("/")[0] for path in checkpoints.named_variables(decoder)]
    assert list(dict.fromkeys(children)) == ["net", "dense_out", "norm"]


def test_an_idle_network_plays_the_notes_at_70_db_below():
    outputs = silenced(decoders.MidiDecoder(net()), PITCH)
    np.testing.assert_allclose(outputs["f0_midi"], PITCH)
    np.testing.assert_allclose(outputs["loudness"], np.full([2, 3, 1], -70.0))


def test_a_unit_of_the_network_is_30_db():
    decoder = decoders.MidiDecoder(net())
    silenced(decoder, PITCH)
    decoder.dense_out.bias.assign([0.5, 1.0])
    outputs = decoder(PITCH)
    np.testing.assert_allclose(outputs["loudness"], np.full([2, 3, 1], -40.0))
    np.testing.assert_allclose(outputs["f0_midi"], PITCH + 0.5)


def test_loudness_without_centring_is_what_the_network_says():
    decoder = decoders.MidiDecoder(net(), center_loudness=False)
    silenced(decoder, PITCH)
    decoder.dense_out.bias.assign([0.0, 2.0])
    np.testing.assert_allclose(decoder(PITCH)["loudness"], np.full([2, 3, 1], 2.0))


@both
def test_without_residual_the_network_alone_makes_the_pitch(decoder_class):
    outputs = silenced(decoder_class(net(), f0_residual=False), PITCH)
    np.testing.assert_array_equal(outputs["f0_midi"], np.zeros([2, 3, 1]))


@both
def test_normalisation_can_be_left_out(decoder_class):
    normed, plain = decoder_class(net()), decoder_class(net(), norm=False)
    normed(PITCH)
    plain(PITCH)
    assert normed.norm.norm_type == "layer"
    assert plain.norm is None
    paths = checkpoints.named_variables(plain).keys()
    added = checkpoints.named_variables(normed).keys() - paths
    assert added == {"norm/scale", "norm/shift"}
    expected = plain.dense_out(plain.net(PITCH))
    np.testing.assert_allclose(
        plain(PITCH)["f0_midi"], expected[..., :1] + PITCH, atol=1e-5
    )


@both
def test_latent_variables_reach_the_network_and_velocity_does_not(decoder_class, rng):
    stack = nn.DilatedConvStack(
        ch=4, layers_per_stack=1, stacks=1, norm_type="layer", conditional=True
    )
    decoder = decoder_class(stack)
    z, other = (rng.normal(size=[2, 1, 3]).astype(np.float32) for _ in range(2))
    features = {"z_pitch": PITCH, "z": z, "z_vel": tf.zeros([2, 3, 1])}
    f0_midi = decoder(features)["f0_midi"]
    louder = decoder({**features, "z_vel": tf.ones([2, 3, 1])})
    np.testing.assert_array_equal(louder["f0_midi"], f0_midi)
    del features["z_vel"]
    np.testing.assert_array_equal(decoder(features)["f0_midi"], f0_midi)
    changed = decoder({**features, "z": other})["f0_midi"]
    assert np.abs(changed - f0_midi).max() > 1e-3
    with pytest.raises(ValueError, match="pair"):
        decoder(PITCH)


@both
def test_a_network_is_needed(decoder_class):
    with pytest.raises(ValueError, match=f"{decoder_class.__name__}.*Got net=None"):
        decoder_class()


def test_notes_become_frequencies_and_note_0_silence():
    outputs = silenced(decoders.MidiToHarmonicDecoder(net()), PITCH)
    expected = np.where(PITCH == 0, 0.0, 440.0 * 2.0 ** ((PITCH - 69.0) / 12.0))
    np.testing.assert_allclose(outputs["f0_hz"], expected, rtol=1e-5)
    decoder = decoders.MidiToHarmonicDecoder(net(), midi_zero_silence=False)
    f0_hz = silenced(decoder, PITCH)["f0_hz"]
    np.testing.assert_allclose(f0_hz[0, 2, 0], 8.1758, rtol=1e-5)


def test_outputs_are_named_in_their_order():
    decoder = decoders.MidiToHarmonicDecoder(net())
    assert decoder.output_keys == [*dict(SPLITS), "f0_hz"]
    sizes = {name: x.shape[-1] for name, x in decoder(PITCH).items()}
    assert sizes == {
        "f0_midi": 1,
        "amplitudes": 1,
        "harmonic_distribution": 60,
        "magnitudes": 65,
        "f0_hz": 1,
    }
    assert decoder.n_out == 127
    assert decoder.output_splits[3] == ("magnitudes", 65)
    assert decoders.MidiDecoder(net()).output_keys == ["f0_midi", "loudness"]
    assert decoder.input_keys == ["z_pitch"]
    assert decoder.default_input_keys == ["z_vel", "z"]


@pytest.mark.parametrize("splits", [(("amplitudes", 1),), (("f0_midi", 2),)])
def test_pitch_must_be_among_the_outputs(splits):
    with pytest.raises(ValueError, match="'f0_midi' with one channel"):
        decoders.MidiToHarmonicDecoder(net(), output_splits=splits)


@both
def test_compiled_decoder_gives_the_same_with_finite_gradients(decoder_class):
    decoder = decoder_class(net())
    expected = decoder(PITCH)

    @tf.function(input_signature=[tf.TensorSpec([None, None, 1])])
    def compiled(z_pitch):
        with tf.GradientTape() as tape:
            outputs = decoder(z_pitch, training=True)
            total = tf.add_n([tf.reduce_sum(x**2) for x in outputs.values()])
        return outputs, tape.gradient(total, decoder.trainable_variables)

    outputs, gradients = compiled(PITCH)
    for name, value in outputs.items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-4, atol=1e-4)
    outputs, gradients = compiled(tf.zeros([1, 4, 1]))  # Silence.
    assert all(np.isfinite(x).all() for x in [*outputs.values(), *gradients])
    assert len(gradients) == len(decoder.trainable_variables) == 8
