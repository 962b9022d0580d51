"""Training steps of the paper's models against the same models in textbook form.

The textbook form has the layers of Keras and the synthesizers, the reverb and the loss
of `dense.py`; the shape of the networks, the optimizer and the loop are the same. Each
side runs in its faster mode, with or without XLA, and each in a process of its own, one
after the other, so that neither has the other's memory to live with.

    python benchmarks/train_step.py [--models NAME ...] [--batches N ...]
        [--steps N] [--xla] [--seed 0] [--json FILE]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import types
from pathlib import Path
from typing import Any

import dense
import measuring
import numpy as np
import tensorflow as tf

MODELS = ("tiny_instrument", "solo_instrument", "nsynth_ae")
# How many times faster ours is to be at a batch of 4; memory is to be at most half.
TIME_TARGETS = {"tiny_instrument": 4.0, "solo_instrument": 2.5, "nsynth_ae": 2.5}
MEMORY_TARGET = 2.0
SECONDS = 4
SAMPLE_RATE, FRAME_RATE = 16000, 250


def make_batch(batch: int, seed: int) -> dict[str, tf.Tensor]:
    """Seeded features of four seconds."""
    rng = np.random.default_rng(seed)
    n_frames = SECONDS * FRAME_RATE
    time = np.linspace(0.0, 1.0, n_frames)[None]
    phase = rng.uniform(size=[batch, 1])
    features = {
        "audio": 0.1 * rng.normal(size=[batch, SECONDS * SAMPLE_RATE]),
        "f0_hz": 250.0 + 150.0 * np.sin(2 * np.pi * (3 * time + phase)),
        "loudness_db": rng.uniform(-60.0, -20.0, size=[batch, n_frames]),
    }
    return {name: tf.constant(x, tf.float32) for name, x in features.items()}


def make_model(name: str) -> Any:
    """The model of a shipped config."""
    from ddsp.training import config, models

    with config.isolated_gin():
        config.parse_gin([f"papers/iclr2020/{name}.gin"])
        return models.get_model()


def make_dense(model: Any) -> None:
    """Puts the textbook forms in the place of ours."""
    from ddsp.training.nn import layer_norm, shapes

    def harmonic(self: Any, amplitudes: Any, harmonic_distribution: Any, f0_hz: Any):
        return dense.harmonic_synthesis(
            f0_hz, amplitudes, harmonic_distribution, self.n_samples, self.sample_rate
        )

    def noise(self: Any, magnitudes: Any):
        white = tf.random.uniform([magnitudes.shape[0], self.n_samples], -1.0, 1.0)
        return dense.time_varying_noise(white, magnitudes)

    def reverb(self: Any, audio: Any, ir: Any):
        wet = dense.reverb(audio, ir[0])
        return audio + wet if self.add_dry else wet

    forms = {"harmonic": harmonic, "filtered_noise": noise, "reverb": reverb}
    for module in model.processor_group.modules:
        if module.name in forms:
            module.get_signal = types.MethodType(forms[module.name], module)
    model.loss_objs[0].call = lambda target, audio: dense.spectral_loss(target, audio)
    layers = [model.decoder.rnn, getattr(model.encoder, "rnn", None)]
    for layer in filter(None, layers):
        layer.rnn = tf.keras.layers.GRU(layer.rnn.units, return_sequences=True)
    for layer in model._flatten_layers():
        if isinstance(layer, layer_norm.LayerNormalization):
            layer._is_plain = lambda _: False  # Leaves the work to Keras.
        elif getattr(layer, "activation", None) is shapes.leaky_relu:
            layer.activation = tf.keras.activations.leaky_relu


def measure_side(
    side: str, name: str, batch: int, xla: bool, steps: int, seed: int
) -> dict[str, float]:
    """Time and memory of a step; the first two are not counted."""
    from ddsp.training import trainers

    tf.keras.utils.set_random_seed(seed)
    model, features = make_model(name), make_batch(batch, seed)
    if side == "dense":
        make_dense(model)
    trainer = trainers.Trainer(model, tf.distribute.get_strategy(), xla=xla)
    trainer.build(features)
    losses = [trainer.train_step(features) for _ in range(2)]
    (secs,) = measuring.seconds([lambda: trainer.train_step(features)], steps)
    memory = max(
        measuring.peak_memory(lambda: trainer.train_step(features)) for _ in range(2)
    )
    return {
        "ms": 1e3 * secs,
        "peak_mb": memory / 1e6,
        "first_loss": float(losses[0]["total_loss"]),
        "parameters": model.count_params(),
    }


def in_own_process(**arguments: Any) -> dict[str, float]:
    """The same in a process that ends afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "out.json")
        given = json.dumps({"output": str(output), **arguments})
        done = subprocess.run(
            [sys.executable, __file__, "--one", given], capture_output=True, text=True
        )
        if done.returncode:
            sys.exit(f"{arguments} failed:\n{done.stderr[-2000:]}")
        return json.loads(output.read_text())


def compare(name: str, batch: int, options: argparse.Namespace) -> dict[str, Any]:
    """Both sides of one model at one batch size, each in its faster mode."""
    shared = {"name": name, "batch": batch, "steps": options.steps}
    modes = {"graph": False, "xla": True} if options.xla else {"graph": False}
    figures: dict[str, Any] = {}
    for side in ("ours", "dense"):
        found = {
            mode: in_own_process(side=side, xla=xla, seed=options.seed, **shared)
            for mode, xla in modes.items()
        }
        mode = min(found, key=lambda mode: found[mode]["ms"])
        figures[side] = {"mode": mode, **found[mode], "all_modes": found}
    ours, textbook = figures["ours"], figures["dense"]
    figures["time_ratio"] = textbook["ms"] / ours["ms"]
    figures["memory_ratio"] = textbook["peak_mb"] / ours["peak_mb"]
    figures["seconds_of_audio_per_second"] = 1e3 * SECONDS * batch / ours["ms"]
    return figures


def main() -> None:
    """Measures and prints a line for each model and batch size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 4, 16])
    parser.add_argument("--steps", type=int, default=9, help="steps that are timed")
    parser.add_argument("--xla", action="store_true", help="try XLA for both sides")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", help="file for the figures")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        arguments = json.loads(options.one)
        output = Path(arguments.pop("output"))
        output.write_text(json.dumps(measure_side(**arguments)))
        return
    figures: dict[str, Any] = {}
    for name in options.models:
        for batch in options.batches:
            found = figures[f"{name}, batch {batch}"] = compare(name, batch, options)
            target = f" (target {TIME_TARGETS[name]:g})" if batch == 4 else ""
            print(
                f"{name:16} batch {batch:2}: {found['ours']['ms']:7.0f} ms a step, "
                f"textbook {found['dense']['ms']:7.0f}: {found['time_ratio']:5.2f} "
                f"times faster{target}; {found['ours']['peak_mb']:6.0f} MB against "
                f"{found['dense']['peak_mb']:6.0f}: {found['memory_ratio']:5.2f} times "
                f"less (target {MEMORY_TARGET:g}); "
                f"{found['seconds_of_audio_per_second']:.0f} s of audio per second; "
                f"{found['ours']['mode']} against {found['dense']['mode']}",
                flush=True,
            )
            # What is measured is kept, whatever happens to the rest.
            measuring.write_report(options.json, options.seed, figures)


if __name__ == "__main__":
    main()
