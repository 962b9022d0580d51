"""Pitch trackers of other packages, which are only imported where they are used."""

from types import ModuleType

import numpy as np

from ddsp.spectral_ops.silence import hold_pitch

_SAMPLE_RATE = 16000
# swift-f0 answers for at least one of its own frames.
_SWIFT_LEAST_SAMPLES = 256
# Five octaves and more, from C1 on, as far as CREPE reaches.
_PYIN_RANGE_HZ = (32.7, 2005.0)
# Two periods of the lowest pitch, as pyin advises.
_PYIN_FRAME_SIZE = 2048


def track_swift_f0(
    audio: np.ndarray, centers: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pitch by SwiftF0 (Nieradzik, 2025), a small network.

    It hears from 47 to 2094 Hz, every 16 ms, between which pitch is interpolated.

    Args:
        audio: Finite audio at 16 kHz, [n_samples].
        centers: Middles of frames in samples, [n_frames].

    Returns:
        Pitch in Hz and confidence, [n_frames].

    Raises:
        ImportError: If swift-f0 is not installed.
    """
    try:
        import swift_f0
    except ImportError as error:
        raise _missing("swift-f0") from error
    n_missing = max(0, _SWIFT_LEAST_SAMPLES - len(audio))
    audio = np.pad(audio, (0, n_missing))
    found = swift_f0.SwiftF0().detect(audio, _SAMPLE_RATE)
    f0_hz = np.asarray(found.pitch_hz, np.float64)
    f0_hz = hold_pitch(f0_hz, np.isfinite(f0_hz) & (f0_hz > 0.0))
    times = _SAMPLE_RATE * np.asarray(found.timestamps)
    return interpolate_pitch(centers, times, f0_hz, np.asarray(found.confidence))


def track_pyin(
    audio: np.ndarray, hop_size: int, n_frames: int, first_center: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pitch by pYIN (Mauch and Dixon, ICASSP 2014), without any network.

    Args:
        audio: Finite audio at 16 kHz, [n_samples].
        hop_size: Samples from one frame to the next.
        n_frames: Number of frames.
        first_center: Middle of the first frame in samples.

    Returns:
        Pitch in Hz, 0 where there is none, and confidence, [n_frames].

    Raises:
        ImportError: If librosa is not installed.
    """
    librosa = _librosa()
    n_before = _PYIN_FRAME_SIZE // 2 - first_center
    n_needed = (n_frames - 1) * hop_size + _PYIN_FRAME_SIZE
    audio = np.pad(audio, (n_before, max(0, n_needed - n_before - len(audio))))
    f0_hz, _, confidence = librosa.pyin(
        audio[:n_needed].astype(np.float64),
        fmin=_PYIN_RANGE_HZ[0],
        fmax=_PYIN_RANGE_HZ[1],
        sr=_SAMPLE_RATE,
        frame_length=_PYIN_FRAME_SIZE,
        hop_length=hop_size,
        center=False,
    )
    return np.nan_to_num(f0_hz), confidence


def interpolate_pitch(
    at: np.ndarray, times: np.ndarray, f0_hz: np.ndarray, confidence: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pitch between the times at which it was measured.

    Args:
        at: Times, [n_frames].
        times: Times of the measurements, increasing, [n_measured], at least one.
        f0_hz: Pitch that was measured, in Hz, above 0, [n_measured].
        confidence: How sure it is, [n_measured].

    Returns:
        Pitch in Hz and confidence, [n_frames]: straight lines, pitch in cents. From one
        note to another, a semitone or more, it does not glide, but is the nearer one.
    """
    octaves = np.log2(f0_hz)
    last = len(times) - 1
    left = np.clip(np.searchsorted(times, at, side="right") - 1, 0, max(last - 1, 0))
    right = np.minimum(left + 1, last)
    span = np.maximum(times[right] - times[left], 1e-9)
    weight = np.clip((at - times[left]) / span, 0.0, 1.0)
    step = octaves[right] - octaves[left]
    is_leap = np.abs(step) >= 1.0 / 12.0
    between = octaves[left] + step * np.where(is_leap, np.round(weight), weight)
    return 2.0**between, np.interp(at, times, confidence)


def _librosa() -> ModuleType:
    """The package that has pYIN."""
    try:
        import librosa
    except ImportError as error:
        raise _missing("pyin") from error
    return librosa


def _missing(method: str) -> ImportError:
    """The error for a tracker that is not installed."""
    return ImportError(
        f"This pitch tracker is an extra. Got method={method!r}; "
        "pip install \"ddsp[pitch]\", or use 'tiny', which is bundled."
    )
