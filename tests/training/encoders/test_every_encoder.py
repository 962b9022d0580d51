"""What holds for every encoder: recordings, names, silence, compilation, gradients."""

import inspect

import gin
import numpy as np
import pytest
import tensorflow as tf
from golden_layers import FOLDER, assert_as_recorded

from ddsp.training import checkpoints, encoders, nn

RECORDED = {
    "AggregateFeaturesEncoder": lambda: encoders.AggregateFeaturesEncoder(3),
    "ExpressionEncoder": lambda: encoders.ExpressionEncoder(nn.FcStack(4, 1), 3),
    "MfccTimeDistributedRnnEncoder": lambda: encoders.MfccTimeDistributedRnnEncoder(
        6, "gru", 3, 125
    ),
    "MidiEncoder": lambda: encoders.MidiEncoder(nn.FcStack(4, 1)),
    "OneHotEncoder": lambda: encoders.OneHotEncoder("instrument", 5, 3, False),
    "SinusoidalToHarmonicEncoder": lambda: encoders.SinusoidalToHarmonicEncoder(
        nn.FcStack(4, 1), 5
    ),
}


def test_every_recording_of_an_encoder_is_compared():
    recorded = {path.stem for path in (FOLDER / "layers").glob("*.npz")}
    assert {name for name in recorded if hasattr(encoders, name)} == set(RECORDED)


@pytest.mark.parametrize("name", RECORDED)
def test_encoder_has_the_weights_and_outputs_of_the_original(name):
    assert_as_recorded(name, RECORDED[name]())


def with_audio():
    keys = "f0_scaled", "audio", "ld_scaled"
    return encoders.ExpressionEncoder(nn.FcStack(4, 1), 3, keys, mfcc_bins=5)


# An encoder of every kind, its inputs, and its children in the original's order.
ENCODERS = {
    "MfccTimeDistributedRnnEncoder": (
        lambda: encoders.MfccTimeDistributedRnnEncoder(4, z_dims=3),
        ["audio", "f0_scaled"],
        ["z_norm", "rnn", "dense_out"],
    ),
    "MfccRnnEncoder": (
        lambda: encoders.MfccRnnEncoder(4, z_dims=3),
        ["audio", "f0_scaled"],
        ["norm_in", "rnn", "dense_z"],
    ),
    "MfccRnnEncoder_mean": (
        lambda: encoders.MfccRnnEncoder(4, z_dims=3, mean_aggregate=True),
        ["audio", "f0_scaled"],
        ["norm_in", "rnn", "dense_z"],
    ),
    "MfccEncoder": (
        lambda: encoders.MfccEncoder((256, 512), (16, 16), (3, 4), 20),
        ["audio", "f0_scaled"],
        ["norm_out"],
    ),
    "OneHotEncoder": (
        lambda: encoders.OneHotEncoder("instrument", 5, 3, False),
        ["instrument", "f0_scaled"],
        ["embedding"],
    ),
    "AggregateFeaturesEncoder": (
        lambda: encoders.AggregateFeaturesEncoder(3),
        ["f0_scaled", "ld_scaled"],
        ["fc"],
    ),
    "ExpressionEncoder": (
        lambda: encoders.ExpressionEncoder(nn.FcStack(4, 1), 3),
        ["f0_scaled", "ld_scaled"],
        ["net", "norm", "dense_out"],
    ),
    "ExpressionEncoder_audio": (
        with_audio,
        ["audio", "f0_scaled", "ld_scaled"],
        ["net", "norm", "dense_out", "norm_mfcc"],
    ),
    "MidiEncoder": (
        lambda: encoders.MidiEncoder(nn.FcStack(4, 1)),
        ["f0_midi", "loudness"],
        ["net", "dense_out", "norm"],
    ),
    "HarmonicToMidiEncoder": (
        lambda: encoders.HarmonicToMidiEncoder(nn.FcStack(4, 1)),
        ["f0_midi", "amps", "hd", "noise"],
        ["net", "dense_out", "norm"],
    ),
    "ResnetSinusoidalEncoder": (
        lambda: encoders.ResnetSinusoidalEncoder((("frequencies", 8), ("noise", 3))),
        ["audio"],
        ["resnet", "dense_outs"],
    ),
    "SinusoidalToHarmonicEncoder": (
        lambda: encoders.SinusoidalToHarmonicEncoder(nn.FcStack(4, 1), 5),
        ["sin_freqs", "sin_amps"],
        ["net", "amp_out", "hd_out", "f0_out"],
    ),
}
each_encoder = pytest.mark.parametrize("name", ENCODERS)
CHANNELS = {"hd": 6, "noise": 5, "sin_freqs": 4, "sin_amps": 4}
SCALES = {"f0_midi": 60.0, "sin_freqs": 4000.0}


def features(name, batch=2, n_frames=25):
    """Random inputs of an encoder."""
    rng = np.random.default_rng(5)
    made = {}
    for key in ENCODERS[name][1]:
        if key == "instrument":
            made[key] = rng.integers(0, 5, size=[batch])
        elif key == "audio":
            made[key] = 0.3 * rng.normal(size=[batch, 64 * n_frames])
        else:
            shape = [batch, n_frames, CHANNELS.get(key, 1)]
            made[key] = SCALES.get(key, 1.0) * rng.uniform(size=shape)
    return {k: x if x.dtype == int else x.astype(np.float32) for k, x in made.items()}


def built(name):
    """An encoder with weights that are not the initial ones."""
    encoder = ENCODERS[name][0]()
    encoder(features(name))
    rng = np.random.default_rng(3)
    for variable in encoder.trainable_variables:
        variable.assign_add(0.1 * rng.normal(size=variable.shape))
    return encoder


def test_no_encoder_is_left_out():
    classes = {n for n in encoders.__all__ if n != "ZEncoder"}
    assert {name.partition("_")[0] for name in ENCODERS} == classes


@each_encoder
def test_children_have_the_names_and_the_order_of_the_original(name):
    named = checkpoints.named_variables(built(name))
    children = dict.fromkeys(path.partition("/")[0] for path in named)
    assert list(children) == ENCODERS[name][2]


@each_encoder
def test_what_is_saved_is_restored_by_name(name, tmp_path):
    encoder, other, inputs = built(name), ENCODERS[name][0](), features(name)
    checkpoints.save_checkpoint(encoder, None, tmp_path, step=1)
    before, expected = other(inputs), encoder(inputs)
    assert checkpoints.restore_checkpoint(other, tmp_path) == 1
    after = other(inputs)
    for key, value in expected.items():
        assert np.abs(before[key] - value).max() > 0.0, key
        np.testing.assert_array_equal(after[key], value)


@each_encoder
def test_a_graph_of_unknown_sizes_gives_the_same(name):
    encoder = built(name)
    signature = {
        key: tf.TensorSpec([None, None, *x.shape[2:]][: x.ndim], x.dtype, name=key)
        for key, x in features(name).items()
    }
    graph = tf.function(
        lambda inputs: encoder(inputs, training=True),
        input_signature=[signature],
        autograph=False,
    )
    for sizes in ((2, 25), (3, 40)):
        inputs = features(name, *sizes)
        expected = encoder(inputs)
        for key, value in graph(inputs).items():
            limit = 2e-5 * np.abs(expected[key]).max()
            np.testing.assert_allclose(value, expected[key], rtol=0.0, atol=limit)


@each_encoder
def test_every_weight_has_a_finite_gradient(name):
    encoder, inputs = built(name), features(name)
    rng = np.random.default_rng(9)
    with tf.GradientTape() as tape:
        outputs = encoder(inputs).values()
        weights = [rng.normal(size=y.shape).astype(np.float32) for y in outputs]
        pairs = zip(outputs, weights, strict=True)
        total = tf.add_n([tf.reduce_sum(y * w) for y, w in pairs])
    named = checkpoints.named_variables(encoder)
    gradients = tape.gradient(total, [v.value for v in named.values()])
    for path, gradient in zip(named, gradients, strict=True):
        gradient = tf.convert_to_tensor(gradient)
        assert np.isfinite(gradient).all(), path
        assert np.abs(gradient).max() > 0.0, path


@each_encoder
def test_silence_gives_finite_outputs_and_gradients(name):
    encoder = built(name)
    silence = {k: tf.zeros_like(x) for k, x in features(name).items()}
    with tf.GradientTape() as tape:
        outputs = encoder(silence)
        total = tf.add_n([tf.reduce_sum(y) for y in outputs.values()])
    for gradient in tape.gradient(total, encoder.trainable_variables):
        assert np.isfinite(tf.convert_to_tensor(gradient)).all()
    for output in outputs.values():
        assert np.isfinite(output).all()


@pytest.mark.parametrize("name", sorted({n.partition("_")[0] for n in ENCODERS}))
def test_gin_sets_the_arguments_of_an_encoder(name):
    bindings = [f"encoders.{name}.name = 'from_gin'"]
    if "net" in inspect.signature(getattr(encoders, name).__init__).parameters:
        bindings += [f"encoders.{name}.net = @nn.FcStack()", "nn.FcStack.ch = 7"]
    gin.parse_config(bindings)
    encoder = gin.get_configurable(f"ddsp.training.encoders.{name}")()
    assert encoder.name == "from_gin"
    assert not hasattr(encoder, "net") or encoder.net(tf.ones([1, 2])).shape[-1] == 7


@pytest.mark.parametrize(
    "encoder",
    [
        encoders.ExpressionEncoder,
        encoders.MidiEncoder,
        encoders.HarmonicToMidiEncoder,
        encoders.SinusoidalToHarmonicEncoder,
    ],
)
def test_an_encoder_without_its_network_is_an_error(encoder):
    with pytest.raises(ValueError, match=r"net=None; pass one, such as nn.RnnSandwich"):
        encoder()
