import numpy as np
import pytest
import tensorflow as tf

from ddsp import core, spectral_ops
from ddsp.training import encoders


def normalized(x):
    """Each channel without its mean over time, and with a deviation of one."""
    x = np.float64(x)
    x = x - x.mean(axis=1, keepdims=True)
    return x / np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)


def cepstrum(audio, fft_size, mel_bins, mfcc_bins, overlap=0.75):
    return spectral_ops.compute_mfcc(
        audio, 20.0, 8000.0, fft_size, mel_bins, mfcc_bins, overlap, pad_end=True
    )


@pytest.fixture
def audio(rng):
    return rng.normal(size=[2, 8000]).astype(np.float32)


def sized(audio, n_frames=31):
    return {"audio": audio, "f0_scaled": tf.zeros([audio.shape[0], n_frames, 1])}


RATES = {
    63: (2048, 0.5),
    125: (1024, 0.5),
    250: (1024, 0.75),
    500: (512, 0.75),
    1000: (256, 0.75),
}


@pytest.mark.parametrize("z_time_steps", RATES)
def test_z_time_steps_counts_the_frames_of_four_seconds(z_time_steps, rng):
    encoder = encoders.MfccTimeDistributedRnnEncoder(2, z_time_steps=z_time_steps)
    audio = rng.normal(size=[1, 64000]).astype(np.float32)
    encoder.rnn = lambda frames: frames  # What the recurrence would read.
    encoder.dense_out = encoder.rnn
    frames = encoder.compute_z(audio)
    assert frames.shape == [1, z_time_steps, 30]
    fft_size, overlap = RATES[z_time_steps]
    expected = normalized(cepstrum(audio, fft_size, 128, 30, overlap))
    np.testing.assert_allclose(frames, expected, atol=1e-3)


def test_other_rates_are_an_error():
    with pytest.raises(ValueError, match=r"one of \[63, .*Got z_time_steps=100"):
        encoders.MfccTimeDistributedRnnEncoder(z_time_steps=100)


def test_the_rates_can_be_looked_up():
    spec = encoders.MfccTimeDistributedRnnEncoder(2).z_audio_spec
    pairs = {int(k): (v["fft_size"], v["overlap"]) for k, v in spec.items()}
    assert pairs == RATES


def test_default_sizes_of_the_encoder_of_changing_timbre(audio):
    encoder = encoders.MfccTimeDistributedRnnEncoder()
    encoder(sized(audio))
    assert encoder.rnn.rnn.cell.kernel.shape == (30, 3 * 512)  # A GRU.
    assert encoder.dense_out.kernel.shape == (512, 32)
    assert (encoder.fft_size, encoder.overlap) == RATES[250]
    assert encoders.MfccTimeDistributedRnnEncoder(2, "lstm").rnn.rnn.units == 2


@pytest.mark.parametrize("mean_aggregate", [False, True])
def test_one_timbre_is_the_last_state_or_the_mean_of_all(mean_aggregate, audio):
    encoder = encoders.MfccRnnEncoder(4, "lstm", 3, mean_aggregate)
    z = encoder(sized(audio))["z"]
    # All states, from another encoder of the same weights.
    other = encoders.MfccRnnEncoder(4, "lstm", 3, mean_aggregate=True)
    other(sized(audio))
    other.set_weights(encoder.get_weights())
    frames = tf.constant(normalized(cepstrum(audio, 1024, 128, 30)), tf.float32)
    states = other.rnn(frames)
    assert states.shape == [2, 32, 4]
    chosen = tf.reduce_mean(states, axis=1) if mean_aggregate else states[:, -1]
    expected = chosen @ encoder.dense_z.kernel + encoder.dense_z.bias
    assert np.abs(states[:, -1] - tf.reduce_mean(states, axis=1)).max() > 1e-2
    np.testing.assert_allclose(encoder.compute_z(audio), expected, atol=1e-4)
    np.testing.assert_allclose(z, np.tile(expected[:, None], [1, 31, 1]), atol=1e-4)


def test_default_sizes_of_the_encoder_of_one_timbre(audio):
    encoder = encoders.MfccRnnEncoder()
    encoder(sized(audio))
    assert encoder.rnn.rnn.cell.kernel.shape == (30, 3 * 512)  # A GRU.
    assert encoder.dense_z.kernel.shape == (512, 512)
    assert not encoder.mean_aggregate and not encoder.rnn.rnn.return_sequences


def test_a_louder_sound_has_the_same_timbre(audio):
    # A gain adds a constant to the logarithm of the spectrum.
    for encoder in (
        encoders.MfccTimeDistributedRnnEncoder(4, z_dims=3),
        encoders.MfccRnnEncoder(4, z_dims=3),
        encoders.MfccEncoder(),
    ):
        soft, loud = (encoder(sized(gain * audio))["z"] for gain in (1.0, 4.0))
        np.testing.assert_allclose(loud, soft, atol=1e-2)
        assert np.std(soft) > 0.1


def test_several_resolutions_lie_side_by_side(audio):
    encoder = encoders.MfccEncoder((512, 256), (64, 32), (10, 7), time_steps=50)
    z = encoder.compute_z(audio)
    parts = [cepstrum(audio, 512, 64, 10), cepstrum(audio, 256, 32, 7)]
    parts = [core.resample(x, 50) for x in parts]
    np.testing.assert_allclose(z, normalized(np.concatenate(parts, -1)), atol=1e-3)
    assert z.shape == [2, 50, 17]
    expanded = encoder(sized(audio, 100))["z"]
    np.testing.assert_allclose(expanded[:, ::2], z, atol=1e-5)


def test_default_resolution_is_that_of_the_other_encoders(audio):
    z = encoders.MfccEncoder().compute_z(audio)
    expected = core.resample(cepstrum(audio, 1024, 128, 30), 250)
    np.testing.assert_allclose(z, normalized(expected), atol=1e-3)


@pytest.mark.parametrize(
    "sizes",
    [
        {"fft_sizes": (1024, 512)},
        {"mel_bins": (128, 64)},
        {"mfcc_bins": (30, 20)},
    ],
)
def test_resolutions_need_all_three_numbers(sizes):
    with pytest.raises(ValueError, match="one entry per resolution") as caught:
        encoders.MfccEncoder(**sizes)
    ((name, value),) = sizes.items()
    assert f"{name}={value}" in str(caught.value)
