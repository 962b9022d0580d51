"""Reading gin, statement by statement, with errors that name file and line."""

import inspect
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gin
import tensorflow as tf
from absl import logging
from gin import config_parser

# Configs refer to what these register.
from ddsp import effects, losses, processors, spectral_ops, synths  # noqa: F401
from ddsp.training.config.files import resolve_gin_file
from ddsp.training.errors import InputError

# Names of the original that describe a run, not a model, and are not in this version:
# configs of all ages mention them, and nothing is lost without them.
RUN_NAMES = frozenset(
    (
        "BaseMultiProvider",
        "BasicEvaluator",
        "ExperimentalDataProvider",
        "F0LdEvaluator",
        "LegacyTFRecordProvider",
        "MidiAutoencoderEvaluator",
        "MidiHeuristicEvaluator",
        "MixedProvider",
        "NSynthTfds",
        "SyntheticNotes",
        "TWMEvaluator",
        "Urmp",
        "UrmpMidi",
        "ZippedProvider",
        "evaluate",
        "sample",
    )
)


# What gin raises for text that it cannot read, and for names it does not know.
_UNREADABLE = (SyntaxError, ValueError, KeyError, tokenize.TokenError)


class AbsentName:
    """Stands for a reference to one of RUN_NAMES that is not in this version."""


class Delegate(gin.config.ParserDelegate):
    """Makes references while gin reads values, and steps over absent names."""

    def configurable_reference(self, scoped_selector: str, evaluate: bool) -> Any:
        """Makes a reference.

        Args:
            scoped_selector: Name after the '@', with scopes.
            evaluate: Whether '()' follows.

        Returns:
            The reference.
        """
        selector = scoped_selector.split("/")[-1]
        if selector.split(".")[-1] in RUN_NAMES and not is_known(selector):
            return AbsentName()
        return super().configurable_reference(scoped_selector, evaluate)


def is_known(selector: str) -> bool:
    """Whether a name is registered.

    Args:
        selector: Name of a configurable, without scopes.

    Returns:
        Whether gin knows it; True also for a name that is ambiguous.
    """
    try:
        gin.get_configurable(selector)
    except KeyError:
        return True
    except ValueError:
        return False
    return True


def holds_absent_name(value: Any) -> bool:
    """Whether a value refers to something that is not in this version.

    Args:
        value: Value of a binding.

    Returns:
        Whether an AbsentName is anywhere in it.
    """
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, (list, tuple, set)):
        return any(map(holds_absent_name, value))
    return isinstance(value, AbsentName)


def config_error(file: str, line: int, reason: str) -> InputError:
    """The error for a statement that cannot be used.

    Args:
        file: File of the statement.
        line: Line of the statement.
        reason: What must hold, what was got, what to do.

    Returns:
        The error.
    """
    return InputError(f"{file}, line {line}: {reason}")


def read_statements(text: str, file: str, delegate: Delegate) -> Iterator[Any]:
    """Reads a config.

    Args:
        text: Text of the config.
        file: Name for error messages.
        delegate: Makes the references of values.

    Yields:
        Statements of `gin.config_parser`.

    Raises:
        InputError: If a statement cannot be read, or refers to an unknown name.
    """
    parser = None
    try:
        parser = config_parser.ConfigParser(text, delegate)
        yield from parser
    except _UNREADABLE as error:
        reason = f"a statement must be valid here ({_first_line(error)}); correct it."
        raise config_error(file, _line_of(error, parser), reason) from error


def _line_of(error: Exception, parser: Any) -> int:
    """The line where reading has ended."""
    if len(error.args) > 1:
        # A SyntaxError knows file and line, what tokens raise knows line and column.
        return error.args[1][1 if isinstance(error, SyntaxError) else 0]
    return parser.current_token.start[0] if parser is not None else 1


def _first_line(error: Exception) -> str:
    """What an error says, on one line."""
    text = str(error.args[0]) if error.args else str(error)
    return text.strip().partition("\n")[0] or repr(error)


def bind(statement: Any, file: str) -> None:
    """Makes a binding.

    Args:
        statement: A binding, of `gin.config_parser`.
        file: Name for error messages.

    Raises:
        InputError: If the configurable or its argument is unknown.
    """
    scope, selector, arg_name, value, location = statement
    key = (scope, selector, arg_name)
    if not arg_name:
        key = (f"{scope}/{selector}" if scope else selector, "gin.macro", "value")
    try:
        gin.bind_parameter(key, value)
        known = _known_arguments(gin.get_configurable(selector)) if arg_name else None
    except (ValueError, KeyError) as error:
        reason = f"a binding must be of a known argument ({_first_line(error)})."
        raise config_error(file, location.line_num, reason) from error
    if known is not None and arg_name not in known:
        raise config_error(
            file,
            location.line_num,
            f"a binding must be of a known argument. Got {selector}.{arg_name}; "
            f"{selector} has {', '.join(sorted(known))}.",
        )


def _known_arguments(configurable: Any) -> set[str] | None:
    """Arguments of a class and of all it passes keywords on to; None for any at all."""
    if not inspect.isclass(configurable):
        return None
    names: set[str] = set()
    constructors = (vars(cls).get("__init__") for cls in configurable.__mro__)
    for constructor in filter(None, constructors):
        for parameter in inspect.signature(constructor).parameters.values():
            if parameter.kind is not parameter.VAR_KEYWORD:
                names.add(parameter.name)
            elif parameter.name != "kwargs":
                return None  # Keywords of its own, such as the modules of a graph.
    return names - {"self", "args"}


def parse_gin(
    files: Sequence[str | Path],
    params: Sequence[str] = (),
    extra_dirs: Sequence[str | Path] = (),
    skip_unknown: bool = False,
) -> None:
    """Reads gin files and bindings of the user; later ones win.

    Args:
        files: Names of gin files, see `resolve_gin_file`.
        params: Bindings such as 'RnnFcDecoder.ch = 256', read after the files.
        extra_dirs: Further search paths, also for what the files include.
        skip_unknown: Whether bindings of unknown configurables, and imports that fail,
            are logged and left out rather than an error.

    Raises:
        InputError: If a file does not exist, or a statement cannot be used.
    """
    for name in files:
        _parse_file(name, extra_dirs, skip_unknown, including=())
    for param in params:
        _parse(param, (f"gin_param {param!r}",), extra_dirs, skip_unknown)


def read_text(path: str) -> str:
    """Reads a text file.

    Args:
        path: Path of the file.

    Returns:
        Its text.

    Raises:
        InputError: If the file cannot be read.
    """
    try:
        with tf.io.gfile.GFile(path) as file:
            return file.read()
    except (OSError, UnicodeDecodeError, tf.errors.OpError) as error:
        raise InputError(
            f"A config must be a readable text file. Got {path} ({_first_line(error)})."
        ) from error


def _parse_file(
    name: str | Path,
    extra_dirs: Sequence[str | Path],
    skip_unknown: bool,
    including: tuple[str, ...],
) -> None:
    """Carries out the statements of a file that others may be including."""
    path = resolve_gin_file(name, extra_dirs)
    if path in including:
        raise InputError(
            f"A gin file must not include itself. Got {' -> '.join(including)} -> "
            f"{path}; take one include out."
        )
    _parse(read_text(path), (*including, path), extra_dirs, skip_unknown)


def _parse(
    text: str,
    files: tuple[str, ...],
    extra_dirs: Sequence[str | Path],
    skip_unknown: bool,
) -> None:
    """Carries out the statements of the last of the files that include each other."""
    file = files[-1]
    for statement in read_statements(text, file, Delegate(skip_unknown)):
        if isinstance(statement, config_parser.IncludeStatement):
            _parse_file(statement.filename, extra_dirs, skip_unknown, files)
        elif isinstance(statement, config_parser.ImportStatement):
            _import(statement, file, skip_unknown)
        elif isinstance(statement, config_parser.BindingStatement) and not _is_skipped(
            statement, file, skip_unknown
        ):
            bind(statement, file)


def _import(statement: Any, file: str, skip_unknown: bool) -> None:
    """Carries out an import, in such a way that operative configs repeat it."""
    try:
        gin.parse_config(statement.format())
    except ImportError as error:
        if not skip_unknown:
            reason = f"an import must succeed ({_first_line(error)})."
            raise config_error(file, statement.location.line_num, reason) from error
        logging.warning("%s: left out %s", file, statement.format())


def _is_skipped(statement: Any, file: str, skip_unknown: bool) -> bool:
    """Whether a binding is left out."""
    if is_absent(statement):
        return True
    if not statement.arg_name or not skip_unknown or is_known(statement.selector):
        return False
    logging.warning("%s: left out %s, which is unknown", file, statement.selector)
    return True


def is_absent(statement: Any) -> bool:
    """Whether a binding is about a run and needs a name that is not in this version.

    Args:
        statement: A binding, of `gin.config_parser`.

    Returns:
        Whether to leave it out.
    """
    if holds_absent_name(statement.value):
        return True
    name = statement.selector.split(".")[-1]
    is_macro = not statement.arg_name
    return not is_macro and name in RUN_NAMES and not is_known(statement.selector)
