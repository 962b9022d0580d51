"""The level of a rendered sound, and of one that came from outside."""

import numpy as np
from scipy import ndimage

# No recording is played softer than this, so that a faint one is not lost.
FAINTEST_RMS_DB = -30.0
# Highest peak that a result may have: 1 dB below full scale.
HIGHEST_PEAK = 10.0 ** (-1.0 / 20.0)
# Sound that goes on at the end of a recording, such as reverberation, is faded out.
FADE_SECS = 0.03
# Nothing quieter is amplified to a level; it would be an untrained model's hiss.
NO_SOUND_RMS = 1e-5
BLOCK_SIZE = 1 << 20
# How long before and after a peak the sound is turned down.
LIMITER_SECS = 0.02


def rms(audio: np.ndarray) -> float:
    """Root mean square of a sound.

    Args:
        audio: Samples, [n_samples], at least one.

    Returns:
        The RMS, 1 for a full-scale square wave.
    """
    # Block by block, because float64 copies of a long sound would fill the memory.
    blocks = range(0, audio.size, BLOCK_SIZE)
    power = sum(
        float(np.sum(np.square(audio[i : i + BLOCK_SIZE], dtype=np.float64)))
        for i in blocks
    )
    return float(np.sqrt(power / audio.size))


def peak(audio: np.ndarray) -> float:
    """Largest distance from 0.

    Args:
        audio: Samples, [n_samples], at least one.

    Returns:
        The peak.
    """
    return max(float(np.max(audio)), -float(np.min(audio)))


def match_level(
    audio: np.ndarray,
    reference: np.ndarray,
    shift_db: float = 0.0,
    sample_rate: int = 16000,
) -> np.ndarray:
    """Scales a sound to be as loud as another one, and never so much that it clips.

    The whole sound is multiplied by one factor, so its dynamics stay. Its RMS becomes
    that of the reference, or -30 dB below full scale where the reference is fainter;
    less where the peak would come above -1 dB. Then comes the shift. Peaks that it
    lifts above -1 dB are held there, see `limit`.

    Args:
        audio: The sound to scale, [n_samples].
        reference: The sound to be as loud as, [n_reference_samples].
        shift_db: Further gain in dB.
        sample_rate: Samples per second of the sound.

    Returns:
        Scaled sound, float32, [n_samples]. Sound below -100 dB stays as it is.
    """
    level = rms(audio)
    if level < NO_SOUND_RMS:
        return audio.astype(np.float32, copy=False)
    target = max(rms(reference), 10.0 ** (FAINTEST_RMS_DB / 20.0))
    highest = peak(audio)
    gain = min(target / level, HIGHEST_PEAK / highest) * 10.0 ** (shift_db / 20.0)
    scaled = np.multiply(audio, gain, dtype=np.float32)
    return limit(scaled, sample_rate) if gain * highest > HIGHEST_PEAK else scaled


def limit(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Holds peaks at -1 dB by turning down what is around them, without distortion.

    Args:
        audio: The sound, float32, [n_samples].
        sample_rate: Samples per second.

    Returns:
        The sound, [n_samples], unchanged where no peak above -1 dB is within 40 ms.
    """
    reach = 2 * round(LIMITER_SECS * sample_rate) + 1
    loudness = np.maximum(np.abs(audio), np.float32(HIGHEST_PEAK))
    gain = np.float32(HIGHEST_PEAK) / loudness
    # Every minimum that is averaged at a sample is at most what this sample needs.
    gain = ndimage.minimum_filter1d(gain, reach, mode="nearest")
    gain = ndimage.uniform_filter1d(gain, reach, mode="nearest")
    return audio * gain


def fade_out(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Lets a sound end without a click.

    Args:
        audio: The sound, [n_samples].
        sample_rate: Samples per second.

    Returns:
        The sound with its last 30 ms faded to 0, [n_samples].
    """
    n_fade = min(round(FADE_SECS * sample_rate), audio.size)
    faded = audio.copy()
    faded[audio.size - n_fade :] *= np.linspace(1.0, 0.0, n_fade, dtype=audio.dtype)
    return faded


def normalize_peak(audio: np.ndarray, headroom_db: float) -> np.ndarray:
    """Scales a sound so that its peak lies where it should.

    Args:
        audio: The sound, [..., n_samples]; its channels keep their balance.
        headroom_db: dB that are left between the peak and full scale, 0 or more.

    Returns:
        Scaled sound, float32, of the same shape. Silence stays as it is.

    Raises:
        ValueError: If headroom_db is negative.
    """
    if not headroom_db >= 0.0:
        raise ValueError(
            "headroom_db must leave the peak at or below full scale. Got "
            f"headroom_db={headroom_db}; give dB below full scale, such as 0.1."
        )
    peak = float(np.max(np.abs(audio), initial=0.0))
    if not peak:
        return audio.astype(np.float32, copy=False)
    return (10.0 ** (-headroom_db / 20.0) / peak * audio).astype(np.float32)
