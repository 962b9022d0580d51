"""Names of the original that are not in this version, wherever a config has them."""

import dataclasses
import functools
from typing import Any, NoReturn

import gin
from absl import logging

from ddsp.training.config.raw_values import leaves, map_value
from ddsp.training.errors import InputError

# Names of the original that describe a run, not a model, and are not in this version:
# operative configs of all ages mention them, and no model is lost without them. All are
# here now; what a fork adds and leaves in its configs can be named again.
RUN_NAMES: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True)
class AbsentName:
    """Stands for a reference to one of RUN_NAMES that is not in this version.

    Attributes:
        name: Name after the '@', with scopes.

    Example:
        >>> holds_absent_name([3, (AbsentName("TWMEvaluator"),)])
        True
    """

    name: str


@gin.register(module="ddsp.training.config")
def not_in_this_version() -> NoReturn:
    """Stands in packaged files for what is not here, until a run asks for it.

    Raises:
        InputError: Always, with the name of what is asked for: its scope.
    """
    raise InputError(
        f"A run must be made of what is here. {'/'.join(gin.current_scope()[-1:])} is "
        "not in this version; bind another one, such as @data.TFRecordProvider()."
    )


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
    return any(isinstance(leaf, AbsentName) for leaf in leaves(value))


def is_of_absent(statement: Any) -> bool:
    """Whether a binding sets an argument of what is not in this version.

    Args:
        statement: A binding, of `gin.config_parser`.

    Returns:
        Whether it can only be left out; False for macros, which may have any name.
    """
    name = statement.selector.split(".")[-1]
    is_macro = not statement.arg_name
    return not is_macro and name in RUN_NAMES and not is_known(statement.selector)


def absent_names(statement: Any) -> list[str]:
    """Lists what a binding names that is not in this version.

    Args:
        statement: A binding, of `gin.config_parser`.

    Returns:
        Names as they are written; none of them for a binding that can be made.
    """
    names = [statement.selector] if is_of_absent(statement) else []
    references = (x for x in leaves(statement.value) if isinstance(x, AbsentName))
    return [*names, *(f"@{reference.name}" for reference in references)]


def keep_what_is_here(statement: Any, file: str) -> Any | None:
    """Leaves out what is not in this version, which is logged.

    Args:
        statement: A binding, of `gin.config_parser`.
        file: File of the statement.

    Returns:
        The binding, of a list without the items that are not here; None if nothing
        remains of it.
    """
    names = absent_names(statement)
    if not names:
        return statement
    _log_left_out(file, statement.location.line_num, ", ".join(names))
    value, kept = statement.value, []
    if type(value) in (list, tuple) and not is_of_absent(statement):
        kept = [item for item in value if not holds_absent_name(item)]
    return statement._replace(value=type(value)(kept)) if kept else None


def put_off(statement: Any, file: str) -> Any | None:
    """Puts what complains when it is made in the place of what is not here.

    Args:
        statement: A binding, of `gin.config_parser`.
        file: File of the statement.

    Returns:
        The binding; None if it is of an argument of what is not here. Both are logged.
    """
    names = absent_names(statement)
    if not names:
        return statement
    _log_left_out(file, statement.location.line_num, ", ".join(names))
    if is_of_absent(statement):
        return None
    return statement._replace(value=map_value(_put_off_leaf, statement.value))


def _put_off_leaf(leaf: Any) -> Any:
    """A reference that complains, for one to what is not here."""
    if not isinstance(leaf, AbsentName):
        return leaf
    name = leaf.name.split("/")[-1].split(".")[-1]
    selector = f"{name}/ddsp.training.config.{not_in_this_version.__name__}"
    return gin.config.ConfigurableReference(selector, True)


@functools.cache
def _log_left_out(file: str, line: int, names: str) -> None:
    """Says what was left out, once however often a file is read."""
    logging.warning(
        "%s, line %d: left out %s, which is not in this version", file, line, names
    )
