"""How long preparing a dataset takes, how much memory, and how often it says something.

Runs `ddsp prepare` on 60 seconds of audio and on one file of half an hour, each in a
process of its own with the workers that it starts. Time includes the start of Python.
Memory is what the processes take together at the highest point, pages that they share
counted once; its growth is what the long file takes more than the short one.

    python benchmarks/prepare.py [--minutes 30] [--seed 0] [--json FILE]
"""

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import measuring
import numpy as np

SAMPLE_RATE = 44100
SHORT_SECS = 60.0
# At most so many seconds for a minute of audio, MB of growth, seconds between lines.
TARGETS = {"secs": 30.0, "growth_mb": 1000.0, "pause_secs": 2.0}
POLL_SECS = 0.1


def make_melody(secs: float, seed: int) -> np.ndarray:
    """Notes of half a second with ten harmonics and a little noise, at 44.1 kHz."""
    rng = np.random.default_rng(seed)
    n_note = SAMPLE_RATE // 2
    swell = np.sin(np.pi * np.arange(n_note) / n_note)
    harmonics = np.arange(1, 11)[:, None]
    notes = []
    for midi in rng.integers(55, 85, round(2 * secs)):
        phase = 2 * np.pi * 440 * 2 ** ((midi - 69) / 12) * np.arange(n_note)
        tone = np.sum(np.sin(harmonics * phase / SAMPLE_RATE) / harmonics, axis=0)
        notes.append(0.2 * swell * tone + rng.normal(0, 1e-3, n_note))
    return np.concatenate(notes).astype(np.float32)


def descendants(pid: int) -> list[int]:
    """A process and all that it has started."""
    found = [pid]
    for number in found:
        for children in Path(f"/proc/{number}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, children.read_text().split())
    return found


def shared_mb(pid: int) -> float:
    """Memory of a process, pages divided by those who share them, in MB."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def prepare(recording: Path, folder: Path) -> dict[str, float]:
    """Seconds, memory and longest silence of the command for one recording."""
    log = folder.with_suffix(".log")
    command = [sys.executable, "-m", "ddsp.cli.main", "prepare", str(recording)]
    start = spoken = time.monotonic()
    peak = pause = size = 0.0
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [*command, "-o", str(folder)], stdout=output, stderr=output
        )
        while process.poll() is None:
            now = time.monotonic()
            if log.stat().st_size != size:
                size, spoken = log.stat().st_size, now
            pause = max(pause, now - spoken)
            peak = max(peak, sum(map(shared_mb, descendants(process.pid))))
            time.sleep(POLL_SECS)
    if process.returncode:
        sys.exit(f"ddsp prepare failed:\n{log.read_text()}")
    return {
        "secs": time.monotonic() - start,
        "peak_mb": peak,
        "pause_secs": pause,
    }


def main() -> None:
    """Measures both and prints a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="above 1")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", help="file for the figures")
    options = parser.parse_args()
    from ddsp.training import audio_io

    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as temporary:
        for secs in (SHORT_SECS, 60 * options.minutes):
            name = f"{secs:g} s of audio"
            recording = Path(temporary, f"{secs:g}.wav")
            melody = make_melody(secs, options.seed)
            audio_io.write_wav(recording, melody, SAMPLE_RATE)
            found = prepare(recording, Path(temporary, f"{secs:g}"))
            figures[name] = found
            print(
                f"{name}: {found['secs']:.1f} s, {found['peak_mb']:.0f} MB at most, "
                f"never silent for more than {found['pause_secs']:.1f} s",
                flush=True,
            )
    short, long = figures.values()
    figures["growth_mb"] = long["peak_mb"] - short["peak_mb"]
    print(f"growth: {figures['growth_mb']:.0f} MB; aimed at: {TARGETS}")
    measuring.write_report(options.json, options.seed, figures)


if __name__ == "__main__":
    main()
