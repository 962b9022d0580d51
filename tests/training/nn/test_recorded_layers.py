"""Every layer that the original recorded: values, compilation, gradients."""

import re
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from golden_layers import FOLDER, assert_as_recorded, recorded_inputs

from ddsp.training import checkpoints, nn


def _residual(shortcut: bool, conditional: bool) -> nn.ResidualLayer:
    stride = 2 if shortcut else 1
    return nn.ResidualLayer(2, stride, shortcut, "layer", conditional, False)


def _dilated(**settings: Any) -> nn.DilatedConvStack:
    sizes = {"ch": 4, "layers_per_stack": 1, "stacks": 2}
    return nn.DilatedConvStack(**{**sizes, **settings})


LAYERS = {
    "ConditionalNorm": lambda: nn.ConditionalNorm("layer"),
    "ConditionalNorm_shift": lambda: nn.ConditionalNorm("instance", shift_only=True),
    "DilatedConvStack": lambda: _dilated(layers_per_stack=3, norm_type="layer"),
    "DilatedConvStack_cond": lambda: _dilated(
        layers_per_stack=2, stacks=1, norm_type="layer", conditional=True
    ),
    "DilatedConvStack_down_before": lambda: _dilated(
        resample_type="downsample", resample_stride=2, resample_after_convolve=False
    ),
    "DilatedConvStack_negdil": lambda: _dilated(
        layers_per_stack=3, stacks=1, dilation=-2
    ),
    "DilatedConvStack_up": lambda: _dilated(
        norm_type="instance", resample_type="upsample", resample_stride=2
    ),
    "Fc": lambda: nn.Fc(5),
    "FcStack": lambda: nn.FcStack(5, 2),
    "FcStackOut": lambda: nn.FcStackOut(5, 2, 3),
    "NormReluConv": lambda: nn.NormReluConv(3, 3, 2, "layer"),
    "Normalize_group": lambda: nn.Normalize("group"),
    "Normalize_instance": lambda: nn.Normalize("instance"),
    "Normalize_layer": lambda: nn.Normalize("layer"),
    "ResidualLayer_cond": lambda: _residual(shortcut=False, conditional=True),
    "ResidualLayer_shortcut": lambda: _residual(shortcut=True, conditional=False),
    "ResidualStack": lambda: nn.ResidualStack([2], [2], [2], "layer"),
    "RnnSandwich": lambda: nn.RnnSandwich(5, 1, 6),
    "Rnn_bidir": lambda: nn.Rnn(5, "gru", bidir=True),
    "Rnn_gru": lambda: nn.Rnn(5, "gru"),
    "Rnn_lstm": lambda: nn.Rnn(5, "lstm"),
    "SingleGru": lambda: nn.SingleGru(5),
    "StatelessRnn": lambda: nn.StatelessRnn(5, "gru"),
}
each_layer = pytest.mark.parametrize("name", LAYERS)


def test_every_recording_of_a_layer_of_this_package_is_compared():
    recorded = {path.stem for path in (FOLDER / "layers").glob("*.npz")}
    here = {name for name in recorded if hasattr(nn, re.sub("_.*", "", name))}
    assert here == set(LAYERS)


@each_layer
def test_layer_has_the_weights_and_outputs_of_the_original(name):
    assert_as_recorded(name, LAYERS[name]())


@each_layer
def test_compiled_layer_gives_the_same_and_every_variable_has_a_gradient(name):
    layer, inputs = LAYERS[name](), recorded_inputs(name)
    outputs = tf.nest.flatten(layer(*inputs))
    rng = np.random.default_rng(3)
    for variable in layer.trainable_variables:  # Away from zero shifts and biases.
        variable.assign_add(0.1 * rng.normal(size=variable.shape))
    outputs = tf.nest.flatten(layer(*inputs))
    named = checkpoints.named_variables(layer)
    weights = [rng.normal(size=y.shape).astype(np.float32) for y in outputs]

    @tf.function(jit_compile=True, autograph=False)
    def compiled():
        with tf.GradientTape() as tape:
            values = tf.nest.flatten(layer(*inputs))
            pairs = zip(values, weights, strict=True)
            total = tf.add_n([tf.reduce_sum(y * w) for y, w in pairs])
        return values, tape.gradient(total, [v.value for v in named.values()])

    values, gradients = compiled()
    for value, output in zip(values, outputs, strict=True):
        np.testing.assert_allclose(value, output, atol=1e-5 * np.abs(output).max())
    for path, gradient in zip(named, gradients, strict=True):
        assert gradient is not None, path
        assert np.isfinite(gradient).all() and np.abs(gradient).max() > 0, path
