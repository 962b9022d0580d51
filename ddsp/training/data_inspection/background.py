"""What sounds when nobody plays: hum of the mains, and noise."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ddsp.training.data_inspection.levels import (
    FAINTEST_DB,
    FRAME_RATE,
    HOP_SIZE,
    SILENCE_DB,
    SOUNDING_RANGE_DB,
    loud_level_db,
    power_to_db,
)
from ddsp.training.data_inspection.mains import (
    BIN_HZ,
    WINDOW_SECS,
    Hum,
    find_hum,
    window_powers,
)

WINDOW_FRAMES = round(WINDOW_SECS * FRAME_RATE)
# A pause is that far below the louder notes; more of the quietest tell nothing new.
PAUSE_DB = 20.0
FEWEST_PAUSES, MOST_PAUSES = 3, 60
# Without pauses: about as quiet as the quietest twentieth.
SOFT_PERCENTILE, SOFT_RANGE_DB = 5.0, 6.0
# What is as loud as the notes is the note.
LEAST_SOFTNESS_DB = 3.0
NOISE_SMOOTHING_BINS = 31
LOWEST_NOISE_HZ = 30.0


@dataclass(frozen=True)
class Background:
    """What the pauses of a recording hold.

    Attributes:
        noise_db: Level of the noise without lines, in dB of full scale; None if there
            are too few pauses to know it.
        hum_hz: 50 or 60, or None without hum.
        hum_db: Level of all lines of the hum in dB of full scale; -120 without hum.

    Example:
        >>> Background(noise_db=-70.0, hum_hz=50, hum_db=-50.0).hum_hz
        50
    """

    noise_db: float | None
    hum_hz: int | None
    hum_db: float


def measure_background(audio: np.ndarray, levels_db: np.ndarray) -> Background | None:
    """Measures hum and noise in the pauses of a recording.

    Args:
        audio: Mono audio at 16000 samples per second, [n_samples].
        levels_db: Level of each of its frames in dB, [n_samples / 320].

    Returns:
        What the quietest pauses hold; None if there are too few, since notes hide it,
        and no hum is so strong that it fills them.
    """
    starts = pause_starts(levels_db)
    hum = listen_for_hum(audio, levels_db)
    if len(starts) < FEWEST_PAUSES and hum is None:
        return None
    noise_db = None
    if len(starts) >= FEWEST_PAUSES:
        powers = window_powers(audio, starts * HOP_SIZE).mean(axis=0)
        noise_db = float(power_to_db(np.asarray(noise_power(powers))))
    return Background(noise_db, hum.mains_hz if hum else None, hum_level_db(hum))


def listen_for_hum(audio: np.ndarray, levels_db: np.ndarray) -> Hum | None:
    """Looks for hum in the pauses, or in the softest parts if it is too loud for any.

    Args:
        audio: Mono audio at 16000 samples per second, [n_samples].
        levels_db: Level of each of its frames in dB, [n_samples / 320].

    Returns:
        The hum, if there is one.
    """
    starts = pause_starts(levels_db)
    has_pauses = len(starts) >= FEWEST_PAUSES
    if not has_pauses:
        starts = soft_starts(levels_db)
    if len(starts) < FEWEST_PAUSES:
        return None
    hum = find_hum(window_powers(audio, starts * HOP_SIZE), not has_pauses)
    is_soft = hum_level_db(hum) < loud_level_db(levels_db) - LEAST_SOFTNESS_DB
    return hum if is_soft else None


def hum_level_db(hum: Hum | None) -> float:
    """Level of a hum.

    Args:
        hum: What was found.

    Returns:
        Level of all its lines in dB of full scale; -120 without hum.
    """
    return SILENCE_DB if hum is None else float(power_to_db(np.asarray(hum.power)))


def counts_as_sound(hum: Hum | None, levels_db: np.ndarray) -> bool:
    """Tells whether a hum is so strong that it is taken for notes.

    Args:
        hum: What was found.
        levels_db: Level of each frame of the recording in dB, [n_frames].

    Returns:
        True from 40 dB below the louder notes on, as in `levels.sounding_frames`.
    """
    return hum_level_db(hum) > loud_level_db(levels_db) - SOUNDING_RANGE_DB


def pause_starts(levels_db: np.ndarray) -> np.ndarray:
    """Finds the quietest half seconds in which nobody plays.

    Args:
        levels_db: Level of each frame in dB, [n_frames].

    Returns:
        First frames, at most 60, those of the quietest half of the pauses. Digital
        silence is no pause: an editor has made it, not the room.
    """
    starts, loudest_db = _windows(levels_db)
    is_pause = loudest_db < loud_level_db(levels_db) - PAUSE_DB
    starts, loudest_db = starts[is_pause], loudest_db[is_pause]
    n_kept = min(max(len(starts) // 2, FEWEST_PAUSES), MOST_PAUSES)
    return np.sort(starts[np.argsort(loudest_db, kind="stable")[:n_kept]])


def soft_starts(levels_db: np.ndarray) -> np.ndarray:
    """Finds the softest half seconds, whether somebody plays or not.

    Args:
        levels_db: Level of each frame in dB, [n_frames].

    Returns:
        First frames, at most 60, of about the level of the softest twentieth.
    """
    starts, loudest_db = _windows(levels_db)
    if not starts.size:
        return starts
    soft_db = np.percentile(loudest_db, SOFT_PERCENTILE) + SOFT_RANGE_DB
    order = np.argsort(loudest_db, kind="stable")
    is_soft = loudest_db[order] < soft_db
    return np.sort(starts[order[is_soft][:MOST_PAUSES]])


def _windows(levels_db: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First frame and level of the loudest frame of each half second with sound."""
    hop = WINDOW_FRAMES // 2
    if levels_db.size < WINDOW_FRAMES or loud_level_db(levels_db) < FAINTEST_DB:
        return np.zeros(0, np.int64), np.zeros(0)
    windows = np.lib.stride_tricks.sliding_window_view(levels_db, WINDOW_FRAMES)[::hop]
    heard = np.flatnonzero(windows.min(axis=1) > SILENCE_DB)
    return heard * hop, windows.max(axis=1)[heard]


def noise_power(powers: np.ndarray) -> float:
    """Mean square of the noise, without the lines that stand out of it.

    Args:
        powers: Mean square in each bin of 2 Hz, [n_bins].

    Returns:
        Mean square of the noise above 30 Hz.
    """
    floor = ndimage.median_filter(powers, NOISE_SMOOTHING_BINS, mode="nearest")
    return float(floor[round(LOWEST_NOISE_HZ / BIN_HZ) :].sum())
