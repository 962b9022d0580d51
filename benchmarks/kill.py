"""Kills a training run at random moments and compares it with one that was left alone.

The same `ddsp train --deterministic` is started again after every SIGKILL, one of which
at least comes while a checkpoint is being written. Prints how far the loss curves and
the final weights of the two runs are apart.

    python benchmarks/kill.py [--steps 60] [--kills 5] [--seed 0] [--json FILE]
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import measuring
import numpy as np
import tensorflow as tf

ROOT = Path(__file__).resolve().parents[1]
SIZES = (
    "RnnFcDecoder.ch = 8",
    "RnnFcDecoder.rnn_channels = 8",
    "Reverb.reverb_length = 64",
    "SpectralLoss.fft_sizes = (256, 64)",
)


def write_dataset(folder: Path) -> None:
    """Twelve short tones, as `ddsp prepare` would have written them."""
    sys.path[:0] = [str(ROOT / "tests")]
    import tiny_training

    tiny_training.write_dataset(folder, n_examples=12)


def command(dataset: Path, model: Path, steps: int) -> list[str]:
    """The command of the run."""
    words = [sys.executable, "-m", "ddsp.cli.main", "train", str(dataset)]
    words += ["-o", str(model), "--steps", str(steps), "--batch_size", "2"]
    words += ["--save_every", "5", "--deterministic"]
    for size in (*SIZES, "train.steps_per_summary = 1"):
        words += ["--gin_param", size]
    return words


def steps_of(model: Path) -> int:
    """Rows of the history so far."""
    history = model / "history.csv"
    return history.read_text().count("\n") - 1 if history.exists() else 0


def is_saving(model: Path) -> bool:
    """Whether a checkpoint is being written at this moment."""
    return any(model.glob(".saving-*"))


def kill_at(words: list[str], model: Path, at: int, while_saving: bool) -> dict:
    """Runs until a step is reached, and kills."""
    process = subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None:
        if steps_of(model) >= at and (is_saving(model) or not while_saving):
            break
        time.sleep(0.001)
    saving = is_saving(model)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return {"at_step": steps_of(model), "while_saving": saving}


def curve(model: Path) -> np.ndarray:
    """The loss of every step."""
    from ddsp.training.loop.history_file import read_history

    return read_history(model)["total_loss"][1]


def values(model: Path, step: int) -> dict[str, np.ndarray]:
    """All that a checkpoint holds but its graph."""
    reader = tf.train.load_checkpoint(str(model / f"ckpt-{step}"))
    names = [n for n in reader.get_variable_to_shape_map() if not n.startswith("_")]
    return {name: reader.get_tensor(name) for name in names}


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Both runs."""
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as temporary:
        dataset, whole, killed = (Path(temporary, n) for n in ("data", "one", "two"))
        write_dataset(dataset)
        subprocess.run(
            command(dataset, whole, options.steps),
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        moments = sorted(rng.sample(range(1, options.steps - 1), options.kills))
        words = command(dataset, killed, options.steps)
        kills = []
        for number, moment in enumerate(moments):
            # The second one waits for the next save.
            kills.append(kill_at(words, killed, moment, while_saving=number == 1))
            print(
                f"killed after step {kills[-1]['at_step']}"
                f"{', while saving' if kills[-1]['while_saving'] else ''}",
                flush=True,
            )
        subprocess.run(
            words,
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        curves = [curve(model) for model in (whole, killed)]
        ends = [values(model, options.steps) for model in (whole, killed)]
    return {
        "steps": options.steps,
        "kills": kills,
        "rows": [len(c) for c in curves],
        "largest_loss_difference": float(np.abs(curves[0] - curves[1]).max()),
        "largest_weight_difference": max(
            float(np.abs(np.subtract(ends[0][n], ends[1][n])).max()) for n in ends[0]
        ),
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", help="file for the figures")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    figures = measure(options)
    for name in ("rows", "largest_loss_difference", "largest_weight_difference"):
        print(f"{name}: {figures[name]}")
    measuring.write_report(options.json, options.seed, figures)


if __name__ == "__main__":
    main()
