"""The level of a rendered sound."""

import numpy as np

# No recording is played softer than this, so that a faint one is not lost.
FAINTEST_RMS_DB = -30.0
# Highest peak that a result may have: 1 dB below full scale.
HIGHEST_PEAK = 10.0 ** (-1.0 / 20.0)
# Sound that goes on at the end of a recording, such as reverberation, is faded out.
FADE_SECS = 0.03
# Nothing quieter is amplified to a level; it would be an untrained model's hiss.
NO_SOUND_RMS = 1e-5


def rms(audio: np.ndarray) -> float:
    """Root mean square of a sound.

    Args:
        audio: Samples, [n_samples], at least one.

    Returns:
        The RMS, 1 for a full-scale square wave.
    """
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))


def match_level(
    audio: np.ndarray, reference: np.ndarray, shift_db: float = 0.0
) -> np.ndarray:
    """Scales a sound to be as loud as another one, and never so much that it clips.

    The whole sound is multiplied by one factor, so its dynamics stay. Its RMS becomes
    that of the reference, or -30 dB below full scale where the reference is fainter,
    plus the shift; less where the peak would come above -1 dB.

    Args:
        audio: The sound to scale, [n_samples].
        reference: The sound to be as loud as, [n_reference_samples].
        shift_db: Further gain in dB.

    Returns:
        Scaled sound, float32, [n_samples]. Sound below -100 dB stays as it is.
    """
    level = rms(audio)
    if level < NO_SOUND_RMS:
        return audio.astype(np.float32)
    target = max(rms(reference), 10.0 ** (FAINTEST_RMS_DB / 20.0))
    gain = target / level * 10.0 ** (shift_db / 20.0)
    gain = min(gain, HIGHEST_PEAK / float(np.max(np.abs(audio))))
    return (gain * audio).astype(np.float32)


def fade_out(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Lets a sound end without a click.

    Args:
        audio: The sound, [n_samples].
        sample_rate: Samples per second.

    Returns:
        The sound with its last 30 ms faded to 0, [n_samples].
    """
    fade = np.ones(audio.size, np.float32)
    n_fade = min(round(FADE_SECS * sample_rate), audio.size)
    fade[audio.size - n_fade :] = np.linspace(1.0, 0.0, n_fade)
    return audio * fade
