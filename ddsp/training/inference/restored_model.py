"""A model as its folder describes it, if timbre transfer can play it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ddsp.training import config, models
from ddsp.training.errors import InputError, first_line
from ddsp.training.next_steps import takes_loudness


@contextlib.contextmanager
def refusing_what_fails(folder: Path) -> Iterator[None]:
    """Turns whatever a stranger's model breaks into one line that names its folder.

    Args:
        folder: Model folder.

    Yields:
        Nothing.

    Raises:
        InputError: If something fails within.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:  # A config can be wrong in any way.
        told = f"{type(error).__name__} {first_line(error)}".rstrip(". ")
        raise InputError(
            "A model must be built and run as its config says. Got "
            f"model={folder}: {told}; train it again, or give another one."
        ) from error


def restore_model(folder: Path, trust_config: bool = False) -> models.Autoencoder:
    """Builds the model of a folder and takes its weights from there.

    Args:
        folder: Model folder with a checkpoint and an operative config.
        trust_config: Whether the config may also name what is no part of ddsp.

    Returns:
        The model, restored within its first call.

    Raises:
        InputError: If config or checkpoint cannot be used.
    """
    with config.isolated_gin():
        config.load_model_config(folder, trust=trust_config)
        with refusing_what_fails(folder):
            model = models.Autoencoder()
    model.restore(str(folder), verbose=False)
    return model


def find_synths(model: models.Autoencoder, folder: Path) -> list[Any]:
    """Finds the synthesizers of a model, whose length is set before it plays.

    Args:
        model: The model.
        folder: Its folder, for messages.

    Returns:
        Processors with `n_samples`; at least one of them has a `sample_rate`.

    Raises:
        InputError: If the model is not played by pitch and loudness alone, or its
            frames are no whole number of samples.
    """
    preprocessor = model.preprocessor
    if not takes_loudness(type(preprocessor)) or model.encoder is not None:
        raise InputError(
            "Timbre transfer needs a model that is played by pitch and loudness alone. "
            f"Got model={folder} with {type(preprocessor).__name__} and encoder "
            f"{type(model.encoder).__name__}; train models/solo_instrument.gin."
        )
    modules = getattr(model.processor_group, "modules", [])
    synths = [module for module in modules if hasattr(module, "n_samples")]
    pitched = [synth for synth in synths if hasattr(synth, "sample_rate")]
    if not pitched or pitched[0].n_samples % preprocessor.time_steps:
        raise InputError(
            "A model to be played must have a synthesizer with whole samples per "
            f"frame. Got model={folder} with {[synth.name for synth in synths]} and "
            f"{preprocessor.time_steps} frames; train models/solo_instrument.gin."
        )
    return synths
