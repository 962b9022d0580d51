"""Harmonic sounds from controls at frame rate, and their normalisation."""

import tensorflow as tf

from ddsp.core import harmonic_frames
from ddsp.core.checks import check_controls
from ddsp.core.frame_fades import cross_fade
from ddsp.core.numerics import safe_divide
from ddsp.core.oscillators import (
    harmonic_oscillator_bank,
    remove_above_nyquist,
)
from ddsp.core.resampling import resample
from ddsp.core.sinusoids import sinusoidal_synthesis
from ddsp.core.tensors import tf_float32


def get_harmonic_frequencies(frequencies: tf.Tensor, n_harmonics: int) -> tf.Tensor:
    """Integer multiples of a fundamental.

    Args:
        frequencies: Fundamental in Hz, [batch, n_frames, 1].
        n_harmonics: How many harmonics, the fundamental included.

    Returns:
        Frequencies in Hz, [batch, n_frames, n_harmonics].
    """
    numbers = tf.range(1, n_harmonics + 1, dtype=tf.float32)
    return tf_float32(frequencies) * numbers


def normalize_harmonics(
    harmonic_distribution: tf.Tensor,
    f0_hz: tf.Tensor | None = None,
    sample_rate: int | None = None,
) -> tf.Tensor:
    """Scales the harmonics of each frame to add up to one.

    Args:
        harmonic_distribution: Weights, at least 0, [batch, n_frames, n_harmonics].
        f0_hz: Fundamental in Hz, [batch, n_frames, 1]. Given together with sample_rate,
            harmonics at or above half of it are removed first.
        sample_rate: Samples per second.

    Returns:
        Weights that add up to 1, [batch, n_frames, n_harmonics]. A frame without any
        stays 0.
    """
    if f0_hz is not None and sample_rate is not None:
        n_harmonics = int(harmonic_distribution.shape[-1])
        harmonic_distribution = remove_above_nyquist(
            get_harmonic_frequencies(f0_hz, n_harmonics),
            harmonic_distribution,
            sample_rate,
        )
    total = tf.reduce_sum(harmonic_distribution, axis=-1, keepdims=True)
    return safe_divide(harmonic_distribution, total)


def harmonic_synthesis(
    frequencies: tf.Tensor,
    amplitudes: tf.Tensor,
    harmonic_shifts: tf.Tensor | None = None,
    harmonic_distribution: tf.Tensor | None = None,
    n_samples: int = 64000,
    sample_rate: int = 16000,
    amp_resample_method: str = "window",
    use_angular_cumsum: bool = False,
) -> tf.Tensor:
    """Plays a pitched sound from controls at frame rate.

    Pitch moves linearly between frames, amplitudes by amp_resample_method; the last
    frame is held. Harmonics are silent while they are at or above half the sample rate.

    Args:
        frequencies: Fundamental in Hz, [batch, n_frames, 1].
        amplitudes: Amplitude of the whole sound, [batch, n_frames, 1].
        harmonic_shifts: Deviation of each harmonic relative to its place, 0 is exactly
            harmonic, [batch, n_frames, n_harmonics].
        harmonic_distribution: Share of each harmonic, used as given,
            [batch, n_frames, n_harmonics]. One sinusoid if None.
        n_samples: Length of the sound.
        sample_rate: Samples per second.
        amp_resample_method: 'window', 'linear', 'cubic' or 'nearest'.
        use_angular_cumsum: Accepted for the original's callers; without effect, since
            phase is always accumulated exactly.

    Returns:
        Audio, [batch, n_samples].

    Raises:
        ValueError: If amp_resample_method is unknown, or is 'window' and n_samples is
            not a multiple of n_frames; or if a control is not of rank 3, or the sizes
            of two do not fit together. A batch of one serves all examples, one frame
            the whole sound, and pitch and amplitudes may have different frames.
    """
    del use_angular_cumsum
    frequencies, amplitudes = tf_float32(frequencies), tf_float32(amplitudes)
    _check_harmonic_controls(
        frequencies, amplitudes, harmonic_shifts, harmonic_distribution
    )
    if harmonic_distribution is not None:
        amplitudes *= tf_float32(harmonic_distribution)
    if harmonic_shifts is not None:
        # Each needs a phase of its own.
        n_harmonics = max(int(harmonic_shifts.shape[-1]), int(amplitudes.shape[-1]))
        partials = get_harmonic_frequencies(frequencies, n_harmonics)
        return sinusoidal_synthesis(
            partials * (1.0 + tf_float32(harmonic_shifts)),
            amplitudes,
            n_samples,
            sample_rate,
            amp_resample_method,
        )
    # A batch of one serves all examples, on either side.
    frequencies += tf.zeros_like(amplitudes[:, :1, :1])
    amplitudes += tf.zeros_like(frequencies[:, :1])
    fade = cross_fade(frequencies, amplitudes, n_samples, amp_resample_method)
    if fade is not None:
        return harmonic_frames.synthesize(frequencies, amplitudes, fade, sample_rate)[0]
    f0 = resample(frequencies, n_samples)
    gains = resample(amplitudes, n_samples, method=amp_resample_method)
    n_harmonics = int(gains.shape[-1])
    gains = remove_above_nyquist(
        get_harmonic_frequencies(f0, n_harmonics), gains, sample_rate
    )
    return harmonic_oscillator_bank(f0, gains, sample_rate=sample_rate)[0]


def _check_harmonic_controls(
    frequencies: tf.Tensor,
    amplitudes: tf.Tensor,
    shifts: tf.Tensor | None,
    distribution: tf.Tensor | None,
) -> None:
    """Refuses controls of `harmonic_synthesis` that do not fit together."""
    if shifts is not None:
        shifts = tf_float32(shifts)
    levels: dict[str, tf.Tensor | None] = {"amplitudes": amplitudes}
    if distribution is not None:
        levels["harmonic_distribution"] = tf_float32(distribution)
        if amplitudes.shape.rank == 0:  # One number for the whole sound.
            del levels["amplitudes"]
    # Pitch and level are resampled each for itself, and share no frames.
    check_controls(frequencies=frequencies, harmonic_shifts=shifts)
    check_controls(**levels)
    if shifts is None and frequencies.shape[-1] not in (1, None):
        raise ValueError(
            "frequencies must be [batch, n_frames, 1]. Got frequencies of "
            f"shape={frequencies.shape}; use sinusoids for partials that are free."
        )
    check_controls((0,), frequencies=frequencies, harmonic_shifts=shifts, **levels)


def streaming_harmonic_synthesis(
    frequencies: tf.Tensor,
    amplitudes: tf.Tensor,
    harmonic_distribution: tf.Tensor | None = None,
    initial_phase: tf.Tensor | None = None,
    n_samples: int = 64000,
    sample_rate: int = 16000,
    amp_resample_method: str = "linear",
    includes_next_frame: bool = False,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Plays a pitched sound chunk by chunk, each going on where the last one stopped.

    Harmonics at or above half the sample rate are removed frame by frame, and the rest
    is scaled to the whole amplitude.

    Args:
        frequencies: Fundamental in Hz, [batch, n_frames, 1].
        amplitudes: Amplitude of the whole sound, [batch, n_frames, 1]; without a
            distribution that of each harmonic, [batch, n_frames, n_harmonics].
        harmonic_distribution: Weight of each harmonic, [batch, n_frames, n_harmonics].
        initial_phase: Phase in radians at which the last chunk stopped, [batch, 1, 1].
            Zero if None.
        n_samples: Length of the chunk.
        sample_rate: Samples per second.
        amp_resample_method: 'window', 'linear' or 'nearest'; 'cubic' looks further than
            one frame and leaves corners between chunks.
        includes_next_frame: Whether the last frame of all controls is the first of the
            next chunk. Then the controls glide towards it to the end of this one, and
            chunks join without a seam; otherwise the last frame is held. n_samples must
            be a multiple of the remaining frames.

    Returns:
        Audio, [batch, n_samples], and the phase in radians at its end, [batch, 1, 1].

    Raises:
        ValueError: If the next frame is included and n_samples is not a multiple of the
            number of the others.

    Example:
        >>> pitch, loud = tf.fill([1, 3, 1], 4000.0), tf.ones([1, 3, 1])
        >>> audio, phase = streaming_harmonic_synthesis(
        ...     pitch, loud, n_samples=4, includes_next_frame=True)
        >>> audio.numpy().round(3).tolist()
        [[1.0, 0.0, -1.0, 0.0]]
    """
    frequencies, amplitudes = tf_float32(frequencies), tf_float32(amplitudes)
    if harmonic_distribution is not None:
        amplitudes *= normalize_harmonics(
            tf_float32(harmonic_distribution), frequencies, sample_rate
        )
    n_extra = _hop_size(frequencies, n_samples) if includes_next_frame else 0
    fade = cross_fade(frequencies, amplitudes, n_samples + n_extra, amp_resample_method)
    if fade is not None:
        return harmonic_frames.synthesize(
            frequencies,
            amplitudes,
            fade,
            sample_rate,
            initial_phase if initial_phase is None else tf_float32(initial_phase),
            includes_next_frame,
            gated=False,
        )
    f0, gains = (
        resample(frames, n_samples + n_extra, method)[:, :n_samples]
        for frames, method in (
            (frequencies, "linear"),
            (amplitudes, amp_resample_method),
        )
    )
    return harmonic_oscillator_bank(f0, gains, initial_phase, sample_rate)


def _hop_size(frames: tf.Tensor, n_samples: int) -> int:
    """Samples per frame, not counting the last frame, which lies behind the end."""
    n_frames = (frames.shape[1] or 0) - 1
    if n_frames < 1 or n_samples % n_frames:
        raise ValueError(
            "With the next frame included, n_samples must be a multiple of the number "
            f"of the frames before it. Got n_samples={n_samples} with {n_frames} frames"
            " before the next; use whole samples per frame."
        )
    return n_samples // n_frames
