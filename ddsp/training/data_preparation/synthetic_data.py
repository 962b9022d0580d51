"""Notes of random controls, of which a model can learn to find them in sound.

Source: Engel et al., "Self-supervised Pitch Detection by Inverse Audio Synthesis", ICML
2020 workshop.
"""

import gin
import numpy as np
import tensorflow as tf

from ddsp import core
from ddsp.training.data_preparation.random_curves import (
    Rng,
    flip,
    generator,
    modulate,
    normal_generator,
    random_blend,
    random_harm_dist,
    uniform_float,
    uniform_generator,
    uniform_int,
)

__all__ = [
    "flip",
    "generate_notes",
    "generate_notes_v2",
    "modulate",
    "normal_generator",
    "random_blend",
    "random_harm_dist",
    "uniform_float",
    "uniform_generator",
    "uniform_int",
]

# Before exp_sigmoid, whose least value, -140 dB, this is.
SILENT = -10.0
LOWEST_MIDI, HIGHEST_MIDI = 24.0, 84.0
N_LINES, STEEPEST = 10, 6


@gin.configurable(module="ddsp.training.data_preparation.synthetic_data")
def generate_notes(
    n_batch: int,
    n_timesteps: int,
    n_harmonics: int = 100,
    n_mags: int = 65,
    get_controls: bool = True,
    sample_rate: int = 16000,
    rng: Rng = None,
) -> dict[str, tf.Tensor]:
    """Draws notes of equal length, whose colours are sums of falling curves.

    Args:
        n_batch: Examples.
        n_timesteps: Frames of each.
        n_harmonics: Harmonics of a frame.
        n_mags: Bands of noise of a frame.
        get_controls: Whether amplitudes, shares and magnitudes are made positive and
            harmonics at or above half the sample rate silent, or left as drawn.
        sample_rate: Samples per second of the sound to be made.
        rng: Generator to draw from; None for a new one.

    Returns:
        'harm_amp' and 'f0_hz', [n_batch, n_timesteps, 1]; 'harm_dist', and the same as
        sinusoids in 'sin_amps' and 'sin_freqs', [n_batch, n_timesteps, n_harmonics];
        'noise_magnitudes', [n_batch, n_timesteps, n_mags].
    """
    rng = generator(rng)
    n_notes = uniform_int(1, 20, rng)
    method = "nearest" if flip(rng=rng) else "linear"

    def draw(n: int, least: float, most: float, method: str = method) -> np.ndarray:
        shape = [n_batch, n_notes, n]
        return uniform_generator(shape, n_timesteps, least, most, method, rng)

    harm_amp = draw(1, -2.0, 2.0)
    midi = draw(1, LOWEST_MIDI, HIGHEST_MIDI, "nearest")
    lines = [
        -(np.linspace(0.0, i, n_harmonics) ** uniform_int(1, STEEPEST, rng))
        for i in range(N_LINES)
    ]
    harm_dist = draw(N_LINES, 0.0, 1.0) @ np.array(lines)
    magnitudes = draw(n_mags, -6.0, uniform_float(-4.0, 0.0, rng))
    if get_controls:
        harm_amp = core.exp_sigmoid(harm_amp)
        harm_dist = core.exp_sigmoid(harm_dist)
        magnitudes = core.exp_sigmoid(magnitudes)
    return _controls(
        harm_amp, harm_dist, midi, magnitudes, sample_rate if get_controls else None
    )


@gin.configurable(module="ddsp.training.data_preparation.synthetic_data")
def generate_notes_v2(
    n_batch: int = 1,
    n_timesteps: int = 125,
    n_harmonics: int = 100,
    n_mags: int = 65,
    min_note_length: int = 5,
    max_note_length: int = 25,
    p_silent: float = 0.1,
    p_vibrato: float = 0.5,
    get_controls: bool = True,
    sample_rate: int = 16000,
    rng: Rng = None,
) -> dict[str, tf.Tensor]:
    """Draws notes one after the other, with rests, vibrato and colours that change.

    Args:
        n_batch: Examples.
        n_timesteps: Frames of each.
        n_harmonics: Harmonics of a frame.
        n_mags: Bands of noise of a frame.
        min_note_length: Frames of the shortest note; the last one may be cut off.
        max_note_length: Frames of the longest note.
        p_silent: Probability that a note is a rest, from 0 to 1.
        p_vibrato: Probability that a note has vibrato, from 0 to 1.
        get_controls: Whether amplitudes, shares and magnitudes are made positive and
            harmonics at or above half the sample rate silent, or left as drawn.
        sample_rate: Samples per second of the sound to be made.
        rng: Generator to draw from; None for a new one.

    Returns:
        See `generate_notes`.

    Raises:
        ValueError: If there are no note lengths between the two.
    """
    if not 1 <= min_note_length <= max_note_length:
        raise ValueError(
            "A note must last from min_note_length to max_note_length frames, 1 or "
            f"more. Got min_note_length={min_note_length} and "
            f"max_note_length={max_note_length}; choose others."
        )
    rng = generator(rng)
    harm_amp = np.zeros([n_batch, n_timesteps, 1])
    harm_dist = np.zeros([n_batch, n_timesteps, n_harmonics])
    midi = np.zeros([n_batch, n_timesteps, 1])
    magnitudes = np.zeros([n_batch, n_timesteps, n_mags])
    divisor = np.ones([n_batch, 1, 1])
    for i in range(n_batch):
        start = 0
        while start < n_timesteps:
            length = uniform_int(min_note_length, max_note_length, rng)
            # What is drawn does not depend on where the example ends.
            end, kept = start + length, min(length, n_timesteps - start)
            magnitudes[i, start:end] = _noise(length, n_mags, rng)[:kept]
            if flip(p_silent, rng):
                harm_amp[i, start:end] = SILENT
            else:
                n_turns = uniform_float(0.0, 2.0 * length / min_note_length, rng)
                harm_amp[i, start:end, 0] = _loudness(length, rng)[:kept]
                harm_dist[i, start:end] = _colour(length, n_harmonics, rng)[:kept]
                pitch = _pitch(length, n_turns * flip(p_vibrato, rng), rng)
                midi[i, start:end, 0] = pitch[:kept]
            start = end
        most = uniform_float(2.0, 10.0, rng) if flip(0.2, rng) else 2.0
        divisor[i] = uniform_float(1.0, most, rng)
    if not get_controls:
        return _controls(harm_amp, harm_dist, midi, magnitudes, None)
    return _controls(
        core.exp_sigmoid(harm_amp) / core.tf_float32(divisor),
        tf.nn.softmax(core.tf_float32(harm_dist)),
        midi,
        core.exp_sigmoid(magnitudes),
        sample_rate,
    )


def _loudness(length: int, rng: np.random.Generator) -> np.ndarray:
    """Amplitude of a note before exp_sigmoid, [length]."""
    start, end = (uniform_float(-1.0, 3.0, rng) for _ in range(2))
    curve = random_blend(length, start, end, rng=rng)
    return curve + rng.normal(0.0, uniform_float(0.0, 0.1, rng), length)


def _colour(length: int, n_harmonics: int, rng: np.random.Generator) -> np.ndarray:
    """Shares of the harmonics of a note before the softmax, [length, n_harmonics]."""
    first, last = (
        random_harm_dist(n_harmonics, flip(0.8, rng), uniform_float(0.0, 0.4, rng), rng)
        for _ in range(2)
    )
    share = random_blend(length, rng=rng)[:, np.newaxis]
    noise = rng.normal(0.0, uniform_float(0.0, 0.5, rng), [length, n_harmonics])
    return share * first + (1.0 - share) * last + noise


def _pitch(length: int, n_turns: float, rng: np.random.Generator) -> np.ndarray:
    """Pitch of a note in semitones of MIDI, [length]."""
    depth = random_blend(
        length, uniform_float(0.0, 1.0, rng), uniform_float(0.0, 1.0, rng), rng=rng
    )
    vibrato = depth * np.sin(np.linspace(0.0, 2.0 * np.pi * n_turns, length))
    noise = rng.normal(0.0, uniform_float(0.0, 0.1, rng), length)
    return uniform_float(LOWEST_MIDI, HIGHEST_MIDI, rng) + vibrato + noise


def _noise(length: int, n_mags: int, rng: np.random.Generator) -> np.ndarray:
    """Magnitudes of the noise of a note before exp_sigmoid, [length, n_mags]."""
    first, last = (random_harm_dist(n_mags, rng=rng) for _ in range(2))
    share = random_blend(length, rng=rng)[:, np.newaxis]
    noise = rng.normal(0.0, uniform_float(0.0, 0.2, rng), [length, n_mags])
    blended = share * first + (1.0 - share) * last + noise
    return blended - uniform_float(1.0, 10.0, rng)


def _controls(
    harm_amp: tf.Tensor,
    harm_dist: tf.Tensor,
    midi: np.ndarray,
    magnitudes: tf.Tensor,
    sample_rate: int | None,
) -> dict[str, tf.Tensor]:
    """What both return; as it is where no sample rate is given."""
    f0_hz = core.midi_to_hz(core.tf_float32(midi))
    harm_amp, harm_dist = core.tf_float32(harm_amp), core.tf_float32(harm_dist)
    sin_freqs = core.get_harmonic_frequencies(f0_hz, int(harm_dist.shape[-1]))
    if sample_rate is not None:
        # Not by the pitch, which is always below: by the frequency of each harmonic.
        harm_dist = core.normalize_harmonics(harm_dist, f0_hz, sample_rate)
    return {
        "harm_amp": harm_amp,
        "harm_dist": harm_dist,
        "f0_hz": f0_hz,
        "sin_amps": harm_amp * harm_dist,
        "sin_freqs": sin_freqs,
        "noise_magnitudes": core.tf_float32(magnitudes),
    }
