import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import checkpoints, nn


def _clusters(rng, n=50):
    """Three narrow heaps of vectors and their centres."""
    centres = np.array([[0.0, 5.0], [5.0, 0.0], [-5.0, -5.0]])
    x = np.repeat(centres, n, axis=0) + rng.normal(0.0, 0.1, size=[3 * n, 2])
    return x.astype(np.float32), centres


def _with_codebook(codebook, **settings):
    """A layer with these entries, all used once."""
    layer = nn.VectorQuantization(len(codebook), **settings)
    layer.build([None, codebook.shape[1] * layer.num_heads])
    layer.counts.assign(np.ones(len(codebook)))
    layer.sums.assign(codebook)
    return layer


def test_each_vector_becomes_the_nearest_entry(rng):
    codebook = rng.normal(size=[7, 3]).astype(np.float32)
    x = rng.normal(size=[2, 11, 3]).astype(np.float32)
    layer = _with_codebook(codebook)
    z_q, codes = layer(x)
    distances = np.linalg.norm(x[:, :, np.newaxis] - codebook, axis=-1)
    np.testing.assert_array_equal(codes[..., 0], np.argmin(distances, axis=-1))
    np.testing.assert_allclose(z_q, codebook[codes[..., 0]], atol=1e-6)
    np.testing.assert_allclose(layer.unquantize(codes), z_q, atol=1e-6)


def test_heads_share_the_codebook(rng):
    codebook = rng.normal(size=[7, 3]).astype(np.float32)
    x = rng.normal(size=[4, 6]).astype(np.float32)
    z_q, codes = _with_codebook(codebook, num_heads=2)(x)
    for head in range(2):
        part, chosen = _with_codebook(codebook)(x[:, 3 * head : 3 * head + 3])
        np.testing.assert_allclose(z_q[:, 3 * head : 3 * head + 3], part, atol=1e-6)
        np.testing.assert_array_equal(codes[:, head], chosen[:, 0])


def test_gradient_passes_as_if_nothing_was_replaced(rng):
    x = tf.constant(rng.normal(size=[4, 3]), tf.float32)
    layer = nn.VectorQuantization(k=2)
    weights = rng.normal(size=[4, 3]).astype(np.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(layer(x, training=True)[0] * weights)
    np.testing.assert_array_equal(tape.gradient(y, x), weights)
    assert not layer.trainable_variables


def test_training_finds_the_heaps(rng):
    x, centres = _clusters(rng)
    layer = nn.VectorQuantization(k=3, gamma=0.5, restart_threshold=0.1)
    step = tf.function(lambda: layer(x, training=True), jit_compile=True)
    for _ in range(30):
        step()
    entries = (layer.sums / layer.counts[:, tf.newaxis]).numpy()
    found = [np.argmin(np.linalg.norm(centres - e, axis=1)) for e in entries]
    assert sorted(found) == [0, 1, 2]
    np.testing.assert_allclose(entries, centres[found], atol=0.1)


def test_counts_and_sums_follow_the_batch_with_the_decay(rng):
    codebook = rng.normal(size=[4, 3]).astype(np.float32)
    x = rng.normal(size=[30, 3]).astype(np.float32)
    layer = _with_codebook(codebook, gamma=0.9)
    codes = layer(x)[1].numpy()[:, 0]
    layer(x, training=True)
    for entry in range(4):
        near = x[codes == entry]
        count, total = 0.9 + 0.1 * len(near), 0.9 * codebook[entry] + 0.1 * near.sum(0)
        np.testing.assert_allclose(layer.counts[entry], count, rtol=1e-5)
        np.testing.assert_allclose(layer.sums[entry], total, rtol=1e-4, atol=1e-5)


def test_playing_changes_nothing(rng):
    layer = _with_codebook(rng.normal(size=[4, 3]).astype(np.float32))
    before = layer.get_weights()
    layer(tf.ones([5, 3]))
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_entries_that_are_never_used_start_again_from_different_vectors(rng):
    x, _ = _clusters(rng, n=4)
    layer = _with_codebook(np.full([6, 2], 100.0, np.float32))
    layer.counts.assign([1, 0, 0, 1, 0, 0])
    # Used entries lie far away, so what replaces the vectors are vectors themselves.
    z_q = layer(x, training=True)[0].numpy()
    replaced = np.unique(z_q.round(4), axis=0)
    assert len(replaced) == 4
    for vector in replaced:
        assert np.abs(x - vector).max(axis=1).min() < 1e-3


def test_rarely_used_entries_start_again_below_the_threshold():
    x = tf.constant([[3.0], [3.0], [3.0], [3.0]])  # Four vectors: 2 per entry.
    for threshold, restarts in ((0.4, False), (0.6, True)):
        codebook = np.array([[50.0], [9.0]], np.float32)
        layer = _with_codebook(codebook, restart_threshold=threshold)
        layer.sums.assign([[50.0], [900.0]])
        layer.counts.assign([1.0, 100.0])  # Entry 0 is used half as often as due.
        z_q, codes = layer(x, training=True)
        assert (float(z_q[0, 0]), int(codes[0, 0])) == (
            (3.0, 0) if restarts else (9.0, 1)
        )


def test_free_entries_get_all_vectors_before_any_noise():
    layer = _with_codebook(np.full([6, 2], 100.0, np.float32))
    layer.counts.assign([1, 1, 1, 1, 0, 0])
    x = tf.constant([[40.0, 2.0], [-3.0, 7.0]])
    np.testing.assert_allclose(layer(x, training=True)[0], x)


def test_more_free_entries_than_vectors_are_filled_with_noise():
    layer = nn.VectorQuantization(k=8)
    x = tf.constant([[40.0, 2.0], [-3.0, 7.0]])
    np.testing.assert_allclose(layer(x, training=True)[0], x)
    assert np.isfinite(layer(x, training=True)[0]).all()
    assert np.count_nonzero(layer.counts) == 2


def test_size_of_the_batch_may_be_unknown(rng):
    layer = nn.VectorQuantization(k=4, num_heads=2)
    spec = tf.TensorSpec([None, None, 6])
    traced = tf.function(
        lambda x: layer(x, training=True), input_signature=[spec], autograph=False
    )
    for batch in (1, 3):
        x = rng.normal(size=[batch, 5, 6]).astype(np.float32)
        assert traced(x)[1].shape == (batch, 5, 2)


def test_loss_pulls_vectors_to_their_codes_alone(rng):
    layer = nn.VectorQuantization(k=4, commitment_loss_weight=0.5, name="vq")
    z, z_q = (tf.constant(rng.normal(size=[3, 2]), tf.float32) for _ in range(2))
    with tf.GradientTape() as tape:
        tape.watch([z, z_q])
        losses = layer.get_losses_dict(z, z_q)
        loss = losses["vq_commitment_loss"]
    assert len(losses) == 1
    difference = z.numpy() - z_q.numpy()
    np.testing.assert_allclose(loss, 0.5 * np.mean(difference**2), rtol=1e-5)
    of_z, of_codes = tape.gradient(loss, [z, z_q])
    np.testing.assert_allclose(of_z, difference / 6, rtol=1e-5)
    assert of_codes is None


def test_variables_have_the_names_of_the_original():
    layer = nn.VectorQuantization(k=4, num_heads=2)
    layer(tf.ones([1, 6]))
    shapes = {k: tuple(v.shape) for k, v in checkpoints.named_variables(layer).items()}
    assert shapes == {"counts": (4,), "sums": (4, 3)}


def test_channels_that_cannot_be_cut_are_an_error():
    with pytest.raises(ValueError, match="multiple of num_heads"):
        nn.VectorQuantization(k=4, num_heads=2)(tf.ones([1, 3]))
