import functools

import numpy as np
import pytest
import tensorflow as tf

from ddsp import core, spectral_ops
from ddsp.training import encoders, nn

NYQUIST_HZ = 8000.0
MIDI_ZERO_HZ = 8.175799


class Seen(tf.keras.layers.Layer):
    """Keeps its input, and returns it."""

    def call(self, x):
        self.seen = x
        return x


def harmonic_encoder(f0_logits, amp=0.0, weights=None, net=None, **settings):
    """An encoder that gives the same outputs whatever the sinusoids."""
    net = nn.Identity() if net is None else net
    encoder = encoders.SinusoidalToHarmonicEncoder(net, **settings)
    encoder(tf.ones([1, 2, 3]), tf.ones([1, 2, 3]))
    weights = np.zeros(encoder.n_harmonics) if weights is None else weights
    heads = (encoder.f0_out, f0_logits), (encoder.amp_out, [amp])
    for head, bias in (*heads, (encoder.hd_out, weights)):
        head.kernel.assign(tf.zeros_like(head.kernel))
        head.bias.assign(np.float32(bias))
    return encoder(tf.ones([1, 2, 3]), tf.ones([1, 2, 3]))


def only(index, depth=64):
    return 100.0 * np.eye(depth)[index]


def test_the_pitch_lies_on_a_grid_from_20_to_1200_hz():
    low = harmonic_encoder(only(0))["f0_hz"]
    high = harmonic_encoder(only(63))["f0_hz"]
    undecided = harmonic_encoder(np.zeros(64))["f0_hz"]
    np.testing.assert_allclose(low, np.full([1, 2, 1], 20.0), rtol=1e-4)
    np.testing.assert_allclose(high, np.full([1, 2, 1], 1200.0), rtol=1e-4)
    # As many octaves from either end.
    np.testing.assert_allclose(undecided, np.full([1, 2, 1], 24000**0.5), rtol=1e-4)


@pytest.mark.parametrize(("sample_rate", "n_sounding"), [(16000, 6), (8000, 3)])
def test_no_harmonic_lies_above_half_the_sample_rate(sample_rate, n_sounding):
    outputs = harmonic_encoder(only(63), sample_rate=sample_rate)
    share = np.arange(100) < n_sounding  # Multiples of 1200 Hz.
    expected = np.tile(share / n_sounding, [1, 2, 1])
    np.testing.assert_allclose(outputs["harm_dist"], expected, atol=1e-6)


def test_default_sample_rate_is_16_khz():
    shares = harmonic_encoder(only(63))["harm_dist"]
    assert np.count_nonzero(shares[0, 0]) == 6


def test_amplitudes_and_shares_go_through_the_scale():
    logits = np.array([0.0, 1.0, -2.0])
    outputs = harmonic_encoder(only(0), 0.5, logits, n_harmonics=3, amp_scale_fn=tf.exp)
    np.testing.assert_allclose(outputs["harm_amp"], np.full([1, 2, 1], np.exp(0.5)))
    expected = np.exp(logits) / np.sum(np.exp(logits))
    np.testing.assert_allclose(outputs["harm_dist"][0, 1], expected, rtol=1e-5)


def test_the_default_scale_of_amplitudes_is_exp_sigmoid():
    outputs = harmonic_encoder(only(0), 0.5)
    np.testing.assert_allclose(outputs["harm_amp"][0, 0], [core.exp_sigmoid(0.5)])


@pytest.mark.parametrize("sample_rate", [16000, 4000])
def test_frequencies_are_read_as_places_between_0_and_half_the_rate(sample_rate):
    net, nyquist = Seen(), sample_rate / 2.0
    encoder = encoders.SinusoidalToHarmonicEncoder(net, sample_rate=sample_rate)
    octaves = np.log2(nyquist / MIDI_ZERO_HZ)
    sin_freqs = np.float32([[[0.0, MIDI_ZERO_HZ, nyquist / 4.0, nyquist]]])
    sin_amps = np.float32([[[0.1, 0.2, 0.3, 0.4]]])
    encoder({"sin_amps": sin_amps, "sin_freqs": sin_freqs})
    places = [0.0, 0.0, 1.0 - 2.0 / octaves, 1.0]
    np.testing.assert_allclose(net.seen[0, 0, :4], places, atol=1e-5)
    np.testing.assert_array_equal(net.seen[0, 0, 4:], sin_amps[0, 0])


def test_a_network_may_return_a_dictionary(rng):
    class Named(tf.keras.layers.Layer):
        def call(self, x):
            return {"other": 0.0 * x, "out": x}

    sin_freqs = rng.uniform(100.0, 900.0, size=[1, 4, 3]).astype(np.float32)
    sin_amps = rng.uniform(size=[1, 4, 3]).astype(np.float32)
    named = encoders.SinusoidalToHarmonicEncoder(Named())
    plain = encoders.SinusoidalToHarmonicEncoder(nn.Identity())
    named(sin_freqs, sin_amps), plain(sin_freqs, sin_amps)
    named.set_weights(plain.get_weights())
    expected = plain(sin_freqs, sin_amps)
    for key, value in named(sin_freqs, sin_amps).items():
        np.testing.assert_array_equal(value, expected[key])
        assert np.std(value) > 0.0


def test_default_sizes_of_the_harmonic_encoder_are_those_of_the_paper():
    # The published count of parameters for 100 sinusoids.
    encoder = encoders.SinusoidalToHarmonicEncoder(nn.RnnSandwich())
    outputs = encoder(tf.ones([1, 2, 100]), tf.ones([1, 2, 100]))
    assert encoder.count_params() == 1541541
    sizes = [outputs[k].shape[-1] for k in ("harm_amp", "harm_dist", "f0_hz")]
    assert sizes == [1, 100, 1]


@pytest.mark.parametrize(
    ("f0_depth", "reason"), [(32, "multiple of depth"), (128, "It made 2 of them")]
)
def test_a_depth_that_the_scale_of_pitch_does_not_have_is_an_error(f0_depth, reason):
    with pytest.raises(ValueError, match="must make one pitch") as caught:
        encoders.SinusoidalToHarmonicEncoder(nn.Identity(), f0_depth=f0_depth)
    assert f"f0_depth={f0_depth};" in str(caught.value)
    assert reason in str(caught.value)


def test_another_depth_works_with_a_scale_of_that_depth():
    scale = functools.partial(core.frequencies_softmax, depth=8, hz_min=50, hz_max=800)
    outputs = harmonic_encoder(only(7, 8), f0_depth=8, freq_scale_fn=scale)
    np.testing.assert_allclose(outputs["f0_hz"], np.full([1, 2, 1], 800), rtol=1e-4)


SPLITS = (("frequencies", 4), ("amplitudes", 3))


def test_outputs_are_dense_layers_over_all_bins_of_a_frame(rng):
    encoder = encoders.ResnetSinusoidalEncoder(SPLITS)
    encoder.resnet = lambda image: tf.concat([image, 2.0 * image], axis=-1)
    audio = rng.normal(size=[2, 4096]).astype(np.float32)
    outputs = encoder(audio)
    assert list(outputs) == ["frequencies", "amplitudes"]
    mel = spectral_ops.compute_logmel(audio)
    assert mel.shape == [2, 8, 64]
    flat = np.stack([mel, 2.0 * mel], axis=-1).reshape([2, 8, 128])
    for dense, value in zip(encoder.dense_outs, outputs.values(), strict=True):
        expected = flat @ dense.kernel.numpy() + dense.bias.numpy()
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-4)


def test_network_and_heads_have_the_sizes_of_the_paper(rng):
    # 229 bins become 8 of 1024 channels.
    spectrum = functools.partial(
        spectral_ops.compute_logmel, lo_hz=0.0, hi_hz=NYQUIST_HZ, bins=229
    )
    encoder = encoders.ResnetSinusoidalEncoder(SPLITS, spectrum, "small")
    outputs = encoder(rng.normal(size=[1, 1024]).astype(np.float32))
    assert sum(np.prod(v.shape) for v in encoder.resnet.weights) == 5256320
    assert [tuple(d.kernel.shape) for d in encoder.dense_outs] == [(8192, 4), (8192, 3)]
    assert outputs["frequencies"].shape == [1, 2, 4]


def test_default_size_works_and_is_the_smallest(rng):
    encoder = encoders.ResnetSinusoidalEncoder()
    outputs = encoder(rng.normal(size=[1, 512]).astype(np.float32))
    sizes = {key: value.shape[-1] for key, value in outputs.items()}
    assert sizes == {"frequencies": 6400, "amplitudes": 100, "noise_magnitudes": 60}
    assert sum(np.prod(v.shape) for v in encoder.resnet.weights) == 5256320
    assert encoder.dense_outs[0].kernel.shape == (2048, 6400)  # 64 bins.


def test_size_is_that_of_the_residual_network():
    medium = encoders.ResnetSinusoidalEncoder(SPLITS, size="medium")
    blocks = nn.ResNet("medium").layers[2].layers
    assert len(medium.resnet.layers[2].layers) == len(blocks)
    with pytest.raises(KeyError, match="size='huge'"):
        encoders.ResnetSinusoidalEncoder(SPLITS, size="huge")
