"""The statements of a gin file, with errors that name file and line."""

import contextlib
import functools
import io
import tokenize
from collections.abc import Iterator
from typing import Any

import gin
import tensorflow as tf
from absl import logging
from gin import config_parser

from ddsp.training.config.absent import RUN_NAMES, AbsentName, is_known
from ddsp.training.config.files import refuse_special_file
from ddsp.training.config.raw_values import (
    RawDelegate,
    RawMacro,
    RawReference,
    map_value,
    nesting,
)
from ddsp.training.config.upgrading import upgrade
from ddsp.training.errors import InputError

# What gin raises for text that it cannot read, and for names it does not know.
_UNREADABLE = (SyntaxError, ValueError, KeyError, TypeError, tokenize.TokenError)
MAX_NESTING = 50
# gin reads such a text anew with every piece, so its time grows with the square.
MAX_PIECES = 256
_TOO_MANY = f"a text must not have more than {MAX_PIECES} pieces; join them."
_TOO_DEEP = f"a value must not have more than {MAX_NESTING} brackets within brackets."


class Delegate(gin.config.ParserDelegate):
    """Makes references while gin reads values, and marks names that are not here."""

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
            return AbsentName(scoped_selector)
        return super().configurable_reference(scoped_selector, evaluate)


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


def read_statements(
    text: str, file: str, delegate: Delegate, is_old: bool = False
) -> Iterator[Any]:
    """Reads a config.

    Names are looked up one statement after the other, so that imports can be carried
    out before what follows them.

    Args:
        text: Text of the config.
        file: Name for error messages.
        delegate: Makes the references of values.
        is_old: Whether names and arguments of older versions are brought up to date,
            which is logged.

    Yields:
        Statements of `gin.config_parser`.

    Raises:
        InputError: If a statement cannot be read, or refers to an unknown name.
    """
    statements = _raw_statements(text, file)
    if is_old:
        statements, changes = upgrade(statements)
        if changes:
            _log_upgrade(file, "; ".join(changes))
    for statement in statements:
        try:
            yield _look_up(statement, delegate)
        except _UNREADABLE as error:
            raise _unreadable(file, statement.location.line_num, error) from error


def _raw_statements(text: str, file: str) -> list[Any]:
    """Statements with references and macros as they are written."""
    _check_pieces(text, file)
    parser = None
    try:
        parser = config_parser.ConfigParser(text, RawDelegate())
        statements = list(parser)
    except _UNREADABLE as error:
        raise _unreadable(file, _line_of(error, parser), error) from error
    except RecursionError as error:
        raise config_error(file, _line_of(error, parser), _TOO_DEEP) from error
    for statement in statements:
        if nesting(getattr(statement, "value", None)) > MAX_NESTING:
            raise config_error(file, statement.location.line_num, _TOO_DEEP)
    return statements


def _check_pieces(text: str, file: str) -> None:
    """Raises for a text of too many pieces, such as 'a' 'b' 'c'."""
    n_pieces = 0
    # What cannot be cut into tokens is left to the parser, which stops there, too.
    with contextlib.suppress(*_UNREADABLE):
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.STRING:
                n_pieces += 1
            elif token.type not in (tokenize.NL, tokenize.COMMENT):
                n_pieces = 0
            if n_pieces > MAX_PIECES:
                break
    if n_pieces > MAX_PIECES:
        raise config_error(file, token.start[0], _TOO_MANY)


@functools.cache
def _log_upgrade(file: str, changes: str) -> None:
    """Says what was brought up to date, once however often a file is read."""
    logging.warning("%s is of an older version and was upgraded: %s", file, changes)


def _look_up(statement: Any, delegate: Delegate) -> Any:
    """The statement with the names in its value looked up."""
    if not isinstance(statement, config_parser.BindingStatement):
        return statement

    def look_up_leaf(leaf: Any) -> Any:
        if isinstance(leaf, RawReference):
            return delegate.configurable_reference(*leaf)
        return delegate.macro(leaf.name) if isinstance(leaf, RawMacro) else leaf

    return statement._replace(value=map_value(look_up_leaf, statement.value))


def _unreadable(file: str, line: int, error: Exception) -> InputError:
    """The error for a statement that cannot be read."""
    reason = f"a statement must be valid here ({first_line(error)}); correct it."
    return config_error(file, line, reason)


def _line_of(error: Exception, parser: Any) -> int:
    """The line where reading has ended."""
    if len(error.args) > 1:
        # A SyntaxError knows file and line, what tokens raise knows line and column.
        return error.args[1][1 if isinstance(error, SyntaxError) else 0]
    return parser.current_token.start[0] if parser is not None else 1


def first_line(error: Exception) -> str:
    """What an error says, on one line.

    Args:
        error: Any error.

    Returns:
        The first line of its text.
    """
    text = str(error.args[0]) if error.args else str(error)
    return text.strip().partition("\n")[0] or repr(error)


def read_text(path: str, max_bytes: int | None = None) -> str:
    """Reads a text file.

    Args:
        path: Path of the file.
        max_bytes: Size that the file may have; None for any.

    Returns:
        Its text.

    Raises:
        InputError: If the file cannot be read, is no regular one, or is larger.
    """
    refuse_special_file(path)
    try:
        with tf.io.gfile.GFile(path) as file:
            if max_bytes is None or file.size() <= max_bytes:
                return file.read()
    except (OSError, UnicodeDecodeError, tf.errors.OpError) as error:
        raise InputError(
            f"A config must be a readable text file. Got {path} ({first_line(error)})."
        ) from error
    raise InputError(
        f"The config of a model must have at most {max_bytes} bytes. Got {path}, which "
        "is larger; it is no operative config."
    )
