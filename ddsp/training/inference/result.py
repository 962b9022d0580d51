"""What a timbre transfer gives."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class TransferResult:
    """A recording played by an instrument, with all that led to it.

    Attributes:
        audio: The result, as long as the recording within a millisecond, [n_samples].
        sample_rate: Samples per second of the result: the model's.
        frame_rate: Frames per second of the curves below; frame k is centred at
            k / frame_rate seconds.
        f0_hz: Pitch of the recording in Hz, [n_frames].
        f0_confidence: How sure it is, from 0 to 1, [n_frames].
        loudness_db: Loudness of the recording in dB, [n_frames].
        played_f0_hz: Pitch that the instrument played in Hz, [n_frames].
        played_loudness_db: Loudness that the instrument was asked for, [n_frames].
        register_shift: Octaves that the adjustment moved the pitch by.
        warnings: Doubts about the recording and what could not be done, a line each.
        is_note: Where a note was found, bool, [n_frames]; empty if nobody looked.
        key: Key that the pitch was tuned to; None without autotune.
        tuning_cents: How far the player is tuned from A = 440 Hz, positive for sharp;
            0 without autotune.
        timings: Seconds of work by part: 'pitch' (with all else that is measured),
            'decoder' and 'synthesis'.

    Example:
        >>> import numpy as np
        >>> curve = np.ones(250, np.float32)
        >>> result = TransferResult(
        ...     audio=np.zeros(16000, np.float32), sample_rate=16000, frame_rate=250.0,
        ...     f0_hz=440 * curve, f0_confidence=curve, loudness_db=-20 * curve,
        ...     played_f0_hz=880 * curve, played_loudness_db=-25 * curve,
        ...     register_shift=1.0, warnings=(),
        ... )
    """

    audio: np.ndarray
    sample_rate: int
    frame_rate: float
    f0_hz: np.ndarray
    f0_confidence: np.ndarray
    loudness_db: np.ndarray
    played_f0_hz: np.ndarray
    played_loudness_db: np.ndarray
    register_shift: float
    warnings: tuple[str, ...]
    is_note: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    key: str | None = None
    tuning_cents: float = 0.0
    timings: dict[str, float] = field(default_factory=dict)
