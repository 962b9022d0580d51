"""Noise of any part is that part of the noise of the whole."""

import numpy as np
import pytest

from ddsp.training.inference.placed_noise import BLOCK_SIZE, PlacedNoise


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (0, 10),
        (BLOCK_SIZE - 1, BLOCK_SIZE + 1),
        (5, 3 * BLOCK_SIZE),
        (BLOCK_SIZE, 2 * BLOCK_SIZE),
        (7, 7),
    ],
)
def test_any_part_is_a_part_of_the_whole(start: int, stop: int) -> None:
    noise = PlacedNoise(seed=3)
    whole = noise.samples(0, 4 * BLOCK_SIZE)
    np.testing.assert_array_equal(noise.samples(start, stop), whole[start:stop])


def test_noise_is_white_and_uniform() -> None:
    samples = PlacedNoise(seed=4).samples(0, 1 << 17)
    assert samples.dtype == np.float32
    assert -1.0 <= samples.min() < -0.999 and 0.999 < samples.max() < 1.0
    assert samples.std() == pytest.approx(np.sqrt(1 / 3), rel=0.01)
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    bands = spectrum[1:].reshape(64, -1).mean(axis=1)
    np.testing.assert_allclose(bands / bands.mean(), 1.0, atol=0.15)


def test_blocks_seeds_and_streams_have_nothing_to_do_with_each_other() -> None:
    first = PlacedNoise(5).samples(0, BLOCK_SIZE)
    others = [
        PlacedNoise(5).samples(BLOCK_SIZE, 2 * BLOCK_SIZE),
        PlacedNoise(6).samples(0, BLOCK_SIZE),
        PlacedNoise(5, stream=1).samples(0, BLOCK_SIZE),
    ]
    for other in others:
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.05
