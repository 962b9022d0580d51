"""Share of a training step that is spent waiting for data.

Trains `tiny_instrument` on synthetic tones of four seconds, written as records, or on a
dataset that `ddsp prepare` has made. Two measures: the time in which `next` of the
iterator returns, as a share of the whole step; and how much longer steps take than with
one batch, repeated from memory. Both kinds of steps are taken in turns.

    python benchmarks/data_wait.py [--dataset FOLDER] [--batch 8] [--steps 30]
        [--augment] [--seed 0] [--json FILE]
"""

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import measuring
import numpy as np
import tensorflow as tf

SECS, SAMPLE_RATE, FRAME_RATE = 4, 16000, 250
N_EXAMPLES = 64
# At most so much of a step may be spent waiting.
TARGET = 0.02
WARM_UP_STEPS = 3
LIMITS = {"gain_db": 6.0, "pitch_cents": 50.0, "shift_secs": 0.5}


def write_tones(folder: Path, seed: int) -> None:
    """Records of harmonic tones with their pitch."""
    rng = np.random.default_rng(seed)
    time_secs = np.arange(SECS * SAMPLE_RATE) / SAMPLE_RATE
    n_frames = SECS * FRAME_RATE
    with tf.io.TFRecordWriter(str(folder / "data.tfrecord-00000-of-00001")) as writer:
        for f0_hz in rng.uniform(200.0, 800.0, N_EXAMPLES):
            phase = 2 * np.pi * f0_hz * time_secs
            audio = 0.1 * sum(np.sin(k * phase) / k for k in range(1, 8))
            features = {
                "audio": audio,
                "audio_16k": audio,
                "f0_hz": np.full(n_frames, f0_hz),
                "f0_confidence": np.ones(n_frames),
                "loudness_db": rng.uniform(-30.0, -20.0, n_frames),
            }
            record = {
                name: tf.train.Feature(float_list=tf.train.FloatList(value=values))
                for name, values in features.items()
            }
            example = tf.train.Example(features=tf.train.Features(feature=record))
            writer.write(example.SerializeToString())


def make_provider(folder: str, augment: bool) -> Any:
    """The provider of a dataset."""
    from ddsp.training import data

    provider = data.TFRecordProvider(folder)
    return data.AugmentedProvider(provider, **LIMITS) if augment else provider


def make_trainer() -> Any:
    """A trainer of the packaged config."""
    from ddsp.training import config, models, train_util, trainers

    with config.isolated_gin():
        config.parse_gin(["papers/iclr2020/tiny_instrument.gin"])
        strategy = train_util.get_strategy()
        with strategy.scope():
            return trainers.Trainer(models.get_model(), strategy)


def take_step(trainer: Any, batches: Iterator[Any]) -> tuple[float, float]:
    """Seconds of waiting and of the whole step."""
    start = time.perf_counter()
    batch = next(batches)
    waited = time.perf_counter() - start
    measuring.wait_for(trainer.train_step(iter([batch])))
    return waited, time.perf_counter() - start


def measure(provider: Any, batch: int, steps: int, seed: int) -> dict[str, float]:
    """Times of steps with data and with one batch from memory, in turns."""
    tf.keras.utils.set_random_seed(seed)
    trainer = make_trainer()
    dataset = provider.get_training_batches(batch, seed)
    batches = iter(trainer.distribute_dataset(dataset))
    first = next(batches)
    trainer.build(first)
    same = itertools.repeat(first)
    for _ in range(WARM_UP_STEPS):
        take_step(trainer, batches)
    read, repeated = [], []
    for _ in range(steps):
        read.append(take_step(trainer, batches))
        repeated.append(take_step(trainer, same))
    step = statistics.median(whole for _, whole in read)
    step_from_memory = statistics.median(whole for _, whole in repeated)
    return {
        "batch": batch,
        "steps": steps,
        "step_secs": step,
        "step_from_memory_secs": step_from_memory,
        "share_waiting": sum(w for w, _ in read) / sum(whole for _, whole in read),
        "share_longer": step / step_from_memory - 1.0,
    }


def main() -> None:
    """Prints the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", help="folder that `ddsp prepare` wrote")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--augment", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.dataset is None:
            write_tones(Path(folder), options.seed)
        provider = make_provider(options.dataset or folder, options.augment)
        figures = measure(provider, options.batch, options.steps, options.seed)
    figures["augmented"] = options.augment
    print(
        f"step {1000 * figures['step_secs']:.0f} ms, from memory "
        f"{1000 * figures['step_from_memory_secs']:.0f} ms "
        f"({100 * figures['share_longer']:+.1f} %); waiting for data "
        f"{100 * figures['share_waiting']:.2f} % (at most {100 * TARGET:g} %)"
    )
    measuring.write_report(options.json, options.seed, figures)


if __name__ == "__main__":
    main()
