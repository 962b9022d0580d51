import numpy as np
import pytest
import tensorflow as tf
from golden_layers import assert_as_recorded, run_as_recorded

from ddsp.training import checkpoints, decoders, nn

KEYS = ("ld_scaled", "f0_scaled")


def features(rng, n_frames=16, **others):
    controls = {key: [2, n_frames, 1] for key in KEYS}
    shapes = {**controls, "z": [2, 1, 3], **others}
    return {k: rng.normal(size=s).astype(np.float32) for k, s in shapes.items()}


def small(**settings):
    sizes = {"ch": 4, "layers_per_stack": 2, "stacks": 1}
    return decoders.DilatedConvDecoder(**{**sizes, **settings})


def as_recorded():
    return small(precondition_stack=nn.FcStack(3, 1))


def test_outputs_are_those_of_the_original():
    assert_as_recorded("DilatedConvDecoder", as_recorded())


def test_checkpoint_has_the_children_in_the_order_of_the_original():
    decoder = as_recorded()
    run_as_recorded("DilatedConvDecoder", decoder)
    children = [path.split("/")[0] for path in checkpoints.named_variables(decoder)]
    expected = ["dense_out", "precondition_stack", "dilated_conv_stack"]
    assert list(dict.fromkeys(children)) == expected


def test_defaults_are_those_of_the_original(rng):
    decoder = decoders.DilatedConvDecoder()
    assert decoder.input_keys == ["ld_scaled", "f0_scaled", "z"]
    assert decoder.output_keys == ["amps", "harmonic_distribution"]
    outputs = decoder(features(rng, n_frames=3))
    assert outputs["amps"].shape == (2, 3, 1)
    assert outputs["harmonic_distribution"].shape == (2, 3, 60)
    stack = decoder.dilated_conv_stack
    rates = [layer.layers[1].dilation_rate[0] for layer in stack.layers]
    assert rates == 2 * [1, 2, 4, 8, 16]
    assert stack.norm_type == "layer"
    assert stack.resample_after_convolve is True
    assert len(stack.resample_layers) == 0
    assert tuple(stack.conv_in.kernel.shape) == (3, 1, 2, 256)
    assert type(stack.conv_in) is tf.keras.layers.Conv2D
    initializer = stack.conv_in.kernel_initializer
    assert type(initializer).__name__ == "GlorotUniform"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("z", ["z"]),
        ("instrument", ["instrument"]),
        (("z",), ["z"]),
        (["z", "instrument"], ["z", "instrument"]),
        (None, []),
        ((), []),
    ],
)
def test_text_is_one_key_and_none_turns_conditioning_off(rng, keys, expected):
    decoder = small(conditioning_keys=keys)
    assert decoder.conditioning_keys == expected
    assert decoder.n_conditioning == len(expected)
    assert decoder.conditional is bool(expected)
    assert decoder.input_keys == [*KEYS, *expected]
    decoder(features(rng, instrument=[2, 1, 5]))
    paths = checkpoints.named_variables(decoder)
    film = [path for path in paths if "conditional_scale_and_shift" in path]
    assert bool(film) is bool(expected)
    n_channels = sum({"z": 3, "instrument": 5}[key] for key in expected)
    for path in film:
        if path.endswith("kernel"):
            assert tuple(paths[path].shape) == (n_channels, 8)


def test_conditioning_scales_and_shifts_every_layer(rng):
    decoder, x = small(layers_per_stack=1), features(rng)
    decoder(x)
    stack = decoder.dilated_conv_stack
    film = stack.norms[0].conditional_scale_and_shift.dense
    film.kernel.assign(tf.zeros_like(film.kernel))
    film.bias.assign(4 * [0.0] + 4 * [0.5])  # Nothing is left of the layer but a shift.
    hidden = stack.conv_in(tf.concat([x[k] for k in KEYS], -1)[:, :, tf.newaxis])
    expected = decoder.dense_out(hidden[:, :, 0] + 0.5)
    outputs = decoder(x)
    np.testing.assert_allclose(outputs["amps"], expected[..., :1], atol=1e-5)
    np.testing.assert_allclose(
        outputs["harmonic_distribution"], expected[..., 1:], atol=1e-5
    )


def test_latent_variables_go_through_the_precondition_stack(rng):
    class Twice(tf.keras.layers.Layer):
        def call(self, z):
            return 2.0 * z

    x = features(rng)
    plain, doubled = small(), small(precondition_stack=Twice())
    plain(x)
    doubled(x)
    doubled.set_weights(plain.get_weights())
    x_doubled = {**x, "z": 2.0 * x["z"]}
    np.testing.assert_array_equal(doubled(x)["amps"], plain(x_doubled)["amps"])
    assert np.abs(plain(x)["amps"] - plain(x_doubled)["amps"]).max() > 1e-3


def test_constant_latent_variables_may_have_any_rank(rng):
    decoder, x = small(), features(rng)
    expected = decoder(x)["amps"]
    z = x["z"]
    flat, long = {**x, "z": z[:, 0]}, {**x, "z": np.repeat(z, 16, axis=1)}
    np.testing.assert_allclose(decoder(flat)["amps"], expected, atol=1e-5)
    np.testing.assert_allclose(decoder(long)["amps"], expected, atol=1e-5)


def test_order_of_the_keys_is_part_of_the_model(rng):
    x = features(rng)
    one, two = small(), small(input_keys=KEYS[::-1])
    one(x)
    two(x)
    two.set_weights(one.get_weights())
    swapped = {**x, KEYS[0]: x[KEYS[1]], KEYS[1]: x[KEYS[0]]}
    np.testing.assert_allclose(one(x)["amps"], two(swapped)["amps"], atol=1e-6)
    assert np.abs(one(x)["amps"] - two(x)["amps"]).max() > 1e-3


def test_one_control_may_be_text(rng):
    decoder = small(input_keys="ld_scaled", conditioning_keys=None)
    assert decoder.input_keys == ["ld_scaled"]
    assert decoder(features(rng))["amps"].shape == (2, 16, 1)


def test_a_precondition_stack_without_conditioning_is_an_error():
    with pytest.raises(ValueError, match="Got conditioning_keys=None"):
        small(conditioning_keys=None, precondition_stack=nn.FcStack(3, 1))


@pytest.mark.parametrize(
    ("stacks_per_resample", "n_frames"), [(1, 9 * 16), (2, 3 * 16)]
)
@pytest.mark.parametrize("after", [True, False])
def test_every_upsampling_multiplies_the_frames(
    rng, stacks_per_resample, n_frames, after
):
    decoder = small(
        stacks=2,
        resample_stride=3,
        stacks_per_resample=stacks_per_resample,
        resample_after_convolve=after,
    )
    assert decoder(features(rng))["amps"].shape == (2, n_frames, 1)
    assert decoder.dilated_conv_stack.resample_after_convolve is after


def test_settings_reach_the_convolutions(rng):
    decoder = small(
        kernel_size=5,
        dilation=-3,
        norm_type="instance",
        spectral_norm=True,
        ortho_init=True,
    )
    decoder(features(rng))
    stack = decoder.dilated_conv_stack
    assert isinstance(stack.conv_in, nn.SpectralNormalization)
    assert type(stack.conv_in.layer.kernel_initializer).__name__ == "Orthogonal"
    assert tuple(stack.conv_in.layer.kernel.shape) == (5, 1, 2, 4)
    convolutions = [layer.layers[1].layer for layer in stack.layers]
    assert [layer.dilation_rate[0] for layer in convolutions] == [3, 1]
    assert stack.norm_type == "instance"


def test_compiled_decoder_gives_the_same_with_finite_gradients(rng):
    decoder, x = as_recorded(), features(rng)
    expected = decoder(x)["amps"]
    spec = {k: tf.TensorSpec([None, None, v.shape[-1]]) for k, v in x.items()}

    @tf.function(input_signature=[spec])
    def compiled(inputs):
        with tf.GradientTape() as tape:
            outputs = decoder(inputs, training=True)
            total = tf.add_n([tf.reduce_sum(y**2) for y in outputs.values()])
        return outputs, tape.gradient(total, decoder.trainable_variables)

    outputs, gradients = compiled(x)
    np.testing.assert_allclose(outputs["amps"], expected, atol=1e-5)
    assert all(np.isfinite(g).all() and np.abs(g).max() > 0.0 for g in gradients)
    silence = {k: np.zeros_like(v) for k, v in x.items()}
    outputs, gradients = compiled(silence)
    assert all(np.isfinite(y).all() for y in [*outputs.values(), *gradients])
