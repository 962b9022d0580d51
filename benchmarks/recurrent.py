"""One training step of the recurrent layer, ours against that of Keras.

Both run forward and backward in a graph in this process and in turn, with the same
weights; XLA makes the layer of Keras slower, which `--xla` shows. Prints the times, how
many times faster ours is, and how far the gradients of both are from those that the
layer of Keras has in float64.

    python benchmarks/recurrent.py [--units 256] [--batch 4] [--frames 1000]
        [--repeats 15] [--seed 0] [--xla] [--json FILE]
"""

import argparse
from typing import Any

import measuring
import numpy as np
import tensorflow as tf

from ddsp.training import nn


def make_step(layer: Any, xla: bool) -> Any:
    """Traces the output of a layer and the gradients of a sum of its squares."""

    def step(x: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            output = layer(x)
            total = tf.reduce_mean(output**2)
        weights = [w.value for w in layer.trainable_variables]
        return output, tape.gradient(total, [x, *weights])

    return tf.function(step, jit_compile=xla, autograph=False)


def error(values: Any, targets: Any) -> float:
    """Largest distance, of each array in parts of its largest value."""
    return max(
        float(np.abs(a.numpy() - b.numpy()).max() / np.abs(b).max())
        for a, b in zip(tf.nest.flatten(values), tf.nest.flatten(targets), strict=True)
    )


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Times both layers."""
    rng = np.random.default_rng(options.seed)
    shape = [options.batch, options.frames, options.units]
    x = tf.constant(rng.normal(size=shape), tf.float32)
    layers = [
        kind(options.units, return_sequences=True)
        for kind in (nn.Gru, tf.keras.layers.GRU)
    ]
    for layer in layers:
        layer.build(x.shape)
    layers[1].set_weights(layers[0].get_weights())
    steps = [make_step(layer, xla=False) for layer in layers]
    if options.xla:
        steps.append(make_step(layers[1], xla=True))
    results = [step(x) for step in steps]
    exact = tf.keras.layers.GRU(options.units, return_sequences=True, dtype="float64")
    exact.build(x.shape)
    exact.set_weights(layers[0].get_weights())
    _, truth = make_step(exact, xla=False)(tf.cast(x, tf.float64))
    runs = [lambda step=step: step(x) for step in steps]
    ours, keras, *compiled = measuring.seconds(runs, options.repeats)
    return {
        "batch": options.batch,
        "units": options.units,
        "frames": options.frames,
        "repeats": options.repeats,
        "ours_ms": 1e3 * ours,
        "keras_ms": 1e3 * keras,
        "keras_xla_ms": 1e3 * compiled[0] if compiled else None,
        "times_faster": keras / ours,
        "gradient_distance": error(results[0][1], results[1][1]),
        "gradient_error": error(results[0][1], truth),
        "keras_gradient_error": error(results[1][1], truth),
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--units", type=int, default=256)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--xla", action="store_true", help="time Keras with XLA too")
    parser.add_argument("--json", help="file for the figures")
    options = parser.parse_args()
    figures = measure(options)
    for name, value in figures.items():
        print(
            f"{name:15} {value:.3g}"
            if isinstance(value, float)
            else f"{name:15} {value}"
        )
    measuring.write_report(options.json, options.seed, figures)


if __name__ == "__main__":
    main()
