"""A sung phrase made by the library itself: the source of the demo.

A source-filter voice. Pitch glides between the notes of a small tune and gathers
vibrato on the long ones; the harmonics of a falling glottal spectrum are weighed by the
formants of the vowel being sung; a little breath, shaped by the same formants, runs
along, and is heard alone where the singer inhales. Formants follow the usual averages
for women's voices, rounded (Peterson and Barney 1952, "Control methods used in a study
of the vowels").
"""

import itertools
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from ddsp import core, synths

FRAME_RATE = 250
VIBRATO_HZ = 5.5
VIBRATO_CENTS = 40.0
GLIDE_SECS = 0.11
PEAK = 0.7
# Formant frequencies in Hz, and the strength of what lies above the first one: a closed
# mouth ("n") radiates little of it.
FORMANTS = {
    "a": (850.0, 1220.0, 2810.0, 3800.0, 4950.0, 1.0),
    "o": (560.0, 920.0, 2710.0, 3700.0, 4950.0, 1.0),
    "e": (610.0, 2330.0, 2990.0, 3900.0, 4950.0, 1.0),
    "i": (370.0, 2790.0, 3310.0, 4050.0, 4950.0, 1.0),
    "n": (280.0, 1300.0, 2600.0, 3700.0, 4950.0, 0.12),
}
BANDWIDTHS_HZ = (90.0, 110.0, 170.0, 250.0, 350.0)
# The tube has more resonances than a vowel moves. Left out, they would take the air out
# of the voice: every resonance lifts what lies below it.
HIGHER_FORMANTS_HZ = (6100.0, 7250.0, 8400.0, 9550.0, 10700.0, 11850.0)
HIGHER_BANDWIDTH_HZ = 600.0
N_NOISE_BANDS = 65


@dataclass(frozen=True)
class Note:
    """One note of the tune.

    Example:
        >>> Note(start_secs=0.3, secs=1.2, midi=69, vowel="a", level=0.8).vowel
        'a'
    """

    start_secs: float
    secs: float
    midi: int
    vowel: str
    level: float


# Two breaths of song in D major, A3 to E5: (beats, MIDI note, vowel, level). A beat
# lasts 0.46 s.
BEAT_SECS = 0.46
PHRASES = (
    (
        0.30,
        (
            (1.0, 57, "o", 0.45),
            (1.0, 62, "a", 0.62),
            (0.5, 64, "e", 0.66),
            (2.0, 66, "a", 0.80),
            (0.5, 64, "o", 0.66),
            (0.5, 66, "e", 0.70),
            (3.0, 69, "a", 0.85),
        ),
    ),
    (
        4.85,
        (
            (0.75, 69, "i", 0.66),
            (0.75, 71, "e", 0.74),
            (1.0, 74, "o", 0.88),
            (2.5, 76, "a", 1.00),
            (0.5, 74, "e", 0.80),
            (0.5, 71, "i", 0.68),
            (1.0, 69, "e", 0.62),
            (2.5, 62, "a", 0.60),
        ),
    ),
)
INHALATIONS = ((0.04, 0.22), (4.45, 0.34))
TOTAL_SECS = 10.0


def sung_phrase(sample_rate: int = 16000, seed: int = 0) -> np.ndarray:
    """Sings a short tune with a synthetic voice.

    Args:
        sample_rate: Samples per second of the result, from 16000 to 48000.
        seed: Seed of the breath and of the voice's small irregularities. The same seed
            gives the same samples.

    Returns:
        Mono audio [n_samples], float32, 10 seconds, peak 0.7.
    """
    hop_size = round(sample_rate / FRAME_RATE)
    frame_rate = sample_rate / hop_size
    n_frames = int(TOTAL_SECS * frame_rate)
    secs = np.arange(n_frames) / frame_rate
    rng = np.random.default_rng(seed)
    f0_hz = _pitch_curve(secs, rng)
    level = _level_curve(secs, rng)
    formants = _formant_tracks(secs, f0_hz)
    voice = _voiced_part(f0_hz, level, formants, hop_size, sample_rate)
    breath = _breath_part(secs, level, formants, hop_size, sample_rate, seed)
    audio = voice + breath
    return (PEAK * audio / np.max(np.abs(audio))).astype(np.float32)


def _tune() -> list[Note]:
    """The notes with their times; those of one breath follow each other directly."""
    notes = []
    for start, phrase in PHRASES:
        for beats, midi, vowel, level in phrase:
            notes.append(Note(start, beats * BEAT_SECS, midi, vowel, level))
            start += beats * BEAT_SECS
    return notes


def _ease(secs: np.ndarray, start: float, duration: float) -> np.ndarray:
    """Rises from 0 to 1 as a raised cosine, beginning at `start`."""
    x = np.clip((secs - start) / duration, 0.0, 1.0)
    return 0.5 - 0.5 * np.cos(np.pi * x)


def _slow_noise(
    rng: np.random.Generator, n_frames: int, width: int, scale: float
) -> np.ndarray:
    """Smooth random wandering with standard deviation `scale`."""
    window = np.hanning(width)
    noise = np.convolve(rng.standard_normal(n_frames + width), window, "valid")
    return scale * noise[:n_frames] / np.sqrt(np.sum(window**2))


def _pitch_curve(secs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pitch in Hz [n_frames]: glides, scoops into phrases, late vibrato, drift."""
    notes = _tune()
    midi = np.full(secs.shape, float(notes[0].midi))
    for last, note in itertools.pairwise(notes):
        # The new pitch is reached a little after the beat, as singers do.
        glide = _ease(secs, note.start_secs - 0.4 * GLIDE_SECS, GLIDE_SECS)
        midi += (note.midi - last.midi) * glide
    for start, _ in PHRASES:
        scoop = 1.0 - _ease(secs, start, 0.16)
        midi -= 0.9 * scoop * (secs > start - 0.2)
    depth = sum(_vibrato_depth(secs, note) for note in notes)
    rate_hz = VIBRATO_HZ + _slow_noise(rng, secs.size, 251, 0.25)
    cycles = np.cumsum(rate_hz) * (secs[1] - secs[0])
    midi += 0.01 * VIBRATO_CENTS * depth * np.sin(2.0 * np.pi * cycles)
    midi += _slow_noise(rng, secs.size, 125, 0.06) + _slow_noise(
        rng, secs.size, 7, 0.02
    )
    return 440.0 * 2.0 ** ((midi - 69.0) / 12.0)


def _vibrato_depth(secs: np.ndarray, note: Note) -> np.ndarray:
    """Share of the full vibrato [n_frames]: none on short notes, late on long ones."""
    if note.secs < 0.6:
        return np.zeros_like(secs)
    end = note.start_secs + note.secs
    return _ease(secs, note.start_secs + 0.25, 0.4) - _ease(secs, end - 0.1, 0.12)


def _level_curve(secs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Loudness of the voice [n_frames], 0 to about 1, in proportion to amplitude."""
    level = np.zeros_like(secs)
    for note in _tune():
        start, end = note.start_secs, note.start_secs + note.secs
        own = _ease(secs, start - 0.04, 0.09) - _ease(secs, end - 0.05, 0.09)
        # Long notes swell and fade, every note starts from a small dip.
        x = np.clip((secs - start) / note.secs, 0.0, 1.0)
        swell = 0.80 + 0.20 * np.sin(np.pi * x) if note.secs > 0.6 else 0.9
        dip = 1.0 - 0.35 * np.exp(-0.5 * ((secs - start) / 0.03) ** 2)
        level += own * note.level * swell * dip
    for start, phrase in PHRASES:
        end = start + BEAT_SECS * sum(beats for beats, *_ in phrase)
        inside = (secs > start - 0.2) & (secs < end + 0.3)
        fade = _ease(secs, start - 0.02, 0.12) * (1.0 - _ease(secs, end - 0.45, 0.5))
        level *= np.where(inside, fade, 1.0)
    return level**1.4 * (1.0 + _slow_noise(rng, secs.size, 15, 0.03))


def _formant_tracks(secs: np.ndarray, f0_hz: np.ndarray) -> np.ndarray:
    """Formant frequencies and upper strength [n_frames, 6], gliding between vowels."""
    notes = _tune()
    tracks = np.tile(np.array(FORMANTS[notes[0].vowel]), (secs.size, 1))
    for last, note in itertools.pairwise(notes):
        step = np.array(FORMANTS[note.vowel]) - np.array(FORMANTS[last.vowel])
        tracks += _ease(secs, note.start_secs - 0.03, 0.14)[:, np.newaxis] * step
    for note in notes:
        closed = np.exp(-0.5 * ((secs - note.start_secs) / 0.026) ** 2)[:, np.newaxis]
        tracks += 0.85 * closed * (np.array(FORMANTS["n"]) - tracks)
    # Singers open the mouth until the first formant meets a high fundamental.
    tracks[:, 0] = np.maximum(tracks[:, 0], 1.03 * f0_hz)
    tracks[:, 1] = np.maximum(tracks[:, 1], tracks[:, 0] + 250.0)
    return tracks


def _resonance(
    frequencies_hz: np.ndarray, centre_hz: np.ndarray | float, bandwidth_hz: float
) -> np.ndarray:
    """Gain of one resonance, 1 at 0 Hz."""
    width = bandwidth_hz / 2.0
    below = (frequencies_hz - centre_hz) ** 2 + width**2
    above = (frequencies_hz + centre_hz) ** 2 + width**2
    return (centre_hz**2 + width**2) / np.sqrt(below * above)


def _formant_gain(frequencies_hz: np.ndarray, tracks: np.ndarray) -> np.ndarray:
    """Gain of the mouth at each frequency [n_frames, n_frequencies]: its resonances."""
    gain = np.ones((len(tracks), frequencies_hz.shape[-1]))
    for centre_hz in HIGHER_FORMANTS_HZ:
        gain = gain * _resonance(frequencies_hz, centre_hz, HIGHER_BANDWIDTH_HZ)
    for i, bandwidth_hz in enumerate(BANDWIDTHS_HZ):
        gain = gain * _resonance(frequencies_hz, tracks[:, i : i + 1], bandwidth_hz)
    upper = 1.0 / (1.0 + (1.5 * tracks[:, :1] / frequencies_hz) ** 4)
    return gain * (1.0 - upper * (1.0 - tracks[:, 5:6]))


def _voiced_part(
    f0_hz: np.ndarray,
    level: np.ndarray,
    tracks: np.ndarray,
    hop_size: int,
    sample_rate: int,
) -> np.ndarray:
    """The harmonics of the voice [n_samples]."""
    n_harmonics = int(min(sample_rate / 2.0, 10000.0) / f0_hz.min())
    number = np.arange(1, n_harmonics + 1)
    # A glottal pulse falls by 12 dB per octave, radiation lifts it by 6; a louder voice
    # closes the glottis faster and falls less.
    tilt = 1.75 - 0.55 * level[:, np.newaxis]
    harmonics = number**-tilt * _formant_gain(number * f0_hz[:, np.newaxis], tracks)
    # Without this the vowel alone would decide how loud a note is.
    harmonics /= np.sqrt(np.sum(harmonics**2, axis=-1, keepdims=True))
    audio = core.harmonic_synthesis(
        frequencies=tf.constant(f0_hz[np.newaxis, :, np.newaxis], tf.float32),
        amplitudes=tf.constant(level[np.newaxis, :, np.newaxis], tf.float32),
        harmonic_distribution=tf.constant(harmonics[np.newaxis], tf.float32),
        n_samples=f0_hz.size * hop_size,
        sample_rate=sample_rate,
    )
    return np.asarray(audio)[0]


def _breath_part(
    secs: np.ndarray,
    level: np.ndarray,
    tracks: np.ndarray,
    hop_size: int,
    sample_rate: int,
    seed: int,
) -> np.ndarray:
    """Breath along the voice and the inhalations before its phrases [n_samples]."""
    bands_hz = np.linspace(0.0, sample_rate / 2.0, N_NOISE_BANDS)
    bands_hz[0] = 1.0
    rise = 1.0 / (1.0 + (1500.0 / bands_hz) ** 2)
    gain = np.sqrt(_formant_gain(bands_hz[np.newaxis], tracks))
    # A soft voice is airier than a loud one; the room is never quite silent.
    magnitudes = 0.03 * np.sqrt(level)[:, np.newaxis] * rise * gain + 0.0003
    for start, duration in INHALATIONS:
        x = np.clip((secs - start) / duration, 0.0, 1.0)
        inhaled = 0.06 * np.sin(np.pi * x) ** 2
        throat = rise / (1.0 + (bands_hz / 4500.0) ** 4)
        magnitudes = magnitudes + inhaled[:, np.newaxis] * throat
    noise = synths.FilteredNoise(
        n_samples=secs.size * hop_size, scale_fn=None, seed=seed
    )
    return np.asarray(noise(tf.constant(magnitudes[np.newaxis], tf.float32)))[0]
