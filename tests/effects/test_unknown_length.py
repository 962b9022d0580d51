"""Effects on audio whose length is known only when it is there."""

import inspect
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
    "TrainableReverb": (lambda: effects.TrainableReverb(reverb_length=30), []),
    "TanhWaveshaper": (effects.TanhWaveshaper, [(4, 1)]),
    "ChebyshevWaveshaper": (effects.ChebyshevWaveshaper, [(4, 3)]),
    "Crop": (lambda: processors.Crop(10), []),
}
# These make samples of frames, for which they need the length, and say so.
REFUSED = {
    "AdsrEnvelope": (effects.AdsrEnvelope, [(4, 1), (1,), (1,), (1,), (1,)]),
    "Mix": (processors.Mix, [(None,), (4, 1)]),
}


@pytest.mark.parametrize(("build", "controls"), ROWS.values(), ids=ROWS.keys())
def test_unknown_length_changes_nothing(
    rng: np.random.Generator, build: Callable, controls: list[tuple]
) -> None:
    effect, shapes = build(), [(None,), *controls]
    inputs = [
        rng.normal(size=[2, *[size or 100 for size in shape]]).astype(np.float32)
        for shape in shapes
    ]
    expected = effect(*inputs)
    traced = tf.function(effect, input_signature=signature(controls))(*inputs)
    np.testing.assert_allclose(traced, expected, atol=1e-4)


def signature(controls: list[tuple]) -> list[tf.TensorSpec]:
    """Inputs in a graph that knows neither batch nor length of the audio."""
    return [tf.TensorSpec([None, *shape]) for shape in [(None,), *controls]]


@pytest.mark.parametrize(("build", "controls"), REFUSED.values(), ids=REFUSED.keys())
def test_unknown_length_is_refused_in_words(
    build: Callable, controls: list[tuple]
) -> None:
    traced = tf.function(build(), input_signature=signature(controls))
    with pytest.raises(ValueError, match=r"known[^.]*\. Got "):
        traced.get_concrete_function()


def test_no_effect_is_forgotten() -> None:
    audio = ("audio", "signal_one")
    found = {
        name
        for module in (effects, processors)
        for name, value in vars(module).items()
        if inspect.isclass(value)
        and issubclass(value, processors.Processor)
        and [*inspect.signature(value.get_controls).parameters][1] in audio
    }
    # Any shapes are added.
    assert found - {"Add"} == set(ROWS) | set(REFUSED)
