"""Loudness and pitch of sounds, measured in such a way that they can be compared."""

from typing import Any

import numpy as np

from ddsp import spectral_ops
from ddsp.spectral_ops import CREPE_FRAME_SIZE, CREPE_SAMPLE_RATE
from ddsp.spectral_ops.framing import get_hop_size
from ddsp.training import audio_io
from ddsp.training.metrics.base import squeeze

LOUDNESS_FFT_SIZE = 512


def compute_audio_features(audio: Any, frame_rate: float = 250) -> dict[str, Any]:
    """Measures what a model is conditioned on.

    Args:
        audio: One sound at 16000 samples per second, [n_samples], with or without axes
            of length 1.
        frame_rate: Frames per second.

    Returns:
        'audio' as given; 'loudness_db', a tensor, and 'f0_hz' and 'f0_confidence',
        arrays, [n_frames], of centred frames.
    """
    sound = np.asarray(squeeze(audio), np.float32)
    f0_hz, f0_confidence = spectral_ops.compute_f0(sound, frame_rate)
    return {
        "audio": audio,
        "loudness_db": spectral_ops.compute_loudness(
            sound, CREPE_SAMPLE_RATE, frame_rate
        ),
        "f0_hz": f0_hz,
        "f0_confidence": f0_confidence,
    }


def to_16k(audio: Any, sample_rate: int) -> np.ndarray:
    """Brings sounds to the rate at which features are measured.

    Args:
        audio: Sounds, [batch, n_samples] or [batch, n_samples, 1].
        sample_rate: Their samples per second.

    Returns:
        Sounds at 16000 samples per second, float32, [batch, n_samples].
    """
    audio = np.asarray(audio, np.float32)
    audio = audio.reshape(len(audio), -1)
    if sample_rate == CREPE_SAMPLE_RATE:
        return audio
    return np.stack(
        [audio_io.resample(sound, sample_rate, CREPE_SAMPLE_RATE) for sound in audio]
    )


def reference_sounds(batch: dict[str, Any], sample_rate: int) -> np.ndarray | None:
    """Finds the sounds that a batch should become.

    Args:
        batch: Features by name.
        sample_rate: Samples per second of 'audio'.

    Returns:
        Sounds at 16000 samples per second, [batch, n_samples]; None if there are none.
    """
    if batch.get("audio_16k") is not None:
        return to_16k(batch["audio_16k"], CREPE_SAMPLE_RATE)
    if batch.get("audio") is not None:
        return to_16k(batch["audio"], sample_rate)
    return None


def measure_f0(
    audio: Any, sample_rate: int, frame_rate: float, n_frames: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Measures the pitch of sounds with CREPE.

    Args:
        audio: Sounds, [batch, n_samples] or [batch, n_samples, 1].
        sample_rate: Their samples per second.
        frame_rate: Frames per second.
        n_frames: Frames of the curve that the result is to be compared with. Such a
            curve was measured from frames that are centred, or else begin at their
            times; its length tells which, and the result does the same. None for
            centred frames.

    Returns:
        Pitch in Hz and confidence, from 0 to 1: float32 arrays, [batch, n_frames].
    """
    sounds = to_16k(audio, sample_rate)
    padding = _padding_of(sounds.shape[1], CREPE_FRAME_SIZE, frame_rate, n_frames)
    curves = [
        spectral_ops.compute_f0(sound, frame_rate, padding=padding) for sound in sounds
    ]
    f0_hz, confidence = (np.stack(c) for c in zip(*curves, strict=True))
    return f0_hz, confidence


def measure_loudness(
    sounds: np.ndarray, frame_rate: float, n_frames: int | None = None
) -> np.ndarray:
    """Measures the loudness of sounds.

    Args:
        sounds: Sounds at 16000 samples per second, [batch, n_samples].
        frame_rate: Frames per second.
        n_frames: See `measure_f0`.

    Returns:
        Loudness in dB, [batch, n_frames].
    """
    padding = _padding_of(sounds.shape[1], LOUDNESS_FFT_SIZE, frame_rate, n_frames)
    return spectral_ops.compute_loudness(
        sounds, CREPE_SAMPLE_RATE, frame_rate, LOUDNESS_FFT_SIZE, padding=padding
    ).numpy()


def _padding_of(
    n_samples: int, frame_size: int, frame_rate: float, n_frames: int | None
) -> str:
    """The padding with which so many frames are measured."""
    hop_size = get_hop_size(CREPE_SAMPLE_RATE, frame_rate)
    counts = {
        padding: spectral_ops.get_framed_lengths(
            n_samples, frame_size, hop_size, padding
        )[0]
        for padding in ("center", "same")
    }
    return "same" if n_frames == counts["same"] != counts["center"] else "center"
