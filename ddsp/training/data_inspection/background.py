"""What sounds when nobody plays: hum of the mains, and noise."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, signal

from ddsp.training.data_inspection.levels import (
    FAINTEST_DB,
    FRAME_RATE,
    HOP_SIZE,
    SAMPLE_RATE,
    SILENCE_DB,
    loud_level_db,
    power_to_db,
)

# Half a second: lines of 50 and 60 Hz are 5 bins apart, and pauses are that long.
WINDOW_SECS = 0.5
WINDOW_SIZE = round(WINDOW_SECS * SAMPLE_RATE)
BIN_HZ = 1.0 / WINDOW_SECS
WINDOW_FRAMES = round(WINDOW_SECS * FRAME_RATE)
# A pause is that far below the louder notes; more of the quietest tell nothing new.
PAUSE_DB = 20.0
FEWEST_PAUSES, MOST_PAUSES = 3, 60
MAINS_HZ = (50, 60)
N_MAINS_HARMONICS = 8
# Lines stand out of the noise beside them: by more than noise does by chance.
LINE_DB = 15.0
# In bins: how far a line may be from its place, its half width, and its surroundings.
LINE_REACH, LINE_HALF_WIDTH, NEIGHBOURHOOD = 1, 2, 12
# A mains line is always as strong; that of a note dies away.
STEADY_DB = 3.0
NOISE_SMOOTHING_BINS = 31
LOWEST_NOISE_HZ = 30.0


@dataclass(frozen=True)
class Background:
    """What the pauses of a recording hold.

    Attributes:
        noise_db: Level of the noise without lines, in dB of full scale.
        hum_hz: 50 or 60, or None without hum.
        hum_db: Level of all lines of the hum in dB of full scale; -120 without hum.

    Example:
        >>> Background(noise_db=-70.0, hum_hz=50, hum_db=-50.0).hum_hz
        50
    """

    noise_db: float
    hum_hz: int | None
    hum_db: float


def measure_background(audio: np.ndarray, levels_db: np.ndarray) -> Background | None:
    """Measures hum and noise in the pauses of a recording.

    Args:
        audio: Mono audio at 16000 samples per second, [n_samples].
        levels_db: Level of each of its frames in dB, [n_samples / 320].

    Returns:
        What the quietest pauses hold; None if there are too few, since notes hide it.
    """
    starts = pause_starts(levels_db)
    if len(starts) < FEWEST_PAUSES:
        return None
    window = np.hanning(WINDOW_SIZE)
    # Powers of one-sided bins add up to the mean square.
    scale = 2.0 / (np.sum(window**2) * WINDOW_SIZE)
    pauses = np.stack(
        [audio[i * HOP_SIZE : i * HOP_SIZE + WINDOW_SIZE] for i in starts]
    )
    pauses = signal.detrend(pauses.astype(np.float64), axis=1, type="constant")
    powers = scale * np.abs(np.fft.rfft(pauses * window, axis=1)) ** 2
    hum_hz, hum_power = find_hum(powers)
    noise_db = float(power_to_db(np.asarray(noise_power(powers.mean(axis=0)))))
    hum_db = SILENCE_DB if hum_hz is None else float(power_to_db(np.asarray(hum_power)))
    return Background(noise_db=noise_db, hum_hz=hum_hz, hum_db=hum_db)


def pause_starts(levels_db: np.ndarray) -> np.ndarray:
    """Finds the quietest half seconds in which nobody plays.

    Args:
        levels_db: Level of each frame in dB, [n_frames].

    Returns:
        First frames, at most 60, those of the quietest half of the pauses. Digital
        silence is no pause: an editor has made it, not the room.
    """
    hop = WINDOW_FRAMES // 2
    if levels_db.size < WINDOW_FRAMES or loud_level_db(levels_db) < FAINTEST_DB:
        return np.zeros(0, np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(levels_db, WINDOW_FRAMES)[::hop]
    loudest_db = windows.max(axis=1)
    is_pause = loudest_db < loud_level_db(levels_db) - PAUSE_DB
    is_pause &= windows.min(axis=1) > SILENCE_DB
    pauses = np.flatnonzero(is_pause)
    quietest = pauses[np.argsort(loudest_db[pauses], kind="stable")]
    n_kept = min(max(len(pauses) // 2, FEWEST_PAUSES), MOST_PAUSES)
    return np.sort(quietest[:n_kept]) * hop


def noise_power(powers: np.ndarray) -> float:
    """Mean square of the noise, without the lines that stand out of it.

    Args:
        powers: Mean square in each bin of 2 Hz, [n_bins].

    Returns:
        Mean square of the noise above 30 Hz.
    """
    floor = ndimage.median_filter(powers, NOISE_SMOOTHING_BINS, mode="nearest")
    return float(floor[round(LOWEST_NOISE_HZ / BIN_HZ) :].sum())


def find_hum(powers: np.ndarray) -> tuple[int | None, float]:
    """Looks for steady lines at the multiples of 50 or 60 Hz.

    Args:
        powers: Mean square in each bin of 2 Hz in each pause, [n_pauses, n_bins].

    Returns:
        Frequency of the mains and mean square of all its lines; None and 0 if there
        are not two lines at least, one of them the first or the second.
    """
    found: tuple[int | None, float] = (None, 0.0)
    for mains_hz in MAINS_HZ:
        lines = {
            number: _line_power(powers, round(mains_hz * number / BIN_HZ))
            for number in range(1, N_MAINS_HARMONICS + 1)
        }
        strong = [number for number, power in lines.items() if power > 0.0]
        total = sum(lines.values())
        if len(strong) >= 2 and min(strong) <= 2 and total > found[1]:
            found = (mains_hz, total)
    return found


def _line_power(powers: np.ndarray, place: int) -> float:
    """Mean square of the steady line at a bin; 0 if there is none."""
    mean = powers.mean(axis=0)
    near = slice(place - LINE_REACH, place + LINE_REACH + 1)
    peak = place - LINE_REACH + int(np.argmax(mean[near]))
    around = np.arange(max(peak - NEIGHBOURHOOD, 1), peak + NEIGHBOURHOOD + 1)
    beside = mean[around[np.abs(around - peak) > 2 * LINE_HALF_WIDTH]]
    width = slice(peak - LINE_HALF_WIDTH, peak + LINE_HALF_WIDTH + 1)
    is_top = mean[peak] == mean[width].max()
    stands_out = mean[peak] > 10.0 ** (LINE_DB / 10.0) * np.median(beside)
    spread_db = np.std(power_to_db(powers[:, width].sum(axis=1)))
    if is_top and stands_out and spread_db < STEADY_DB:
        return float(mean[width].sum())
    return 0.0
