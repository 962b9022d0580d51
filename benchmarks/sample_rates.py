"""Does the model learn as well at 24, 44.1 and 48 kHz as at 16 kHz?

At each rate a tone whose harmonics have amplitudes of 1/n is prepared and learned by
heart, as `ddsp prepare` and `ddsp train` do it: the sample rate is the only number that
differs. Of the trained model's sound, most of the energy must come from the harmonics
and not from the noise, and the loss must have fallen well below that of the untrained
model. The model is models/solo_instrument.gin without the room, which could ring with a
steady tone in place of the harmonics. Pitch is written into the dataset as it is: a
tracker's few cents would be heard at the twentieth harmonic, at any rate.

    python benchmarks/sample_rates.py [--rates 16000 44100] [--steps N] [--json FILE]
"""

import argparse
import io
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import tensorflow as tf
from measuring import write_report

from ddsp.training import config, data, models
from ddsp.training.data_preparation import prepare_dataset
from ddsp.training.progress import Progress
from ddsp.training.run import train_model

RATES = (16000, 24000, 44100, 48000)
SECS, F0_HZ, AMPLITUDE = 1.0, 220.0, 0.2
LEARNING_RATE = 1e-3  # That of the bundled violin, for few steps.
DRY = (
    "ProcessorGroup.dag = ["
    "(@synths.Harmonic(), ['amps', 'harmonic_distribution', 'f0_hz']),"
    "(@synths.FilteredNoise(), ['noise_magnitudes']),"
    "(@processors.Add(), ['filtered_noise/signal', 'harmonic/signal'])]"
)
LEAST_SHARE, MOST_LOSS = 0.8, 0.4  # What is asked of every rate.


def harmonic_tone(sample_rate: int) -> np.ndarray:
    """A tone of all harmonics below half the rate, the n-th with amplitude 1/n."""
    seconds = np.arange(round(SECS * sample_rate)) / sample_rate
    numbers = np.arange(1, int((sample_rate / 2 - 1) / F0_HZ) + 1)
    waves = [np.sin(2 * np.pi * n * F0_HZ * seconds) / n for n in numbers]
    return AMPLITUDE * np.sum(waves, axis=0)


def write_true_pitch(dataset: Path) -> None:
    """Puts the tone's own pitch in the place of what was measured."""
    for path in map(str, dataset.glob(data.RECORDS_PATTERN)):
        records = list(tf.data.TFRecordDataset(path).as_numpy_iterator())
        with tf.io.TFRecordWriter(path) as writer:
            for record in records:
                example = tf.train.Example.FromString(record)
                f0_hz = example.features.feature["f0_hz"].float_list.value
                f0_hz[:] = [F0_HZ] * len(f0_hz)
                writer.write(example.SerializeToString())


def judge(folder: Path, batch: dict[str, Any], is_trained: bool) -> dict[str, float]:
    """Loss of a model, and the share of its harmonics in the energy of its sound."""
    with config.isolated_gin():
        config.load_model_config(folder)
        model = models.get_model()
        if is_trained:
            model.restore(str(folder), verbose=False)
        outputs, losses = model(batch, return_losses=True, training=False)
        harmonic, noise = (
            float(np.mean(np.square(outputs[name]["signal"])))
            for name in ("harmonic", "filtered_noise")
        )
    return {
        "loss": float(losses["total_loss"]),
        "harmonic_share": harmonic / (harmonic + noise),
    }


def learn_by_heart(sample_rate: int, n_steps: int, seed: int) -> dict[str, Any]:
    """Trains at one rate; returns what came of it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        tone = harmonic_tone(sample_rate)
        soundfile.write(folder / "tone.wav", tone, sample_rate, subtype="FLOAT")
        info = prepare_dataset(
            folder / "tone.wav",
            folder / "dataset",
            sample_rate=sample_rate,
            example_secs=SECS,
        )
        write_true_pitch(folder / "dataset")
        told, start = io.StringIO(), time.perf_counter()
        train_model(
            folder / "dataset",
            folder / "model",
            steps=n_steps,
            batch_size=1,
            learning_rate=LEARNING_RATE,
            save_every=n_steps,
            gin_params=[DRY],
            seed=seed,
            progress=Progress(told),
        )
        seconds = time.perf_counter() - start
        names = ("example_secs", "sample_rate", "frame_rate", "centered")
        provider = data.TFRecordProvider(
            str(folder / "dataset"), **{name: getattr(info, name) for name in names}
        )
        batch = next(iter(provider.get_batch(1, shuffle=False, repeats=1)))
        tf.keras.utils.set_random_seed(seed)
        untrained = judge(folder / "model", batch, is_trained=False)
        trained = judge(folder / "model", batch, is_trained=True)
    scaled = [line for line in told.getvalue().splitlines() if "scaled" in line]
    return {
        "frame_rate": info.frame_rate,
        "loss_at_start": untrained["loss"],
        "loss_at_end": trained["loss"],
        "loss_ratio": trained["loss"] / untrained["loss"],
        "harmonic_share": trained["harmonic_share"],
        "seconds_per_step": seconds / n_steps,
        "scaled": scaled[0] if scaled else None,
    }


def main() -> int:
    """Prints a line per rate; status 1 if one of them falls short."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rates", type=int, nargs="+", default=RATES, help="in Hz")
    parser.add_argument("--steps", type=int, default=200, help="steps of training")
    parser.add_argument("--seed", type=int, default=0, help="of weights and noise")
    parser.add_argument("--json", help="file that receives the figures")
    options = parser.parse_args()
    figures, is_good = {}, True
    for rate in options.rates:
        found = learn_by_heart(rate, options.steps, options.seed)
        figures[str(rate)] = found
        is_good &= found["harmonic_share"] >= LEAST_SHARE
        is_good &= found["loss_ratio"] < MOST_LOSS
        print(
            f"{rate:6d} Hz: loss {found['loss_at_start']:.2f} -> "
            f"{found['loss_at_end']:.2f} ({100 * found['loss_ratio']:.0f} %), "
            f"{100 * found['harmonic_share']:.1f} % of the energy harmonic, "
            f"{found['seconds_per_step']:.2f} s per step",
            flush=True,
        )
    write_report(options.json, options.seed, figures)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
