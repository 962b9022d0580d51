"""How loud audio is, frame by frame: amplitude, power, perceived loudness."""

from typing import Any

import gin
import numpy as np
import scipy.fft
import tensorflow as tf

from ddsp import core
from ddsp.core import DB_RANGE
from ddsp.spectral_ops.framing import frame_np, get_hop_size, pad
from ddsp.spectral_ops.spectrograms import drop_channel_axis, hann_window, stft

# Poles of the A-weighting of IEC 61672-1, annex E, in Hz.
_A_WEIGHTING_HZ = (20.598997, 107.65265, 737.86223, 12194.217)
_A_WEIGHTING_FLOOR_DB = -80.0
# Frames whose spectra are in memory at a time.
_FRAMES_PER_BLOCK = 8192


def a_weighting_db(frequencies_hz: np.ndarray) -> np.ndarray:
    """Sensitivity of the ear to quiet tones, by IEC 61672-1.

    Args:
        frequencies_hz: Frequencies in Hz, any shape.

    Returns:
        Gains in dB, float64, the same shape; about 0 at 1000 Hz and at least -80.
    """
    low, mid_low, mid_high, high = np.square(_A_WEIGHTING_HZ)
    square = np.square(np.asarray(frequencies_hz, np.float64))
    gain = high * square**2 / ((square + low) * (square + high))
    gain /= np.sqrt((square + mid_low) * (square + mid_high))
    floor = 10.0 ** ((_A_WEIGHTING_FLOOR_DB - 2.0) / 20.0)
    return 2.0 + 20.0 * np.log10(np.maximum(gain, floor))


def _mean_square(
    audio: Any, sample_rate: float, frame_rate: float, frame_size: int, padding: str
) -> tf.Tensor:
    """Mean of the squared samples of each frame."""
    hop_size = get_hop_size(sample_rate, frame_rate)
    audio = pad(
        drop_channel_axis(core.tf_float32(audio)), frame_size, hop_size, padding
    )
    frames = tf.signal.frame(audio, frame_size, hop_size)
    return tf.reduce_mean(tf.square(frames), axis=-1)


def compute_rms_energy(
    audio: Any,
    sample_rate: int = 16000,
    frame_rate: float = 250,
    frame_size: int = 512,
    padding: str = "center",
) -> tf.Tensor:
    """Root of the mean square of each frame, its effective amplitude.

    Args:
        audio: Audio, [batch, n_samples], [batch, n_samples, 1] or [n_samples].
        sample_rate: Samples per second.
        frame_rate: Frames per second; the hop is rounded down to whole samples.
        frame_size: Samples of a frame; all count equally.
        padding: 'center', 'same' or 'valid', see `get_framed_lengths`.

    Returns:
        Amplitudes, float32, [batch, n_frames] or [n_frames]. The gradient of silence is
        0.
    """
    power = _mean_square(audio, sample_rate, frame_rate, frame_size, padding)
    return core.safe_root(power)


def compute_power(
    audio: Any,
    sample_rate: int = 16000,
    frame_rate: float = 250,
    frame_size: int = 512,
    ref_db: float = 0.0,
    range_db: float = DB_RANGE,
    padding: str = "center",
) -> tf.Tensor:
    """Power of each frame in dB; that of a full-scale square wave is 0.

    Args:
        audio: Audio, [batch, n_samples], [batch, n_samples, 1] or [n_samples].
        sample_rate: Samples per second.
        frame_rate: Frames per second; the hop is rounded down to whole samples.
        frame_size: Samples of a frame; all count equally.
        ref_db: Level in dB that is to become 0.
        range_db: Nothing is softer than -range_db.
        padding: 'center', 'same' or 'valid', see `get_framed_lengths`.

    Returns:
        Levels in dB, float32, [batch, n_frames] or [n_frames]. The gradient of silence
        is 0.
    """
    power = _mean_square(audio, sample_rate, frame_rate, frame_size, padding)
    return core.power_to_db(power, ref_db, range_db)


@gin.register(module="ddsp.spectral_ops")
def compute_loudness(
    audio: Any,
    sample_rate: int = 16000,
    frame_rate: float = 250,
    n_fft: int = 512,
    range_db: float = DB_RANGE,
    ref_db: float = 0.0,
    use_tf: bool = True,
    padding: str = "center",
) -> Any:
    """Perceived loudness: power per frame with frequencies weighted as by the ear.

    The unit is the mean A-weighted power of a bin of the transform. 0 dB is therefore
    not full scale: a 440 Hz sine of amplitude 0.5 has 9.7 dB with n_fft=512.

    Args:
        audio: Audio, [batch, n_samples], [batch, n_samples, 1] or [n_samples].
        sample_rate: Samples per second.
        frame_rate: Frames per second; the hop is rounded down to whole samples.
        n_fft: Samples of a frame and points of the transform. Twice as many make
            steady sounds 3 dB louder.
        range_db: Nothing is softer than -range_db.
        ref_db: Level in dB that is to become 0.
        use_tf: Whether to compute with TensorFlow, where gradients are needed. NumPy
            works through recordings of any length in bounded memory.
        padding: 'center', 'same' or 'valid', see `get_framed_lengths`.

    Returns:
        Loudness in dB, [batch, n_frames] or [n_frames]: float32 tensor, or float64
        array if use_tf is False. The gradient of silence is 0.
    """
    hop_size = get_hop_size(sample_rate, frame_rate)
    frequencies_hz = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    # The mean over bins is part of the weights.
    weights = core.db_to_power(a_weighting_db(frequencies_hz)) / len(frequencies_hz)
    if use_tf:
        power = _weighted_power(audio, n_fft, hop_size, weights, padding)
    else:
        power = _weighted_power_np(audio, n_fft, hop_size, weights, padding)
    return core.power_to_db(power, ref_db, range_db, use_tf)


def _weighted_power(
    audio: Any, n_fft: int, hop_size: int, weights: np.ndarray, padding: str
) -> tf.Tensor:
    """Weighted sum of the power of all bins, [..., n_frames]."""
    audio = pad(drop_channel_axis(core.tf_float32(audio)), n_fft, hop_size, padding)
    spectra = stft(audio, n_fft, pad_end=False, hop_size=hop_size, fft_size=n_fft)
    power = tf.square(tf.math.real(spectra)) + tf.square(tf.math.imag(spectra))
    return tf.reduce_sum(power * weights.astype(np.float32), axis=-1)


def _weighted_power_np(
    audio: Any, n_fft: int, hop_size: int, weights: np.ndarray, padding: str
) -> np.ndarray:
    """Weighted sum of the power of all bins, [..., n_frames]."""
    audio = drop_channel_axis(np.asarray(audio, np.float32))
    frames = frame_np(audio, n_fft, hop_size, padding)
    window = hann_window(n_fft)
    power = np.zeros(frames.shape[:-1])
    for start in range(0, frames.shape[-2], _FRAMES_PER_BLOCK):
        block = slice(start, start + _FRAMES_PER_BLOCK)
        spectra = scipy.fft.rfft(frames[..., block, :] * window)
        power[..., block] = (spectra.real**2 + spectra.imag**2) @ weights
    return power
