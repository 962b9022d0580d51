import numpy as np
import pytest
import tensorflow as tf

from ddsp.training import checkpoints, nn


def test_a_layer_whose_convolutions_are_silent_returns_its_input(rng):
    x = rng.normal(size=[2, 5, 6, 8]).astype(np.float32)
    layer = nn.ResidualLayer(2, 1, False, "layer", False, False)
    assert np.abs(layer(x) - x).max() > 0.01
    named = checkpoints.named_variables(layer)
    last = "bottleneck/layer_with_weights-2/layer_with_weights-1/kernel"
    named[last].assign(tf.zeros_like(named[last]))
    np.testing.assert_array_equal(layer(x), x)


def test_a_shortcut_projects_the_normalised_input_without_its_negative_part(rng):
    x = rng.normal(size=[2, 5, 6, 8]).astype(np.float32)
    layer = nn.ResidualLayer(2, 2, True, "instance", False, False)
    layer(x)
    named = checkpoints.named_variables(layer)
    last = "bottleneck/layer_with_weights-2/layer_with_weights-1/kernel"
    named[last].assign(tf.zeros_like(named[last]))
    normalized = (x - x.mean((1, 2), keepdims=True)) / x.std((1, 2), keepdims=True)
    kernel = named["conv_proj/kernel"].numpy()[0, 0]
    expected = np.maximum(normalized, 0.0)[:, :, ::2] @ kernel
    np.testing.assert_allclose(layer(x), expected, atol=1e-4)


def test_blocks_have_their_sizes_and_strides(rng):
    stack = nn.ResidualStack([1, 2], [2, 3], [2, 3], "layer", nonlinearity="sigmoid")
    x = rng.normal(size=[1, 4, 12, 3]).astype(np.float32)
    y = stack(x)
    assert y.shape == stack.compute_output_shape(x.shape) == (1, 4, 2, 8)
    assert [layer.shortcut for layer in stack.layers[:5]] == [1, 0, 1, 0, 0]
    assert 0.0 < np.min(y) < 0.5 < np.max(y) < 1.0  # The sigmoid.


@pytest.mark.parametrize(
    ("size", "n_layers", "n_channels"),
    [("small", 12, 1024), ("medium", 16, 1024), ("large", 16, 2048)],
)
def test_networks_have_the_layers_and_shapes_of_their_size(size, n_layers, n_channels):
    net = nn.ResNet(size)
    assert net.compute_output_shape((1, 7, 64, 1)) == (1, 7, 2, n_channels)
    residual = [
        layer
        for stack in net.layers[2:]
        for layer in stack.layers
        if isinstance(layer, nn.ResidualLayer)
    ]
    assert len(residual) == n_layers


@pytest.mark.parametrize("conditional", [False, True])
def test_network_is_built_compiles_and_has_a_gradient_everywhere(conditional, rng):
    net = nn.ResNet("small", conditional=conditional)
    x = rng.normal(size=[1, 3, 32, 1]).astype(np.float32)
    z = rng.normal(size=[1, 1, 1, 2]).astype(np.float32)
    inputs = [x, z] if conditional else x
    y = net(inputs)
    assert net.built and y.shape == (1, 3, 1, 1024)
    names = set(checkpoints.named_variables(net))
    norm = "conditional_scale_and_shift/dense/kernel" if conditional else "scale"
    assert f"layers/2/layers/4/norm_input/{norm}" in names
    assert {"layers/0/kernel", "layers/3/layers/3/shift"} <= names
    weights = rng.normal(size=y.shape).astype(np.float32)

    @tf.function(jit_compile=True, autograph=False)
    def slopes():
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(net(inputs) * weights)
        return tape.gradient(total, [v.value for v in net.trainable_variables])

    for variable, slope in zip(net.trainable_variables, slopes(), strict=True):
        assert np.isfinite(slope).all(), variable.path
        assert np.abs(slope).max() > 0, variable.path
    if conditional:
        assert np.abs(net([x, z + 1.0]) - y).max() > 1e-3


def test_frames_may_be_unknown_when_traced(rng):
    stack = nn.ResidualStack([2], [2], [2], "layer")
    x = rng.normal(size=[2, 7, 8, 3]).astype(np.float32)
    spec = tf.TensorSpec([None, None, 8, 3])
    traced = tf.function(stack, input_signature=[spec], autograph=False)
    np.testing.assert_allclose(traced(x), stack(x), atol=1e-5)


def test_another_shape_without_a_shortcut_is_an_error():
    layer = nn.ResidualLayer(2, 1, False, "layer", False, False)
    with pytest.raises(ValueError, match="pass shortcut=True"):
        layer(tf.zeros([1, 4, 6, 3]))


def test_lists_of_other_lengths_are_an_error():
    with pytest.raises(ValueError, match="one entry per block"):
        nn.ResidualStack([2, 4], [1], [1, 1], "layer")


def test_unknown_size_is_an_error():
    with pytest.raises(KeyError, match="'small', 'medium' or 'large'"):
        nn.ResNet("tiny")


def test_conditioning_that_is_missing_is_an_error():
    with pytest.raises(ValueError, match="needs the pair"):
        nn.ResNet("small", conditional=True)(tf.zeros([1, 4, 32, 1]))
