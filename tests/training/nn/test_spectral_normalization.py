import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import checkpoints, nn

layers = tf.keras.layers


def _largest(kernel) -> float:
    matrix = np.reshape(kernel, [-1, kernel.shape[-1]])
    return np.linalg.svd(matrix, compute_uv=False)[0]


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: layers.Dense(5), [2, 8]),
        (lambda: layers.Conv2D(5, (3, 1), padding="same"), [2, 6, 1, 8]),
        (lambda: layers.Conv2DTranspose(5, (4, 1), strides=(2, 1)), [2, 6, 1, 8]),
    ],
)
def test_training_leads_to_the_largest_singular_value_1(make, shape, rng):
    layer = nn.SpectralNormalization(make())
    x = rng.normal(size=shape).astype(np.float32)
    layer(x)
    layer.w.assign(7.0 * layer.w)
    step = tf.function(lambda: layer(x, training=True), jit_compile=True)
    for _ in range(60):
        step()
    np.testing.assert_allclose(_largest(layer.w.numpy()), 1.0, atol=1e-3)


def test_one_call_is_one_step_of_the_power_method(rng):
    layer = nn.SpectralNormalization(layers.Dense(5))
    x = rng.normal(size=[2, 8]).astype(np.float32)
    layer(x)
    kernel, u = np.float64(layer.w.numpy()), np.float64(layer.u.numpy())
    y = layer(x, training=True)
    v = u @ kernel.T / np.linalg.norm(u @ kernel.T)
    u = v @ kernel / np.linalg.norm(v @ kernel)
    expected = kernel / (v @ kernel @ u.T)
    np.testing.assert_allclose(layer.w, expected, rtol=1e-5)
    np.testing.assert_allclose(layer.u, u, rtol=1e-5)
    np.testing.assert_allclose(y, x @ expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("training", [False, None])
def test_playing_changes_no_variable(training, rng):
    layer = nn.SpectralNormalization(layers.Dense(5))
    x = rng.normal(size=[2, 8]).astype(np.float32)
    layer(x)
    before = layer.get_weights()
    y = layer(x, training=training)
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_allclose(y, x @ layer.w.numpy(), rtol=1e-5, atol=1e-6)


def test_variables_have_the_names_of_the_original_and_gradients():
    layer = nn.SpectralNormalization(layers.Dense(5))
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(layer(tf.ones([1, 8]), training=True) ** 2)
    named = checkpoints.named_variables(layer)
    assert set(named) == {"w", "layer/bias", "sn_u"}
    assert named["sn_u"].shape == (1, 5)
    slopes = tape.gradient(y, [named["w"].value, named["layer/bias"].value])
    assert all(np.abs(slope).max() > 0 for slope in slopes)
    assert {v.path for v in layer.trainable_variables} == {
        named["w"].path,
        named["layer/bias"].path,
    }


def test_inside_a_stack_training_reaches_it_and_names_stay(rng):
    stack = nn.DilatedConvStack(
        ch=4, layers_per_stack=2, stacks=1, spectral_norm=True, ortho_init=True
    )
    x = rng.normal(size=[1, 9, 3]).astype(np.float32)
    stack(x)
    named = checkpoints.named_variables(stack)
    assert {"conv_in/w", "layers/1/layer_with_weights-0/sn_u"} <= set(named)
    kernels = [v for k, v in named.items() if k.endswith("/w")]
    assert len(kernels) == 3
    for kernel in kernels[1:]:  # An orthogonal start; conv_in has 3 times 3 rows.
        matrix = np.reshape(kernel, [-1, 4])
        np.testing.assert_allclose(matrix.T @ matrix, np.eye(4), atol=1e-5)
    for kernel in kernels:
        kernel.assign(3.0 * kernel)
    stack(x)
    assert all(abs(_largest(k.numpy()) - 3.0) < 1e-3 for k in kernels)
    for _ in range(30):
        stack(x, training=True)
    assert all(abs(_largest(k.numpy()) - 1.0) < 1e-3 for k in kernels)


def test_a_checkpoint_gives_every_variable_back(tmp_path, rng):
    x = rng.normal(size=[1, 9, 3]).astype(np.float32)

    def make():
        settings = {"layers_per_stack": 2, "stacks": 1, "spectral_norm": True}
        stack = nn.DilatedConvStack(ch=4, conditional=True, **settings)
        return stack, stack([x, np.ones([1, 1, 2], np.float32)])

    stack, y = make()
    path = checkpoints.legacy_view(stack).save(str(tmp_path / "ckpt"))
    other, before = make()
    assert np.abs(before - y).max() > 0.01
    status = checkpoints.legacy_view(other).restore(path)
    status.assert_existing_objects_matched()
    for old, new in zip(stack.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_kernel_of_zeros_stays_and_may_grow_again():
    layer = nn.SpectralNormalization(layers.Dense(5, kernel_initializer="zeros"))
    layer(tf.ones([1, 8]), training=True)
    np.testing.assert_array_equal(layer.w, np.zeros([8, 5]))
    layer.w.assign(tf.ones([8, 5]))
    for _ in range(5):
        layer(tf.ones([1, 8]), training=True)
    np.testing.assert_allclose(_largest(layer.w.numpy()), 1.0, rtol=1e-4)


def test_embeddings_are_normalised_too():
    layer = nn.SpectralNormalization(layers.Embedding(6, 3), power_iterations=30)
    layer(tf.constant([[1, 2]]), training=True)
    np.testing.assert_allclose(_largest(layer.w.numpy()), 1.0, atol=1e-3)
    assert set(checkpoints.named_variables(layer)) == {"w", "sn_u"}


def test_settings_make_the_layer_again():
    config = nn.SpectralNormalization(layers.Dense(5), power_iterations=3).get_config()
    layer = nn.SpectralNormalization.from_config(config)
    assert (layer.power_iterations, layer.layer.units) == (3, 5)


def test_a_layer_without_kernel_is_an_error():
    layer = nn.SpectralNormalization(layers.Activation("relu"))
    with pytest.raises(AttributeError, match="must have a kernel or embeddings"):
        layer(tf.ones([1, 2]))


def test_no_steps_of_the_power_method_are_an_error():
    with pytest.raises(ValueError, match="power_iterations must be at least 1"):
        nn.SpectralNormalization(layers.Dense(5), power_iterations=0)
