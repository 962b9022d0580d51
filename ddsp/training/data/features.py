"""Pitch and loudness of a recording of any length, in bounded memory."""

from collections.abc import Sequence

import numpy as np

from ddsp import spectral_ops
from ddsp.spectral_ops.pitch import track_pitch
from ddsp.spectral_ops.silence import hold_pitch
from ddsp.training.data.example_shape import FEATURE_SAMPLE_RATE
from ddsp.training.data.feature_spec import DEFAULT_F0_METHOD, LOUDNESS_N_FFT

NAMES = ("f0_hz", "f0_confidence", "loudness_db")
BLOCK_SECS = 10.0
# More than any analysis window on both sides of a block; the path of the pitch tracker
# has also forgotten by then where it began.
CONTEXT_SECS = 0.5


def join_blocks(blocks: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Joins the blocks of a recording.

    Args:
        blocks: What `measure_block` returns, all of the recording in their order.

    Returns:
        `f0_hz` in Hz, `f0_confidence` from 0 to 1 and `loudness_db` in dB, float32,
        [n_frames] each. Where nothing is heard, the last pitch that was heard goes on,
        as in `compute_f0`.
    """
    joined = {name: np.concatenate([block[name] for block in blocks]) for name in NAMES}
    joined["f0_hz"] = hold_pitch(joined["f0_hz"], joined["f0_hz"] > 0.0)
    return joined


def measure_block(
    audio_16k: np.ndarray,
    block: int,
    frame_rate: int,
    center: bool = True,
    viterbi: bool = True,
) -> dict[str, np.ndarray]:
    """Measures pitch and loudness of one block of a recording.

    Args:
        audio_16k: All of the recording at 16000 samples per second, [n_samples].
        block: Number of the block; it begins at frame block * block_frames(frame_rate).
        frame_rate: Frames per second; must divide 16000.
        center: Whether frame k is centred at k / frame_rate seconds, or begins there.
        viterbi: Whether the pitch is the best path through time, or chosen frame by
            frame.

    Returns:
        `f0_hz` in Hz, 0 where nothing is heard, `f0_confidence` from 0 to 1 and
        `loudness_db` in dB, float32, [n_frames] each: those of a block, of the last
        what is left. `join_blocks` holds the pitch.
    """
    hop_size = FEATURE_SAMPLE_RATE // frame_rate
    n_block, n_context = block_frames(frame_rate), round(CONTEXT_SECS * frame_rate)
    start = block * n_block
    n_before = min(start, n_context)
    first, end = start - n_before, start + n_block + n_context
    audio = np.array(audio_16k[first * hop_size : end * hop_size])
    curves = _measure(audio, frame_rate, viterbi, "center" if center else "same")
    n_frames = count_frames(audio_16k.size, frame_rate, center)
    wanted = slice(n_before, n_before + min(n_block, n_frames - start))
    return {name: curve[wanted] for name, curve in zip(NAMES, curves, strict=True)}


def block_frames(frame_rate: int) -> int:
    """Counts the frames of a block.

    Args:
        frame_rate: Frames per second.

    Returns:
        Number of frames.
    """
    return round(BLOCK_SECS * frame_rate)


def count_frames(n_samples: int, frame_rate: int, center: bool) -> int:
    """Counts the frames of a whole recording.

    Args:
        n_samples: Samples at 16000 per second.
        frame_rate: Frames per second; must divide 16000.
        center: Whether the frames are centred.

    Returns:
        Number of frames.
    """
    hop_size = FEATURE_SAMPLE_RATE // frame_rate
    return n_samples // hop_size + 1 if center else -(-n_samples // hop_size)


def _measure(
    audio: np.ndarray, frame_rate: int, viterbi: bool, padding: str
) -> list[np.ndarray]:
    """Pitch, confidence and loudness of one block, float32."""
    f0_hz, f0_confidence = track_pitch(
        audio,
        frame_rate,
        viterbi=viterbi,
        padding=padding,
        method=DEFAULT_F0_METHOD,
    )
    loudness_db = spectral_ops.compute_loudness(
        audio,
        FEATURE_SAMPLE_RATE,
        frame_rate,
        n_fft=LOUDNESS_N_FFT,
        use_tf=False,
        padding=padding,
    )
    return [
        np.asarray(curve, np.float32) for curve in (f0_hz, f0_confidence, loudness_db)
    ]
