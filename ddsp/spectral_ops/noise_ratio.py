"""How strong noise is beside the harmonics of a sound, frame by frame."""

from typing import Any

import tensorflow as tf

from ddsp import core
from ddsp.spectral_ops.loudness import compute_rms_energy


def compute_noise_to_harmonics(
    noise_audio: Any,
    harmonic_audio: Any,
    sample_rate: int = 16000,
    frame_rate: float = 250,
    frame_size: int = 1024,
    floor_db: float = -core.DB_RANGE,
    padding: str = "center",
) -> tf.Tensor:
    """Ratio of the power of noise to the power of harmonics in each frame, in dB.

    The ratio is 10 log10((N + e) / (H + e)), where N and H are the mean squares of the
    two signals within a frame and e is the power of floor_db. Well above the floor it
    is the noise-to-harmonics ratio of voice analysis. The floor keeps it smooth and
    finite: two silences have 0 dB, and no frame more than the range above the floor.

    Args:
        noise_audio: The noise alone, [batch, n_samples], [batch, n_samples, 1] or
            [n_samples].
        harmonic_audio: The harmonics alone, the same shape.
        sample_rate: Samples per second.
        frame_rate: Frames per second; the hop is rounded down to whole samples.
        frame_size: Samples of a frame; two periods of the lowest pitch or more.
        floor_db: Level in dB, of a full scale of 1, at which a signal counts half.
        padding: 'center', 'same' or 'valid', see `get_framed_lengths`.

    Returns:
        Ratios in dB, float32, [batch, n_frames] or [n_frames]; 0 where both are equally
        strong, negative where harmonics prevail.

    Example:
        >>> harmonic = tf.sin(tf.range(16000, dtype=tf.float32))
        >>> ratio_db = compute_noise_to_harmonics(0.1 * harmonic, harmonic)
        >>> round(float(ratio_db[100]), 2)
        -20.0
    """
    floor = core.db_to_power(floor_db)

    def level_db(audio: Any) -> tf.Tensor:
        amplitude = compute_rms_energy(
            audio, sample_rate, frame_rate, frame_size, padding
        )
        return 10.0 * core.log10(tf.square(amplitude) + floor)

    return level_db(noise_audio) - level_db(harmonic_audio)
