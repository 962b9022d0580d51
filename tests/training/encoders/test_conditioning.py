import numpy as np
import tensorflow as tf

from ddsp import core, spectral_ops
from ddsp.training import encoders, nn


class Seen(tf.keras.layers.Layer):
    """Keeps its input, and returns it."""

    def call(self, x):
        self.seen = x
        return x


def frames(rng, n_frames=10, batch=2):
    return rng.uniform(size=[batch, n_frames, 1]).astype(np.float32)


def test_each_number_has_its_vector_at_all_times(rng):
    encoder = encoders.OneHotEncoder("player", 4, 3, skip_expand=False)
    numbers = np.array([2, 0, 2, 3])
    z = encoder({"player": numbers, "f0_scaled": frames(rng, 10, 4)})["z"]
    table = encoder.embedding.embeddings.numpy()
    assert table.shape == (4, 3) and len(np.unique(table[:, 0])) == 4
    expected = np.tile(table[numbers][:, None], [1, 10, 1])
    np.testing.assert_array_equal(z, expected)


def test_a_number_that_changes_is_looked_up_frame_by_frame(rng):
    encoder = encoders.OneHotEncoder("player", 4, 3, skip_expand=False)
    z = encoder(player=np.array([[1, 3]]), f0_scaled=frames(rng, 4, 1))["z"]
    one, three = encoder.embedding.embeddings.numpy()[[1, 3]]
    expected = [one, (one + three) / 2.0, three, three]
    np.testing.assert_allclose(z[0], expected, atol=1e-6)


def test_by_default_a_vector_stays_without_time(rng):
    encoder = encoders.OneHotEncoder()
    features = {"instrument": np.array([1023, 5]), "f0_scaled": frames(rng)}
    z = encoder(features)["z"]
    table = encoder.embedding.embeddings.numpy()
    assert table.shape == (1024, 256)
    np.testing.assert_array_equal(z, table[[1023, 5]])
    settings = encoder.one_hot_key, encoder.vocab_size, encoder.n_dims
    assert settings == ("instrument", 1024, 256) and encoder.skip_expand


def test_aggregated_features_are_those_of_the_mean(rng):
    encoder = encoders.AggregateFeaturesEncoder(ch=3)
    f0_scaled, ld_scaled = frames(rng), frames(rng)
    features = {"ld_scaled": ld_scaled, "f0_scaled": f0_scaled}
    z = encoder(features)["z"]
    means = [f0_scaled.mean(axis=(1, 2)), ld_scaled.mean(axis=(1, 2))]
    expected = np.stack(means, -1) @ encoder.fc.kernel + encoder.fc.bias
    np.testing.assert_allclose(z, np.tile(expected[:, None], [1, 10, 1]), atol=1e-5)
    assert encoder.compute_z(f0_scaled, ld_scaled).shape == [2, 3]


def test_default_size_of_aggregated_features(rng):
    encoder = encoders.AggregateFeaturesEncoder()
    assert encoder(f0_scaled=frames(rng), ld_scaled=frames(rng))["z"].shape[-1] == 512


def test_expression_is_the_same_at_all_times_unless_it_is_not_pooled(rng):
    features = {"f0_scaled": frames(rng), "ld_scaled": frames(rng)}
    pooled = encoders.ExpressionEncoder(nn.FcStack(4, 1), 3)
    changing = encoders.ExpressionEncoder(nn.FcStack(4, 1), 3, pool_time=False)
    z, per_frame = pooled(features)["z"], changing(features)["z"]
    changing.set_weights(pooled.get_weights())
    per_frame = changing(features)["z"].numpy()
    assert per_frame.shape == (2, 10, 3) and per_frame.std(axis=1).min() > 1e-3
    mean = per_frame.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(z, np.tile(mean, [1, 10, 1]), atol=1e-5)


def test_inputs_of_expression_keep_the_order_of_their_keys(rng):
    seen = Seen()
    keys = "hd", "f0_scaled", "noise"
    encoder = encoders.ExpressionEncoder(seen, input_keys=keys)
    features = {"noise": frames(rng), "f0_scaled": frames(rng)}
    features["hd"] = rng.uniform(size=[2, 10, 4]).astype(np.float32)
    encoder(features)
    expected = np.concatenate([features[key] for key in keys], axis=-1)
    np.testing.assert_array_equal(seen.seen, expected)
    assert not encoder.compute_mfccs


def test_in_the_place_of_audio_go_its_cepstral_coefficients(rng):
    seen = Seen()
    encoder = encoders.ExpressionEncoder(
        seen, 3, ("ld_scaled", "audio", "f0_scaled"), 7, fft_size=256, mel_bins=32
    )
    features = {"f0_scaled": frames(rng, 40), "ld_scaled": frames(rng, 40)}
    features["audio"] = rng.normal(size=[2, 3200]).astype(np.float32)
    z = encoder(features)["z"]
    mfccs = spectral_ops.compute_mfcc(
        features["audio"], 20.0, 8000.0, 256, 32, 7, 0.75, pad_end=True
    )
    assert mfccs.shape == [2, 50, 7]  # More frames than the controls have.
    mean, variance = tf.nn.moments(mfccs, axes=[1], keepdims=True)
    described = core.resample((mfccs - mean) / tf.sqrt(variance + 1e-5), 40)
    expected = [features["ld_scaled"], described, features["f0_scaled"]]
    np.testing.assert_allclose(seen.seen, np.concatenate(expected, -1), atol=1e-4)
    assert encoder.compute_mfccs and z.shape == [2, 40, 3]


def test_audio_first_follows_the_frames_of_the_next_input(rng):
    seen = Seen()
    encoder = encoders.ExpressionEncoder(seen, 3, ("audio", "ld_scaled"))
    audio = rng.normal(size=[2, 3200]).astype(np.float32)
    ld_scaled = frames(rng, 20)
    encoder(audio=audio, ld_scaled=ld_scaled, f0_scaled=frames(rng, 40))
    assert seen.seen.shape == [2, 20, 61]
    np.testing.assert_array_equal(seen.seen[..., -1:], ld_scaled)


def test_audio_alone_keeps_the_frames_of_its_analysis(rng):
    seen = Seen()
    encoder = encoders.ExpressionEncoder(seen, 3, ["audio"], pool_time=False)
    audio = rng.normal(size=[2, 3200]).astype(np.float32)
    z = encoder(audio=audio, f0_scaled=frames(rng, 40))["z"]
    mfccs = spectral_ops.compute_mfcc(audio, mel_bins=128, mfcc_bins=60, fft_size=1024)
    mean, variance = tf.nn.moments(mfccs, axes=[1], keepdims=True)
    assert mfccs.shape == [2, 13, 60]  # 3200 samples, 256 apart.
    expected = (mfccs - mean) / tf.sqrt(variance + 1e-5)
    np.testing.assert_allclose(seen.seen, expected, atol=1e-3)
    assert z.shape == [2, 40, 3]


def test_default_inputs_and_sizes_of_expression(rng):
    seen = Seen()
    encoder = encoders.ExpressionEncoder(seen)
    features = {"ld_scaled": frames(rng), "f0_scaled": frames(rng)}
    z = encoder(features)["z"]
    np.testing.assert_array_equal(seen.seen[..., :1], features["f0_scaled"])
    np.testing.assert_array_equal(seen.seen[..., 1:], features["ld_scaled"])
    assert z.shape == [2, 10, 128]
    np.testing.assert_array_equal(z[:, 0], z[:, 9])  # Pooled.
    settings = encoder.mfcc_bins, encoder.fft_size, encoder.mel_bins
    assert settings == (60, 1024, 128)
