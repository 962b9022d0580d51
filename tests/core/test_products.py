"""Full precision where a device would round to TensorFloat-32."""

import numpy as np
import pytest
import tensorflow as tf
from signals import snr_db

from ddsp.core import products


def tensor_float_32(x: np.ndarray) -> np.ndarray:
    """Rounds to 10 bits of fraction, as the hardware does with each factor."""
    bits = x.astype(np.float32).view(np.uint32)
    return ((bits + 0x1000) & 0xFFFFE000).astype(np.uint32).view(np.float32)


def rounding_matmul(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.constant(tensor_float_32(a.numpy()) @ tensor_float_32(b.numpy()))


def factors(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    angles = rng.uniform(-np.pi, np.pi, [20, 64])
    return rng.uniform(0, 1, [10, 20]).astype(np.float32), np.float32(np.sin(angles))


def test_parts_add_up_and_are_exact_for_the_device(rng: np.random.Generator) -> None:
    x = np.float32(np.append(rng.normal(size=1000) * 10.0 ** rng.integers(-9, 9), 0))
    high, low = (part.numpy() for part in products.split(tf.constant(x)))
    np.testing.assert_array_equal(high + low, x)
    np.testing.assert_array_equal(tensor_float_32(high), high)


def test_rounded_products_lose_what_split_ones_keep(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = factors(rng)
    truth = np.float64(a) @ np.float64(b)
    monkeypatch.setattr(products, "_is_rounded_by_the_device", lambda: True)
    monkeypatch.setattr(tf, "matmul", rounding_matmul)
    assert snr_db(truth, rounding_matmul(tf.constant(a), tf.constant(b)).numpy()) < 80
    split = products.precise_matmul(tf.constant(a), tf.constant(b))
    assert snr_db(truth, split.numpy()) > 110


def test_full_precision_without_rounding_devices(rng: np.random.Generator) -> None:
    a, b = factors(rng)
    plain = products.precise_matmul(tf.constant(a), tf.constant(b)).numpy()
    assert snr_db(np.float64(a) @ np.float64(b), plain) > 120


def test_gradient_is_that_of_the_plain_product(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "_is_rounded_by_the_device", lambda: True)
    values = [tf.constant(x) for x in factors(rng)]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(values)
        split = tf.reduce_sum(products.precise_matmul(*values) ** 2)
        plain = tf.reduce_sum(tf.matmul(*values) ** 2)
    for value in values:
        expected = tape.gradient(plain, value)
        np.testing.assert_allclose(
            tape.gradient(split, value), expected, rtol=1e-3, atol=1e-3
        )


def test_convolution_keeps_what_rounding_loses(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    audio = rng.normal(size=[1, 200, 1]).astype(np.float32)
    taps = rng.normal(size=[9, 1, 1]).astype(np.float32)
    truth = np.correlate(np.float64(audio[0, :, 0]), np.float64(taps[:, 0, 0]))
    conv1d = tf.nn.conv1d

    def rounding_conv1d(x: tf.Tensor, filters: tf.Tensor, *args: object) -> tf.Tensor:
        return conv1d(
            tensor_float_32(np.array(x)), tensor_float_32(np.array(filters)), *args
        )

    monkeypatch.setattr(products, "_is_rounded_by_the_device", lambda: True)
    monkeypatch.setattr(tf.nn, "conv1d", rounding_conv1d)
    rounded = rounding_conv1d(audio, taps, 1, "VALID").numpy()[0, :, 0]
    assert snr_db(truth, rounded) < 80
    kept = products.precise_conv1d(tf.constant(audio), tf.constant(taps))
    assert snr_db(truth, kept.numpy()[0, :, 0]) > 110


def test_factors_are_split_only_where_a_gpu_rounds_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = {}
    for has_gpu in (False, True):
        for allowed in (False, True):
            devices = ["GPU:0"] if has_gpu else []
            monkeypatch.setattr(
                tf.config, "list_logical_devices", lambda _, d=devices: d
            )
            monkeypatch.setattr(
                tf.config.experimental,
                "tensor_float_32_execution_enabled",
                lambda a=allowed: a,
            )
            found[has_gpu, allowed] = products._is_rounded_by_the_device()
    assert [pair for pair, rounded in found.items() if rounded] == [(True, True)]
