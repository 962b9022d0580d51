"""Carrying out gin files and bindings of the user."""

import inspect
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import gin
from absl import logging
from gin import config_parser

# Configs refer to what these register.
from ddsp import effects, losses, processors, spectral_ops, synths  # noqa: F401
from ddsp.training.config.absent import (
    absent_names,
    is_known,
    keep_what_is_here,
    put_off,
)
from ddsp.training.config.files import is_packaged, resolve_gin_file
from ddsp.training.config.origins import note_origin
from ddsp.training.config.statements import (
    Delegate,
    config_error,
    first_line,
    read_statements,
    read_text,
)
from ddsp.training.errors import InputError


def bind(statement: Any, file: str) -> None:
    """Makes a binding.

    Args:
        statement: A binding, of `gin.config_parser`.
        file: Name for error messages.

    Raises:
        InputError: If the configurable or its argument is unknown.
    """
    key = binding_key(statement, file)
    gin.bind_parameter(key, statement.value)
    note_origin(key, statement.value, file)


def binding_key(statement: Any, file: str) -> tuple[str, str, str]:
    """Finds what a binding is of.

    Args:
        statement: A binding, of `gin.config_parser`.
        file: Name for error messages.

    Returns:
        Scope, complete name of the configurable, and name of its argument; for a macro
        its name, 'gin.macro' and 'value'.

    Raises:
        InputError: If the configurable or its argument is unknown.
    """
    scope, selector, arg_name, _, location = statement
    if not arg_name:
        return f"{scope}/{selector}" if scope else selector, "gin.macro", "value"
    try:
        key = gin.config.ParsedBindingKey.parse((scope, selector, arg_name))
        known = _known_arguments(gin.get_configurable(selector))
    except (ValueError, KeyError) as error:
        reason = f"a binding must be of a known argument ({first_line(error)})."
        raise config_error(file, location.line_num, reason) from error
    if known is not None and arg_name not in known:
        raise config_error(
            file,
            location.line_num,
            f"a binding must be of a known argument. Got {selector}.{arg_name}; "
            f"{selector} has {', '.join(sorted(known))}.",
        )
    return key.scope_selector_arg


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
            are logged and left out rather than an error. Names of the original that
            are not in this version are an error all the same, save in files of the
            package: what they ask for is an error when a run makes it.

    Raises:
        InputError: If a file does not exist, or a statement cannot be used.
    """
    for name in files:
        _parse_file(name, extra_dirs, skip_unknown, including=())
    for param in params:
        _parse(param, f"gin_param {param!r}", extra_dirs, skip_unknown)


def parse_operative_config(path: str) -> None:
    """Reads an operative config that the user vouches for, like a file of theirs.

    Unlike such a file, it may be of an older version, and unknown configurables,
    imports that fail and what is not in this version are always logged and left out.

    Args:
        path: Path of the config. What it includes is also looked for beside it.

    Raises:
        InputError: If a statement cannot be used.
    """
    beside = (os.path.dirname(path),)
    _parse(read_text(path), path, beside, skip_unknown=True, is_old=True)


def _parse_file(
    name: str | Path,
    extra_dirs: Sequence[str | Path],
    skip_unknown: bool,
    including: tuple[str, ...],
    is_old: bool = False,
) -> None:
    """Carries out the statements of a file that others may be including."""
    path = resolve_gin_file(name, extra_dirs)
    if path in including:
        raise InputError(
            f"A gin file must not include itself. Got {' -> '.join(including)} -> "
            f"{path}; take one include out."
        )
    files = (*including, path)
    statements = read_statements(read_text(path), path, Delegate(skip_unknown))
    _carry_out(statements, files, extra_dirs, skip_unknown, is_old)


def _parse(
    text: str,
    name: str,
    extra_dirs: Sequence[str | Path],
    skip_unknown: bool,
    is_old: bool = False,
) -> None:
    """Carries out the statements of a text that no file includes."""
    statements = read_statements(text, name, Delegate(skip_unknown), is_old)
    _carry_out(statements, (name,), extra_dirs, skip_unknown, is_old)


def _carry_out(
    statements: Iterable[Any],
    files: tuple[str, ...],
    extra_dirs: Sequence[str | Path],
    skip_unknown: bool,
    is_old: bool,
) -> None:
    """Carries out the statements of the last of the files that include each other."""
    file = files[-1]
    for statement in statements:
        if isinstance(statement, config_parser.IncludeStatement):
            _parse_file(statement.filename, extra_dirs, skip_unknown, files, is_old)
        elif isinstance(statement, config_parser.ImportStatement):
            _import(statement, file, skip_unknown)
        elif isinstance(statement, config_parser.BindingStatement):
            present = _present(statement, file, is_old)
            if present is not None and not _is_skipped(present, file, skip_unknown):
                bind(present, file)


def _present(statement: Any, file: str, is_old: bool) -> Any | None:
    """The binding without what is not in this version; None if nothing remains."""
    names = absent_names(statement)
    if not names:
        return statement
    if is_old:
        return keep_what_is_here(statement, file)
    if is_packaged(file):
        return put_off(statement, file)
    reason = (
        f"a config must name what is here. {' and '.join(names)} is not in this "
        "version; name another one, or take the line out."
    )
    raise config_error(file, statement.location.line_num, reason)


def _import(statement: Any, file: str, skip_unknown: bool) -> None:
    """Carries out an import, in such a way that operative configs repeat it."""
    try:
        gin.parse_config(statement.format())
    except ImportError as error:
        if not skip_unknown:
            reason = f"an import must succeed ({first_line(error)})."
            raise config_error(file, statement.location.line_num, reason) from error
        logging.warning("%s: left out %s", file, statement.format())


def _is_skipped(statement: Any, file: str, skip_unknown: bool) -> bool:
    """Whether a binding is left out."""
    if not statement.arg_name or not skip_unknown or is_known(statement.selector):
        return False
    logging.warning("%s: left out %s, which is unknown", file, statement.selector)
    return True
