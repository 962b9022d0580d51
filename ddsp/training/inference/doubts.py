"""What is likely to go wrong with a recording, said before it disappoints."""

import numpy as np
from scipy import ndimage

from ddsp.training.inference import polyphony

# Frames this far below the loudest count as pauses.
SOUNDING_RANGE_DB = 25.0
UNCLEAR_CONFIDENCE = 0.5
UNCLEAR_SHARE_LIMIT = 0.5
LONGEST_UNCLEAR_SECS = 4.0
N_SPANS = 3


def find_doubts(
    audio: np.ndarray,
    loudness_db: np.ndarray,
    f0_confidence: np.ndarray,
    frame_rate: float,
) -> tuple[str, ...]:
    """Warns of recordings that a one-voice instrument cannot follow.

    Args:
        audio: The recording at 16000 samples per second, [n_samples].
        loudness_db: Its loudness in dB, [n_frames].
        f0_confidence: How sure its pitch is, 0 to 1, [n_frames].
        frame_rate: Frames of the two per second.

    Returns:
        One line for each doubt, with the times that it is about; none for a clear
        single voice.
    """
    doubts = []
    amplitude, several = polyphony.several_notes(audio)
    share = polyphony.several_notes_share(amplitude, several)
    if share > polyphony.SHARE_LIMIT:
        rate = polyphony.SAMPLE_RATE / polyphony.HOP_SIZE
        where = _tell(_find_spans(several, rate), rate)
        doubts.append(
            f"more than one note at a time in {share:.0%} of what sounds ({where}): "
            "the instrument plays one note at a time and will wander between them"
        )
    sounds = loudness_db > loudness_db.max() - SOUNDING_RANGE_DB
    unclear = sounds & (f0_confidence < UNCLEAR_CONFIDENCE)
    share = unclear.sum() / sounds.sum()
    # Half of all, or seconds on end: breaths and consonants are shorter.
    spans = _find_spans(unclear, frame_rate)
    longest = max((span.stop - span.start for span in spans), default=0) / frame_rate
    if share > UNCLEAR_SHARE_LIMIT or longest > LONGEST_UNCLEAR_SECS:
        where = _tell(spans, frame_rate, " to ").replace(", ", " and ")
        doubts.append(
            f"no clear pitch in {where}; is this polyphonic? In {share:.0%} of what "
            "sounds the notes are guesswork: record one voice or instrument, close and "
            "without accompaniment"
        )
    return tuple(doubts)


def _find_spans(mask: np.ndarray, frame_rate: float) -> list[slice]:
    """Stretches of a mask; breaks shorter than half a second do not end one."""
    width = max(int(frame_rate / 2), 1)
    closed = ndimage.binary_closing(np.pad(mask, width), np.ones(width))[width:-width]
    labels, n_spans = ndimage.label(closed)
    return [span[0] for span in ndimage.find_objects(labels, n_spans)]


def _tell(spans: list[slice], frame_rate: float, joint: str = "-") -> str:
    """The longest stretches as times, such as "0:12-0:40, 1:03-1:09"."""
    longest = sorted(spans, key=lambda span: span.start - span.stop)[:N_SPANS]
    return ", ".join(
        f"{_clock(span.start / frame_rate)}{joint}{_clock(span.stop / frame_rate)}"
        for span in sorted(longest, key=lambda span: span.start)
    )


def _clock(secs: float) -> str:
    """A time as minutes and seconds."""
    minutes, seconds = divmod(round(secs), 60)
    return f"{minutes}:{seconds:02d}"
