"""A clean recording, and every fault that it may have."""

import numpy as np
from scipy import signal

RATE = 16000
MAJOR = (0, 2, 4, 5, 7, 9, 11, 12)
CHORD = (0, 4, 7)


def tone(midi: float, secs: float, amplitude: float = 0.2) -> np.ndarray:
    """A note with harmonics below 7.5 kHz that fall as 1 / k and short ramps."""
    time = np.arange(round(secs * RATE)) / RATE
    f0_hz = 440.0 * 2.0 ** ((midi - 69.0) / 12.0)
    numbers = np.arange(1, int(min(7500.0 / f0_hz, 20)) + 1)
    waves = np.sin(2 * np.pi * f0_hz * numbers[:, np.newaxis] * time)
    ramps = np.minimum(np.minimum(time / 0.03, (secs - time) / 0.06), 1.0)
    return amplitude * ramps * np.sum(waves / numbers[:, np.newaxis], axis=0)


def noise(n_samples: int, level_db: float, seed: int = 0) -> np.ndarray:
    """White noise of a level in dB of full scale."""
    return 10 ** (level_db / 20) * np.random.default_rng(seed).standard_normal(
        n_samples
    )


def play(
    chord: tuple[int, ...] = (0,),
    note_secs: float = 0.7,
    pause_secs: float = 0.6,
    n_scales: int = 1,
    noise_db: float = -75.0,
) -> np.ndarray:
    """A scale from C4 with pauses in a quiet room; of chords, if asked."""
    pause = np.zeros(round(pause_secs * RATE))
    parts = [pause]
    for step in MAJOR * n_scales:
        notes = [tone(60 + step + interval, note_secs) for interval in chord]
        parts += [np.sum(notes, axis=0) / len(chord) ** 0.5, pause]
    audio = np.concatenate(parts)
    return audio + noise(audio.size, noise_db)


def in_room(audio: np.ndarray, decay_secs: float, gain: float = 1.0) -> np.ndarray:
    """Audio in a room: noise that falls by 60 dB in the given time."""
    n_samples = round(1.2 * decay_secs * RATE)
    time = np.arange(n_samples) / RATE
    room = np.random.default_rng(1).standard_normal(n_samples)
    room *= 10.0 ** (-3.0 * time / decay_secs)
    room *= gain / np.sqrt(np.sum(room**2))
    return audio + signal.fftconvolve(audio, room)[: audio.size]


def hum(n_samples: int, mains_hz: float, amplitude: float) -> np.ndarray:
    """Mains with three harmonics."""
    time = np.arange(n_samples) / RATE
    return amplitude * sum(
        share * np.sin(2 * np.pi * number * mains_hz * time)
        for number, share in ((1, 0.6), (2, 1.0), (3, 0.5))
    )


def phrases(pause_secs: float = 1.2, amplitude: float = 0.12) -> np.ndarray:
    """Five pauses, each followed by four notes above C4, 22 s with pauses of 1.2 s."""
    parts = []
    for phrase in range(5):
        parts.append(np.zeros(round(pause_secs * RATE)))
        for step in range(4):
            midi = 62 + MAJOR[(3 * phrase + step) % len(MAJOR)]
            parts.append(tone(midi, 0.8, amplitude))
    audio = np.concatenate(parts)
    return audio + noise(audio.size, -70.0)


def plucked(f0_hz: float, secs: float, amplitude: float = 0.3) -> np.ndarray:
    """A string that dies away, its upper partials faster: 8 dB per second and more."""
    time = np.arange(round(secs * RATE)) / RATE
    return sum(
        amplitude
        / number
        * np.sin(2 * np.pi * number * f0_hz * time)
        * 10.0 ** (-time * (6.0 + 2.0 * number) / 20.0)
        for number in range(1, 12)
    )
