"""Spectra of audio frame by frame: complex, magnitude, mel, logarithmic, cepstral."""

from typing import Any

import gin
import numpy as np
import scipy.fft
import tensorflow as tf

from ddsp import core
from ddsp.spectral_ops.framing import frame_np


def get_hop_from_overlap(frame_size: int, overlap: float) -> int:
    """Whole samples from one frame to the next.

    Args:
        frame_size: Samples of a frame.
        overlap: Share of a frame that lies in the next one as well, 0 to below 1.

    Returns:
        Samples, rounded down, at least 1.

    Raises:
        ValueError: If frames would not advance.
    """
    # In floating point 6144 * (1 - (1 - 64 / 6144)) is less than 64.
    hop_size = int(frame_size * (1.0 - overlap) + 1e-6)
    if hop_size < 1:
        raise ValueError(
            "Frames must advance by a sample or more. Got "
            f"overlap={overlap} with frame_size={frame_size}; use a smaller overlap."
        )
    return hop_size


def drop_channel_axis(audio: Any) -> Any:
    """Takes the last axis off audio of rank 3.

    Args:
        audio: Tensor or array, [batch, n_samples, 1], [batch, n_samples] or
            [n_samples].

    Returns:
        The same, [batch, n_samples] or [n_samples].

    Raises:
        ValueError: If there is more than one channel.
    """
    if len(audio.shape) != 3:
        return audio
    if audio.shape[-1] != 1:
        raise ValueError(
            "audio of rank 3 must be mono, [batch, n_samples, 1]. "
            f"Got shape={audio.shape}; take one channel or their mean."
        )
    return audio[..., 0]


def stft(
    audio: Any,
    frame_size: int = 2048,
    overlap: float = 0.75,
    pad_end: bool = True,
    hop_size: int | None = None,
    fft_size: int | None = None,
) -> tf.Tensor:
    """Short-time Fourier transform with a Hann window; frame k starts at k * hop.

    Args:
        audio: Audio, [batch, n_samples], [batch, n_samples, 1] or [n_samples].
        frame_size: Samples of a frame.
        overlap: Share of a frame that lies in the next one as well, 0 to below 1.
        pad_end: Whether to fill the last frames with silence, so that each started hop
            has a frame.
        hop_size: Samples from one frame to the next, instead of overlap.
        fft_size: Points of the transform; None means the power of two that is not
            smaller than frame_size.

    Returns:
        Spectra, complex64, [..., n_frames, fft_size // 2 + 1]. They are not scaled: a
        sine of amplitude 1 has a peak of about frame_size / 4.
    """
    return tf.signal.stft(
        drop_channel_axis(core.tf_float32(audio)),
        frame_length=frame_size,
        frame_step=hop_size or get_hop_from_overlap(frame_size, overlap),
        fft_length=fft_size,
        pad_end=pad_end,
    )


def hann_window(n_samples: int) -> np.ndarray:
    """The window of `tf.signal.hann_window`, as an array.

    Args:
        n_samples: Length. An even window is periodic, an odd one symmetric.

    Returns:
        float32, [n_samples], from 0 to 1.
    """
    period = max(n_samples - n_samples % 2, 1)
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n_samples) / period)
    return (window if n_samples > 1 else np.ones(n_samples)).astype(np.float32)


def stft_np(
    audio: Any,
    frame_size: int = 2048,
    overlap: float = 0.75,
    pad_end: bool = True,
    hop_size: int | None = None,
) -> np.ndarray:
    """Short-time Fourier transform in NumPy, see `stft`.

    Args:
        audio: Audio, [batch, n_samples], [batch, n_samples, 1] or [n_samples].
        frame_size: Samples of a frame and points of the transform.
        overlap: Share of a frame that lies in the next one as well, 0 to below 1.
        pad_end: Whether to fill the last frames with silence, so that each started hop
            has a frame.
        hop_size: Samples from one frame to the next, instead of overlap.

    Returns:
        Spectra, complex64, [..., n_frames, frame_size // 2 + 1].
    """
    audio = drop_channel_axis(np.asarray(audio, np.float32))
    hop_size = hop_size or get_hop_from_overlap(frame_size, overlap)
    frames = frame_np(audio, frame_size, hop_size, "same" if pad_end else "valid")
    return scipy.fft.rfft(frames * hann_window(frame_size))


@gin.register(module="ddsp.spectral_ops")
def compute_mag(
    audio: Any,
    size: int = 2048,
    overlap: float = 0.75,
    pad_end: bool = True,
    hop_size: int | None = None,
) -> tf.Tensor:
    """Magnitudes of the short-time Fourier transform.

    Args:
        audio: Audio, [batch, n_samples], [batch, n_samples, 1] or [n_samples].
        size: Samples of a frame.
        overlap: Share of a frame that lies in the next one as well, 0 to below 1.
        pad_end: Whether to fill the last frames with silence, so that each started hop
            has a frame.
        hop_size: Samples from one frame to the next, instead of overlap.

    Returns:
        Magnitudes, float32, [..., n_frames, n_bins] with bins from 0 Hz to half the
        sample rate.
    """
    return tf.abs(stft(audio, size, overlap, pad_end, hop_size))


@gin.register(module="ddsp.spectral_ops")
def compute_mel(
    audio: Any,
    lo_hz: float = 0.0,
    hi_hz: float = 8000.0,
    bins: int = 64,
    fft_size: int = 2048,
    overlap: float = 0.75,
    pad_end: bool = True,
    sample_rate: int = 16000,
    hop_size: int | None = None,
) -> tf.Tensor:
    """Magnitudes in bands that are equally wide on the mel scale (that of HTK).

    Args:
        audio: Audio, [batch, n_samples], [batch, n_samples, 1] or [n_samples].
        lo_hz: Lower edge of the lowest band in Hz.
        hi_hz: Upper edge of the highest band in Hz, up to half the sample rate.
        bins: Number of bands.
        fft_size: Samples of a frame.
        overlap: Share of a frame that lies in the next one as well, 0 to below 1.
        pad_end: Whether to fill the last frames with silence, so that each started hop
            has a frame.
        sample_rate: Samples per second.
        hop_size: Samples from one frame to the next, instead of overlap.

    Returns:
        Sums of magnitudes under overlapping triangles, float32, [..., n_frames, bins].

    Raises:
        ValueError: If hi_hz exceeds half the sample rate.
    """
    if hi_hz > sample_rate / 2:
        raise ValueError(
            "hi_hz must not exceed half the sample rate. Got "
            f"hi_hz={hi_hz} with sample_rate={sample_rate}; use {sample_rate / 2:g} Hz "
            "at most."
        )
    magnitudes = compute_mag(audio, fft_size, overlap, pad_end, hop_size)
    weights = tf.signal.linear_to_mel_weight_matrix(
        bins, magnitudes.shape[-1], sample_rate, lo_hz, hi_hz
    )
    return tf.tensordot(magnitudes, weights, 1)


@gin.register(module="ddsp.spectral_ops")
def compute_logmag(
    audio: Any,
    size: int = 2048,
    overlap: float = 0.75,
    pad_end: bool = True,
    hop_size: int | None = None,
) -> tf.Tensor:
    """Natural logarithm of `compute_mag`.

    Args:
        audio: Audio, [batch, n_samples], [batch, n_samples, 1] or [n_samples].
        size: Samples of a frame.
        overlap: Share of a frame that lies in the next one as well, 0 to below 1.
        pad_end: Whether to fill the last frames with silence, so that each started hop
            has a frame.
        hop_size: Samples from one frame to the next, instead of overlap.

    Returns:
        Logarithms, float32, [..., n_frames, n_bins]; log(1e-5) where there is nothing.
    """
    return core.safe_log(compute_mag(audio, size, overlap, pad_end, hop_size))


@gin.register(module="ddsp.spectral_ops")
def compute_logmel(
    audio: Any,
    lo_hz: float = 80.0,
    hi_hz: float = 7600.0,
    bins: int = 64,
    fft_size: int = 2048,
    overlap: float = 0.75,
    pad_end: bool = True,
    sample_rate: int = 16000,
    hop_size: int | None = None,
) -> tf.Tensor:
    """Natural logarithm of `compute_mel`, with narrower limits by default.

    Args:
        audio: Audio, [batch, n_samples], [batch, n_samples, 1] or [n_samples].
        lo_hz: Lower edge of the lowest band in Hz.
        hi_hz: Upper edge of the highest band in Hz, up to half the sample rate.
        bins: Number of bands.
        fft_size: Samples of a frame.
        overlap: Share of a frame that lies in the next one as well, 0 to below 1.
        pad_end: Whether to fill the last frames with silence, so that each started hop
            has a frame.
        sample_rate: Samples per second.
        hop_size: Samples from one frame to the next, instead of overlap.

    Returns:
        Logarithms, float32, [..., n_frames, bins]; log(1e-5) where there is nothing.
    """
    mel = compute_mel(
        audio, lo_hz, hi_hz, bins, fft_size, overlap, pad_end, sample_rate, hop_size
    )
    return core.safe_log(mel)


@gin.register(module="ddsp.spectral_ops")
def compute_mfcc(
    audio: Any,
    lo_hz: float = 20.0,
    hi_hz: float = 8000.0,
    fft_size: int = 1024,
    mel_bins: int = 128,
    mfcc_bins: int = 13,
    overlap: float = 0.75,
    pad_end: bool = True,
    sample_rate: int = 16000,
    hop_size: int | None = None,
) -> tf.Tensor:
    """Mel-frequency cepstral coefficients: the spectrum's outline in a few numbers.

    Args:
        audio: Audio, [batch, n_samples], [batch, n_samples, 1] or [n_samples].
        lo_hz: Lower edge of the lowest band in Hz.
        hi_hz: Upper edge of the highest band in Hz, up to half the sample rate.
        fft_size: Samples of a frame.
        mel_bins: Number of bands.
        mfcc_bins: Number of coefficients, up to mel_bins.
        overlap: Share of a frame that lies in the next one as well, 0 to below 1.
        pad_end: Whether to fill the last frames with silence, so that each started hop
            has a frame.
        sample_rate: Samples per second.
        hop_size: Samples from one frame to the next, instead of overlap.

    Returns:
        Coefficients from 0 on, float32, [..., n_frames, mfcc_bins].
    """
    logmel = compute_logmel(
        audio, lo_hz, hi_hz, mel_bins, fft_size, overlap, pad_end, sample_rate, hop_size
    )
    return tf.signal.mfccs_from_log_mel_spectrograms(logmel)[..., :mfcc_bins]
