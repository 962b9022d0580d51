"""How well frames of audio repeat after a period, which a network may overlook."""

import numpy as np
import scipy.fft

# Longest period that is measured, in samples: half of a CREPE frame, 31.25 Hz.
LONGEST_PERIOD = 512
# Points on either side that interpolate between whole periods.
_REACH = 8
# A little more or less than the period is tried, for pitch may be off by some cents.
_DETUNINGS = 2.0 ** (np.arange(-30, 31, 10) / 1200.0)


def normalized_autocorrelation(frames: np.ndarray) -> np.ndarray:
    """Compares frames with themselves, delayed.

    This is the normalised square difference of McLeod and Wyvill, "A smarter way to
    find pitch" (ICMC 2005): twice the product of the two overlapping parts, over the
    sum of their powers. The fraction of a steady sound's power that repeats is the
    value at its period, whatever the length of the frame.

    Args:
        frames: Audio, [n_frames, frame_size]. Offsets are taken out.

    Returns:
        Values from -1 to 1 for delays of 0 to 520 samples, [n_frames, 521]; 0 for
        silence.
    """
    n_delays = LONGEST_PERIOD + _REACH + 1
    size = frames.shape[-1]
    frames = np.asarray(frames, np.float32)
    frames = frames - frames.mean(axis=-1, keepdims=True)
    # Powers of very soft frames would be 0 in float32.
    peak = np.abs(frames).max(axis=-1, keepdims=True, initial=0.0)
    frames = frames / np.where(peak > 0.0, peak, 1.0)
    spectra = scipy.fft.rfft(frames, 2 * size)
    products = scipy.fft.irfft(spectra.real**2 + spectra.imag**2)[:, :n_delays]
    energy = np.cumsum(np.square(frames, dtype=np.float64), axis=-1)
    energy = np.pad(energy, [(0, 0), (1, 0)])
    delays = np.arange(n_delays)
    powers = energy[:, size - delays] + energy[:, -1:] - energy[:, delays]
    return 2.0 * products / np.maximum(powers, 1e-9)


def periodicity(autocorrelation: np.ndarray, period: np.ndarray) -> np.ndarray:
    """How much of each frame repeats after a period, or 30 cents more or less.

    Args:
        autocorrelation: What `normalized_autocorrelation` returns, [n_frames, 521].
        period: Period of each frame in samples, at least 2, [n_frames].

    Returns:
        Values up to 1, [n_frames]; -1 where the period is longer than 512 samples.
    """
    delays = np.asarray(period, np.float64)[:, np.newaxis] * _DETUNINGS
    is_short = delays <= LONGEST_PERIOD
    delays = np.where(is_short, delays, LONGEST_PERIOD)
    whole = np.floor(delays).astype(int)[..., np.newaxis] + np.arange(-_REACH + 1, 9)
    distance = whole - delays[..., np.newaxis]
    # Band-limited: a sinc under a Hann window.
    weights = np.sinc(distance) * np.cos(np.pi * distance / (2 * _REACH)) ** 2
    # Delays to either side of none are alike.
    rows = np.arange(len(delays))[:, np.newaxis, np.newaxis]
    between = np.sum(autocorrelation[rows, np.abs(whole)] * weights, axis=-1)
    return np.where(is_short, between, -1.0).max(axis=-1)
