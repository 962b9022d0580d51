"""Properties that every processor and loss has."""

import numpy as np
import pytest
import tensorflow as tf
from conformance.cases import CASES, PROCESSORS, Case

every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
every_processor = pytest.mark.parametrize(
    "case", PROCESSORS.values(), ids=PROCESSORS.keys()
)


@every_case
def test_gradient_reaches_every_input(case: Case) -> None:
    inputs = [tf.constant(x) for x in case.inputs()]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(case.build()(*inputs) ** 2)
    gradients = tape.gradient(total, inputs)
    for index, gradient in enumerate(gradients):
        if index not in case.constant:
            assert np.isfinite(gradient).all()
            assert np.abs(gradient).max() > 0


@every_case
def test_traced_and_compiled_equal_eager(case: Case) -> None:
    layer, inputs = case.build(), case.inputs()
    eager = layer(*inputs)
    np.testing.assert_allclose(tf.function(layer)(*inputs), eager, rtol=1e-4, atol=1e-5)
    compiled = tf.function(layer, jit_compile=True)(*inputs)
    np.testing.assert_allclose(compiled, eager, rtol=1e-4, atol=1e-4)


@every_processor
def test_unknown_batch_size_equals_known(case: Case) -> None:
    layer, inputs = case.build(), case.inputs()
    signature = [tf.TensorSpec([None, *shape]) for shape in case.shapes]
    traced = tf.function(layer, input_signature=signature)(*inputs)
    np.testing.assert_allclose(traced, layer(*inputs), atol=1e-5)


@every_processor
def test_examples_of_a_batch_do_not_meet(case: Case) -> None:
    layer, inputs = case.build(), case.inputs()
    whole = layer(*inputs)
    first = layer(*[x[:1] for x in inputs])
    np.testing.assert_allclose(whole[:1], first, atol=1e-5)


@every_case
@pytest.mark.parametrize("scale", [0.0, 1e4])
def test_silence_and_extremes_are_finite(case: Case, scale: float) -> None:
    inputs = [tf.constant(x) for x in case.inputs(scale=scale)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        output = case.build()(*inputs)
    assert np.isfinite(output).all()
    for gradient in tape.gradient(output, inputs):
        assert gradient is None or np.isfinite(gradient).all()
