"""Processors and groups of them."""

import gin
import numpy as np
import pytest
import tensorflow as tf

from ddsp import effects, processors, synths


def test_processor_must_define_both_steps() -> None:
    processor = processors.Processor(name="empty")
    with pytest.raises(NotImplementedError, match="get_controls"):
        processor.get_controls()
    with pytest.raises(NotImplementedError, match="get_signal"):
        processor.get_signal()


def test_sum_of_one_and_two_is_three() -> None:
    assert float(processors.Add()(tf.constant(1.0), tf.constant(2.0))) == 3.0


def test_plain_lists_and_numbers_are_accepted() -> None:
    np.testing.assert_allclose(processors.Add()([[1.0, 2.0]], 1), [[2.0, 3.0]])


def group() -> processors.ProcessorGroup:
    return processors.ProcessorGroup(
        [
            (synths.Harmonic(n_samples=640), ["amps", "distribution", "f0_hz"]),
            (synths.FilteredNoise(n_samples=640, seed=3), ["magnitudes"]),
            (processors.Add(), ["filtered_noise/signal", "harmonic/signal"]),
            (effects.Reverb(trainable=True, reverb_length=100), ["add/signal"]),
        ]
    )


def features() -> dict[str, tf.Tensor]:
    return {
        "amps": tf.zeros([2, 10, 1]),
        "distribution": tf.zeros([2, 10, 8]),
        "magnitudes": tf.zeros([2, 10, 5]),
        "f0_hz": tf.fill([2, 10, 1], 300.0),
    }


def test_group_returns_every_intermediate_result() -> None:
    outputs = group()(features(), return_outputs_dict=True)
    controls = outputs["controls"]
    mixed = controls["harmonic"]["signal"] + controls["filtered_noise"]["signal"]
    np.testing.assert_allclose(controls["add"]["signal"], mixed)
    assert set(controls["harmonic"]["controls"]) == {
        "amplitudes",
        "harmonic_distribution",
        "f0_hz",
    }
    assert set(controls["reverb"]["controls"]) == {"audio", "ir"}
    np.testing.assert_array_equal(outputs["signal"], controls["out"]["signal"])
    # An untrained response of 1e-6 leaves the dry sound.
    np.testing.assert_allclose(outputs["signal"], mixed, atol=1e-3)


def test_group_equals_processors_chained_by_hand() -> None:
    inputs = features()
    chained = synths.Harmonic(n_samples=640)(
        inputs["amps"], inputs["distribution"], inputs["f0_hz"]
    ) + synths.FilteredNoise(n_samples=640, seed=3)(inputs["magnitudes"])
    whole = group().get_controls(inputs)["add"]["signal"]
    np.testing.assert_allclose(whole, chained, atol=1e-6)


def test_group_is_configurable_and_keeps_its_signature() -> None:
    gin.parse_config("""
        ProcessorGroup.dag = [(@processors.Add(), ['one', 'two'])]
        processors.Add.name = 'sum'
        """)
    configured = processors.ProcessorGroup()
    assert configured.processor_names == ["sum"]
    assert configured.processors == [configured.sum]
    assert float(configured({"one": tf.constant(1.0), "two": tf.constant(4.0)})) == 5.0
