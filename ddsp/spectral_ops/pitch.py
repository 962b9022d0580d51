"""Pitch of audio, frame by frame."""

from typing import Any

import gin
import numpy as np

from ddsp.pretrained.crepe_files import SIZES, holds_weights
from ddsp.spectral_ops.crepe import CREPE_FRAME_SIZE, CREPE_SAMPLE_RATE, load_network
from ddsp.spectral_ops.crepe_pitch import track_crepe
from ddsp.spectral_ops.framing import frame_np
from ddsp.spectral_ops.other_trackers import (
    interpolate_pitch,
    track_pyin,
    track_swift_f0,
)
from ddsp.spectral_ops.silence import hold_pitch, is_silent

OTHER_METHODS = ("swift-f0", "pyin")

# MIDI notes from 0 to 127, by which pitch is scaled for networks.
F0_RANGE = 127.0

# Networks of this many channels, 'medium' and larger, listen only as often as this.
_MANY_CHANNELS = 512
_SELDOM_HOP_SIZE = 192
_FRAMES_PER_BLOCK = 4096


@gin.register(module="ddsp.spectral_ops")
def compute_f0(
    audio: Any,
    frame_rate: float,
    viterbi: bool = True,
    padding: str = "center",
    method: str = "tiny",
) -> tuple[np.ndarray, np.ndarray]:
    """Fundamental frequency, by CREPE (Kim et al., ICASSP 2018) or another tracker.

    docs/pitch.md compares the methods, and says in what this differs from CREPE: the
    octave is checked against the period of the sound, and so is confidence, which is
    CREPE's own where at least half of a frame's power repeats after a period.

    Args:
        audio: Audio at 16000 samples per second, [n_samples]. By CREPE, recordings
            of any length are worked through in bounded memory; 'pyin' and 'swift-f0'
            take them as a whole.
        frame_rate: Frames per second, such that a hop is a whole number of samples:
            250, 100, 31.25.
        viterbi: Whether CREPE chooses the most likely melody, in which pitch moves by
            less than 240 cents per frame, instead of each frame's best pitch. As in
            CREPE, a frame speaks for its best pitch only, however sure it is. 'pyin'
            always does so in its own way, 'swift-f0' never.
        padding: 'center', 'same' or 'valid', see `get_framed_lengths`.
        method: 'tiny', the bundled CREPE; 'small', 'medium', 'large', 'full' or the
            path of weights, see `pretrained.crepe_weights`; 'swift-f0' or 'pyin' from
            the extra `pitch`. From 'medium' on CREPE listens every 12 ms at most, with
            interpolation between.

    Returns:
        Frequencies in Hz, by CREPE from 31 to 2006, and how sure each is, from 0 to 1:
        two float32 arrays, [n_frames]. Frames without sound (all samples within 3e-6,
        or one not finite) have confidence 0 and the last pitch that was heard. There is
        no gradient.

    Raises:
        ImportError: If the method needs a package that is not installed.
        ValueError: If audio is not mono, the hop is not whole, or padding or method are
            unknown.

    Example:
        >>> audio = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
        >>> f0_hz, confidence = compute_f0(audio, frame_rate=250)
        >>> len(f0_hz), abs(float(f0_hz[125]) - 440) < 5, bool(confidence[125] > 0.5)
        (251, True, True)
    """
    f0_hz, confidence = track_pitch(audio, frame_rate, viterbi, padding, method)
    return hold_pitch(f0_hz, f0_hz > 0.0), confidence


def track_pitch(
    audio: Any, frame_rate: float, viterbi: bool, padding: str, method: str
) -> tuple[np.ndarray, np.ndarray]:
    """Pitch as `compute_f0` finds it, before it is held where nothing is heard.

    So pieces of a recording can be joined, and pitch held in the whole.

    Args:
        audio: As for `compute_f0`, and so are the others.
        frame_rate: Frames per second.
        viterbi: Whether to choose the most likely melody.
        padding: 'center', 'same' or 'valid'.
        method: Pitch tracker.

    Returns:
        Frequencies in Hz, 0 where nothing is heard, and how sure each is: two float32
        arrays, [n_frames].

    Raises:
        ImportError: If the method needs a package that is not installed.
        ValueError: If audio is not mono, the hop is not whole, or padding or method are
            unknown.
    """
    audio = np.asarray(audio, np.float32)
    if audio.ndim != 1:
        raise ValueError(
            "audio must be one mono clip, [n_samples]. "
            f"Got shape={audio.shape}; call once for each clip."
        )
    if method not in OTHER_METHODS and not holds_weights(method):
        known = ", ".join((*SIZES, *OTHER_METHODS))
        raise ValueError(
            "method must be a pitch tracker, or a file .npz or .h5 with weights of "
            f"CREPE. Got method={method!r}; use one of: {known}."
        )
    hop_size = _hop_size(frame_rate)
    frames = frame_np(audio, CREPE_FRAME_SIZE, hop_size, padding)
    if len(frames) == 0:
        return np.zeros(0, np.float32), np.zeros(0, np.float32)
    if method in OTHER_METHODS:
        first_center = 0 if padding == "center" else CREPE_FRAME_SIZE // 2
        found = _track_elsewhere(audio, hop_size, len(frames), first_center, method)
    else:
        found = _track_crepe(frames, hop_size, method, viterbi)
    f0_hz, confidence = (np.asarray(curve, np.float32) for curve in found)
    silent = _silent_frames(frames)
    f0_hz = np.where(~silent & (f0_hz > 0.0), f0_hz, np.float32(0.0))
    confidence = np.where(silent, np.float32(0.0), confidence)
    return f0_hz, np.clip(confidence, 0.0, 1.0)


def listens_seldom(method: str) -> bool:
    """Whether a network is so large that it listens every 12 ms only.

    Args:
        method: Size or path, see `pretrained.crepe_weights`.

    Returns:
        True from 'medium' on.
    """
    return load_network(method).n_first_channels >= _MANY_CHANNELS


def _hop_size(frame_rate: float) -> int:
    """Samples from frame to frame, if whole."""
    hop_size = round(CREPE_SAMPLE_RATE / frame_rate) if frame_rate > 0 else 0
    if hop_size < 1 or abs(hop_size * frame_rate - CREPE_SAMPLE_RATE) > 1e-3:
        near = CREPE_SAMPLE_RATE / max(hop_size, 1)
        raise ValueError(
            f"frame_rate must make a hop of whole samples at {CREPE_SAMPLE_RATE} Hz. "
            f"Got frame_rate={frame_rate}; use {near:.10g}, or 250 and interpolate."
        )
    return hop_size


def _silent_frames(frames: np.ndarray) -> np.ndarray:
    """Which frames hold no sound, in bounded memory."""
    starts = range(0, len(frames), _FRAMES_PER_BLOCK)
    parts = [is_silent(frames[start : start + _FRAMES_PER_BLOCK]) for start in starts]
    return np.concatenate(parts)


def _track_crepe(
    frames: np.ndarray, hop_size: int, method: str, viterbi: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Pitch by CREPE; large networks listen to some of the frames only."""
    seldom = listens_seldom(method)
    stride = max(1, _SELDOM_HOP_SIZE // hop_size) if seldom else 1
    if stride == 1:
        return track_crepe(frames, method, viterbi)
    f0_hz, confidence = track_crepe(frames[::stride], method, viterbi)
    times = np.arange(len(f0_hz)) * stride
    f0_hz = hold_pitch(f0_hz, f0_hz > 0.0)
    return interpolate_pitch(np.arange(len(frames)), times, f0_hz, confidence)


def _track_elsewhere(
    audio: np.ndarray, hop_size: int, n_frames: int, first_center: int, method: str
) -> tuple[np.ndarray, np.ndarray]:
    """Pitch by trackers of other packages."""
    # They refuse samples that are not finite.
    audio = np.where(np.isfinite(audio), audio, np.float32(0.0))
    if method == "pyin":
        return track_pyin(audio, hop_size, n_frames, first_center)
    return track_swift_f0(audio, first_center + hop_size * np.arange(n_frames))
