"""Effects on audio whose length is known only when it is there."""

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from ddsp import effects, processors

ROWS = {
    "Reverb": (effects.Reverb, [(30,)]),
    "ExpDecayReverb": (
        lambda: effects.ExpDecayReverb(reverb_length=30, seed=1),
        [(1,), (1,)],
    ),
    "FilteredNoiseReverb": (
        lambda: effects.FilteredNoiseReverb(reverb_length=30, seed=1),
        [(10, 5)],
    ),
    "FIRFilter": (effects.FIRFilter, [(4, 9)]),
    "ModDelay": (lambda: effects.ModDelay(1.0, 1.0), [(None, 1), (None, 1)]),
    "Crop": (lambda: processors.Crop(10), []),
}


@pytest.mark.parametrize(("build", "controls"), ROWS.values(), ids=ROWS.keys())
def test_unknown_length_changes_nothing(
    rng: np.random.Generator, build: Callable, controls: list[tuple]
) -> None:
    effect, shapes = build(), [(None,), *controls]
    signature = [tf.TensorSpec([None, *shape]) for shape in shapes]
    inputs = [
        rng.normal(size=[2, *[size or 100 for size in shape]]).astype(np.float32)
        for shape in shapes
    ]
    traced = tf.function(effect, input_signature=signature)(*inputs)
    np.testing.assert_allclose(traced, effect(*inputs), atol=1e-4)
