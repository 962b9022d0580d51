"""Tones with their features, and what models make of them."""

from typing import Any

import numpy as np
import tensorflow as tf
from records import harmonic_tone

SECS, N_FRAMES = 0.4, 100
SEMITONE = 2 ** (1 / 12)


def batch_of(*f0s_hz: float) -> dict[str, tf.Tensor]:
    """A batch of tones with their features."""
    shape = [len(f0s_hz), N_FRAMES]
    features = {
        "audio": [harmonic_tone(f0_hz, SECS) for f0_hz in f0s_hz],
        "f0_hz": np.broadcast_to(np.reshape(f0s_hz, [-1, 1]), shape),
        "f0_confidence": np.ones(shape),
        "loudness_db": np.full(shape, -20.0),
    }
    return {name: tf.constant(x, tf.float32) for name, x in features.items()}


def outputs_of(batch: dict[str, Any], *f0s_hz: float) -> dict[str, tf.Tensor]:
    """What a model says that was told a pitch and plays another."""
    audio_gen = [harmonic_tone(f0_hz, SECS) for f0_hz in f0s_hz]
    return {**batch, "audio_gen": tf.constant(audio_gen, tf.float32)}
