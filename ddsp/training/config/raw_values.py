"""Values of a config as they are written, before their names are looked up."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from gin import config_parser


class RawReference(NamedTuple):
    """A reference such as '@scope/decoders.RnnFcDecoder()'.

    Attributes:
        scoped_selector: Name after the '@', with scopes.
        evaluate: Whether '()' follows.
    """

    scoped_selector: str
    evaluate: bool


class RawMacro(NamedTuple):
    """A macro such as '%sample_rate'.

    Attributes:
        name: Name after the '%', with scopes.
    """

    name: str


class RawDelegate(config_parser.ParserDelegate):
    """Keeps references and macros as they are written."""

    def configurable_reference(
        self, scoped_configurable_name: str, evaluate: bool
    ) -> RawReference:
        """Keeps a reference.

        Args:
            scoped_configurable_name: Name after the '@', with scopes.
            evaluate: Whether '()' follows.

        Returns:
            The reference.
        """
        return RawReference(scoped_configurable_name, evaluate)

    def macro(self, macro_name: str) -> RawMacro:
        """Keeps a macro.

        Args:
            macro_name: Name after the '%', with scopes.

        Returns:
            The macro.
        """
        return RawMacro(macro_name)


def map_value(function: Callable[[Any], Any], value: Any) -> Any:
    """Applies a function to everything that a value is made of.

    Args:
        function: From a number, text, reference or macro to what takes its place.
        value: Value of a binding: one of those, or lists, tuples and dictionaries of
            them.

    Returns:
        The same structure of what the function has returned.
    """
    if isinstance(value, dict):
        return {
            map_value(function, key): map_value(function, item)
            for key, item in value.items()
        }
    if type(value) in (list, tuple):
        return type(value)(map_value(function, item) for item in value)
    return function(value)


def leaves(value: Any) -> list[Any]:
    """Lists everything that a value is made of.

    Args:
        value: Value of a binding.

    Returns:
        Its numbers, texts, references and macros, also the keys of dictionaries.
    """
    found: list[Any] = []
    map_value(found.append, value)
    return found


def nesting(value: Any) -> int:
    """Counts the brackets within brackets of a value.

    Args:
        value: Value of a binding, nested however deeply.

    Returns:
        0 for a number, text, reference or macro, 1 for a list of them, and so on.
    """
    depth, level = 0, [value]
    # References and macros are tuples, too, but of types of their own.
    while brackets := [item for item in level if type(item) in (dict, list, tuple)]:
        depth += 1
        level = [part for item in brackets for part in _parts(item)]
    return depth


def _parts(item: Any) -> Iterable[Any]:
    """What is within the brackets of a list, tuple or dictionary."""
    return (*item.keys(), *item.values()) if isinstance(item, dict) else item
