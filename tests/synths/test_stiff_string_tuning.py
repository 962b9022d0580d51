"""A long note of a stiff string does not drift."""

import numpy as np
import tensorflow as tf

from ddsp import synths

STIFFNESS, F0_HZ, N_SECONDS, SAMPLE_RATE = 3e-4, 441.25, 20, 16000


def test_held_note_keeps_the_phase_of_float64() -> None:
    string = synths.StiffString(
        N_SECONDS * SAMPLE_RATE, scale_fn=None, inharmonicity_scale_fn=None
    )
    one = tf.ones([1, 10, 1])
    audio = string(one, tf.ones([1, 10, 4]), F0_HZ * one, STIFFNESS * one)[0]
    numbers = np.arange(1, 5)
    partials_hz = numbers * F0_HZ * np.sqrt(1.0 + STIFFNESS * numbers**2)
    last_second = np.arange(N_SECONDS * SAMPLE_RATE - SAMPLE_RATE, len(audio)) + 1.0
    cycles = last_second[:, np.newaxis] * (partials_hz / SAMPLE_RATE)
    expected = np.sin(2 * np.pi * (cycles % 1.0)).mean(axis=-1)
    # Frequencies rounded to float32 are 0.002 cycles off by then.
    np.testing.assert_allclose(audio[-SAMPLE_RATE:], expected, atol=0.02)
