"""Stiff strings, whose partials are higher than the multiples of the fundamental.

Source: Fletcher, "Normal vibration frequencies of a stiff piano string", JASA 36
(1964); Fletcher and Rossing, "The Physics of Musical Instruments", section 2.18.
"""

from typing import Any

import gin
import tensorflow as tf

from ddsp.core.harmonics import get_harmonic_frequencies, harmonic_synthesis
from ddsp.core.scaling import log_scale_sigmoid
from ddsp.core.tensors import tf_float32


@gin.register(module="ddsp.core")
def inharmonicity_sigmoid(
    x: Any, min_value: float = 1e-5, max_value: float = 1e-2
) -> tf.Tensor:
    """Maps any real number to the inharmonicity of a real string.

    Wound guitar and bass strings of pianos have about 1e-5 to 1e-4, treble strings of
    pianos up to 1e-2. Equal steps around 0 are equal ratios.

    Args:
        x: Output of a network, any shape; 0 becomes the geometric mean of the range.
        min_value: Lower end, positive.
        max_value: Upper end.

    Returns:
        float32 tensor of the same shape, from min_value to max_value.

    Example:
        >>> inharmonicity = inharmonicity_sigmoid([-100.0, 0.0, 100.0])
        >>> [f"{float(b):.1e}" for b in inharmonicity]
        ['1.0e-05', '3.2e-04', '1.0e-02']
    """
    return log_scale_sigmoid(x, min_value, max_value)


@gin.register(module="ddsp.core")
def get_inharmonic_frequencies(
    frequencies: tf.Tensor, inharmonicity: tf.Tensor, n_harmonics: int
) -> tf.Tensor:
    """Partials of a stiff string: n f0 sqrt(1 + B n^2).

    Args:
        frequencies: Fundamental f0 of the same string without stiffness in Hz, [batch,
            n_frames, 1].
        inharmonicity: B, at least 0, [batch, n_frames, 1] or what broadcasts to it;
            negative numbers count as 0.
        n_harmonics: How many partials, the first included.

    Returns:
        Frequencies in Hz, [batch, n_frames, n_harmonics].

    Example:
        >>> f0_hz, inharmonicity = tf.fill([1, 1, 1], 100.0), tf.fill([1, 1, 1], 0.03)
        >>> partials = get_inharmonic_frequencies(f0_hz, inharmonicity, 3)
        >>> [round(float(hz), 2) for hz in partials[0, 0]]
        [101.49, 211.66, 338.08]
    """
    shifts = _shifts(inharmonicity, n_harmonics)
    return get_harmonic_frequencies(frequencies, n_harmonics) * (1.0 + shifts)


@gin.register(module="ddsp.core")
def inharmonic_synthesis(
    frequencies: tf.Tensor,
    amplitudes: tf.Tensor,
    inharmonicity: tf.Tensor,
    harmonic_distribution: tf.Tensor,
    n_samples: int = 64000,
    sample_rate: int = 16000,
    amp_resample_method: str = "window",
) -> tf.Tensor:
    """Plays a stiff string.

    Each partial has an exact phase of its own. Partials are silent while they are at or
    above half the sample rate.

    Args:
        frequencies: Fundamental of the string without stiffness in Hz, [batch,
            n_frames, 1].
        amplitudes: Amplitude of the whole sound, [batch, n_frames, 1].
        inharmonicity: B, at least 0, [batch, n_frames, 1], see
            `get_inharmonic_frequencies`.
        harmonic_distribution: Share of each partial, used as given, [batch, n_frames,
            n_harmonics].
        n_samples: Length of the sound.
        sample_rate: Samples per second.
        amp_resample_method: 'window', 'linear', 'cubic' or 'nearest'.

    Returns:
        Audio, [batch, n_samples].

    Raises:
        ValueError: What `harmonic_synthesis` raises.

    Example:
        >>> frames, shares = tf.ones([1, 2, 1]), tf.ones([1, 2, 1])
        >>> audio = inharmonic_synthesis(
        ...     2000.0 * frames, frames, 3.0 * frames, shares, n_samples=8)
        >>> audio.numpy().round(2).tolist()  # 2000 sqrt(1 + 3) = 4000 Hz.
        [[1.0, 0.0, -1.0, 0.0, 1.0, 0.0, -1.0, 0.0]]
    """
    shares = tf_float32(harmonic_distribution)
    return harmonic_synthesis(
        frequencies,
        amplitudes,
        harmonic_shifts=_shifts(inharmonicity, int(shares.shape[-1])),
        harmonic_distribution=shares,
        n_samples=n_samples,
        sample_rate=sample_rate,
        amp_resample_method=amp_resample_method,
    )


def _shifts(inharmonicity: tf.Tensor, n_harmonics: int) -> tf.Tensor:
    """Deviation of each partial relative to its harmonic: sqrt(1 + B n^2) - 1."""
    squares = tf.range(1, n_harmonics + 1, dtype=tf.float32) ** 2
    stiffness = tf.maximum(tf_float32(inharmonicity), 0.0) * squares
    # The same without the difference of two numbers near 1.
    return stiffness / (1.0 + tf.sqrt(1.0 + stiffness))
