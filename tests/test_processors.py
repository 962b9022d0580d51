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


def mix(one: np.ndarray, two: np.ndarray, level: object) -> np.ndarray:
    """Mixes with a level that is not a network's output."""
    return processors.Mix().get_signal(one, two, np.float32(level)).numpy()


@pytest.mark.parametrize("shape", [[2, 3], [1, 3], [2, 3, 4]])
def test_mix_fades_from_the_second_signal_to_the_first(shape: list[int]) -> None:
    # The original gave silence at 0 and the sum at 1 (C39).
    one, two = np.full(shape, 3.0, np.float32), np.full(shape, 5.0, np.float32)
    level = np.tile(np.float32([[[0.0], [0.36], [1.0]]]), [shape[0], 1, 1])
    mixed = mix(one, two, level)
    assert mixed.shape == tuple(shape)
    by_level = np.moveaxis(mixed, 1, 0).reshape([3, -1])
    expected = [5.0, 0.6 * 3.0 + 0.8 * 5.0, 3.0]
    np.testing.assert_allclose(
        by_level, np.float32(expected)[:, None].repeat(by_level.shape[1], 1), rtol=1e-6
    )


@pytest.mark.parametrize("level", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_mix_keeps_the_power_of_independent_signals(
    rng: np.random.Generator, level: float
) -> None:
    one, two = rng.normal(size=[2, 1, 100_000]).astype(np.float32)
    mixed = mix(one, two, np.full([1, 100_000, 1], level))
    np.testing.assert_allclose(np.mean(mixed**2), 1.0, rtol=0.02)


def test_mix_level_comes_from_the_network_frame_by_frame() -> None:
    one, two = tf.ones([2, 8]), tf.zeros([2, 8])
    outputs = tf.constant([[[-1.0], [1.0]]] * 2)
    controls = processors.Mix().get_controls(one, two, outputs)
    low, high = (1 / (1 + np.exp(x)) for x in (1.0, -1.0))
    expected = [low + (high - low) * min(step, 4) / 4 for step in range(8)]
    np.testing.assert_allclose(controls["mix_level"][1, :, 0], expected, rtol=1e-5)
    np.testing.assert_allclose(
        processors.Mix()(one, two, outputs)[1], np.sqrt(expected), rtol=1e-5
    )


@pytest.mark.parametrize("output", [-200.0, 0.0, 200.0])
def test_mix_has_a_finite_gradient_at_both_ends(output: float) -> None:
    inputs = tf.ones([1, 8]), tf.ones([1, 8]), tf.fill([1, 2, 1], output)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        mixed = processors.Mix()(*inputs)
    for gradient in tape.gradient(mixed, inputs):
        assert np.isfinite(gradient).all()


def test_mix_refuses_signals_of_different_lengths() -> None:
    with pytest.raises(ValueError, match="8 and 9 samples"):
        processors.Mix().get_controls(
            tf.ones([1, 8]), tf.ones([1, 9]), tf.ones([1, 2, 1])
        )


def test_mix_refuses_channels_of_one_signal_only() -> None:
    one, two, level = tf.ones([1, 5, 1]), tf.ones([1, 5]), tf.ones([1, 5, 1])
    for signals in ((one, two), (two, one)):
        with pytest.raises(ValueError, match=r"axes. Got shape=\(1, 5.*add or remove"):
            processors.Mix()(*signals, level)
        with pytest.raises(ValueError, match="same number of axes"):
            processors.Mix().get_signal(*signals, level)


@pytest.mark.parametrize(
    ("location", "kept"), [("front", [4, 10]), ("center", [2, 8]), ("back", [0, 6])]
)
@pytest.mark.parametrize("channels", [(), (2,)])
def test_crop_cuts_a_frame_where_it_is_told(
    location: str, kept: list[int], channels: tuple[int, ...]
) -> None:
    audio = np.arange(10.0, dtype=np.float32)[None]
    audio = np.broadcast_to(
        audio.reshape([1, 10] + [1] * len(channels)), (1, 10, *channels)
    )
    for frame_size in (4, 5):
        cropped = processors.Crop(frame_size, location)(audio)
        np.testing.assert_array_equal(cropped, audio[:, slice(*kept)])


@pytest.mark.parametrize("location", ["front", "center", "back"])
@pytest.mark.parametrize("frame_size", [0, 1])
def test_crop_of_less_than_two_samples_cuts_nothing(
    location: str, frame_size: int
) -> None:
    # Of which the original left nothing (C06).
    audio = np.ones([1, 10], np.float32)
    cropped = processors.Crop(frame_size, location)(audio)
    np.testing.assert_array_equal(cropped, audio)


def test_crop_refuses_to_add_samples() -> None:
    with pytest.raises(ValueError, match="Got frame_size=-4; use 0"):
        processors.Crop(-4)


def test_crop_refuses_an_unknown_location() -> None:
    with pytest.raises(ValueError, match="'front', 'center' or 'back'"):
        processors.Crop(4, "left")
