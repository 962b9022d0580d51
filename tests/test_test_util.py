"""Sinusoids for tests, with the length of the original's."""

import numpy as np

from ddsp import test_util


def test_sine_ends_on_the_last_instant_and_is_a_little_higher_for_it() -> None:
    # C67: the end point is included, so the steps are longer than 1 / 1000 s.
    sine = test_util.gen_np_sinusoid(50.0, 0.5, sample_rate=1000, audio_len_sec=2.0)
    assert sine.shape == (2000,)
    steps = np.arange(2000) * 2000 / 1999
    np.testing.assert_allclose(sine, 0.5 * np.sin(2 * np.pi * 50.0 * steps / 1000))


def test_examples_of_a_batch_are_the_same_sine() -> None:
    batch = test_util.gen_np_batched_sinusoids(50.0, 0.5, 1000, 0.1, batch_size=3)
    sine = test_util.gen_np_sinusoid(50.0, 0.5, 1000, 0.1)
    np.testing.assert_array_equal(batch, np.stack([sine] * 3))
