"""What is wrong with a batch is named by feature and example."""

import numpy as np
import pytest
import tensorflow as tf

from ddsp.training.loop.diagnosis import diagnose_batch


def batch() -> dict[str, np.ndarray]:
    """Three examples at the limits of what is usual."""
    return {
        "audio": np.full([3, 64], 100.0, np.float32),
        "f0_hz": np.stack([np.zeros([8, 1]), np.full([8, 1], 2e4), np.ones([8, 1])]),
        "loudness_db": np.stack([np.full([8], -200.0), np.full([8], 40.0), np.ones(8)]),
        "velocity": np.full([3], -1e6),
        "name": np.array([b"a", b"b", b"c"]),
        "number": np.array([1, 2, 3]),
    }


def test_a_sound_batch_leaves_the_learning_rate() -> None:
    text = diagnose_batch(batch())
    assert text.startswith("the batch is sound, so lower the learning rate")
    assert "Trainer.grad_clip_norm" in text


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["audio", "f0_hz", "loudness_db"])
def test_values_that_are_not_finite_are_named(name: str, value: float) -> None:
    bad = batch()
    bad[name][1, 5] = bad[name][2, 3] = value
    assert diagnose_batch(bad) == (
        f"example 1 has {name}={value} at position 5, which is not finite; leave that "
        "recording out, or prepare the dataset again"
    )


@pytest.mark.parametrize(
    "name, value, usual",
    [
        ("audio", 101.0, "-100 to 100"),
        ("audio", -101.0, "-100 to 100"),
        ("f0_hz", -1.0, "0 to 20000 Hz"),
        ("f0_hz", 20001.0, "0 to 20000 Hz"),
        ("loudness_db", -201.0, "-200 to 40 dB"),
        ("loudness_db", 41.0, "-200 to 40 dB"),
    ],
)
def test_absurd_values_are_named(name: str, value: float, usual: str) -> None:
    bad = batch()
    bad[name][2, 6] = value
    text = diagnose_batch(bad)
    assert text.startswith(f"example 2 has {name}={value:g} at position 6")
    assert f"where {usual} is usual; leave that recording out" in text


def test_what_is_not_finite_comes_before_what_is_absurd() -> None:
    bad = batch()
    bad["audio"][0, 0] = 1e3
    bad["velocity"][2] = np.nan
    assert diagnose_batch(bad).startswith("example 2 has velocity=nan, which")


def test_features_of_other_rates_are_audio_too() -> None:
    assert "audio_16k=200" in diagnose_batch({"audio_16k": np.full([1, 4], 200.0)})


def test_tensors_and_single_numbers_are_read() -> None:
    assert "loudness_db=-300" in diagnose_batch({"loudness_db": tf.constant(-300.0)})
    assert diagnose_batch({}) == diagnose_batch(batch())
