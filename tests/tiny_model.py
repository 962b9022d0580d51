"""A small untrained model folder, made by the library as training makes one."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from ddsp.training import checkpoints, config, models, postprocessing

SIZES = (
    "RnnFcDecoder.ch = 16",
    "RnnFcDecoder.rnn_channels = 16",
    "RnnFcDecoder.layers_per_stack = 1",
    "Reverb.reverb_length = 1600",
)
MEAN_PITCH = 74.0


def make_tiny_model(folder: Path, adjusts: bool = True) -> Path:
    """Writes a model folder.

    Args:
        folder: Existing folder to write into.
        adjusts: Whether to write dataset statistics too.

    Returns:
        The folder.
    """
    tf.keras.utils.set_random_seed(3)  # Keras draws initial values from its own.
    features = {
        "audio": tf.zeros([1, 64000]),
        "f0_hz": tf.fill([1, 1000, 1], 440.0),
        "loudness_db": tf.fill([1, 1000, 1], -30.0),
    }
    with config.isolated_gin():
        config.parse_gin(["models/solo_instrument.gin"], SIZES)
        model = models.get_model()
        model(features, training=False)
        _move_biases(model.decoder)
        (folder / "operative_config-0.gin").write_text(config.operative_config_str())
    checkpoints.save_checkpoint(model, None, folder, step=0)
    if adjusts:
        postprocessing.save_statistics(_statistics(), folder)
    return folder


def _move_biases(decoder: models.Model) -> None:
    """Makes an untrained decoder hear loudness.

    With biases of 0, layer normalization undoes any scale of its input.
    """
    rng = np.random.default_rng(3)
    for variable in decoder.trainable_variables:
        if len(variable.shape) == 1:
            variable.assign_add(0.3 * rng.standard_normal(variable.shape))


def _statistics() -> dict[str, object]:
    """Statistics of an instrument around D5 that plays between -35 and -20 dB."""
    loudness_db = np.linspace(-35.0, -20.0, 200)[:, np.newaxis]
    transform = postprocessing.QuantileTransformer().fit(loudness_db)
    return {"mean_pitch": MEAN_PITCH, "quantile_transform": transform}
