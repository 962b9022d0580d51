"""A recording as it comes, and what a model is told about it."""

import numpy as np

from ddsp import spectral_ops
from ddsp.training import audio_io
from ddsp.training.data import FEATURE_SAMPLE_RATE
from ddsp.training.errors import InputError

FEATURE_FRAME_RATE = 250
SHORTEST_SECS = 0.25
# A recording whose peak is below this holds nothing: -100 dB.
SILENT_PEAK = 1e-5


def check_recording(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Refuses what cannot be played, with a reason.

    Args:
        audio: Mono audio, [n_samples].
        sample_rate: Samples per second.

    Returns:
        The audio as float32, [n_samples].

    Raises:
        InputError: If the audio is not mono, shorter than 0.25 s, silent or not finite.
    """
    audio = np.asarray(audio)
    if audio.ndim != 1:
        raise InputError(
            f"The recording must be mono, [n_samples]. Got shape={audio.shape}; take "
            "one channel or the mean of all."
        )
    if audio.size < SHORTEST_SECS * sample_rate:
        raise InputError(
            f"The recording must last at least {SHORTEST_SECS} s. Got "
            f"{audio.size / sample_rate:.2f} s; give a longer one."
        )
    if not np.all(np.isfinite(audio)):
        raise InputError(
            "The recording must hold finite samples. Got some that are not; export it "
            "again."
        )
    if np.max(np.abs(audio)) < SILENT_PEAK:
        raise InputError(
            "The recording must hold sound. Got only silence; check the input level or "
            "the channel."
        )
    return audio.astype(np.float32)


def to_feature_rate(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Brings a recording to the rate at which features are measured.

    Args:
        audio: Mono audio, float32, [n_samples].
        sample_rate: Samples per second.

    Returns:
        The audio at 16000 samples per second.
    """
    return audio_io.resample(audio, sample_rate, FEATURE_SAMPLE_RATE)


def measure(
    audio: np.ndarray, n_frames: int, frame_rate: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Measures what a model is played by, at the model's frames.

    Args:
        audio: Mono audio at 16000 samples per second, [n_samples].
        n_frames: How many frames the model needs; frame k is centred at
            k / frame_rate seconds.
        frame_rate: The model's frames per second.

    Returns:
        Pitch in Hz, its confidence from 0 to 1, and loudness in dB, float32, [n_frames]
        each.
    """
    measured_rate = FEATURE_FRAME_RATE
    if frame_rate == int(frame_rate) and FEATURE_SAMPLE_RATE % int(frame_rate) == 0:
        measured_rate = int(frame_rate)
    f0_hz, f0_confidence = spectral_ops.compute_f0(audio, measured_rate)
    loudness_db = spectral_ops.compute_loudness(
        audio, FEATURE_SAMPLE_RATE, measured_rate, use_tf=False
    )
    secs = np.arange(n_frames) / frame_rate

    def at_frames(curve: np.ndarray) -> np.ndarray:
        measured_secs = np.arange(len(curve)) / measured_rate
        return np.interp(secs, measured_secs, curve).astype(np.float32)

    return at_frames(f0_hz), at_frames(f0_confidence), at_frames(loudness_db)
