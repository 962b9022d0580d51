"""Whether a model has collapsed: to silence, or to nothing but noise."""

import math

import numpy as np

SILENT_DB = -40.0  # Below the recordings; a dull start of training is above it.
SOUNDING_RMS = 1e-3  # -60 dB of full scale: recordings below it are silence.
FRAME_SECS = 0.08
# A lag long enough that a narrow band of noise has forgotten itself, and that holds a
# whole period of every tone above 36 Hz, yet short enough for a vibrato.
LAG_SECS = (0.008, 0.028)
TONAL = 0.7  # Correlation of recordings with a clear pitch.
MIN_TONAL_FRAMES = 5
QUIET_POWER = 1e-3  # Of the loudest frame: quieter ones may be hum in a pause.
NOISY = 0.15  # A tone 7 dB below its noise still has more.
NEARLY_NOISY = 0.5  # For models whose harmonics are known to be silent.
ELSEWHERE = 0.45  # Noise as coloured as FilteredNoise can make it stays below it.

SILENCE = (
    "The model is silent although the recordings are not: lower the learning rate, or "
    "start again with another --seed."
)
NOISE_ONLY = (
    "The model makes only noise although the recordings have a pitch: lower the "
    "learning rate, or start again with another --seed."
)
NO_NUMBERS = (
    "The model's sound is not made of numbers: go on from an earlier checkpoint with a "
    "lower learning rate."
)


def judge_sound(
    audio: np.ndarray,
    target: np.ndarray,
    sample_rate: int,
    harmonic: np.ndarray | None = None,
) -> list[str]:
    """Listens for the two ways in which a model gives up.

    It is silent if its level is more than 40 dB below that of the recordings while they
    sound. It makes only noise if it does not repeat itself at the period at which the
    recordings do: the autocorrelation of those frames, after Boersma ("Accurate
    short-term analysis of the fundamental frequency and the harmonics-to-noise ratio of
    a sampled sound", 1993), is near zero. What a model does in its first few hundred
    steps is no collapse: ask later.

    Args:
        audio: What the model gave, [batch, n_samples].
        target: The recordings it was to imitate, [batch, n_samples].
        sample_rate: Samples per second of both.
        harmonic: What its harmonic synthesizer alone gave, [batch, n_samples]; None if
            that is not known. If it is loud enough, there is never only noise.

    Returns:
        One sentence for each finding, with the cure; empty where all is well.
    """
    audio, target = _pair(audio, target)
    if not np.all(np.isfinite(audio)):
        return [NO_NUMBERS]
    target_rms = _rms(target)
    # Recordings that hold no numbers are the loss's affair.
    if not SOUNDING_RMS < target_rms < math.inf:
        return []
    if _is_below(_rms(audio), target_rms):
        return [SILENCE]
    if harmonic is not None and not _is_below(_rms(np.asarray(harmonic)), target_rms):
        return []
    at_period, own = _periodicity(audio, target, sample_rate)
    if harmonic is not None:
        return [NOISE_ONLY] if at_period < NEARLY_NOISY else []
    # A model that sings at another pitch than the recordings is wrong, but no noise.
    return [NOISE_ONLY] if at_period < NOISY and own < ELSEWHERE else []


def _pair(audio: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64 [batch, n_samples] of the same length."""
    audio, target = (np.atleast_2d(np.asarray(x, np.float64)) for x in (audio, target))
    n_samples = min(audio.shape[-1], target.shape[-1])
    return audio[..., :n_samples], target[..., :n_samples]


def _rms(audio: np.ndarray) -> float:
    return math.sqrt(float(np.mean(np.square(audio, dtype=np.float64))))


def _is_below(rms: float, target_rms: float) -> bool:
    """Whether a level is so far below another that it counts as silence."""
    return rms < target_rms * 10.0 ** (SILENT_DB / 20.0)


def _periodicity(
    audio: np.ndarray, target: np.ndarray, sample_rate: int
) -> tuple[float, float]:
    """How the audio repeats itself where the target clearly does.

    Returns:
        Mean correlation at the target's period, and the middle of the largest ones at
        any period; 1 and 1 where the target has hardly a clear pitch.
    """
    of_target, powers = _correlations(target, sample_rate)
    best = np.argmax(of_target, axis=-1, keepdims=True)
    peaks = np.take_along_axis(of_target, best, axis=-1)[:, 0]
    tonal = (peaks > TONAL) & (powers > QUIET_POWER * np.max(powers, initial=0.0))
    if np.count_nonzero(tonal) < MIN_TONAL_FRAMES:
        return 1.0, 1.0
    of_audio = _correlations(audio, sample_rate)[0][tonal]
    at_period = np.take_along_axis(of_audio, best[tonal], axis=-1)
    return float(np.mean(at_period)), float(np.median(np.max(of_audio, axis=-1)))


def _correlations(audio: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """How each frame repeats itself at all lags, [n_frames, n_lags]; its power."""
    frames = _frames(audio, round(FRAME_SECS * sample_rate))
    window = np.hanning(frames.shape[-1])
    frames = (frames - frames.mean(axis=-1, keepdims=True)) * window
    # Without the window's own correlation a tone would fade with the lag.
    raw, own = _autocorrelation(frames), _autocorrelation(window)
    powers = np.maximum(raw[:, 0], np.finfo(np.float64).tiny)
    lags = slice(*(round(secs * sample_rate) for secs in LAG_SECS))
    return raw[:, lags] / powers[:, np.newaxis] * (own[0] / own[lags]), powers


def _frames(audio: np.ndarray, size: int) -> np.ndarray:
    """All examples cut into frames that overlap by half, [n_frames, size]."""
    if audio.shape[-1] < size:
        return np.zeros([0, size])
    windows = np.lib.stride_tricks.sliding_window_view(audio, size, axis=-1)
    return windows[..., :: size // 2, :].reshape(-1, size)


def _autocorrelation(frames: np.ndarray) -> np.ndarray:
    """Sum of products of a frame with itself, shifted, for each shift."""
    size = frames.shape[-1]
    spectrum = np.fft.rfft(frames, 2 * size, axis=-1)
    return np.fft.irfft(np.abs(spectrum) ** 2, 2 * size, axis=-1)[..., :size]
