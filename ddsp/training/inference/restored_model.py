"""A model as its folder describes it, if timbre transfer can play it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ddsp.training import audio_io, config, models
from ddsp.training.errors import InputError, first_line
from ddsp.training.inference.borrowing import ONE_AT_A_TIME
from ddsp.training.inference.model_inputs import bind_nothing_to_measure, check_inputs

# Frames per second that a model can be played by; beyond them the memory fills up.
SLOWEST_FRAMES, FASTEST_FRAMES = 1, 4000


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
    with ONE_AT_A_TIME, config.isolated_gin():
        config.load_model_config(folder, trust=trust_config)
        bind_nothing_to_measure()
        with refusing_what_fails(folder):
            model = models.Autoencoder()
    model.restore(str(folder), verbose=False)
    return model


def find_pitched(model: models.Autoencoder, folder: Path) -> Any:
    """Finds the synthesizer that says at which rates a model is played.

    Args:
        model: The model.
        folder: Its folder, for messages.

    Returns:
        Processor with `n_samples` and `sample_rate`.

    Raises:
        InputError: If an input of the model cannot be computed from a recording, its
            frames are no whole number of samples, or its rates are none of sound.
    """
    check_inputs(model, folder)
    modules = getattr(model.processor_group, "modules", [])
    synths = [module for module in modules if hasattr(module, "n_samples")]
    pitched = [synth for synth in synths if hasattr(synth, "sample_rate")]
    with refusing_what_fails(folder):
        has_whole_frames = pitched and _hop_size(model, pitched[0]).is_integer()
    if not has_whole_frames:
        time_steps = getattr(model.preprocessor, "time_steps", "unknown")
        raise InputError(
            "A model to be played must have a synthesizer with whole samples per "
            f"frame. Got model={folder} with {[synth.name for synth in synths]} and "
            f"{time_steps} frames; train models/solo_instrument.gin."
        )
    with refusing_what_fails(folder):
        _check_rates(pitched[0].sample_rate, _hop_size(model, pitched[0]), folder)
    return pitched[0]


def _check_rates(sample_rate: float, hop_size: float, folder: Path) -> None:
    """Refuses rates that would fill the memory, or that nothing can be played at."""
    slowest_hz, fastest_hz = audio_io.SLOWEST_HZ, audio_io.FASTEST_HZ
    smallest, largest = sample_rate / FASTEST_FRAMES, sample_rate / SLOWEST_FRAMES
    if not (
        slowest_hz <= sample_rate <= fastest_hz and smallest <= hop_size <= largest
    ):
        raise InputError(
            f"A model to be played must have from {slowest_hz} to {fastest_hz} samples "
            f"and from {SLOWEST_FRAMES} to {FASTEST_FRAMES} frames per second. Got "
            f"model={folder} with sample_rate={sample_rate} and {hop_size:g} samples "
            "per frame; train models/solo_instrument.gin."
        )


def find_hop_size(model: models.Autoencoder, pitched: Any) -> int:
    """Says how many samples a frame of a model has.

    Args:
        model: The model.
        pitched: Its synthesizer, from `find_pitched`.

    Returns:
        Samples.
    """
    return int(_hop_size(model, pitched))


def _hop_size(model: models.Autoencoder, pitched: Any) -> float:
    """Samples per frame, whole or not."""
    preprocessor = model.preprocessor
    if hasattr(preprocessor, "time_steps"):
        return float(pitched.n_samples / preprocessor.time_steps)
    return float(pitched.sample_rate / preprocessor.frame_rate)
