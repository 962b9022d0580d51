"""What one can do with a model that has just been trained."""

import shlex
from collections.abc import Sequence
from typing import Any

from ddsp import pretrained
from ddsp.training import config, encoders, preprocessing
from ddsp.training.errors import InputError

PLAYED_BY = (
    preprocessing.F0LoudnessPreprocessor,
    preprocessing.OnlineF0PowerPreprocessor,
)
LISTENING = (
    encoders.MfccTimeDistributedRnnEncoder,
    encoders.MfccRnnEncoder,
    encoders.MfccEncoder,
)


def is_playable(folder: str) -> bool:
    """Tells from its configuration whether `ddsp transfer` can play a model.

    Args:
        folder: Folder of the model.

    Returns:
        Whether the model is an autoencoder that is played by pitch and loudness or
        power, and whose encoder, if it has one, hears nothing but the sound.
    """
    with config.isolated_gin():
        try:
            config.load_model_config(folder)
        except (FileNotFoundError, InputError):
            return False
        model = config.bound_value("get_model.model")
        preprocessor = config.bound_value("Autoencoder.preprocessor")
        encoder = config.bound_value("Autoencoder.encoder")
    return (
        str(model).endswith("Autoencoder()")
        and _is_of(preprocessor, PLAYED_BY)
        and (encoder is None or _is_of(encoder, LISTENING))
    )


def _is_of(reference: Any, classes: tuple[type, ...]) -> bool:
    """Whether a reference of gin is to one of these classes, or derived from one."""
    made = getattr(getattr(reference, "configurable", None), "wrapped", None)
    return isinstance(made, type) and issubclass(made, classes)


def transfer_command(folder: str) -> str:
    """Writes the command that plays a recording with a model.

    Args:
        folder: Folder of the model.

    Returns:
        A command line.
    """
    # A bundled model of that name would win.
    is_bundled = folder in pretrained.model_names()
    name = shlex.quote(f"./{folder}" if is_bundled else folder)
    return f"ddsp transfer voice.wav -o out.wav --model {name}"


def judging_command(mode: str, folder: str, flags: Sequence[str]) -> str:
    """Writes the command that judges the newest checkpoint of a model.

    Args:
        mode: 'eval' or 'sample'.
        folder: Folder of the model.
        flags: Further flags, which say where the data are.

    Returns:
        A command line.
    """
    words = ["ddsp_run", f"--mode={mode}", "--run_once", f"--save_dir={folder}", *flags]
    return shlex.join(words)


def dataset_flags(dataset: str) -> list[str]:
    """The flags of `ddsp_run` that name a dataset.

    Args:
        dataset: Folder, or pattern of record files.

    Returns:
        The flags.
    """
    return [
        "--gin_file=datasets/tfrecord.gin",
        f"--gin_param=TFRecordProvider.file_pattern={dataset!r}",
    ]
