"""Samples of a network as audio."""

import numpy as np
import pytest

from ddsp import synths


@pytest.mark.parametrize("shape", [[2, 1, 1], [1, 5, 1], [3, 4, 1]])
def test_samples_are_unchanged(rng: np.random.Generator, shape: list[int]) -> None:
    samples = rng.normal(size=shape).astype(np.float32)
    np.testing.assert_array_equal(
        synths.TensorToAudio()(samples), samples.reshape(shape[:2])
    )


@pytest.mark.parametrize("shape", [[2, 4], [2, 4, 2]])
def test_anything_but_one_channel_is_refused(shape: list[int]) -> None:
    with pytest.raises(ValueError, match="n_samples, 1"):
        synths.TensorToAudio().get_signal(np.ones(shape, np.float32))
