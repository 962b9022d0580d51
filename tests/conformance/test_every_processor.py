"""Properties that every processor, effect and loss has; see checks.CHECKS."""

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from conformance.cases import BATCH, CASES, N_SAMPLES, PROCESSORS, Case
from conformance.checks import every_case

SAMPLE_RATE = 16000


def values(output: Any) -> list[np.ndarray]:
    """The tensors of a signal, a loss, or a dictionary of losses."""
    return [np.asarray(tensor) for tensor in tf.nest.flatten(output)]


def assert_close(output: Any, expected: Any, rtol: float = 1e-4, atol: float = 1e-5):
    pairs = list(zip(values(output), values(expected), strict=True))
    assert pairs
    for one, other in pairs:
        assert other.size
        np.testing.assert_allclose(one, other, rtol=rtol, atol=atol)


def signature(case: Case) -> list[tf.TensorSpec]:
    return [tf.TensorSpec([None, *shape]) for shape in case.shapes]


def output_and_gradients(case: Case, scale: float = 1.0) -> tuple[Any, list[Any]]:
    inputs = [tf.constant(x) for x in case.inputs(scale=scale)]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        output = case.build()(*inputs)
        total = tf.add_n([tf.reduce_sum(x**2) for x in tf.nest.flatten(output)])
    return output, tape.gradient(total, inputs)


@every_case("gradient")
def test_gradient_reaches_every_input(case: Case) -> None:
    _, gradients = output_and_gradients(case)
    for index, gradient in enumerate(gradients):
        if index not in case.constant:
            assert np.isfinite(gradient).all()
            assert np.abs(gradient).max() > 0


@every_case("gradient")
def test_gradient_reaches_every_variable(case: Case) -> None:
    layer = case.build()
    layer(*case.inputs())
    with tf.GradientTape() as tape:
        output = tf.nest.flatten(layer(*case.inputs()))
        total = tf.add_n([tf.reduce_sum(x**2) for x in output])
    for gradient in tape.gradient(total, layer.trainable_variables):
        assert np.isfinite(gradient).all()
        assert np.abs(gradient).max() > 0


@every_case("traced")
def test_traced_equals_eager(case: Case) -> None:
    layer, inputs = case.build(), case.inputs()
    assert_close(tf.function(layer)(*inputs), layer(*inputs))


@every_case("compiled")
def test_compiled_equals_eager(case: Case) -> None:
    layer, inputs = case.build(), case.inputs()
    compiled = tf.function(layer, jit_compile=True)(*inputs)
    assert_close(compiled, layer(*inputs), atol=1e-4)


@every_case("unknown_batch")
def test_unknown_batch_size_equals_known(case: Case) -> None:
    layer, inputs = case.build(), case.inputs()
    traced = tf.function(layer, input_signature=signature(case))
    assert_close(traced(*inputs), layer(*inputs))


@every_case("batch")
def test_batch_equals_its_examples_one_by_one(case: Case) -> None:
    layer, inputs = case.build(), case.inputs()
    whole = values(layer(*inputs))
    singles = [values(layer(*[x[i : i + 1] for x in inputs])) for i in range(BATCH)]
    for index, output in enumerate(whole):
        parts = [single[index] for single in singles]
        expected = np.concatenate(parts) if output.ndim else np.mean(parts)
        np.testing.assert_allclose(output, expected, rtol=1e-4, atol=1e-5)


@every_case("independence", processors_only=True)
def test_examples_of_a_batch_do_not_meet(case: Case) -> None:
    inputs = [tf.constant(x) for x in case.inputs()]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        first = case.build()(*inputs)[0]
    gradients = tape.gradient(first, inputs)
    assert any(gradient is not None for gradient in gradients)
    for gradient in gradients:
        assert gradient is None or not np.abs(gradient[1:]).any()


@every_case("tuning")
def test_held_note_stays_in_tune(case: Case) -> None:
    # Exact in float32, and four seconds hold a whole number of periods.
    n_seconds, period = 20, 4 * SAMPLE_RATE
    audio = np.float64(held_note(case, 441.25, n_seconds * SAMPLE_RATE))
    np.testing.assert_allclose(
        audio[-period:], audio[:period], atol=1e-3 * np.abs(audio).max()
    )
    powers = np.abs(np.fft.rfft(audio[:period])) ** 2
    harmonics = powers[:: 4 * 441 + 1]  # A bin is a quarter of a hertz.
    assert powers.sum() > 0
    assert harmonics.sum() > 0.999 * powers.sum()


def held_note(case: Case, pitch_hz: float, n_samples: int) -> np.ndarray:
    """One long note whose controls do not move, [n_samples]."""
    layer = case.build()
    config = layer.get_config()
    if "n_samples" in config:
        layer = type(layer).from_config({**config, "n_samples": n_samples})
    inputs = []
    for x in case.inputs():
        length = n_samples if x.shape[1] == N_SAMPLES else x.shape[1]
        inputs.append(np.repeat(x[:1, :1], length, axis=1))
    inputs[case.pitch] = np.full_like(inputs[case.pitch], pitch_hz)
    return np.asarray(layer(*inputs))[0]


@every_case("silence")
def test_silence_is_finite(case: Case) -> None:
    assert_finite(case, 0.0)


@every_case("extremes")
def test_extremes_are_finite(case: Case) -> None:
    assert_finite(case, 1e4)


def assert_finite(case: Case, scale: float) -> None:
    output, gradients = output_and_gradients(case, scale)
    for value in values(output):
        assert np.isfinite(value).all()
    for gradient in gradients:
        assert gradient is None or np.isfinite(gradient).all()


@every_case("config")
def test_config_builds_an_equal_object(case: Case) -> None:
    layer, inputs = case.build(), case.inputs()
    expected = layer(*inputs)
    text = json.dumps(keras.saving.serialize_keras_object(layer))
    through_json = keras.saving.deserialize_keras_object(json.loads(text))
    for copy in (type(layer).from_config(layer.get_config()), through_json):
        assert type(copy) is type(layer)
        assert copy.name == layer.name
        assert copy.get_config() == layer.get_config()
        copy(*inputs)  # Builds the variables.
        copy.set_weights(layer.get_weights())
        assert_close(copy(*inputs), expected)


def another(value: Any) -> Any:
    """A different value for an argument, if one is likely to be allowed."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return 2 * value + 1
    if isinstance(value, list):
        return value[1:]
    if isinstance(value, dict):
        return {"ddsp_function": "tensorflow.nn.softplus", "arguments": {"name": "x"}}
    return None


@every_case("config")
def test_config_holds_every_argument(case: Case) -> None:
    layer = case.build()
    config = layer.get_config()
    assert set(config) >= {*inspect.signature(type(layer)).parameters} - {"kwargs"}
    for name, value in config.items():
        other = "another" if name == "name" else another(value)
        try:
            changed = type(layer).from_config({**config, name: other}).get_config()
        except (ValueError, TypeError):
            continue  # The constructor does not take this value.
        assert changed == {**config, name: other}


@every_case("saved_model")
def test_saved_model_gives_the_same_for_other_batch_sizes(
    case: Case, tmp_path: Path
) -> None:
    module = tf.Module()
    module.layer, inputs = case.build(), case.inputs()
    expected = module.layer(*inputs)
    module.run = tf.function(
        lambda *tensors: module.layer(*tensors), input_signature=signature(case)
    )
    tf.saved_model.save(module, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    assert_close(loaded.run(*[tf.constant(x) for x in inputs]), expected)
    one = [tf.constant(x[:1]) for x in inputs]
    assert_close(loaded.run(*one), module.layer(*one))


@pytest.fixture
def mixed_precision() -> Iterator[None]:
    """Keras computes in float16 while variables are float32."""
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    yield
    keras.mixed_precision.set_dtype_policy(before)


@pytest.mark.usefixtures("mixed_precision")
@every_case("half_precision")
def test_half_precision_only_rounds_controls(case: Case) -> None:
    half = [tf.cast(x, tf.float16) for x in case.inputs()]
    layer = case.build()
    output = layer(*half)
    keras.mixed_precision.set_dtype_policy("float32")
    full = case.build()
    # The same inputs, so that the rounding of a pitch, which adds up, does not count.
    full(*[tf.cast(x, tf.float32) for x in half])
    full.set_weights(layer.get_weights())
    expected = values(full(*[tf.cast(x, tf.float32) for x in half]))
    for value, reference in zip(values(output), expected, strict=True):
        assert value.dtype == np.float32
        np.testing.assert_allclose(
            value, reference, atol=2e-3 * np.abs(reference).max()
        )


# A phase, a filter or a spectrum in half precision is noise.
EXACT = re.compile("Sin|Cos|Cumsum|.*FFT.*|XlaReduceWindow")


@pytest.mark.usefixtures("mixed_precision")
@every_case("half_precision")
def test_phases_and_transforms_are_not_half_precise(case: Case) -> None:
    layer = case.build()
    half = [tf.TensorSpec([BATCH, *shape], tf.float16) for shape in case.shapes]
    graph = tf.function(layer).get_concrete_function(*half).graph.as_graph_def()
    bodies = [graph.node, *(body.node_def for body in graph.library.function)]
    for node in (node for body in bodies for node in body):
        if EXACT.fullmatch(node.op):
            types = {attribute.type for attribute in node.attr.values()}
            assert tf.float16.as_datatype_enum not in types, node.name


@pytest.mark.usefixtures("mixed_precision")
@every_case("half_precision", processors_only=True)
def test_pitch_is_not_rounded_to_half_precision(case: Case) -> None:
    half = [tf.cast(x, tf.float16) for x in case.inputs()]
    layer = case.build()
    layer(*half)
    for name, control in layer.get_controls(*half).items():
        given = any(control is x for x in half)
        if not given and ("f0" in name or "freq" in name):
            assert control.dtype == tf.float32, name


def test_every_kind_is_checked() -> None:
    assert len(PROCESSORS) >= 10
    assert len(CASES) > len(PROCESSORS)
