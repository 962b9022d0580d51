"""Hum of the mains: steady lines at multiples of 50 or 60 Hz, found and removed."""

from dataclasses import dataclass

import numpy as np
from scipy import signal

from ddsp.training.data_inspection.levels import (
    FILTER_BLOCK,
    SAMPLE_RATE,
    power_to_db,
)

# Half a second: lines of 50 and 60 Hz are 5 bins apart, and pauses are that long.
WINDOW_SECS = 0.5
WINDOW_SIZE = round(WINDOW_SECS * SAMPLE_RATE)
BIN_HZ = 1.0 / WINDOW_SECS
MAINS_HZ = (50, 60)
N_MAINS_HARMONICS = 8
# Lines stand out of the noise beside them: by more than noise does by chance.
LINE_DB = 15.0
# In bins: how far a line may be from its place, its half width, and its surroundings.
LINE_REACH, LINE_HALF_WIDTH, NEIGHBOURHOOD = 1, 2, 12
# A mains line is always as strong; that of a note dies away.
STEADY_DB = 3.0
# Mains keep their frequency to 0.4 %. The G1 of a bass is 2 % below 50 Hz, the B1 3 %
# above 60 Hz, and no note of common tunings has its first two partials within this.
FREQUENCY_SHARE = 0.008
# Between the quartiles of all windows: fingers and bows are less steady.
STEADY_CENTS = 10.0
# Wide enough for mains that wander, narrower than the distance to any note.
NOTCH_HZ = 2.0
# Cycles that go before the first sample, so that the filters have settled there.
LEAD_CYCLES, N_LEADS = 15, 4


@dataclass(frozen=True)
class Hum:
    """Hum of the mains.

    Attributes:
        mains_hz: 50 or 60.
        power: Mean square of all its lines.
        lines_hz: Measured frequency of each line.

    Example:
        >>> Hum(mains_hz=50, power=1e-6, lines_hz=(50.0, 100.0)).mains_hz
        50
    """

    mains_hz: int
    power: float
    lines_hz: tuple[float, ...]


def window_powers(audio: np.ndarray, begins: np.ndarray) -> np.ndarray:
    """Power spectra of half seconds.

    Args:
        audio: Mono audio at 16000 samples per second, [n_samples].
        begins: First sample of each, [n_windows].

    Returns:
        Mean square in each bin of 2 Hz, [n_windows, n_bins].
    """
    window = np.hanning(WINDOW_SIZE)
    # Powers of one-sided bins add up to the mean square.
    scale = 2.0 / (np.sum(window**2) * WINDOW_SIZE)
    windows = np.stack([audio[begin : begin + WINDOW_SIZE] for begin in begins])
    windows = signal.detrend(windows.astype(np.float64), axis=1, type="constant")
    return scale * np.abs(np.fft.rfft(windows * window, axis=1)) ** 2


def find_hum(powers: np.ndarray, also_of_notes: bool = False) -> Hum | None:
    """Looks for steady lines at the multiples of 50 or 60 Hz.

    Args:
        powers: Mean square in each bin of 2 Hz in each window, [n_windows, n_bins].
        also_of_notes: Whether notes may sound in the windows; lines must then also
            keep their frequency from window to window, and one is enough, since notes
            hide the others.

    Returns:
        The hum; None if there are not two lines at least, one of them the first or the
        second.
    """
    fewest = 1 if also_of_notes else 2
    found: Hum | None = None
    for mains_hz in MAINS_HZ:
        lines = {
            number: line
            for number in range(1, N_MAINS_HARMONICS + 1)
            if (line := _find_line(powers, mains_hz * number, also_of_notes))
        }
        total = sum(power for power, _ in lines.values())
        is_hum = len(lines) >= fewest and min(lines) <= 2
        if is_hum and (found is None or total > found.power):
            found = Hum(mains_hz, total, tuple(hz for _, hz in lines.values()))
    return found


def _find_line(
    powers: np.ndarray, wanted_hz: float, is_strict: bool
) -> tuple[float, float] | None:
    """Mean square and frequency of the steady line at a frequency, if there is one."""
    mean = powers.mean(axis=0)
    place = round(wanted_hz / BIN_HZ)
    near = slice(place - LINE_REACH, place + LINE_REACH + 1)
    peak = place - LINE_REACH + int(np.argmax(mean[near]))
    around = np.arange(max(peak - NEIGHBOURHOOD, 1), peak + NEIGHBOURHOOD + 1)
    beside = mean[around[np.abs(around - peak) > 2 * LINE_HALF_WIDTH]]
    width = slice(peak - LINE_HALF_WIDTH, peak + LINE_HALF_WIDTH + 1)
    is_top = mean[peak] == mean[width].max()
    stands_out = mean[peak] > 10.0 ** (LINE_DB / 10.0) * np.median(beside)
    spread_db = np.std(power_to_db(powers[:, width].sum(axis=1)))
    if not (is_top and stands_out and spread_db < STEADY_DB):
        return None
    line_hz = float(_peak_hz(mean[np.newaxis], peak)[0])
    if abs(line_hz - wanted_hz) > FREQUENCY_SHARE * wanted_hz:
        return None
    if is_strict:
        cents = 1200.0 * np.log2(_peak_hz(powers, peak) / wanted_hz)
        if np.subtract(*np.percentile(cents, [75, 25])) > STEADY_CENTS:
            return None
    return float(mean[width].sum()), line_hz


def _peak_hz(powers: np.ndarray, peak: int) -> np.ndarray:
    """Frequency of a peak near a bin in each spectrum: the top of a parabola in dB."""
    left, top, right = np.log(powers[:, peak - 1 : peak + 2].T + 1e-30)
    curvature = np.minimum(left - 2.0 * top + right, -1e-6)
    return (peak + np.clip(0.5 * (left - right) / curvature, -1.0, 1.0)) * BIN_HZ


def remove_hum(audio: np.ndarray, hum: Hum) -> np.ndarray:
    """Takes the lines of a hum out of a recording.

    Args:
        audio: Mono audio at 16000 samples per second, [n_samples].
        hum: What was found in it.

    Returns:
        Audio without what lies within a Hz of each line, in the phase that it had,
        float32, [n_samples].
    """
    sections = np.vstack(
        [
            signal.tf2sos(*signal.iirnotch(hz, hz / NOTCH_HZ, fs=SAMPLE_RATE))
            for hz in hum.lines_hz
        ]
    )
    for _ in range(2):  # There and back, which keeps the phase.
        audio = _filter(audio, sections, hum.mains_hz)[::-1]
    return audio


def _filter(audio: np.ndarray, sections: np.ndarray, mains_hz: int) -> np.ndarray:
    """Audio after a filter that hears the hum also before the first sample."""
    cycles = audio[: round(LEAD_CYCLES * SAMPLE_RATE / mains_hz)]
    state = np.zeros([len(sections), 2])
    _, state = signal.sosfilt(sections, np.tile(cycles, N_LEADS), zi=state)
    filtered = np.empty(audio.size, np.float32)
    # In blocks, since the filter works with twice as many bytes.
    for begin in range(0, audio.size, FILTER_BLOCK):
        block = slice(begin, begin + FILTER_BLOCK)
        filtered[block], state = signal.sosfilt(sections, audio[block], zi=state)
    return filtered
