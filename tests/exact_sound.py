"""The harmonic synthesizer in float64, written as a textbook has it."""

from collections.abc import Mapping
from typing import Any

import numpy as np


def play_harmonics(
    controls: Mapping[str, Any], n_samples: int, sample_rate: int = 16000
) -> np.ndarray:
    """Plays the controls of one example of a Harmonic, [n_samples], float64.

    Pitch is interpolated linearly, amplitudes with overlapping Hann windows, and the
    last frame is held.
    """
    f0_hz, amplitudes, distribution = (
        np.asarray(controls[name], np.float64)[0]
        for name in ("f0_hz", "amplitudes", "harmonic_distribution")
    )
    n_frames = f0_hz.shape[0]
    position = np.arange(n_samples) * n_frames / n_samples
    frame = np.floor(position).astype(int)
    weight = 0.5 - 0.5 * np.cos(np.pi * (position - frame))[:, np.newaxis]
    levels = amplitudes * distribution
    levels = np.vstack([levels, levels[-1:]])
    levels = levels[frame] * (1.0 - weight) + levels[frame + 1] * weight
    pitch = np.interp(position, np.arange(n_frames), f0_hz[:, 0])
    numbers = np.arange(1, distribution.shape[-1] + 1)
    frequencies = pitch[:, np.newaxis] * numbers
    phases = 2.0 * np.pi * np.cumsum(frequencies, axis=0) / sample_rate
    audible = frequencies < sample_rate / 2
    return np.sum(np.where(audible, levels, 0.0) * np.sin(phases), axis=1)
