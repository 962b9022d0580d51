"""Timbre transfer: its time, its memory, and whether its pieces have seams.

    python benchmarks/transfer.py [--voice RECORDING] [--minutes 30] [--json FILE]

Each figure comes from a process of its own. Time: `ddsp transfer` on ten seconds, in
one run, from after the imports to the written file. Memory: how much the process grows
beyond what it has after the imports, at its highest point. Seams: a minute that is
played in pieces against the same minute played at once, noise included.
"""

import argparse
import contextlib
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from measuring import resident_mb, write_report

from ddsp.cli import main as main_lib
from ddsp.training import audio_io, source_phrase
from ddsp.training.inference import TimbreTransfer

SAMPLE_RATE = 16000
SECS = 10.0
SEAM_SECS = 60.0
TARGETS = {"seconds": 3.0, "growth_mb": 1500.0, "seam_db": 60.0}


def voice_of(path: str | None, secs: float) -> np.ndarray:
    """So many seconds of a recording, or of the library's own phrase, repeated."""
    if path is None:
        audio = source_phrase.sung_phrase(SAMPLE_RATE)
    else:
        audio = audio_io.load_audio(path, SAMPLE_RATE)
    return np.resize(audio, round(secs * SAMPLE_RATE))


def run_command(audio: np.ndarray, model: str) -> tuple[float, dict[str, Any]]:
    """Seconds of `ddsp transfer`, and its figures."""
    with tempfile.TemporaryDirectory() as folder:
        source, target, report = (
            str(Path(folder, name)) for name in ("voice.wav", "out.wav", "out.json")
        )
        audio_io.write_wav(source, audio, SAMPLE_RATE)
        argv = ["transfer", source, "-o", target, "--model", model, "--json", report]
        del audio
        start = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            status = main_lib.main(argv)
        seconds = time.perf_counter() - start
        if status:
            raise SystemExit(status)
        return seconds, json.loads(Path(report).read_text())


def measure_time(options: argparse.Namespace) -> dict[str, Any]:
    """Ten seconds, in one run."""
    audio = voice_of(options.voice, SECS)
    before = time.process_time()
    seconds, figures = run_command(audio, options.model)
    return {
        "seconds": seconds,
        # Of all cores together: what the time comes to is at most this, if others rest.
        "processor_seconds": time.process_time() - before,
        "parts": figures["seconds_of_work"],
    }


def measure_memory(options: argparse.Namespace) -> dict[str, Any]:
    """A long recording."""
    tf.zeros([1]).numpy()  # What TensorFlow takes at its first call is no growth.
    before_mb = resident_mb()
    audio = voice_of(options.voice, 60.0 * options.minutes)
    seconds, figures = run_command(audio, options.model)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {
        "minutes": options.minutes,
        "growth_mb": peak_mb - before_mb,
        "seconds": seconds,
        "parts": figures["seconds_of_work"],
    }


def measure_seams(options: argparse.Namespace) -> dict[str, Any]:
    """A minute at once against the same minute in pieces."""
    instrument = TimbreTransfer.from_folder(options.model)
    audio = voice_of(options.voice, SEAM_SECS)
    pieces = instrument.transfer(audio, SAMPLE_RATE).audio
    n_pieces = round(SEAM_SECS / instrument.segment_secs)
    instrument.segment_secs = np.inf
    whole = instrument.transfer(audio, SAMPLE_RATE).audio
    rate = instrument.sample_rate
    per_second = [
        below_db(whole[i : i + rate], pieces[i : i + rate])
        for i in range(0, whole.size - rate + 1, rate)
    ]
    return {
        "n_pieces": n_pieces,
        "seam_db": below_db(whole, pieces),
        "worst_second_db": min(per_second),
    }


def below_db(whole: np.ndarray, pieces: np.ndarray) -> float:
    """By how much the difference lies below the sound, in dB; 200 at most."""
    sound = float(np.sum(np.square(whole, dtype=np.float64)))
    difference = float(np.sum(np.square(pieces - whole, dtype=np.float64)))
    if sound == 0.0:
        return 200.0
    return float(10.0 * np.log10(sound / max(difference, 1e-20 * sound)))


PARTS = {"time": measure_time, "memory": measure_memory, "seams": measure_seams}


def in_own_process(part: str, options: argparse.Namespace) -> dict[str, Any]:
    """The figures of one part."""
    command = [sys.executable, __file__, "--part", part, "--model", options.model]
    command += ["--minutes", str(options.minutes)]
    if options.voice:
        command += ["--voice", options.voice]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    """Prints the figures beside what was aimed at."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voice", help="recording; the library's own phrase if left")
    parser.add_argument("--model", default="violin", help="bundled name or folder")
    parser.add_argument("--minutes", type=float, default=30.0, help="of the long one")
    parser.add_argument("--json", help="file that receives the figures")
    parser.add_argument("--part", choices=sorted(PARTS), help="only this one, as JSON")
    options = parser.parse_args()
    if options.part:
        print(json.dumps(PARTS[options.part](options)))
        return 0
    figures = {part: in_own_process(part, options) for part in PARTS}
    spent, memory, seams = (figures[part] for part in PARTS)
    parts = ", ".join(f"{k} {v:.2f}" for k, v in spent["parts"].items())
    print(
        f"{SECS:.0f} s of voice: {spent['seconds']:.2f} s, {parts} (target 3); "
        f"{spent['processor_seconds']:.2f} s of processors"
    )
    print(
        f"{memory['minutes']:.0f} minutes: {memory['growth_mb']:.0f} MB of growth "
        f"(target 1500), {memory['seconds']:.0f} s"
    )
    print(
        f"{SEAM_SECS:.0f} s in {seams['n_pieces']} pieces: {seams['seam_db']:.1f} dB "
        f"below the sound, {seams['worst_second_db']:.1f} in the worst second "
        "(target 60)"
    )
    figures["targets"] = TARGETS
    figures["voice"] = Path(options.voice).name if options.voice else "sung phrase"
    write_report(options.json, 0, figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
