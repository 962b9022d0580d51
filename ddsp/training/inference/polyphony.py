"""Tells recordings of several notes at once from recordings of one voice.

One voice leaves a comb in the spectrum: every strong tonal peak is a multiple of one
fundamental that is itself there. In a chord no such comb holds all peaks. A single line
in a resonant room comes between the two, since the last note rings into the next one;
only what stays unexplained for about a third of a second counts.
"""

import itertools
from collections.abc import Iterator

import numpy as np
from scipy import ndimage, signal

SAMPLE_RATE = 16000
WINDOW_SIZE = 2048
FFT_SIZE = 4096
HOP_SIZE = 512
BIN_HZ = SAMPLE_RATE / FFT_SIZE
# The band in which fundamentals and their first multiples lie.
LOWEST_HZ, HIGHEST_HZ = 40.0, 4000.0
FIRST_BIN, LAST_BIN = int(LOWEST_HZ / BIN_HZ), int(HIGHEST_HZ / BIN_HZ)
# Peaks further below the strongest one are not heard as notes of their own; a
# fundamental may be fainter than its harmonics.
STRONG_DB, FAINT_DB = -18.0, -50.0
SOUNDING_DB = -25.0
# Share of power in peaks: noise comes to 0.5, single voices and chords to 0.6 and more.
TONAL_SHARE = 0.55
# Share of peak strength that the best comb leaves over. Measured on single lines and
# chords of real instruments: lines stay below 0.2 in most frames, chords above.
UNEXPLAINED_LIMIT = 0.2
SUSTAINED_FRAMES = 9
# Share of what sounds in which that is sustained. Voices and single notes came to at
# most 0.02, fast solo violin in a church to 0.15, double stops to 0.44 and more, chords
# of three notes almost all to more than 0.5.
SHARE_LIMIT = 0.3

Peaks = tuple[np.ndarray, np.ndarray]


def several_notes(audio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Finds where more than one note sounds.

    Args:
        audio: Mono audio at 16000 samples per second, [n_samples].

    Returns:
        Amplitude of each 32 ms frame relative to the loudest, 0 in pauses, [n_frames],
        and whether several notes sound in it, bool, [n_frames]. No frames if the audio
        is shorter than 128 ms.
    """
    loudest_db = np.concatenate(
        [np.zeros(0), *(block.max(axis=1) for block in _spectra_db(audio))]
    )
    if not loudest_db.size:
        return np.zeros(0), np.zeros(0, bool)
    sounds = loudest_db > loudest_db.max() + SOUNDING_DB
    silent = loudest_db < loudest_db.max() + 2.0 * SOUNDING_DB
    unexplained = np.zeros(loudest_db.size)
    nothing = (np.zeros(0), np.zeros(0))
    recent: list[Peaks] = []
    before = np.zeros(0)
    # All spectra of a long recording at once would fill the memory.
    for i, spectrum_db in enumerate(itertools.chain(*_spectra_db(audio))):
        recent = [*recent[-2:], nothing if silent[i] else _peaks(spectrum_db)]
        if len(recent) == 3 and sounds[i - 1]:
            lasting = _lasting_peaks(recent)
            if _is_tonal(before, lasting[0]):
                unexplained[i - 1] = _unexplained_share(lasting, recent[1][0])
        before = spectrum_db
    sustained = ndimage.median_filter(unexplained, SUSTAINED_FRAMES)
    amplitude = sounds * 10.0 ** ((loudest_db - loudest_db.max()) / 20.0)
    return amplitude, sounds & (sustained > UNEXPLAINED_LIMIT)


def several_notes_share(amplitude: np.ndarray, several: np.ndarray) -> float:
    """Share of what sounds in which several notes sound, from 0 to 1.

    Args:
        amplitude: Amplitude of each frame, the weight that it has, [n_frames].
        several: Whether several notes sound in the frame, [n_frames].

    Returns:
        The share; 0 where nothing sounds. Above `SHARE_LIMIT` the recording is taken
        to be polyphonic.
    """
    total = float(amplitude.sum())
    return float(amplitude[several].sum()) / total if total else 0.0


def _spectra_db(audio: np.ndarray) -> Iterator[np.ndarray]:
    """Magnitude spectra of the band in dB [n_frames, n_bins], block by block."""
    if audio.size < WINDOW_SIZE:
        return
    windows = np.lib.stride_tricks.sliding_window_view(audio, WINDOW_SIZE)[::HOP_SIZE]
    window = np.hanning(WINDOW_SIZE).astype(np.float32)
    for start in range(0, len(windows), 256):
        spectra = np.fft.rfft(windows[start : start + 256] * window, FFT_SIZE)
        band = np.abs(spectra[:, FIRST_BIN:LAST_BIN]).astype(np.float32)
        yield 20.0 * np.log10(band + 1e-9)


def _is_tonal(spectrum_db: np.ndarray, peaks_hz: np.ndarray) -> bool:
    """Whether most of a spectrum's power lies in its peaks."""
    power = 10.0 ** (spectrum_db / 10.0)
    in_peak = np.zeros(power.size, bool)
    for peak_hz in peaks_hz:
        centre = round(peak_hz / BIN_HZ) - FIRST_BIN
        in_peak[max(centre - 4, 0) : centre + 5] = True
    return bool(power[in_peak].sum() > TONAL_SHARE * power.sum())


def _peaks(spectrum_db: np.ndarray) -> Peaks:
    """Tonal peaks of one spectrum: frequencies in Hz, and dB below the strongest."""
    top_db = spectrum_db.max()
    # A sine is 8 bins wide here; noise makes peaks that hardly stand out from it.
    bins, _ = signal.find_peaks(
        spectrum_db, height=top_db + FAINT_DB, distance=5, prominence=10.0, wlen=25
    )
    left, centre, right = (spectrum_db[bins + step] for step in (-1, 0, 1))
    offset = 0.5 * (left - right) / (left - 2.0 * centre + right)
    return (bins + FIRST_BIN + offset) * BIN_HZ, centre - top_db


def _lasting_peaks(neighbours: list[Peaks]) -> Peaks:
    """Strong peaks of the middle frame that its neighbours have too.

    Returns:
        Frequencies in Hz and weights from 0 (just strong enough) to 1 (the strongest).
    """
    before, (frequencies_hz, level_db), after = neighbours
    lasts = level_db > STRONG_DB
    for others_hz, _ in (before, after):
        ratios = others_hz[np.newaxis] / frequencies_hz[:, np.newaxis]
        lasts &= np.any(np.abs(ratios - 1.0) < 0.03, axis=1)
    return frequencies_hz[lasts], 1.0 - level_db[lasts] / STRONG_DB


def _tolerance_hz(frequencies_hz: np.ndarray) -> np.ndarray:
    """How far a peak may lie from where it belongs: blur of vibrato, width of a bin."""
    return 0.012 * frequencies_hz + 5.0


def _unexplained_share(peaks: Peaks, all_peaks_hz: np.ndarray) -> float:
    """Share of peak strength outside of the best single comb, from 0 to 1."""
    frequencies_hz, weights = peaks
    strongest_hz = frequencies_hz[np.argsort(-weights)[:6]]
    f0_hz = (strongest_hz[:, np.newaxis] / np.arange(1, 7)).ravel()
    f0_hz = f0_hz[(f0_hz > LOWEST_HZ - 5.0) & (f0_hz < 2000.0)]
    # The fundamental must be there: every major triad fits a comb two octaves lower.
    distance_hz = np.abs(all_peaks_hz[np.newaxis] - f0_hz[:, np.newaxis])
    nearest_hz = distance_hz.min(axis=1)
    f0_hz = f0_hz[nearest_hz < np.minimum(_tolerance_hz(f0_hz), 0.12 * f0_hz)]
    if not f0_hz.size or not weights.sum():
        return 1.0
    harmonic = np.maximum(np.round(frequencies_hz / f0_hz[:, np.newaxis]), 1.0)
    error_hz = np.abs(frequencies_hz - harmonic * f0_hz[:, np.newaxis])
    allowed_hz = np.minimum(_tolerance_hz(frequencies_hz), 0.25 * f0_hz[:, np.newaxis])
    explained = np.sum(weights * (error_hz < allowed_hz), axis=1)
    return float(1.0 - explained.max() / weights.sum())
