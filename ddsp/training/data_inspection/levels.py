"""How strong a recording is from moment to moment, and stretches of time."""

from collections.abc import Sequence

import numpy as np
from scipy import signal

SAMPLE_RATE = 16000
FRAME_RATE = 50
HOP_SIZE = SAMPLE_RATE // FRAME_RATE
SILENCE_DB = -120.0
# What lies lower is no music but offset and rumble, which must not count as sound.
HIGH_PASS_HZ = 25.0
FILTER_BLOCK = 1 << 20
# Of the frames, the level that the louder notes reach.
LOUD_PERCENTILE = 95.0
# Sound is within this distance of the louder notes, and louder than an empty channel.
SOUNDING_RANGE_DB, FAINTEST_DB = 40.0, -65.0
# Stretches closer than this are one for whoever has to find them.
GAP_SECS = 0.5

Span = tuple[float, float]


def remove_rumble(audio: np.ndarray) -> np.ndarray:
    """Takes away offset and rumble.

    Args:
        audio: Mono audio at 16000 samples per second, [n_samples].

    Returns:
        Audio without what lies below 25 Hz, float32, [n_samples].
    """
    if not audio.size:
        return audio
    sections = signal.butter(2, HIGH_PASS_HZ, "highpass", fs=SAMPLE_RATE, output="sos")
    # Begun in the steady state of the first sample: an offset makes no thump.
    state = signal.sosfilt_zi(sections) * audio[0]
    filtered = np.empty(audio.size, np.float32)
    # In blocks, since the filter works with twice as many bytes.
    for begin in range(0, audio.size, FILTER_BLOCK):
        block = slice(begin, begin + FILTER_BLOCK)
        filtered[block], state = signal.sosfilt(sections, audio[block], zi=state)
    return filtered


def frame_levels_db(audio: np.ndarray) -> np.ndarray:
    """Effective level of each fiftieth of a second.

    Args:
        audio: Mono audio at 16000 samples per second, [n_samples].

    Returns:
        Levels in dB of full scale, at least -120, [n_samples / 320]; the rest that
        fills no frame is left out.
    """
    n_frames = audio.size // HOP_SIZE
    frames = audio[: n_frames * HOP_SIZE].reshape(n_frames, HOP_SIZE)
    return power_to_db(np.mean(np.square(frames, dtype=np.float64), axis=1))


def power_to_db(power: np.ndarray) -> np.ndarray:
    """Powers as levels in dB, at least -120.

    Args:
        power: Mean squares, any shape; full scale is 1.

    Returns:
        Levels in dB, the same shape.
    """
    return 10.0 * np.log10(np.maximum(power, 10.0 ** (SILENCE_DB / 10.0)))


def loud_level_db(levels_db: np.ndarray) -> float:
    """The level of the louder notes.

    Args:
        levels_db: Level of each frame in dB, [n_frames].

    Returns:
        Level in dB; -120 without frames.
    """
    if not levels_db.size:
        return SILENCE_DB
    return float(np.percentile(levels_db, LOUD_PERCENTILE))


def sounding_frames(levels_db: np.ndarray) -> np.ndarray:
    """Where something sounds.

    Args:
        levels_db: Level of each frame in dB, [n_frames].

    Returns:
        Whether a frame is within 40 dB of the louder notes, bool, [n_frames].
    """
    threshold_db = loud_level_db(levels_db) - SOUNDING_RANGE_DB
    return levels_db > max(threshold_db, FAINTEST_DB)


def spans_of(
    flags: np.ndarray, rate: float, begin_secs: float = 0.0, least_secs: float = 0.0
) -> list[Span]:
    """Stretches of time in which something holds.

    Args:
        flags: Whether it holds in a frame, bool, [n_frames].
        rate: Frames per second.
        begin_secs: Time at which the first frame begins, in seconds.
        least_secs: Shorter stretches are left out, after joining those that are less
            than half a second apart.

    Returns:
        Begin and end of each stretch in seconds.
    """
    edges = np.flatnonzero(np.diff(np.pad(np.asarray(flags, np.int8), 1)))
    times = begin_secs + edges.reshape(-1, 2) / rate
    spans = join_spans([(float(begin), float(end)) for begin, end in times])
    return [span for span in spans if span[1] - span[0] >= least_secs]


def silent_spans(sounds: np.ndarray) -> list[Span]:
    """Stretches of half a second or more in which nothing sounds.

    Args:
        sounds: Whether a frame sounds, bool, [n_frames].

    Returns:
        Begin and end of each stretch in seconds.
    """
    edges = [0.0]
    for span in spans_of(sounds, FRAME_RATE):
        edges += span
    edges.append(sounds.size / FRAME_RATE)
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return [(begin, end) for begin, end in gaps if end - begin >= GAP_SECS]


def join_spans(spans: Sequence[Span]) -> list[Span]:
    """Joins stretches that are less than half a second apart.

    Args:
        spans: Begins and ends in seconds, in order of time.

    Returns:
        Fewer and longer ones.
    """
    joined: list[Span] = []
    for begin, end in spans:
        if joined and begin - joined[-1][1] < GAP_SECS:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined
