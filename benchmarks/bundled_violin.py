"""How much better than a static sound is the bundled violin?

Plays a recording that the model has never heard, from its pitch and loudness alone, and
compares the multi-scale spectral loss with that of a static instrument: the same pitch
and loudness through one constant spectrum, fitted to this very recording by gradient
descent. The static instrument thus knows the recording; the model does not. A second,
harder one adds noise of one constant spectrum, fitted likewise.

    python benchmarks/bundled_violin.py RECORDING [--start S] [--seconds S]
"""

import argparse
import json
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from ddsp import core, losses
from ddsp.training import audio_io
from ddsp.training.inference.recording import measure
from ddsp.training.inference.transfer import TimbreTransfer, resolve_model

SAMPLE_RATE, FRAME_RATE, HOP = 16000, 250, 64
N_HARMONICS, N_BANDS = 60, 65


def features_of(audio: np.ndarray) -> dict[str, np.ndarray]:
    """Centred pitch and loudness, and the audio, cut to whole frames."""
    n_frames = len(audio) // HOP
    audio = audio[: n_frames * HOP]
    f0_hz, _, loudness_db = measure(audio, n_frames, FRAME_RATE)
    return {"audio": audio, "f0_hz": f0_hz, "loudness_db": loudness_db}


def static_loss(
    features: dict[str, np.ndarray],
    loss: losses.SpectralLoss,
    n_steps: int,
    with_noise: bool,
) -> float:
    """Loss of the best constant spectrum that this optimisation finds."""
    n_samples = len(features["audio"])
    target = tf.constant(features["audio"][np.newaxis])
    f0_hz = tf.constant(features["f0_hz"][np.newaxis, :, np.newaxis])
    level = core.db_to_amplitude(features["loudness_db"][np.newaxis, :, np.newaxis])
    level = tf.cast(level / tf.reduce_max(level), tf.float32)
    gain = tf.Variable(-2.0)
    shares = tf.Variable(-0.1 * np.arange(N_HARMONICS, dtype=np.float32))
    bands = tf.Variable(np.full(N_BANDS, -6.0, np.float32))
    optimizer = tf.keras.optimizers.Adam(0.05)

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            weights = core.normalize_harmonics(
                tf.exp(shares) * tf.ones_like(f0_hz), f0_hz, SAMPLE_RATE
            )
            tone = core.harmonic_synthesis(
                f0_hz,
                tf.exp(gain) * level,
                harmonic_distribution=weights,
                n_samples=n_samples,
            )
            if with_noise:
                noise = core.white_noise(1, n_samples)
                tone += core.frequency_filter(noise, tf.exp(bands) * level)
            value = loss(target, tone)
        variables = [gain, shares, bands] if with_noise else [gain, shares]
        optimizer.apply_gradients(
            zip(tape.gradient(value, variables), variables, strict=True)
        )
        return value

    values = [float(step()) for _ in range(n_steps)]
    return float(np.mean(values[-20:]))


def commit() -> str:
    """The revision that was measured, marked if the tree differs from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    folder = Path(__file__).parent
    found = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or "unknown"


def main() -> int:
    """Prints both losses and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recording", help="audio that the model was not trained on")
    parser.add_argument("--model", default="violin", help="bundled name or folder")
    parser.add_argument("--start", type=float, default=0.0, help="seconds to skip")
    parser.add_argument("--seconds", type=float, default=12.0, help="seconds to use")
    parser.add_argument("--steps", type=int, default=600, help="steps of the fit")
    parser.add_argument("--json", help="file that receives the figures")
    options = parser.parse_args()
    tf.random.set_seed(0)
    audio = audio_io.load_audio(options.recording, SAMPLE_RATE)
    first = int(options.start * SAMPLE_RATE)
    features = features_of(audio[first : first + int(options.seconds * SAMPLE_RATE)])
    loss = losses.SpectralLoss(mag_weight=1.0, logmag_weight=1.0)
    model = TimbreTransfer.from_folder(resolve_model(options.model))
    played = model.render(features)[: len(features["audio"])]
    figures = {
        "recording": Path(options.recording).name,
        "start": options.start,
        "seconds": len(features["audio"]) / SAMPLE_RATE,
        "model": options.model,
        "model_loss": float(loss(features["audio"][np.newaxis], played[np.newaxis])),
        "static_loss": static_loss(features, loss, options.steps, with_noise=False),
        "static_loss_with_noise": static_loss(features, loss, options.steps, True),
        "fit_steps": options.steps,
        "seed": 0,
        "commit": commit(),
        "hardware": f"{platform.machine()}, {platform.system()}, CPU",
        "tensorflow": tf.__version__,
    }
    print(f"{figures['recording']}: {figures['seconds']:.1f} s")
    print(f"{figures['model_loss']:8.3f}  model {options.model}")
    for name in ("static_loss", "static_loss_with_noise"):
        reduction = 1.0 - figures["model_loss"] / figures[name]
        figures[name.replace("static_loss", "reduction")] = reduction
        noise = " and noise" if name.endswith("noise") else ""
        print(
            f"{figures[name]:8.3f}  one constant spectrum{noise}, fitted to the "
            f"recording: the model is {100 * reduction:.1f} % lower"
        )
    if options.json:
        Path(options.json).write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
