"""One row per public Processor and Loss: how to build it and what to feed it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ddsp import effects, losses, processors, synths

BATCH, N_FRAMES, N_SAMPLES = 3, 10, 320


@dataclass(frozen=True)
class Case:
    """How to build one object and what to call it with.

    Attributes:
        build: Makes the object.
        shapes: Shape of each input without the batch, in the order of the call.
        offsets: Added to each input, which is otherwise normal noise.
        constant: Inputs without a gradient, by position.
    """

    build: Callable[[], Any]
    shapes: tuple[tuple[int, ...], ...]
    offsets: tuple[float, ...] = ()
    constant: tuple[int, ...] = ()

    def inputs(self, seed: int = 0, scale: float = 1.0) -> list[np.ndarray]:
        """Seeded inputs, [batch, ...] each."""
        rng = np.random.default_rng(seed)
        offsets = self.offsets or (0.0,) * len(self.shapes)
        return [
            (scale * rng.normal(size=(BATCH, *shape)) + offset).astype(np.float32)
            for shape, offset in zip(self.shapes, offsets, strict=True)
        ]


def frames(channels: int) -> tuple[int, int]:
    return N_FRAMES, channels


CASES = {
    "Add": Case(processors.Add, ((N_SAMPLES,), (N_SAMPLES,))),
    "Harmonic": Case(
        lambda: synths.Harmonic(n_samples=N_SAMPLES),
        (frames(1), frames(8), frames(1)),
        offsets=(0.0, 0.0, 440.0),
    ),
    "FilteredNoise": Case(
        lambda: synths.FilteredNoise(n_samples=N_SAMPLES, seed=1), (frames(9),)
    ),
    "Reverb": Case(effects.Reverb, ((N_SAMPLES,), (50,))),
    "SpectralLoss": Case(
        lambda: losses.SpectralLoss(fft_sizes=(64, 32), logmag_weight=1.0),
        ((N_SAMPLES,), (N_SAMPLES,)),
        constant=(0,),
    ),
}
PROCESSORS = {k: v for k, v in CASES.items() if k != "SpectralLoss"}
