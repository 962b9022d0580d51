"""One row per public Processor and Loss: how to build it and what to feed it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from ddsp import effects, losses, processors, synths

BATCH, N_FRAMES, N_SAMPLES = 3, 10, 320


@dataclass(frozen=True)
class Case:
    """How to build one object and what to call it with.

    Attributes:
        build: Makes the object.
        shapes: Shape of each input without the batch, in the order of the call.
        offsets: Added to each input, which is otherwise normal noise around 0; none by
            default. A pitch in Hz is tested around 440.
        constant: Inputs without a gradient, by position, from 0 on.
        pitch: Position of the input that is a pitch in Hz, if there is one: a note held
            at it must stay in tune.
        skips: Checks that do not apply, by name (see `checks.CHECKS`), with the reason,
            which is printed in docs/conformance.md.
    """

    build: Callable[[], Any]
    shapes: tuple[tuple[int, ...], ...]
    offsets: tuple[float, ...] = ()
    constant: tuple[int, ...] = ()
    pitch: int | None = None
    skips: dict[str, str] = field(default_factory=dict)

    def inputs(self, seed: int = 0, scale: float = 1.0) -> list[np.ndarray]:
        """Seeded inputs, [batch, ...] each."""
        rng = np.random.default_rng(seed)
        offsets = self.offsets or (0.0,) * len(self.shapes)
        return [
            (scale * rng.normal(size=(BATCH, *shape)) + offset).astype(np.float32)
            for shape, offset in zip(self.shapes, offsets, strict=True)
        ]


OWN_NOISE = "Each example has noise of its own, and a batch of one has the first's."


def per_frame(channels: int) -> tuple[int, int]:
    """Shape of a control at frame rate, without the batch."""
    return N_FRAMES, channels


CASES = {
    "Add": Case(processors.Add, ((N_SAMPLES,), (N_SAMPLES,))),
    "Harmonic": Case(
        lambda: synths.Harmonic(n_samples=N_SAMPLES),
        (per_frame(1), per_frame(8), per_frame(1)),
        offsets=(0.0, 0.0, 440.0),
        pitch=2,
    ),
    "FilteredNoise": Case(
        lambda: synths.FilteredNoise(n_samples=N_SAMPLES, seed=1),
        (per_frame(9),),
        skips={"batch": OWN_NOISE},
    ),
    "Mix": Case(processors.Mix, ((N_SAMPLES,), (N_SAMPLES,), per_frame(1))),
    "Crop": Case(lambda: processors.Crop(4), ((N_SAMPLES,),)),
    "Additive": Case(
        lambda: synths.Additive(n_samples=N_SAMPLES),
        (per_frame(1), per_frame(8), per_frame(1)),
        offsets=(0.0, 0.0, 440.0),
        pitch=2,
    ),
    "Sinusoidal": Case(
        lambda: synths.Sinusoidal(n_samples=N_SAMPLES),
        (per_frame(4), per_frame(4)),
        offsets=(0.0, -2.0),  # Low enough for float32: about 20 Hz.
    ),
    "Wavetable": Case(
        lambda: synths.Wavetable(n_samples=N_SAMPLES),
        (per_frame(1), per_frame(16), per_frame(1)),
        offsets=(0.0, 0.0, 440.0),
        pitch=2,
    ),
    "BandlimitedOscillator": Case(
        lambda: synths.BandlimitedOscillator(n_samples=N_SAMPLES, n_harmonics=16),
        (per_frame(1), per_frame(1)),
        offsets=(0.0, 440.0),
        pitch=1,
    ),
    "StiffString": Case(
        lambda: synths.StiffString(n_samples=N_SAMPLES),
        (per_frame(1), per_frame(8), per_frame(1), per_frame(1)),
        offsets=(0.0, 0.0, 440.0, 0.0),
        pitch=2,
        skips={
            "tuning": "Its partials are no multiples of the pitch; a long note is "
            "compared with float64 in `tests/synths/test_stiff_string_tuning.py`."
        },
    ),
    "WavetableBank": Case(
        lambda: synths.WavetableBank(
            n_samples=N_SAMPLES, n_wavetables=4, n_points=32, seed=1
        ),
        (per_frame(1), per_frame(4), per_frame(1)),
        offsets=(0.0, 0.0, 440.0),
        pitch=2,
    ),
    "TensorToAudio": Case(synths.TensorToAudio, ((N_SAMPLES, 1),)),
    "Reverb": Case(effects.Reverb, ((N_SAMPLES,), (50,))),
    "TrainableReverb": Case(
        lambda: effects.TrainableReverb(reverb_length=50), ((N_SAMPLES,),)
    ),
    "ExpDecayReverb": Case(
        lambda: effects.ExpDecayReverb(reverb_length=50, seed=1),
        ((N_SAMPLES,), (1,), (1,)),
    ),
    "FilteredNoiseReverb": Case(
        lambda: effects.FilteredNoiseReverb(reverb_length=50, seed=1),
        ((N_SAMPLES,), per_frame(9)),
        skips={"batch": OWN_NOISE},
    ),
    "FIRFilter": Case(effects.FIRFilter, ((N_SAMPLES,), per_frame(9))),
    "ModDelay": Case(
        lambda: effects.ModDelay(center_ms=0.5, depth_ms=0.5),
        ((N_SAMPLES,), (N_SAMPLES, 1), (N_SAMPLES, 1)),
    ),
    "TanhWaveshaper": Case(effects.TanhWaveshaper, ((N_SAMPLES,), per_frame(1))),
    "ChebyshevWaveshaper": Case(
        effects.ChebyshevWaveshaper, ((N_SAMPLES,), per_frame(4))
    ),
    "AdsrEnvelope": Case(
        lambda: effects.AdsrEnvelope(sample_rate=1000),
        ((N_SAMPLES,), per_frame(1), (1,), (1,), (1,), (1,)),
        constant=(1,),
    ),
    "SpectralLoss": Case(
        lambda: losses.SpectralLoss(fft_sizes=(64, 32), logmag_weight=1.0),
        ((N_SAMPLES,), (N_SAMPLES,)),
        constant=(0,),
    ),
    "EmbeddingLoss": Case(
        lambda: losses.EmbeddingLoss(pretrained_model=tf.nn.softplus),
        ((N_SAMPLES,), (N_SAMPLES,)),
    ),
    "FilteredNoiseConsistencyLoss": Case(
        losses.FilteredNoiseConsistencyLoss, (per_frame(9), per_frame(9))
    ),
    "HarmonicConsistencyLoss": Case(
        losses.HarmonicConsistencyLoss,
        (
            per_frame(1),
            per_frame(1),
            per_frame(4),
            per_frame(4),
            per_frame(1),
            per_frame(1),
        ),
        offsets=(5.0, 5.0, 0.0, 0.0, 440.0, 440.0),
    ),
    "HmmTranscriber": Case(
        lambda: losses.HmmTranscriber(n_timesteps=N_FRAMES, n_pitches=12),
        (per_frame(1), per_frame(1)),
        offsets=(6.0, 1.0),
    ),
    "KDEConsistencyLoss": Case(
        losses.KDEConsistencyLoss,
        (per_frame(4), per_frame(4), per_frame(3), per_frame(3)),
        offsets=(5.0, 440.0, 5.0, 440.0),
    ),
    "NoiseToHarmonicsLoss": Case(
        lambda: losses.NoiseToHarmonicsLoss(max_ratio_db=-20.0, frame_size=64),
        ((N_SAMPLES,), (N_SAMPLES,)),
    ),
    "ParamLoss": Case(losses.ParamLoss, (per_frame(4), per_frame(4))),
    "PretrainedCREPEEmbeddingLoss": Case(
        lambda: losses.PretrainedCREPEEmbeddingLoss(weight=0.01),
        ((N_SAMPLES,), (N_SAMPLES,)),
    ),
    "TWMLoss": Case(
        losses.TWMLoss,
        (per_frame(3), per_frame(4), per_frame(4)),
        offsets=(220.0, 440.0, 5.0),
    ),
    "WassersteinConsistencyLoss": Case(
        losses.WassersteinConsistencyLoss,
        (per_frame(4), per_frame(4), per_frame(3), per_frame(3)),
        offsets=(5.0, 440.0, 5.0, 440.0),
    ),
}
PROCESSORS = {k: v for k, v in CASES.items() if not hasattr(losses, k)}
