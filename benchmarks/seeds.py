"""Do all seeds learn?

Prepares a recording, trains `tiny_instrument` on it with several seeds, and compares
the loss at the end with that of the first steps, and the level of what the model plays
with that of what it was to play.

    python benchmarks/seeds.py RECORDING [--seconds 20] [--seeds 5] [--steps 300]
        [--batch_size 4] [--json FILE]
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import measuring
import numpy as np


def rms_db(audio: np.ndarray) -> float:
    """Level in dB of full scale."""
    return float(20.0 * np.log10(np.sqrt(np.mean(np.square(audio))) + 1e-10))


def make_dataset(recording: str, seconds: float, folder: Path) -> Path:
    """A dataset of the beginning of a recording."""
    from ddsp.training import audio_io, data_preparation

    audio = audio_io.load_audio(recording, 16000)[: round(seconds * 16000)]
    audio_io.write_wav(folder / "recording.wav", audio, 16000)
    data_preparation.prepare_dataset(folder / "recording.wav", folder / "data")
    return folder / "data"


def train(dataset: Path, folder: Path, seed: int, options: Any) -> dict[str, float]:
    """Loss and level of one run."""
    from ddsp.training import checkpoints, config, data, models
    from ddsp.training import run as run_lib
    from ddsp.training.loop.history_file import read_history

    run_lib.train_model(
        dataset,
        folder,
        config="papers/iclr2020/tiny_instrument.gin",
        steps=options.steps,
        batch_size=options.batch_size,
        save_every=options.steps,
        seed=seed,
        gin_params=["train.steps_per_summary = 10"],
    )
    losses = read_history(folder)["total_loss"][1]
    batch = next(iter(data.TFRecordProvider(str(dataset)).get_batch(8, shuffle=False)))
    with config.isolated_gin():
        config.load_model_config(folder)
        model = models.get_model()
        model(batch, training=False)
        checkpoints.restore_checkpoint(model, folder)
        played = model.get_audio_from_outputs(model(batch, training=False)).numpy()
    return {
        "first_loss": float(losses[0]),
        "last_loss": float(np.mean(losses[-3:])),
        "level_difference_db": rms_db(played) - rms_db(batch["audio"].numpy()),
    }


def main() -> None:
    """Trains, prints a line for each seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recording", metavar="RECORDING")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch_size", type=int, default=4)
    parser.add_argument("--json", help="file for the figures")
    options = parser.parse_args()
    figures: dict[str, Any] = {
        "recording": Path(options.recording).name,
        "seconds": options.seconds,
        "steps": options.steps,
        "batch_size": options.batch_size,
        "runs": [],
    }
    with tempfile.TemporaryDirectory() as temporary:
        dataset = make_dataset(options.recording, options.seconds, Path(temporary))
        for seed in range(options.seeds):
            run = train(dataset, Path(temporary, f"model{seed}"), seed, options)
            figures["runs"].append({"seed": seed, **run})
            print(
                f"seed {seed}: loss {run['first_loss']:.2f} -> {run['last_loss']:.2f} "
                f"({run['last_loss'] / run['first_loss']:.0%}), level "
                f"{run['level_difference_db']:+.1f} dB",
                flush=True,
            )
    measuring.write_report(options.json, 0, figures)


if __name__ == "__main__":
    sys.exit(main())
