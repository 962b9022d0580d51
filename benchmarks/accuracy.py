"""Signal to error of 100 harmonics against float64, ours and the dense form's.

Four seconds with vibrato, and the tenth minute of a held note.

    python benchmarks/accuracy.py [--json FILE]
"""

import argparse

import dense
import measuring
import numpy as np
import tensorflow as tf

from ddsp import core

SAMPLE_RATE, N_HARMONICS = 16000, 100


def snr_db(truth: np.ndarray, audio: np.ndarray) -> float:
    """Power of the truth over power of the error in dB."""
    error = np.sum((np.float64(audio) - truth) ** 2)
    return float(10 * np.log10(np.sum(truth**2) / error))


def vibrato(n_frames: int) -> np.ndarray:
    """Half a semitone around 225 Hz, [n_frames]."""
    swing = np.sin(2 * np.pi * 5.5 * np.arange(n_frames) / 250)
    return (225.0 * 2 ** (0.5 * swing / 12)).astype(np.float32)


def truth_of(
    f0_hz: np.ndarray, gains: np.ndarray, n_samples: int, n_last: int
) -> np.ndarray:
    """The last samples of constant gains and a pitch linear between frames."""
    frames = np.append(f0_hz, f0_hz[-1]).astype(np.float64)
    position = np.arange(n_samples) * len(f0_hz) / n_samples
    frequency = np.interp(position, np.arange(len(frames)), frames)
    # In float64 the sum itself would be off by 1e-5 cycles after ten minutes.
    cycles = np.cumsum(frequency.astype(np.longdouble) / SAMPLE_RATE) % 1.0
    frequency, cycles = frequency[-n_last:], np.float64(cycles[-n_last:])
    audio = np.zeros(n_last)
    for k, gain in enumerate(np.float64(gains), start=1):
        audible = k * frequency < SAMPLE_RATE / 2
        audio += gain * audible * np.sin(2 * np.pi * (k * cycles % 1.0))
    return audio


def main() -> None:
    """Measures and prints both cases."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json")
    args = parser.parse_args()
    gains = np.random.default_rng(args.seed).uniform(0, 0.02, N_HARMONICS)
    gains = gains.astype(np.float32)
    cases = {
        "4 s of vibrato": (vibrato(1000), 64_000, 64_000),
        "minute 10 of a held note": (np.full(40, 77.7, np.float32), 9_600_000, 960_000),
    }
    figures = {}
    for name, (f0, n_samples, n_last) in cases.items():
        shares = tf.constant(np.tile(gains, [1, len(f0), 1]))
        f0_hz, loud = tf.constant(f0[None, :, None]), tf.ones([1, len(f0), 1])
        audio = core.harmonic_synthesis(
            f0_hz, loud, harmonic_distribution=shares, n_samples=n_samples
        )
        truth = truth_of(f0, gains, n_samples, n_last)
        found = {"ours": snr_db(truth, audio.numpy()[0, -n_last:])}
        if (
            n_samples < 100_000
        ):  # The dense form of ten minutes would take 4 GB a tensor.
            plain = dense.harmonic_synthesis(f0_hz, loud, shares, n_samples)
            found["dense"] = snr_db(truth, plain.numpy()[0, -n_last:])
        figures[name] = found
        print(name, {k: f"{v:.1f} dB" for k, v in found.items()}, flush=True)
    measuring.write_report(args.json, args.seed, figures)


if __name__ == "__main__":
    main()
