"""What one can do with a model that has just been trained."""

import shlex
from collections.abc import Sequence

from ddsp import pretrained
from ddsp.training import config, preprocessing
from ddsp.training.errors import InputError


def is_playable(folder: str) -> bool:
    """Tells from its configuration whether `ddsp transfer` can play a model.

    Args:
        folder: Folder of the model.

    Returns:
        Whether the model is an autoencoder that is played by pitch and loudness alone.
    """
    with config.isolated_gin():
        try:
            config.load_model_config(folder)
        except (FileNotFoundError, InputError):
            return False
        model = config.bound_value("get_model.model")
        preprocessor = config.bound_value("Autoencoder.preprocessor")
        encoder = config.bound_value("Autoencoder.encoder")
    if not str(model).endswith("Autoencoder()") or encoder is not None:
        return False
    made = getattr(getattr(preprocessor, "configurable", None), "wrapped", None)
    return isinstance(made, type) and takes_loudness(made)


def takes_loudness(preprocessor_class: type) -> bool:
    """Tells whether a preprocessor feeds a model with loudness.

    Args:
        preprocessor_class: Class of the preprocessor.

    Returns:
        Whether it does. One that is derived from another may take power instead.
    """
    loudness = preprocessing.F0LoudnessPreprocessor
    return issubclass(preprocessor_class, loudness) and "ld_scaled" in getattr(
        preprocessor_class, "output_keys", ()
    )


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
