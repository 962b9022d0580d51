"""Sinusoids for tests."""

import numpy as np


def gen_np_sinusoid(
    frequency: float, amp: float, sample_rate: int, audio_len_sec: float
) -> np.ndarray:
    """A sine that starts with phase 0.

    As in the original, the last sample lies at audio_len_sec itself, so the true
    frequency is higher by the factor n_samples / (n_samples - 1).

    Args:
        frequency: Cycles per second, but for that factor.
        amp: Amplitude.
        sample_rate: Samples per second.
        audio_len_sec: Length in seconds.

    Returns:
        float64 samples, [n_samples].

    Example:
        >>> gen_np_sinusoid(0.25, 2.0, sample_rate=2, audio_len_sec=1.0).tolist()
        [0.0, 2.0]
    """
    n_samples = int(audio_len_sec * sample_rate)
    time = np.linspace(0, audio_len_sec, n_samples)
    return amp * np.sin(2.0 * np.pi * frequency * time)


def gen_np_batched_sinusoids(
    frequency: float,
    amp: float,
    sample_rate: int,
    audio_len_sec: float,
    batch_size: int,
) -> np.ndarray:
    """The same sine for every example of a batch, see `gen_np_sinusoid`.

    Args:
        frequency: Cycles per second.
        amp: Amplitude.
        sample_rate: Samples per second.
        audio_len_sec: Length in seconds.
        batch_size: Number of examples.

    Returns:
        float64 samples, [batch, n_samples].

    Example:
        >>> gen_np_batched_sinusoids(1.0, 1.0, 4, 1.0, batch_size=2).shape
        (2, 4)
    """
    sine = gen_np_sinusoid(frequency, amp, sample_rate, audio_len_sec)
    return np.tile(sine, [batch_size, 1])
