"""Reading the configuration of a model that may come from anywhere.

A gin file can import modules, include files and call whatever is registered. The
configuration of a model folder is data that came with somebody's download, so only what
can describe a model is carried out.
"""

from pathlib import Path
from typing import Any

import gin
from gin import config_parser

from ddsp.keras_objects import UNSAFE_LAYERS
from ddsp.training.checkpoints import get_latest_operative_config
from ddsp.training.config.parsing import (
    Delegate,
    bind,
    config_error,
    is_absent,
    is_known,
    read_statements,
    read_text,
)

_IMPORTS = ("ddsp", "ddsp.training")
# Where somebody else's machine kept their files.
_PATH_ARGUMENTS = (
    "base_dir",
    "checkpoint_path",
    "ckpt",
    "crepe_saved_model_path",
    "data_dir",
    "dataset_folder",
    "file_pattern",
    "model_path",
    "restore_dir",
    "save_dir",
)
# Modules that act when called: they read folders, write them, or run models.
_ACTING = tuple(
    f"ddsp.training.{name}."
    for name in ("data_preparation", "docker", "eval_util", "inference", "train_util")
)
_REFUSED_LAYERS = tuple(f"tf.keras.layers.{name}" for name in UNSAFE_LAYERS)
# Keys by which Keras finds classes and functions in a dictionary.
_KERAS_KEYS = {"class_name", "config", "module", "registered_name"}


def load_model_config(folder: str | Path) -> None:
    """Reads the newest operative config of a model folder into gin.

    The file is not trusted. Imports other than of ddsp, includes, references to
    anything but parts of models, and unknown names are errors. Bindings of paths are
    left out, and so are those that only say how training was run and that this version
    does not know.

    Args:
        folder: Folder of a model, or path of a checkpoint in it.

    Raises:
        InputError: If there is no config, or a statement of it is refused.
    """
    file = get_latest_operative_config(folder)
    for statement in read_statements(read_text(file), file, _ModelDelegate()):
        reason = _refusal(statement)
        if reason:
            raise config_error(file, statement.location.line_num, reason)
        if isinstance(statement, config_parser.ImportStatement):
            gin.parse_config(statement.format())
        elif isinstance(statement, config_parser.BindingStatement):
            is_path = statement.arg_name in _PATH_ARGUMENTS
            if not is_path and not is_absent(statement):
                bind(statement, file)


class _ModelDelegate(Delegate):
    """Lets values refer to parts of models only."""

    def configurable_reference(self, scoped_selector: str, evaluate: bool) -> Any:
        reference = super().configurable_reference(scoped_selector, evaluate)
        if isinstance(reference, gin.config.ConfigurableReference):
            selector = reference.configurable.selector
            if not _is_part_of_models(selector) or selector.startswith(_ACTING):
                raise ValueError(
                    f"a reference must be to a part of a model, not to @{selector}"
                )
        return reference


def _is_part_of_models(selector: str) -> bool:
    """Whether a registered name may be used by a model that nobody vouches for."""
    if selector.startswith("tf.keras."):
        return selector not in _REFUSED_LAYERS
    return selector.startswith("ddsp.")


def _refusal(statement: Any) -> str:
    """Why a statement is refused; empty if it is not."""
    if isinstance(statement, config_parser.IncludeStatement):
        return (
            f"the config of a model must not include files. Got {statement.filename!r};"
            " put its bindings here."
        )
    if isinstance(statement, config_parser.ImportStatement):
        if statement.module in _IMPORTS:
            return ""
        return (
            "the config of a model must import nothing but ddsp. Got "
            f"{statement.format()!r}; take the line out if you trust the rest."
        )
    if isinstance(statement, config_parser.BindingStatement):
        return _refusal_of_binding(statement)
    return ""


def _refusal_of_binding(statement: Any) -> str:
    """Why a binding is refused; empty if it is not."""
    name = f"{statement.selector}.{statement.arg_name}".rstrip(".")
    if _is_keras_config(statement.value):
        return f"a value must not describe an object of Keras. Got it for {name}."
    if not statement.arg_name or is_absent(statement):
        return ""
    if not is_known(statement.selector):
        return (
            f"a binding must be of a part of ddsp. Got {name}, which is unknown to this"
            " version."
        )
    try:
        key = gin.config.ParsedBindingKey.parse(tuple(statement[:3]))
    except (ValueError, KeyError):
        return ""  # An argument that does not exist: binding it says so.
    if not _is_part_of_models(key.complete_selector):
        return f"a binding must be of a part of ddsp. Got {name}; take it out."
    return ""


def _is_keras_config(value: Any) -> bool:
    """Whether a value has a dictionary that Keras would turn into an object."""
    if isinstance(value, dict):
        # A key that is no text yet, such as a macro, could become anything.
        hidden = not all(isinstance(key, (str, int, float)) for key in value)
        return (
            hidden
            or bool(_KERAS_KEYS & value.keys())
            or any(map(_is_keras_config, value.values()))
        )
    if isinstance(value, (list, tuple)):
        return any(map(_is_keras_config, value))
    return False
