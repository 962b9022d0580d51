"""Small models that the original has trained, with what they gave."""

from pathlib import Path
from typing import Any

import numpy as np
from signals import harmonic_truth

from ddsp import core
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


def assert_as_recorded(
    outputs: dict[str, Any], recorded: dict[str, Any], method: str = "window"
) -> None:
    """Compares all controls with the recording, and the harmonics with the truth.

    The original's phases are inexact, so its sound is no measure of ours.
    """
    compared = [key for key in recorded if not key.endswith("signal")]
    assert len(compared) >= 8
    for key in compared:
        value = np.reshape(core.nested_lookup(key, outputs), recorded[key].shape)
        limit = 1e-4 * np.abs(recorded[key]).max()
        np.testing.assert_allclose(
            value, recorded[key], rtol=0.0, atol=limit, err_msg=key
        )
    harmonic = outputs["harmonic"]
    signal = harmonic["signal"][0].numpy()
    controls = {name: value[0].numpy() for name, value in harmonic["controls"].items()}
    levels = controls["amplitudes"] * controls["harmonic_distribution"]
    f0_hz = controls["f0_hz"][:, 0]
    exact = harmonic_truth(f0_hz, levels, signal.size, 16000, method)
    np.testing.assert_allclose(signal, exact, atol=1e-5 * np.abs(exact).max())


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
