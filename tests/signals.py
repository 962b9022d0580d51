"""Signals and measures that several tests need."""

import numpy as np


def sine(
    frequency_hz: float, n_samples: int = 16000, sample_rate: int = 16000
) -> np.ndarray:
    """A sine of amplitude 1, [n_samples], float32."""
    time = np.arange(n_samples) / sample_rate
    return np.sin(2 * np.pi * frequency_hz * time).astype(np.float32)


def impulse(n_samples: int, at: int) -> np.ndarray:
    """A single 1 in silence, [1, n_samples], float32."""
    audio = np.zeros([1, n_samples], np.float32)
    audio[0, at] = 1.0
    return audio


def harmonic_magnitudes(audio: np.ndarray, f0_hz: int, n_harmonics: int) -> np.ndarray:
    """Amplitudes of the harmonics of one second of sound, [1, sample_rate]."""
    magnitudes = np.abs(np.fft.rfft(audio[0])) / (audio.shape[1] / 2)
    return magnitudes[f0_hz::f0_hz][:n_harmonics]


def snr_db(truth: np.ndarray, estimate: np.ndarray) -> float:
    """Power of the truth over power of the error, in dB."""
    error = np.sum((estimate - truth) ** 2, dtype=np.float64)
    return 10 * np.log10(np.sum(truth**2, dtype=np.float64) / error)


def harmonic_truth(
    f0_hz: np.ndarray,
    amplitudes: np.ndarray,
    n_samples: int,
    sample_rate: int,
    method: str = "window",
) -> np.ndarray:
    """Harmonic synthesis by definition in float64, [n_samples].

    Pitch is linear between frames, amplitudes linear or raised-cosine; the last frame
    is held; a harmonic is silent while it is at or above half the sample rate.

    Args:
        f0_hz: Pitch, [n_frames].
        amplitudes: Amplitude of each harmonic, [n_frames, n_harmonics].
        n_samples: Length.
        sample_rate: Samples per second.
        method: 'window' or 'linear'.
    """
    position = np.arange(n_samples) * len(f0_hz) / n_samples
    frame = np.floor(position).astype(int)
    fade = position - frame
    f0 = np.append(f0_hz, f0_hz[-1]).astype(np.float64)
    frequency = f0[frame] * (1 - fade) + f0[frame + 1] * fade
    phase = np.cumsum(frequency / sample_rate) % 1.0
    if method == "window":
        fade = 0.5 - 0.5 * np.cos(np.pi * fade)
    ends = np.concatenate([amplitudes, amplitudes[-1:]]).astype(np.float64)
    audio = np.zeros(n_samples)
    for k in range(1, amplitudes.shape[1] + 1):
        gain = ends[frame, k - 1] * (1 - fade) + ends[frame + 1, k - 1] * fade
        gain = np.where(k * frequency < sample_rate / 2, gain, 0.0)
        audio += gain * np.sin(2 * np.pi * (k * phase % 1.0))
    return audio


def magnitude_truth(audio: np.ndarray, size: int) -> np.ndarray:
    """Hann spectrogram, 3/4 overlap, padded at the end, float64, [n_frames, n_bins].

    Transforms have the next power of two.
    """
    hop = size // 4
    n_frames = -(-len(audio) // hop)
    padded = np.pad(audio.astype(np.float64), [0, size])
    frames = np.stack([padded[i * hop : i * hop + size] for i in range(n_frames)])
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)
    n_fft = 2 ** int(np.ceil(np.log2(size)))
    return np.abs(np.fft.rfft(frames * window, n_fft))


def wavetable_truth(f0_hz, amplitudes, tables, n_samples, sample_rate):
    """One example of moving tables in float64, [n_samples].

    Pitch and amplitudes are [n_frames], tables [n_table_frames, n_points].
    """

    def at_samples(frames, smooth=False):
        position = np.arange(n_samples) * len(frames) / n_samples
        before = np.floor(position).astype(int)
        weight = position - before
        if smooth:
            weight = 0.5 - 0.5 * np.cos(np.pi * weight)
        return before, np.minimum(before + 1, len(frames) - 1), weight

    def interpolate(frames, smooth=False):
        frames = frames.astype(np.float64)
        before, after, weight = at_samples(frames, smooth)
        return frames[before] * (1 - weight) + frames[after] * weight

    steps = interpolate(f0_hz) / sample_rate
    position = ((np.cumsum(steps) - steps) % 1.0) * tables.shape[1]
    point = np.floor(position).astype(int)
    rest, tables = position - point, tables.astype(np.float64)

    def read(frame):
        first = tables[frame, point % tables.shape[1]]
        return first * (1 - rest) + tables[frame, (point + 1) % tables.shape[1]] * rest

    before, after, weight = at_samples(tables)
    audio = read(before) * (1 - weight) + read(after) * weight
    return audio * interpolate(amplitudes, smooth=True)
