"""Finding the frames in which a note sounds."""

import numpy as np


def smooth(x: np.ndarray, filter_size: int = 3) -> np.ndarray:
    """Averages over neighbouring frames, with zeros beyond both ends.

    Args:
        x: Values, [n_frames] or [batch, n_frames].
        filter_size: Frames to average; of an even number, one more follows than
            precedes.

    Returns:
        Averages, float32, of the shape of x.

    Raises:
        ValueError: If x has another rank, or filter_size is below 1.
    """
    x = np.asarray(x)
    if x.ndim not in (1, 2) or filter_size < 1:
        raise ValueError(
            "x must be [n_frames] or [batch, n_frames], filter_size at least 1. Got "
            f"x.shape={x.shape} with filter_size={filter_size}. Remove other axes."
        )
    n_before, n_after = (filter_size - 1) // 2, filter_size // 2
    ends = [(0, 0)] * (x.ndim - 1)
    padded = np.pad(x.astype(np.float64), [*ends, (n_before + 1, n_after)])
    sums = np.cumsum(padded, axis=-1)
    averages = (sums[..., filter_size:] - sums[..., :-filter_size]) / filter_size
    return averages.astype(np.float32)


def detect_notes(
    loudness_db: np.ndarray,
    f0_confidence: np.ndarray,
    note_threshold: float = 1.0,
    exponent: float = 2.0,
    smoothing: int = 40,
    f0_confidence_threshold: float = 0.7,
    min_db: float = -80.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Finds the frames that are louder and clearer than usual.

    Args:
        loudness_db: Loudness in dB, [n_frames] or [batch, n_frames].
        f0_confidence: Confidence of the pitch from 0 to 1, of the same shape.
        note_threshold: How clear a frame must be to count as a note.
        exponent: Exponent of the confidence.
        smoothing: Frames over which the confidence is averaged.
        f0_confidence_threshold: Confidence that is just enough at mean loudness.
        min_db: Loudness of silence in dB.

    Returns:
        Whether a note sounds, and how clear it is: 1 at mean loudness and threshold
        confidence, 0 in silence. Both of the shape of the inputs.
    """
    loudness_db = np.asarray(loudness_db)
    above_silence = loudness_db - min_db
    mean_above = np.mean(above_silence) if above_silence.size else 0.0
    confidence = smooth(np.asarray(f0_confidence) ** exponent, smoothing)
    if mean_above <= 0.0:
        # Nothing is louder than silence.
        clarity = np.zeros_like(confidence * above_silence)
    else:
        needed = mean_above * f0_confidence_threshold**exponent
        clarity = confidence * above_silence / needed
    return clarity >= note_threshold, clarity
