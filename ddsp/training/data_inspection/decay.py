"""How long a room rings, heard from the notes that end in it.

A narrow band loses its note at every pause and at most changes of pitch. What then
falls through 20 dB along a straight line in dB is the room, or the instrument if that
rings itself. Blind estimates of this kind follow Ratnam et al., "Blind estimation of
reverberation time", J. Acoust. Soc. Am. 114 (2003).
"""

from collections.abc import Iterator

import numpy as np

WINDOW_SIZE = 1024
HOP_SIZE = 256
FRAME_RATE = 16000 / HOP_SIZE
# Bands of seven bins, 109 Hz, hold the vibrato of a partial; from 300 Hz to 4 kHz.
BAND_BINS, BAND_STEP, FIRST_BIN, LAST_BIN = 7, 3, 20, 249
# A decay is measured from 5 to 25 dB below its top, as T20 of ISO 3382.
BEGIN_DB, DROP_DB = 5.0, 20.0
# Tops further below the loudest band are no notes that ended.
TOP_RANGE_DB = 20.0
# A fluctuation of the fall that ends it, and the largest deviation from the line.
REBOUND_DB, STRAIGHT_DB = 3.0, 3.0
# A player lets a note fade slowly, then it stops; a room never falls faster in the end.
# If the second half of the fall takes less than this share of the first, it is taken.
BEND = 0.35


def band_levels_db(audio: np.ndarray) -> np.ndarray:
    """Levels of narrow bands from 300 Hz to 4 kHz.

    Args:
        audio: Mono audio at 16000 samples per second, [n_samples].

    Returns:
        Levels in dB, 62.5 frames per second, [n_frames, n_bands].
    """
    window = np.hanning(WINDOW_SIZE).astype(np.float32)
    padded = np.pad(audio, WINDOW_SIZE // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_SIZE)[::HOP_SIZE]
    powers = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    sums = np.cumsum(powers, axis=1, dtype=np.float64)
    low = np.arange(FIRST_BIN, LAST_BIN, BAND_STEP)
    bands = sums[:, low + BAND_BINS] - sums[:, low]
    # Smoothed over three frames: the bands of a room fluctuate.
    padded_bands = np.pad(bands, ((1, 1), (0, 0)), mode="edge")
    smooth = 0.25 * (padded_bands[:-2] + padded_bands[2:]) + 0.5 * bands
    return 10.0 * np.log10(np.maximum(smooth, 1e-10))


def decay_times(levels_db: np.ndarray, loud_db: float) -> tuple[np.ndarray, np.ndarray]:
    """Measures the free decays of all bands.

    Args:
        levels_db: Levels of narrow bands in dB, [n_frames, n_bands].
        loud_db: Level of the loudest band in loud places, in dB.

    Returns:
        When each decay begins and in which time it would fall by 60 dB, both in
        seconds, [n_decays] each.
    """
    measured = [
        (begin / FRAME_RATE, _decay_secs(fall))
        for begin, fall in _falls(levels_db, loud_db)
    ]
    found = np.array([pair for pair in measured if pair[1] is not None], np.float64)
    begins, secs = found.reshape(-1, 2).T
    return begins, secs


def loudest_band_db(levels_db: np.ndarray) -> float:
    """Level that the strongest band reaches in loud places.

    Args:
        levels_db: Levels of narrow bands in dB, [n_frames, n_bands].

    Returns:
        Level in dB.
    """
    return float(np.percentile(levels_db.max(axis=1), 90.0))


def _falls(levels_db: np.ndarray, loud_db: float) -> Iterator[tuple[int, np.ndarray]]:
    """First frame and levels of each fall of a band by 25 dB or more."""
    n_frames, n_bands = levels_db.shape
    start, bottom = np.zeros(n_bands, int), np.zeros(n_bands, int)
    top_db = np.full(n_bands, -np.inf)
    low_db = np.full(n_bands, np.inf)
    for frame, now_db in enumerate(levels_db):
        rises = now_db > low_db + REBOUND_DB
        if frame == n_frames - 1:
            rises[:] = True
        is_fall = (top_db - low_db >= BEGIN_DB + DROP_DB) & rises
        for band in np.flatnonzero(is_fall & (top_db > loud_db - TOP_RANGE_DB)):
            fall = slice(start[band], bottom[band] + 1)
            yield int(start[band]), levels_db[fall, band]
        begins = rises | (now_db >= top_db)
        falls = begins | (now_db < low_db)
        top_db[begins], start[begins] = now_db[begins], frame
        low_db[falls], bottom[falls] = now_db[falls], frame


def _decay_secs(fall_db: np.ndarray) -> float | None:
    """Decay time of one fall; None if it is not straight or too short to tell."""
    below_db = fall_db[0] - fall_db
    begin, middle, end = (
        int(np.argmax(below_db > BEGIN_DB + part * DROP_DB)) for part in (0.0, 0.5, 1.0)
    )
    if end - middle < BEND * (middle - begin):
        begin = middle
    if end <= begin:
        return None
    secs = np.arange(begin, end + 1) / FRAME_RATE
    line = np.polyfit(secs, below_db[begin : end + 1], 1)
    deviation_db = below_db[begin : end + 1] - np.polyval(line, secs)
    if np.sqrt(np.mean(deviation_db**2)) > STRAIGHT_DB:
        return None
    return float(60.0 / max(line[0], 1.0))
