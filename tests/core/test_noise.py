"""White noise: its spectrum, and what a seed promises."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from ddsp import core


def test_noise_is_white_and_uniform() -> None:
    noise = core.white_noise(8, 16384, seed=3).numpy()
    assert noise.min() >= -1.0 and noise.max() < 1.0
    np.testing.assert_allclose(noise.mean(), 0.0, atol=0.01)
    np.testing.assert_allclose(noise.var(), 1 / 3, rtol=0.02)
    power = np.mean(np.abs(np.fft.rfft(noise)) ** 2, axis=0)[1:].reshape(16, -1)
    np.testing.assert_allclose(power.mean(axis=1), 16384 / 3, rtol=0.1)


def test_examples_and_seeds_differ() -> None:
    noise = np.concatenate([core.white_noise(3, 4000, seed) for seed in (1, 2)])
    correlations = np.corrcoef(noise) - np.eye(6)
    assert np.abs(correlations).max() < 0.08


def test_fresh_noise_differs_from_call_to_call() -> None:
    tf.random.set_seed(0)
    first, second = core.white_noise(1, 100), core.white_noise(1, 100)
    assert np.abs(first - second).max() > 0.1


def test_replicas_together_make_the_noise_of_one_device() -> None:
    # A process of its own, because devices can only be divided before their first use.
    script = """
import numpy as np, tensorflow as tf
from ddsp import core
cpu = tf.config.list_physical_devices("CPU")[0]
half = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(cpu, [half, half])
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
parts = strategy.run(tf.function(lambda: core.white_noise(2, 50, seed=5)))
joined = np.concatenate(strategy.experimental_local_results(parts))
np.testing.assert_array_equal(joined, core.white_noise(4, 50, seed=5))
assert np.abs(joined[:2] - joined[2:]).max() > 0.1
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
