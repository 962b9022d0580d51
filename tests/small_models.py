"""Small models that the original has trained, with what they gave."""

from pathlib import Path
from typing import Any

import numpy as np

from ddsp.training import config, models

GOLDEN = Path(__file__).parent / "golden"
TRAINED = GOLDEN / "training" / "checkpoints"


def build(folder: Path) -> Any:
    """The untrained model of a folder."""
    with config.isolated_gin():
        config.load_model_config(folder)
        return models.get_model()


def recorded_run(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Features and what the original made of them, by path."""
    recorded = np.load(folder / "io.npz")
    features = {k[2:]: recorded[k] for k in recorded.files if k.startswith("x/")}
    outputs = {k[2:]: recorded[k] for k in recorded.files if k.startswith("y/")}
    return features, outputs


def tiny_autoencoder() -> tuple[Any, dict[str, Any]]:
    """A model that is built quickly, and features for it."""
    from ddsp import losses, processors, synths
    from ddsp.training import decoders, preprocessing

    model = models.Autoencoder(
        preprocessor=preprocessing.F0LoudnessPreprocessor(
            time_steps=10, compute_loudness=False
        ),
        decoder=decoders.RnnFcDecoder(
            rnn_channels=4,
            ch=4,
            layers_per_stack=1,
            input_keys=("ld_scaled", "f0_scaled"),
            output_splits=(("amps", 1), ("harmonic_distribution", 5)),
        ),
        processor_group=processors.ProcessorGroup(
            [
                (
                    synths.Harmonic(n_samples=640),
                    ["amps", "harmonic_distribution", "f0_hz"],
                )
            ]
        ),
        losses=losses.SpectralLoss(fft_sizes=(64,)),
    )
    features = {
        "audio": np.sin(np.arange(640, dtype=np.float32))[np.newaxis],
        "f0_hz": np.full([1, 10], 440.0, np.float32),
        "loudness_db": np.full([1, 10], -20.0, np.float32),
    }
    return model, features
