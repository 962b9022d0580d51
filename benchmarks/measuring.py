"""Time and memory of TensorFlow functions, and what they were measured on."""

import gc
import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

Run = Callable[[], Any]


def hardware() -> dict[str, Any]:
    """Processor, cores, GPU and versions."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [x for x in cpuinfo.read_text().splitlines() if "model name" in x]
        model = names[0].split(":", 1)[1].strip() if names else model
    gpus = tf.config.list_physical_devices("GPU")
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "gpu": [
            tf.config.experimental.get_device_details(g)["device_name"] for g in gpus
        ],
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "numpy": np.__version__,
    }


def commit() -> str:
    """The commit of this checkout, marked if files differ from it."""
    folder = Path(__file__).parent

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(folder), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip()

    lines = git("status", "--porcelain", "--", "../ddsp", ".").splitlines()
    changed = [line for line in lines if not line.endswith(".json")]
    return git("rev-parse", "--short", "HEAD") + ("+changes" if changed else "")


def write_report(path: str | None, seed: int, figures: Any) -> None:
    """Writes figures with everything needed to read them, if a path is given."""
    if path is None:
        return
    report = {
        "commit": commit(),
        "seed": seed,
        "hardware": hardware(),
        "figures": figures,
    }
    Path(path).write_text(json.dumps(report, indent=2) + "\n")


def wait_for(result: Any) -> None:
    """Waits until every tensor of a structure has been computed."""
    tf.nest.map_structure(lambda x: x.numpy(), result)


def with_gradient(
    function: Callable[..., tf.Tensor], n_inputs: int
) -> Callable[..., Any]:
    """The function together with its gradient towards the first n_inputs arguments."""

    def run(*inputs: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(inputs[:n_inputs])
            output = function(*inputs)
            total = output if output.shape.rank == 0 else tf.reduce_sum(output**2)
        return output, tape.gradient(total, list(inputs[:n_inputs]))

    return run


def peak_memory(run: Run) -> int:
    """Growth of TensorFlow's memory at its highest point during one call, in bytes.

    Asked of the allocator, which keeps what it has freed: the resident memory of the
    process would show the largest call before this one.
    """
    device = "GPU:0" if tf.config.list_physical_devices("GPU") else "CPU:0"
    gc.collect()
    tf.config.experimental.reset_memory_stats(device)
    before = tf.config.experimental.get_memory_info(device)["current"]
    wait_for(run())
    return tf.config.experimental.get_memory_info(device)["peak"] - before


def resident_mb() -> float:
    """Memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def seconds(runs: Sequence[Run], repeats: int) -> list[float]:
    """Median time of each of several functions, called in turn."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(repeats):
        for run, found in zip(runs, times, strict=True):
            start = time.perf_counter()
            wait_for(run())
            found.append(time.perf_counter() - start)
    return [statistics.median(found) for found in times]
