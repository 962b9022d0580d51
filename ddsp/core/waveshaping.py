"""Memoryless distortion at a higher sample rate, where its harmonics have room."""

from collections.abc import Callable
from typing import Any

import gin
import tensorflow as tf

from ddsp.core.checks import check_whole_number
from ddsp.core.oversampling import decimate, oversample
from ddsp.core.resampling import resample
from ddsp.core.scaling import log_scale_sigmoid
from ddsp.core.tensors import tf_float32


@gin.register(module="ddsp.core")
def drive_sigmoid(x: Any, min_gain: float = 0.1, max_gain: float = 100.0) -> tf.Tensor:
    """Maps any real number to the gain before a distortion.

    Args:
        x: Output of a network, any shape; 0 becomes the geometric mean of the range,
            and equal steps around it are equal numbers of decibels.
        min_gain: Lower end, positive.
        max_gain: Upper end.

    Returns:
        float32 tensor of the same shape, from min_gain to max_gain.

    Example:
        >>> [round(float(gain), 2) for gain in drive_sigmoid([-100.0, 0.0, 100.0])]
        [0.1, 3.16, 100.0]
    """
    return log_scale_sigmoid(x, min_gain, max_gain)


@gin.register(module="ddsp.core")
def tanh_waveshaper(audio: tf.Tensor, gain: Any, oversampling: int = 4) -> tf.Tensor:
    """Saturates audio softly: tanh(gain * audio), without delay.

    The harmonics of a saturated tone never end, and the more slowly they fall the
    larger the gain. Of a tone at 0.077 of the sample rate with a gain of 10, the
    loudest alias is 19 dB below the tone without oversampling, 74 dB below with a
    factor of 4 and 123 dB with 8; with a gain of 100 it is 17, 34 and 43 dB.

    Args:
        audio: Sound, [batch, n_samples]. Any size: what is large saturates.
        gain: Factor before the saturation, [batch, n_frames, 1], or one number. It
            moves linearly between frames.
        oversampling: Factor by which the sample rate is higher in between; 1 for none.
            Above it the filters take out what lies over 0.9 of half the sample rate.

    Returns:
        Sound, [batch, n_samples], within -1 and 1 up to the overshoot of the filters.

    Raises:
        ValueError: If audio is not of rank 2, gain neither of rank 3 nor one number or
            one for each sample, or oversampling not a whole number of at least 1.

    Example:
        >>> shaped = tanh_waveshaper(tf.ones([1, 200]), gain=0.5)
        >>> round(float(shaped[0, 100]), 3)  # tanh(0.5)
        0.462
    """
    audio, gain = _checked_audio(audio, oversampling), tf_float32(gain)
    _check_gain(gain, audio)
    if gain.shape.rank == 3:
        gain = _at_samples(gain, audio)
    return _oversampled(tf.tanh, audio * gain, oversampling)


@gin.register(module="ddsp.core")
def chebyshev_waveshaper(
    audio: tf.Tensor,
    coefficients: tf.Tensor,
    oversampling: int = 4,
    keep_silence: bool = False,
) -> tf.Tensor:
    """Adds chosen harmonics: the sum of coefficient n times the polynomial T_n(audio).

    T_n turns a cosine of amplitude 1 into its n-th harmonic, cos(n x). With up to
    2 * oversampling - 1 coefficients nothing aliases, since T_n widens the band by n
    and no more. Source: Le Brun, "Digital Waveshaping Synthesis", JAES 27 (1979).

    Args:
        audio: Sound from -1 to 1, [batch, n_samples]; what lies beyond is clipped,
            because the polynomials grow without limit there.
        coefficients: Amplitude of each harmonic, from the first on, [batch, n_frames,
            n_harmonics] (linear between frames), [batch, n_harmonics] or
            [n_harmonics].
        oversampling: Factor by which the sample rate is higher in between; 1 for none.
            Above it the filters take out what lies over 0.9 of half the sample rate.
        keep_silence: Whether to take off the constant that even harmonics make of
            silence.

    Returns:
        Sound, [batch, n_samples].

    Raises:
        ValueError: If audio is not of rank 2, coefficients not of rank 1 to 3, or
            oversampling is not a whole number of at least 1.

    Example:
        >>> cosine = tf.constant([[1.0, 0.5, -0.5, -1.0]])
        >>> octave = tf.constant([0.0, 1.0])
        >>> chebyshev_waveshaper(cosine, octave, oversampling=1).numpy().tolist()
        [[1.0, -0.5, -0.5, 1.0]]
    """
    audio, coefficients = (
        _checked_audio(audio, oversampling),
        _coefficients(coefficients),
    )

    def shape(audio: tf.Tensor) -> tf.Tensor:
        x = tf.clip_by_value(audio, -1.0, 1.0)
        before, polynomial, total = tf.ones_like(x), x, tf.zeros_like(x)
        for k in range(int(coefficients.shape[-1])):
            offset = (0.0, -1.0, 0.0, 1.0)[k % 4] if keep_silence else 0.0
            amplitude = _at_samples(coefficients[..., k : k + 1], x)
            total += amplitude * (polynomial - offset)
            before, polynomial = polynomial, 2.0 * x * polynomial - before
        return total

    return _oversampled(shape, audio, oversampling)


def _checked_audio(audio: tf.Tensor, oversampling: int) -> tf.Tensor:
    """Audio in float32, if the request makes sense."""
    check_whole_number("oversampling", oversampling)
    audio = tf_float32(audio)
    if audio.shape.rank not in (2, None):
        raise ValueError(
            f"audio must be [batch, n_samples]. Got audio of shape={audio.shape}; add "
            "or remove axes."
        )
    return audio


def _check_gain(gain: tf.Tensor, audio: tf.Tensor) -> None:
    """Refuses a gain for every frame that lacks its last axis."""
    if gain.shape.rank in (0, None) or audio.shape.rank is None:
        return
    fitting = [1, None]
    if gain.shape.rank < 3:  # One for every sample, too.
        fitting.append(audio.shape[1])
    if gain.shape.rank > 3 or gain.shape[-1] not in fitting:
        raise ValueError(
            "gain must be [batch, n_frames, 1] or one number. Got gain of "
            f"shape={gain.shape} for audio of shape={audio.shape}; add the last axis "
            "with gain[..., tf.newaxis]."
        )


def _coefficients(coefficients: tf.Tensor) -> tf.Tensor:
    """Coefficients as [batch, n_frames, n_harmonics]."""
    coefficients = tf_float32(coefficients)
    if coefficients.shape.rank not in (1, 2, 3):
        raise ValueError(
            "coefficients must be [batch, n_frames, n_harmonics], [batch, n_harmonics] "
            f"or [n_harmonics]. Got shape={coefficients.shape}; add or remove axes."
        )
    if coefficients.shape.rank == 1:
        coefficients = coefficients[tf.newaxis]
    if coefficients.shape.rank == 2:
        coefficients = coefficients[:, tf.newaxis]
    return coefficients


def _at_samples(frames: tf.Tensor, audio: tf.Tensor) -> tf.Tensor:
    """One control for every sample, [batch, n_samples]; one frame serves them all."""
    frames = frames[..., 0]
    if frames.shape[1] == 1:
        return frames
    n_samples = audio.shape[1]
    return resample(frames, tf.shape(audio)[1] if n_samples is None else n_samples)


def _oversampled(
    shape: Callable[[tf.Tensor], tf.Tensor], audio: tf.Tensor, factor: int
) -> tf.Tensor:
    """Shapes audio at a multiple of its sample rate."""
    return decimate(shape(oversample(audio, factor)), factor)
