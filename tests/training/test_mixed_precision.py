"""bfloat16 multiplies within networks, and nothing else hears of it."""

from typing import Any

import numpy as np
import pytest
import signals
import tensorflow as tf
import tiny_training
import toy_training

from ddsp.training import nn
from ddsp.training.mixed_precision import use_bfloat16_products


def bfloat16_layers(model: Any) -> list[str]:
    layers = model._flatten_layers()
    return [layer.path for layer in layers if layer.compute_dtype == "bfloat16"]


def rounded(x: Any) -> np.ndarray:
    """Values with the 8 bits of a bfloat16, by NumPy alone."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    half = 0x7FFF + ((bits >> 16) & 1)  # To the nearest, ties to even.
    return ((bits + half) >> 16 << 16).astype(np.uint32).view(np.float32)


def losses(n_steps: int, **kwargs: Any) -> np.ndarray:
    trainer = toy_training.make_trainer(**kwargs)
    batch = toy_training.make_batch(64)
    totals = [trainer.train_step(batch)["total_loss"] for _ in range(n_steps)]
    return np.array(totals)


def test_a_dense_layer_multiplies_rounded_numbers() -> None:
    tf.keras.utils.set_random_seed(2)
    dense = tf.keras.layers.Dense(1, use_bias=False)
    model = tf.keras.Sequential([dense])
    x = tf.random.normal([5, 3], seed=1)
    exact = model(x).numpy()
    assert use_bfloat16_products(model) == [dense.path]
    y = model(x)
    assert y.dtype == tf.float32
    products = rounded(x).astype(np.float64) @ rounded(dense.kernel.numpy())
    np.testing.assert_allclose(y, products, rtol=2**-8, atol=1e-6)
    assert np.max(np.abs(y - exact)) > 1e-4
    np.testing.assert_array_equal(y, rounded(y))


def test_a_second_time_changes_nothing() -> None:
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model(tf.zeros([1, 2]))
    call = None
    for expected in (1, 0):
        assert len(use_bfloat16_products(model)) == expected
        assert call in (None, model.layers[0].call)
        call = model.layers[0].call


def test_last_and_recurrent_layers_stay_exact() -> None:
    trainer = tiny_training.make_trainer(mixed_precision="bfloat16")
    trainer.build(next(iter(tiny_training.ToneProvider().get_batch(1))))
    decoder = trainer.model.decoder
    hidden = [stack.layers[0].layers[0] for stack in decoder.input_stacks]
    hidden.append(decoder.out_stack.layers[0].layers[0])
    assert set(bfloat16_layers(trainer.model)) == {layer.path for layer in hidden}
    assert decoder.dense_out.compute_dtype == "float32"
    assert decoder.rnn.rnn.cell.compute_dtype == "float32"


def test_lists_of_last_layers_stay_exact() -> None:
    class Encoder(tf.keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.dense_outs = [tf.keras.layers.Dense(1), tf.keras.layers.Dense(2)]
            self.outset = tf.keras.layers.Dense(2)

    encoder = Encoder()
    assert use_bfloat16_products(encoder) == [encoder.outset.path]


@pytest.mark.parametrize("transposed", [False, True])
def test_convolutions_multiply_rounded_numbers(transposed: bool) -> None:
    tf.keras.utils.set_random_seed(2)
    layers = tf.keras.layers
    convolution = (layers.Conv2DTranspose if transposed else layers.Conv2D)(3, 3)
    model = tf.keras.Sequential([convolution])
    x = tf.random.normal([1, 6, 6, 2], seed=1)
    exact = model(x).numpy()
    use_bfloat16_products(model)
    with tf.GradientTape() as tape:
        y = model(x)
        loss = tf.reduce_mean(y**2)
    assert y.dtype == tf.float32
    error = np.max(np.abs(y - exact))
    assert 1e-4 < error < 0.05
    assert {g.dtype for g in tape.gradient(loss, model.trainable_variables)} == {
        tf.float32
    }


def test_conditional_layers_still_fit_together() -> None:
    layer = nn.ConditionalNorm("layer")
    x = tf.random.normal([2, 10, 8], seed=1)
    z = tf.random.normal([2, 1, 3], seed=2)
    exact = layer([x, z]).numpy()
    assert len(use_bfloat16_products(layer)) == 1
    y = layer([x, z])
    assert 1e-4 < np.max(np.abs(y - exact)) < 0.1


def test_bfloat16_learns_as_float32_does() -> None:
    exact = losses(30)
    rough = losses(30, mixed_precision="bfloat16")
    assert exact[-1] < 0.7 * exact[0]
    np.testing.assert_allclose(rough, exact, rtol=0.03)
    assert np.max(np.abs(rough / exact - 1.0)) > 1e-5


def test_weights_and_moments_stay_float32() -> None:
    trainer = toy_training.make_trainer(mixed_precision="bfloat16")
    trainer.train_step(toy_training.make_batch())
    assert len(bfloat16_layers(trainer.model)) == 3
    moments = trainer.optimizer._momentums + trainer.optimizer._velocities
    variables = [*trainer.model.weights, *moments]
    assert {tf.as_dtype(v.dtype) for v in variables} == {tf.float32}
    # A moment of rounded gradients that is kept in float32 is no rounded number.
    moment = trainer.optimizer._momentums[0].numpy()
    assert np.any(moment != rounded(moment))


def test_sound_is_computed_in_float32() -> None:
    trainer = tiny_training.make_trainer(mixed_precision="bfloat16")
    batch = next(iter(tiny_training.ToneProvider().get_batch(1)))
    trainer.build(batch)
    outputs = trainer.model(batch, training=False)
    controls = outputs["harmonic"]["controls"]
    tensors = [outputs["audio_synth"], *controls.values()]
    assert {tensor.dtype for tensor in tensors} == {tf.float32}
    distribution = controls["harmonic_distribution"][0].numpy()
    amplitudes = controls["amplitudes"][0].numpy() * distribution
    truth = signals.harmonic_truth(
        controls["f0_hz"][0, :, 0].numpy(), amplitudes, tiny_training.N_SAMPLES, 16000
    )
    # Phases with 8 bits would leave 40 dB at most.
    assert signals.snr_db(truth, outputs["audio_synth"][0].numpy()) > 80


def test_other_precisions_are_refused() -> None:
    with pytest.raises(ValueError, match="mixed_precision='float16'"):
        toy_training.make_trainer(mixed_precision="float16")
