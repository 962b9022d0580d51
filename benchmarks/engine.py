"""Time and memory of the engine against the dense textbook forms of `dense.py`.

Each side runs in its faster mode, with or without XLA, both in this process and in
turn. Prints how many times less time and memory ours takes, and the target.

    python benchmarks/engine.py [--only NAME] [--repeats N] [--json FILE]
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dense
import measuring
import numpy as np
import tensorflow as tf

from ddsp import core, losses

BATCH, N_FRAMES, N_SAMPLES, N_HARMONICS = 4, 1000, 64000, 100
REPEATS = 9


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        ours: Our function.
        dense: The textbook form of the same.
        inputs: Names of the arguments.
        n_gradients: Towards how many of the first arguments the gradient is taken.
        time: How many times faster ours is to be.
        memory: How many times less memory ours is to take.
        xla: Whether XLA may be used.
    """

    ours: Callable[..., tf.Tensor]
    dense: Callable[..., tf.Tensor]
    inputs: tuple[str, ...]
    n_gradients: int
    time: float
    memory: float
    xla: bool = True


def make_inputs(seed: int) -> dict[str, tf.Tensor]:
    """Seeded controls and sounds."""
    rng = np.random.default_rng(seed)
    time = np.linspace(0.0, 1.0, N_FRAMES)[None, :, None]
    phase = rng.uniform(0, 1, [BATCH, 1, 1])
    distribution = rng.uniform(0, 1, [BATCH, N_FRAMES, N_HARMONICS])
    arrays = {
        "f0_hz": 250.0 + 150.0 * np.sin(2 * np.pi * (3 * time + phase)),
        "amplitudes": rng.uniform(0.1, 1, [BATCH, N_FRAMES, 1]),
        "distribution": distribution / distribution.sum(-1, keepdims=True),
        "wavetables": rng.normal(size=[BATCH, N_FRAMES, 512]),
        "delay": rng.uniform(0, 1, [BATCH, N_SAMPLES, 1]),
        "audio": rng.normal(size=[BATCH, N_SAMPLES]),
        "target": rng.normal(size=[BATCH, N_SAMPLES]),
        "magnitudes": rng.uniform(0, 1, [BATCH, N_FRAMES, 65]),
        "response": 0.01 * rng.normal(size=[48000]),
    }
    return {name: tf.constant(x, tf.float32) for name, x in arrays.items()}


def our_harmonic_synthesis(
    f0_hz: tf.Tensor, amplitudes: tf.Tensor, distribution: tf.Tensor
) -> tf.Tensor:
    """Four seconds of 100 harmonics."""
    return core.harmonic_synthesis(
        f0_hz, amplitudes, harmonic_distribution=distribution, n_samples=N_SAMPLES
    )


def our_reverb(response: tf.Tensor, audio: tf.Tensor) -> tf.Tensor:
    """One response for the whole batch."""
    return core.fft_convolve(audio, response[None], delay_compensation=0)


def make_rows() -> dict[str, Row]:
    """What is compared, with the targets."""
    controls = ("f0_hz", "amplitudes", "distribution")
    paper_loss = losses.SpectralLoss(mag_weight=1.0, logmag_weight=1.0)
    return {
        "harmonic_synthesis": Row(
            our_harmonic_synthesis, dense.harmonic_synthesis, controls, 0, 10, 8
        ),
        "harmonic_synthesis and gradient": Row(
            our_harmonic_synthesis, dense.harmonic_synthesis, controls, 3, 10, 5
        ),
        "wavetable_synthesis and gradient": Row(
            core.wavetable_synthesis,
            dense.wavetable_synthesis,
            ("f0_hz", "amplitudes", "wavetables"),
            3,
            30,
            20,
        ),
        "variable_length_delay and gradient": Row(
            lambda phase, audio: core.variable_length_delay(phase, audio, 400),
            dense.variable_length_delay,
            ("delay", "audio"),
            2,
            50,
            50,
        ),
        "filtered noise and gradient": Row(
            lambda magnitudes, noise: core.frequency_filter(noise, magnitudes),
            lambda magnitudes, noise: dense.time_varying_noise(noise, magnitudes),
            ("magnitudes", "audio"),
            1,
            1,
            1,
        ),
        "reverb and gradient": Row(
            our_reverb,
            lambda response, audio: dense.reverb(audio, response),
            ("response", "audio"),
            2,
            1,
            1,
        ),
        "SpectralLoss and gradient": Row(
            lambda audio, target: paper_loss(target, audio),
            lambda audio, target: dense.spectral_loss(target, audio),
            ("audio", "target"),
            1,
            1.4,
            1.5,
            xla=False,
        ),
    }


def modes(function: Callable[..., Any], inputs: list, xla: bool) -> dict[str, Any]:
    """The function compiled each way, warm."""
    compiled = {"graph": tf.function(function)}
    if xla:
        compiled["xla"] = tf.function(function, jit_compile=True)
    runs = {name: (lambda f=f: f(*inputs)) for name, f in compiled.items()}
    for run in runs.values():
        run()
    return runs


def compare(row: Row, inputs: list[tf.Tensor], repeats: int) -> dict[str, Any]:
    """Measures one row."""
    sides = {}
    for name, function in (("ours", row.ours), ("dense", row.dense)):
        if row.n_gradients:
            function = measuring.with_gradient(function, row.n_gradients)
        sides[name] = modes(function, inputs, row.xla)
    faster = {}
    for name, runs in sides.items():
        times = measuring.seconds(list(runs.values()), 3)
        faster[name] = list(runs)[int(np.argmin(times))]
    chosen = [sides[name][faster[name]] for name in sides]
    times = measuring.seconds(chosen, repeats)
    memory = [max(measuring.peak_memory(run) for _ in range(3)) for run in chosen]
    return {
        "mode": faster,
        "ms": dict(zip(sides, [1e3 * t for t in times], strict=True)),
        "peak_mb": dict(zip(sides, [m / 1e6 for m in memory], strict=True)),
        "time_ratio": times[1] / times[0],
        "memory_ratio": memory[1] / max(memory[0], 1),
        "time_target": row.time,
        "memory_target": row.memory,
    }


def main() -> None:
    """Measures and prints all rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json")
    args = parser.parse_args()
    inputs, figures = make_inputs(args.seed), {}
    for name, row in make_rows().items():
        if args.only in name:
            found = compare(row, [inputs[x] for x in row.inputs], args.repeats)
            figures[name] = found
            print(
                f"{name:36} {found['ms']['ours']:8.1f} ms, dense "
                f"{found['ms']['dense']:8.1f}: {found['time_ratio']:6.1f} times faster "
                f"(target {row.time:g}); {found['peak_mb']['ours']:7.1f} MB, dense "
                f"{found['peak_mb']['dense']:7.1f}: {found['memory_ratio']:6.1f} times "
                f"less (target {row.memory:g})  {found['mode']}",
                flush=True,
            )
    measuring.write_report(args.json, args.seed, figures)


if __name__ == "__main__":
    main()
