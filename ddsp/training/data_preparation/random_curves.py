"""Random numbers and curves, of which synthetic notes are made.

Each function takes the generator that it draws from, so that an example is a function
of its seed; without one it draws from a new one, never from NumPy's global generator.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ddsp import core

Rng = np.random.Generator | None


def generator(rng: Rng = None) -> np.random.Generator:
    """Gives a generator of random numbers.

    Args:
        rng: One that there is already; None for a new one, seeded by the system.

    Returns:
        The generator.
    """
    return np.random.default_rng() if rng is None else rng


def flip(p: float = 0.5, rng: Rng = None) -> bool:
    """Tosses a coin.

    Args:
        p: Probability of True, from 0 to 1.
        rng: Generator to draw from.

    Returns:
        True or False.
    """
    return bool(generator(rng).random() < p)


def uniform_int(minval: int = 0, maxval: int = 10, rng: Rng = None) -> int:
    """Draws a whole number.

    Args:
        minval: Least number.
        maxval: Greatest number, itself possible.
        rng: Generator to draw from.

    Returns:
        A number from minval to maxval.
    """
    return int(generator(rng).integers(minval, maxval, endpoint=True))


def uniform_float(minval: float = 0.0, maxval: float = 10.0, rng: Rng = None) -> float:
    """Draws a number.

    Args:
        minval: Least number.
        maxval: What it stays below.
        rng: Generator to draw from.

    Returns:
        A number from minval to maxval.
    """
    return float(generator(rng).uniform(minval, maxval))


def uniform_generator(
    sample_shape: Sequence[int],
    n_timesteps: int,
    minval: float,
    maxval: float,
    method: str = "linear",
    rng: Rng = None,
) -> np.ndarray:
    """Draws evenly distributed points and a curve through them.

    Args:
        sample_shape: Sizes of the points, [batch, n_points, channels].
        n_timesteps: Frames of the curve.
        minval: Least number.
        maxval: What it stays below.
        method: 'nearest', 'linear' or another method of `core.resample`.
        rng: Generator to draw from.

    Returns:
        float32, [batch, n_timesteps, channels].
    """
    points = generator(rng).uniform(minval, maxval, sample_shape)
    return _through(points, n_timesteps, method)


def normal_generator(
    sample_shape: Sequence[int],
    n_timesteps: int,
    mean: float,
    stddev: float,
    method: str = "linear",
    rng: Rng = None,
) -> np.ndarray:
    """Draws normally distributed points and a curve through them.

    Args:
        sample_shape: Sizes of the points, [batch, n_points, channels].
        n_timesteps: Frames of the curve.
        mean: Their mean.
        stddev: Their standard deviation.
        method: 'nearest', 'linear' or another method of `core.resample`.
        rng: Generator to draw from.

    Returns:
        float32, [batch, n_timesteps, channels].
    """
    points = generator(rng).normal(mean, stddev, sample_shape)
    return _through(points, n_timesteps, method)


def modulate(
    signal: Any,
    maxval: float = 0.5,
    n_t: int = 10,
    method: str = "linear",
    rng: Rng = None,
) -> np.ndarray:
    """Lets a control rise and fall at random.

    Args:
        signal: Control, [batch, n_timesteps, channels].
        maxval: Greatest standard deviation of the factor. Each item of the batch has
            one of its own, from 0 to that.
        n_t: Points that the factor, whose mean is about 1, is drawn at.
        method: 'nearest', 'linear' or another method of `core.resample`.
        rng: Generator to draw from.

    Returns:
        signal times that factor, float32, in the same shape.
    """
    rng, signal = generator(rng), np.asarray(signal, np.float32)
    n_batch, n_timesteps = signal.shape[:2]
    stddev = rng.uniform(0.0, maxval, [n_batch, 1, 1])
    points = np.abs(1.0 + stddev * rng.standard_normal([n_batch, n_t, 1]))
    return signal * _through(points, n_timesteps, method)


def random_blend(
    length: int,
    env_start: float = 1.0,
    env_end: float = 0.0,
    exp_max: float = 2.0,
    rng: Rng = None,
) -> np.ndarray:
    """Goes from one number to another, at first faster or at last.

    Args:
        length: Frames.
        env_start: First number.
        env_end: Last number.
        exp_max: The straight line is raised to a power from 2 ** -exp_max to
            2 ** exp_max.
        rng: Generator to draw from.

    Returns:
        The curve, [length].
    """
    power = 2.0 ** uniform_float(-exp_max, exp_max, rng)
    share = np.linspace(1.0, 0.0, length) ** power
    return env_start * share + env_end * (1.0 - share)


def random_harm_dist(
    n_harmonics: int = 100,
    low_pass: bool = True,
    rand_phase: float = 0.0,
    rng: Rng = None,
) -> np.ndarray:
    """Draws the outline of a spectrum: 1 to 20 cosines over the number of the harmonic.

    Args:
        n_harmonics: How many harmonics.
        low_pass: Whether each cosine becomes weaker towards high harmonics.
        rand_phase: How far into its turn a cosine may begin, from 0 to 1. With 0 all
            begin at their greatest value, so that low harmonics are strong.
        rng: Generator to draw from.

    Returns:
        Any numbers, which a softmax or the like makes positive, [n_harmonics].
    """
    rng = generator(rng)
    n_cosines = uniform_int(1, 20, rng)
    smoothness = rng.uniform(1.0, 10.0)
    # Less than a radian from one harmonic to the next.
    turns = rng.uniform(0.0, n_harmonics / smoothness, [n_cosines, 1])
    start = rng.uniform(0.0, 2.0 * np.pi * rand_phase, [n_cosines, 1])
    cosines = np.cos(start + turns * np.linspace(0.0, 1.0, n_harmonics))
    cosines *= rng.uniform(0.0, 1.0, [n_cosines, 1])
    if low_pass:
        end = rng.uniform(0.0, 0.5, [n_cosines, 1])
        line = 1.0 + (end - 1.0) * np.linspace(0.0, 1.0, n_harmonics)
        cosines *= line ** rng.uniform(0.5, 2.0, [n_cosines, 1])
    return np.sum(cosines, axis=0)


def _through(points: np.ndarray, n_timesteps: int, method: str) -> np.ndarray:
    """A curve through points [batch, n_points, channels]."""
    return core.resample(points, n_timesteps, method).numpy()
