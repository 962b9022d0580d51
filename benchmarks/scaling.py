"""How the time of harmonic synthesis with its gradient grows with each size.

One size is doubled at a time. An exponent of 1 is linear growth, below 1 less.

    python benchmarks/scaling.py [--repeats N] [--json FILE]
"""

import argparse

import engine
import measuring
import numpy as np
import tensorflow as tf

from ddsp import core

SIZES = {
    "batch": (4, 8, 16, 32),
    "n_samples": (64000, 128000, 256000, 512000),
    "n_harmonics": (50, 100, 200, 400),
}
# The sizes that stay while another one grows.
FIXED = {"batch": 4, "n_samples": 64000, "n_harmonics": 100}
HOP_SIZE = 64


def make_run(sizes: dict[str, int], seed: int) -> measuring.Run:
    """Synthesis and gradient of the given sizes, warm."""
    rng = np.random.default_rng(seed)
    n_frames = sizes["n_samples"] // HOP_SIZE
    frames = [sizes["batch"], n_frames]
    inputs = [
        tf.constant(x, tf.float32)
        for x in (
            # So low that all harmonics sound at all sizes.
            rng.uniform(15, 18, [*frames, 1]),
            rng.uniform(0.1, 1, [*frames, 1]),
            rng.uniform(0, 0.01, [*frames, sizes["n_harmonics"]]),
        )
    ]

    def play(f0_hz: tf.Tensor, loud: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
        return core.harmonic_synthesis(
            f0_hz, loud, harmonic_distribution=shares, n_samples=sizes["n_samples"]
        )

    function = tf.function(measuring.with_gradient(play, 3))
    function(*inputs)
    return lambda: function(*inputs)


def main() -> None:
    """Measures and prints all series."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=engine.REPEATS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json")
    args = parser.parse_args()
    figures = {}
    for name, values in SIZES.items():
        runs = [make_run({**FIXED, name: value}, args.seed) for value in values]
        times = measuring.seconds(runs, args.repeats)
        exponent = float(np.polyfit(np.log(values), np.log(times), 1)[0])
        milliseconds = [1e3 * t for t in times]
        figures[name] = {
            "sizes": values,
            "ms": milliseconds,
            "exponent": exponent,
        }
        series = ", ".join(
            f"{v}: {t:.0f} ms" for v, t in zip(values, milliseconds, strict=True)
        )
        print(f"{name:12} {series}; grows with the power {exponent:.2f}", flush=True)
    measuring.write_report(args.json, args.seed, figures)


if __name__ == "__main__":
    main()
