"""Saw, square and triangle waves without aliasing, as sums of their harmonics.

All three are Fourier series of sines. A harmonic fades out before it reaches half the
sample rate, so that nothing folds back and nothing is switched off with a click.
"""

import gin
import numpy as np
import tensorflow as tf

from ddsp.core.checks import check_controls, check_whole_number
from ddsp.core.harmonics import get_harmonic_frequencies, harmonic_synthesis
from ddsp.core.tensors import tf_float32

# Notes down to this pitch have all their harmonics; the lowest piano key is 27.5 Hz.
_LOWEST_FULL_HZ = 30.0


@gin.register(module="ddsp.core")
def waveform_amplitudes(waveform: str, n_harmonics: int) -> np.ndarray:
    """Amplitudes of the harmonics of a classical waveform that swings between -1 and 1.

    Args:
        waveform: 'saw' (falls from 1 to -1, all harmonics as 1 / n), 'square' (odd
            harmonics as 1 / n) or 'triangle' (rises from 0, odd harmonics as 1 / n^2
            with alternating signs).
        n_harmonics: How many harmonics, the fundamental included.

    Returns:
        Amplitudes of sines, float32 array [n_harmonics]; even harmonics of 'square' and
        'triangle' are 0.

    Raises:
        ValueError: If the waveform is unknown.

    Example:
        >>> waveform_amplitudes("square", 3).round(4).tolist()
        [1.2732000350952148, 0.0, 0.4244000017642975]
    """
    number = np.arange(1, n_harmonics + 1)
    is_odd, sign = number % 2, np.where(number % 4 == 3, -1.0, 1.0)
    series = {
        "saw": 2.0 / (np.pi * number),
        "square": 4.0 * is_odd / (np.pi * number),
        "triangle": 8.0 * is_odd * sign / (np.pi * number) ** 2,
    }
    if waveform not in series:
        raise ValueError(
            f"waveform must be one of {', '.join(series)}. Got waveform={waveform!r}; "
            "use one of these, or harmonic_synthesis with amplitudes of your own."
        )
    return series[waveform].astype(np.float32)


@gin.register(module="ddsp.core")
def fade_below_nyquist(
    f0_hz: tf.Tensor, n_harmonics: int, sample_rate: int, fade_width: float = 0.05
) -> tf.Tensor:
    """Gains that take harmonics out before they reach half the sample rate.

    The gain of a frame is the smallest among the frame and its two neighbours. A
    harmonic that is too high in one frame is therefore silent all the way from the
    frame before to the frame after, wherever in between it crosses.

    Args:
        f0_hz: Pitch in Hz, [batch, n_frames, 1], linear between frames.
        n_harmonics: How many harmonics, the fundamental included.
        sample_rate: Samples per second.
        fade_width: Share of the band over which a harmonic fades, counted down from
            half the sample rate, above 0.

    Returns:
        Gains from 0 to 1, [batch, n_frames, n_harmonics].

    Raises:
        ValueError: If fade_width is not above 0.

    Example:
        >>> pitch = tf.constant([[[3000.0], [3900.0], [4100.0], [4100.0]]])
        >>> fade_below_nyquist(pitch, 2, 16000)[0, :, 1].numpy().round(3).tolist()
        [0.5, 0.0, 0.0, 0.0]
    """
    if not fade_width > 0.0:
        raise ValueError(
            f"fade_width must be above 0. Got fade_width={fade_width}; use a small "
            "number for a sharp edge."
        )
    share = tf.abs(get_harmonic_frequencies(f0_hz, n_harmonics)) * (2.0 / sample_rate)
    gains = tf.clip_by_value((1.0 - share) / fade_width, 0.0, 1.0)
    before = tf.concat([gains[:, :1], gains[:, :-1]], axis=1)
    after = tf.concat([gains[:, 1:], gains[:, -1:]], axis=1)
    return tf.minimum(gains, tf.minimum(before, after))


@gin.register(module="ddsp.core")
def bandlimited_synthesis(
    f0_hz: tf.Tensor,
    amplitudes: tf.Tensor,
    waveform: str = "saw",
    n_samples: int = 64000,
    sample_rate: int = 16000,
    n_harmonics: int | None = None,
    amp_resample_method: str = "window",
    fade_width: float = 0.05,
) -> tf.Tensor:
    """Plays a saw, square or triangle wave without aliasing.

    Args:
        f0_hz: Pitch in Hz, [batch, n_frames, 1]; it moves linearly between frames.
        amplitudes: Peak of the ideal waveform, [batch, n_frames, 1].
        waveform: 'saw', 'square' or 'triangle', see `waveform_amplitudes`.
        n_samples: Length of the sound.
        sample_rate: Samples per second.
        n_harmonics: Upper limit of the harmonics of a note, even ones included, at
            least 1. Notes below sample_rate / (2 n_harmonics) lack their highest ones.
            None: so many that this is 30 Hz.
        amp_resample_method: 'window', 'linear', 'cubic' or 'nearest'.
        fade_width: Share of the band below half the sample rate over which harmonics
            fade out, see `fade_below_nyquist`.

    Returns:
        Audio, [batch, n_samples]. The first sample has the phase of one step.

    Raises:
        ValueError: If the waveform is unknown, there are no harmonics, pitch and
            amplitudes do not fit together, or what `harmonic_synthesis` raises.

    Example:
        >>> frames = tf.ones([1, 10, 1])
        >>> saw = bandlimited_synthesis(100.0 * frames, frames, n_samples=160)[0]
        >>> quarters = (39, 79, 119)  # Of a period.
        >>> [round(float(saw[i]), 2) + 0.0 for i in quarters]
        [0.5, 0.0, -0.5]
    """
    if n_harmonics is None:
        n_harmonics = max(1, int(sample_rate / 2 / _LOWEST_FULL_HZ))
    check_whole_number("n_harmonics", n_harmonics)
    f0_hz, amplitudes = tf_float32(f0_hz), tf_float32(amplitudes)
    check_controls(f0_hz=f0_hz, amplitudes=amplitudes)
    shares = waveform_amplitudes(waveform, n_harmonics) * fade_below_nyquist(
        f0_hz, n_harmonics, sample_rate, fade_width
    )
    return harmonic_synthesis(
        f0_hz,
        amplitudes,
        harmonic_distribution=shares,
        n_samples=n_samples,
        sample_rate=sample_rate,
        amp_resample_method=amp_resample_method,
    )
