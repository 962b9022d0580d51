"""Does a long run stay as fast and as small as it began?

A tiny model takes 2,000 steps in one session, with summaries, validations, sounds and
checkpoints every 100 steps. Prints how often the step was traced, the median time of a
step early and at the end, and how much the memory of the process has grown meanwhile:
since step 200, when everything that a run does has been done once, to the end.

    python benchmarks/long_run.py [--steps 2000] [--seed 0] [--json FILE]
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import measuring

ROOT = Path(__file__).resolve().parents[1]
EARLY = slice(100, 200)
LATE = slice(-100, None)


def measure(n_steps: int, seed: int) -> dict[str, Any]:
    """Trains, with a clock around every step."""
    sys.path[:0] = [str(ROOT / "tests")]
    import tiny_training

    from ddsp.training import data, train_util

    times: list[float] = []
    memory: dict[int, float] = {}
    trainer = tiny_training.make_trainer()
    take_step = trainer.train_step

    def timed_step(inputs: Any) -> Any:
        start = time.perf_counter()
        losses = take_step(inputs)
        times.append(time.perf_counter() - start)
        if len(times) in (200, n_steps):
            memory[len(times)] = measuring.resident_mb()
        return losses

    trainer.train_step = timed_step
    with tempfile.TemporaryDirectory() as temporary:
        dataset = Path(temporary, "data")
        tiny_training.write_dataset(dataset, n_examples=24)
        train_util.train(
            data_provider=data.TFRecordProvider(str(dataset)),
            trainer=trainer,
            batch_size=2,
            num_steps=n_steps,
            steps_per_summary=100,
            steps_per_save=100,
            save_dir=str(Path(temporary, "model")),
            restore_dir=str(Path(temporary, "model")),
            seed=seed,
        )
    early, late = (1e3 * statistics.median(times[part]) for part in (EARLY, LATE))
    return {
        "steps": len(times),
        "traces": trainer._traced_step.experimental_get_tracing_count(),
        "median_ms_of_steps_100_to_200": early,
        "median_ms_of_the_last_100": late,
        "time_ratio": late / early,
        "mb_after_step_200": memory[200],
        "mb_at_the_end": memory[n_steps],
        "memory_growth": memory[n_steps] / memory[200] - 1.0,
    }


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", help="file for the figures")
    options = parser.parse_args()
    figures = measure(options.steps, options.seed)
    for name, value in figures.items():
        print(f"{name}: {value:.4g}")
    measuring.write_report(options.json, options.seed, figures)


if __name__ == "__main__":
    main()
