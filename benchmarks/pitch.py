"""How right, how sure and how fast the pitch trackers are.

Synthetic tones from 55 to 1760 Hz with known pitch, a rendered and several played
violins with their scores, noise and silence: percent of frames within 50 cents of the
truth, and percent that are wrong by octaves.

    python benchmarks/pitch.py [--methods tiny full swift-f0 pyin] [--step 4]
    python benchmarks/pitch.py --speed
    python benchmarks/pitch.py --interpolation
    python benchmarks/pitch.py --memory
"""

import argparse
import gc
import time
from collections.abc import Callable
from typing import Any

import measuring
import numpy as np
import pitch_signals as signals
import tensorflow as tf

from ddsp import pretrained, spectral_ops
from ddsp.pretrained.crepe_files import SIZES
from ddsp.spectral_ops import pitch

N_CALLS = 30
TARGETS = {"right_percent": 99.5, "octave_percent": 0.2}


def tracker(method: str) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The function that is judged, with its defaults."""
    return lambda audio: spectral_ops.compute_f0(
        audio, signals.FRAME_RATE, method=method
    )


def accuracy(method: str, step: int, n_seconds: int, seed: int) -> dict[str, Any]:
    """Shares of right frames for each kind of sound, printed as they come."""
    track, figures = tracker(method), {}
    all_errors = []
    for kind in signals.KINDS:
        rng = np.random.default_rng(seed)
        tones = [signals.tone(kind, hz, rng) for hz in signals.tones_hz(step)]
        errors = [signals.errors_cents(track(x.audio)[0], x.f0_hz) for x in tones]
        all_errors += errors
        figures[kind] = show(method, kind, np.concatenate(errors))
    figures["all tones"] = show(method, "all tones", np.concatenate(all_errors))
    for name in (signals.DEMO, *signals.TUNINGS):
        sound = signals.recording(name, n_seconds)
        if sound is None:
            print(f"{name}: not here, left out")
            continue
        f0_hz, _ = track(sound.audio)
        lag = signals.best_lag(f0_hz, sound.f0_hz)
        errors = signals.errors_cents(f0_hz, signals.shifted(sound.f0_hz, lag))
        figures[name] = show(method, name, errors)
        figures[name]["lag_ms"] = 1000 * lag / signals.FRAME_RATE
    return figures


def show(method: str, name: str, errors: np.ndarray) -> dict[str, float]:
    """Prints a row of the table."""
    found = signals.shares(errors)
    print(
        f"{method:9} {name.rpartition('/')[2][:28]:28} {found['n_frames']:7} "
        f"{found['right_percent']:8.2f} {found['octave_percent']:8.2f}",
        flush=True,
    )
    return found


def certainty(method: str, seed: int) -> dict[str, dict[str, float]]:
    """Confidence in noise and in silence."""
    rng = np.random.default_rng(seed)
    sounds = {
        "white noise": 0.1 * rng.normal(size=10 * signals.SAMPLE_RATE),
        "silence": np.zeros(signals.SAMPLE_RATE),
    }
    figures = {}
    for name, audio in sounds.items():
        f0_hz, confidence = tracker(method)(audio)
        figures[name] = {
            "median": float(np.median(confidence)),
            "max": float(confidence.max()),
            "finite": bool(np.all(np.isfinite(f0_hz) & (f0_hz > 0))),
        }
        print(
            f"{method:9} {name:28} confidence: median {figures[name]['median']:.3f} "
            f"max {figures[name]['max']:.3f}, f0 finite: {figures[name]['finite']}",
            flush=True,
        )
    return figures


def plain_network(capacity: str) -> tf.keras.Model:
    """CREPE as it is written in its paper, of Keras layers."""
    weights = pretrained.crepe_weights(capacity)
    layers = [tf.keras.layers.Reshape([1024, 1, 1])]
    for i in range(1, 7):
        kernel = weights[f"conv{i}.kernel"]
        layers += [
            tf.keras.layers.Conv2D(
                kernel.shape[-1],
                kernel.shape[:2],
                strides=(4, 1) if i == 1 else (1, 1),
                padding="same",
                activation="relu",
                name=f"conv{i}",
            ),
            tf.keras.layers.BatchNormalization(name=f"conv{i}-BN"),
            tf.keras.layers.MaxPool2D((2, 1)),
        ]
    layers += [
        tf.keras.layers.Permute([2, 1, 3]),
        tf.keras.layers.Flatten(),
        tf.keras.layers.Dense(360, activation="sigmoid", name="classifier"),
    ]
    model = tf.keras.Sequential([tf.keras.Input([1024]), *layers])
    for layer in model.layers:
        if layer.weights:
            names = [variable.name for variable in layer.weights]
            layer.set_weights([weights[f"{layer.name}.{name}"] for name in names])
    return model


def dense_viterbi(observed: np.ndarray, transitions: np.ndarray) -> np.ndarray:
    """The likeliest path with every transition between 360 pitches, in NumPy."""
    scores, origins = observed[0], []
    for frame in observed[1:]:
        ways = scores[:, np.newaxis] + transitions
        best = ways.argmax(axis=0)
        origins.append(best)
        scores = ways[best, np.arange(len(best))] + frame
    path = [int(scores.argmax())]
    for best in reversed(origins):
        path.append(int(best[path[-1]]))
    return np.array(path[::-1])


def plain_f0(model: tf.keras.Model, audio: np.ndarray) -> np.ndarray:
    """Pitch as CREPE's own program computes it: all frames, Keras, dense Viterbi."""
    hop_size = signals.SAMPLE_RATE // signals.FRAME_RATE
    padded = np.pad(audio, 512)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 1024)[::hop_size].copy()
    frames -= frames.mean(axis=1, keepdims=True)
    frames /= np.maximum(frames.std(axis=1, keepdims=True), 1e-8)
    activations = model.predict(frames, batch_size=256, verbose=0)
    steps = np.abs(np.arange(360)[:, np.newaxis] - np.arange(360))
    transitions = np.maximum(12.0 - steps, 0.0)
    with np.errstate(divide="ignore"):
        transitions = np.log(transitions / transitions.sum(axis=1, keepdims=True))
    observed = np.log(0.1 * np.eye(360)[activations.argmax(axis=1)] + 0.9 / 360)
    centers = dense_viterbi(observed, transitions)
    return np.array([_mean_hz(a, c) for a, c in zip(activations, centers, strict=True)])


def _mean_hz(activation: np.ndarray, center: int) -> float:
    """CREPE's weighted mean of nine pitches."""
    near = slice(max(0, center - 4), center + 5)
    cents = 1997.3794084376191 + 20 * np.arange(360)[near]
    return 10 * 2 ** (np.average(cents, weights=activation[near]) / 1200)


def speed(methods: list[str], repeats: int, n_seconds: int) -> dict[str, Any]:
    """Seconds per second of audio, ours and the plain way's, in turn."""
    rng = np.random.default_rng(0)
    tones = [signals.tone("vibrato", hz, rng).audio for hz in (220, 330, 440, 550)]
    audio = np.concatenate(tones)[: n_seconds * signals.SAMPLE_RATE]
    figures = {}
    for method in methods:
        model, times = plain_network(method), {"ours": [], "plain": []}
        runs = {
            "ours": lambda method=method: tracker(method)(audio)[0],
            "plain": lambda model=model: plain_f0(model, audio),
        }
        found = {name: run() for name, run in runs.items()}  # And warms up.
        for _ in range(repeats):
            for name, run in runs.items():
                start = time.perf_counter()
                run()
                passed = time.perf_counter() - start
                times[name].append(passed * signals.SAMPLE_RATE / len(audio))
        row = {name: float(np.median(x)) for name, x in times.items()}
        row["ratio"] = row["ours"] / row["plain"]
        differences = np.abs(1200 * np.log2(found["ours"] / found["plain"]))
        row["median_difference_cents"] = float(np.median(differences))
        figures[method] = row
        print(
            f"{method:9} ours {row['ours']:.3f} s, plain {row['plain']:.3f} s per "
            f"second of audio: {row['ratio']:.2f} of it; pitch differs by "
            f"{row['median_difference_cents']:.2f} cents (median)",
            flush=True,
        )
    return figures


def lost_by_interpolation(method: str, step: int, seed: int) -> dict[str, Any]:
    """What a network loses when it listens every 12 ms only, as large ones do."""
    rows = {}
    usual = pitch.listens_seldom
    for name, seldom in (("every frame", False), ("every 12 ms", True)):
        pitch.listens_seldom = lambda _, seldom=seldom: seldom
        errors = []
        for kind in ("vibrato", "glide"):
            rng = np.random.default_rng(seed)
            for hz in signals.tones_hz(step):
                sound = signals.tone(kind, hz, rng)
                f0_hz, _ = tracker(method)(sound.audio)
                errors.append(signals.errors_cents(f0_hz, sound.f0_hz))
        rows[name] = show(method, name, np.concatenate(errors))
        rows[name]["median_cents"] = float(np.median(np.abs(np.concatenate(errors))))
        print(f"{'':38} median error {rows[name]['median_cents']:.2f} cents")
    pitch.listens_seldom = usual
    return rows


def memory(method: str) -> dict[str, float]:
    """Growth of the process over calls of different lengths, in MB.

    What the network needs once for each of its numbers of frames is there already.
    """
    audio = signals.tone("rich", 220.0, np.random.default_rng(0)).audio
    for n_samples in (2000, 6000, 10000, 16000):
        tracker(method)(audio[:n_samples])
    resident = []
    for call in range(N_CALLS + 1):
        tracker(method)(audio[: 6000 + 64 * call])
        gc.collect()
        resident.append(measuring.resident_mb())
    grown = resident[-1] - resident[0]
    print(f"{method:9} {N_CALLS} calls: {grown:+.1f} MB", flush=True)
    spectral_ops.reset_crepe()
    return {"calls": N_CALLS, "grown_mb": grown}


def main() -> None:
    """Measures and prints what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", nargs="+", default=["tiny"])
    parser.add_argument("--step", type=int, default=1, help="semitones between tones")
    parser.add_argument("--seconds", type=int, default=30, help="of each recording")
    parser.add_argument("--speed", action="store_true", help="time, against Keras")
    parser.add_argument("--memory", action="store_true", help="growth over 30 calls")
    parser.add_argument(
        "--interpolation", action="store_true", help="what a frame each 12 ms loses"
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json")
    args = parser.parse_args()
    figures: dict[str, Any] = {}
    if args.speed:
        sizes = [x for x in args.methods if x in SIZES]
        figures["speed"] = speed(sizes, args.repeats, 2)
    if args.interpolation:
        figures["interpolation"] = {
            method: lost_by_interpolation(method, 12, args.seed)
            for method in args.methods
        }
    if args.memory:
        figures["memory"] = {method: memory(method) for method in args.methods}
    if not (args.speed or args.memory or args.interpolation):
        print(f"{'method':9} {'sound':28} {'frames':>7} {'right %':>8} {'octave %':>8}")
        for method in args.methods:
            found = accuracy(method, args.step, args.seconds, args.seed)
            found |= certainty(method, args.seed)
            figures[method] = found
        whole = figures[args.methods[0]]["all tones"]
        print(
            f"target for {args.methods[0]}: right >= {TARGETS['right_percent']} %, "
            f"octave < {TARGETS['octave_percent']} %: "
            f"{whole['right_percent']:.2f} %, {whole['octave_percent']:.2f} %"
        )
    measuring.write_report(args.json, args.seed, figures)


if __name__ == "__main__":
    main()
