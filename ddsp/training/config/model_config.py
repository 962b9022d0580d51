"""Reading the configuration of a model that may come from anywhere.

A gin file can import modules, include files and call whatever is registered. The
configuration of a model folder is data that came with somebody's download, so only what
can describe a model is carried out, unless the user vouches for it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gin
from gin import config_parser

from ddsp.keras_objects import UNSAFE_LAYERS
from ddsp.training.checkpoints import (
    get_latest_checkpoint,
    get_latest_operative_config,
)
from ddsp.training.config.absent import is_known, keep_what_is_here
from ddsp.training.config.expansion import (
    ExpansionError,
    active_bindings,
    check_expansion,
)
from ddsp.training.config.files import refuse_special_files
from ddsp.training.config.parsing import bind, binding_key, parse_operative_config
from ddsp.training.config.sizes import (
    WITHOUT_CHECKPOINT,
    Limits,
    SizeError,
    check_sizes,
    limits_of,
)
from ddsp.training.config.statements import (
    Delegate,
    config_error,
    read_statements,
    read_text,
)

# Ten times what the largest model of the original needs.
MAX_BYTES = 1 << 16
_IMPORTS = ("ddsp", "ddsp.training")
# Where somebody else's machine kept their files.
_PATH_ARGUMENTS = (
    "base_dir",
    "cache_dir",
    "checkpoint_path",
    "ckpt",
    "crepe_saved_model_path",
    "data_dir",
    "dataset_folder",
    "file_pattern",
    "folder",
    "model_path",
    "restore_dir",
    "save_dir",
)
# Modules of what models are made of. Making it has no effect on anything else.
_PARTS = (
    "ddsp.core.",
    "ddsp.dags.",
    "ddsp.effects.",
    "ddsp.losses.",
    "ddsp.processors.",
    "ddsp.spectral_ops.",
    "ddsp.synths.",
    "ddsp.training.decoders.",
    "ddsp.training.encoders.",
    "ddsp.training.heuristics.",
    "ddsp.training.models.",
    "ddsp.training.nn.",
    "ddsp.training.preprocessing.",
    "tf.keras.",
)
# Modules of what runs are made of: it may read files, or even download them, when the
# user starts a run. A model must not do so when it is built.
_RUN_PARTS = (
    "ddsp.training.data.",
    "ddsp.training.evaluators.",
    "ddsp.training.trainers.",
)
# Modules of what may be made of that. Its functions themselves are never named.
_RUNS = (*_RUN_PARTS, "ddsp.training.eval_util.", "ddsp.training.train_util.")
_MACROS = ("gin.macro", "gin.constant")
_REFUSED_LAYERS = tuple(f"tf.keras.layers.{name}" for name in UNSAFE_LAYERS)
# Keys by which Keras finds classes and functions in a dictionary.
_KERAS_KEYS = {"class_name", "config", "module", "registered_name"}


def load_model_config(folder: str | Path, trust: bool = False) -> None:
    """Reads the newest operative config of a model folder into gin.

    Names and arguments of older versions are brought up to date, which is logged.

    Unless it is trusted, the file is taken for data. Imports other than of ddsp,
    includes, references to anything but parts of models, unknown names, and sizes that
    the checkpoint beside it cannot have, are errors, of which nothing remains. Bindings
    of paths are left out, and so is, which is logged, what only says how training was
    run and is not in this version.

    Args:
        folder: Folder of a model, or path of a checkpoint in it.
        trust: Whether the user vouches for the file. It is then read like a file of
            theirs: it may import, include and name anything, its paths are kept, and
            unknown names are logged and left out. So only for files whose origin is
            known: importing runs code.

    Raises:
        InputError: If there is no config, or a statement of it is refused.
    """
    refuse_special_files(folder)
    file = get_latest_operative_config(folder)
    if trust:
        parse_operative_config(file)
        return
    text = read_text(file, MAX_BYTES)
    statements = list(_checked_statements(text, file))
    _check_bindings(statements, file, _limits(folder))
    for statement in statements:
        if isinstance(statement, config_parser.ImportStatement):
            gin.parse_config(statement.format())
        else:
            bind(statement, file)


class _ModelDelegate(Delegate):
    """Lets values refer to parts of models and of runs only."""

    def configurable_reference(self, scoped_selector: str, evaluate: bool) -> Any:
        reference = super().configurable_reference(scoped_selector, evaluate)
        if isinstance(reference, gin.config.ConfigurableReference):
            selector = reference.configurable.selector
            if not (_is_part(selector) or selector.startswith(_RUN_PARTS)):
                raise ValueError(
                    f"a reference must be to a part of a model, not to @{selector}"
                )
        return reference

    def macro(self, macro_name: str) -> Any:
        reference = super().macro(macro_name)
        if reference.configurable.selector == "gin.constant":
            # Programs may make anything a constant.
            value = gin.query_parameter(reference.scopes[0])
            if not (value is gin.REQUIRED or _is_plain(value)):
                raise ValueError(
                    f"a constant must be a number or text, which %{macro_name} is not"
                )
        return reference


def _is_part(selector: str) -> bool:
    """Whether a registered name may be used by a model that nobody vouches for."""
    return selector.startswith(_PARTS) and selector not in _REFUSED_LAYERS


def _is_plain(value: Any) -> bool:
    """Whether a value is one that any config could hold."""
    return value is None or isinstance(value, (bool, int, float, str))


def _checked_statements(text: str, file: str) -> Iterator[Any]:
    """Imports and bindings that are to be carried out."""
    for statement in read_statements(text, file, _ModelDelegate(), is_old=True):
        reason = _refusal(statement)
        if reason:
            raise config_error(file, statement.location.line_num, reason)
        if isinstance(statement, config_parser.ImportStatement):
            yield statement
        elif isinstance(statement, config_parser.BindingStatement) and not _is_path(
            statement
        ):
            statement = keep_what_is_here(statement, file)
            if statement is not None:
                _check_selector(statement, file)
                yield statement


def _is_path(statement: Any) -> bool:
    """Whether a binding says where files are."""
    # Without a file, and with the network that comes with the package.
    harmless = statement.value is None or statement.value == "tiny"
    is_crepe = statement.arg_name == "crepe_saved_model_path"
    return statement.arg_name in _PATH_ARGUMENTS and not (is_crepe and harmless)


def _check_selector(statement: Any, file: str) -> None:
    """Raises for a binding of what is unknown, or not of ddsp."""
    name, line = statement.selector, statement.location.line_num
    if statement.arg_name and not is_known(name):
        reason = f"a binding must be of a part of ddsp. Got {name}, which is unknown"
        raise config_error(file, line, f"{reason} to this version.")
    _, selector, _ = binding_key(statement, file)
    is_of_ddsp = selector.startswith("ddsp.") or _is_part(selector)
    if statement.arg_name and not is_of_ddsp:
        reason = f"a binding must be of a part of ddsp. Got {name}; take it out."
        raise config_error(file, line, reason)


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
        name = f"{statement.selector}.{statement.arg_name}".rstrip(".")
        if _is_keras_config(statement.value):
            return f"a value must not describe an object of Keras. Got it for {name}."
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


def _limits(folder: str | Path) -> Limits:
    """What the checkpoint of a folder can hold."""
    try:
        return limits_of(get_latest_checkpoint(folder))
    except FileNotFoundError:
        return WITHOUT_CHECKPOINT


def _check_bindings(statements: list[Any], file: str, limits: Limits) -> None:
    """Raises for what would be too much, or made of what it must not be made of."""
    bindings: dict[tuple[str, str], dict[str, Any]] = {}
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for statement in statements:
        if isinstance(statement, config_parser.BindingStatement):
            scope, selector, arg_name = binding_key(statement, file)
            bindings.setdefault((scope, selector), {})[arg_name] = statement.value
            line = statement.location.line_num
            lines.setdefault((scope, selector), {})[arg_name] = line
    of_models = {
        key: values for key, values in bindings.items() if not key[1].startswith(_RUNS)
    }
    try:
        check_expansion(bindings, _may_be_made_of)
        check_sizes(of_models, limits)
    except ExpansionError as error:
        line = min(lines[error.key].values())
        raise config_error(file, line, f"{error}; take it out.") from error
    except SizeError as error:
        line = active_bindings(lines, *error.key)[error.argument]
        raise config_error(file, line, f"{error}; take it out.") from error


def _may_be_made_of(selector: str, inner: str) -> bool:
    """Whether a configurable may be made of another, at whatever depth."""
    # What a macro stands for is looked at where it is used.
    return _is_part(inner) or inner in _MACROS or selector.startswith((*_RUNS, "gin."))
