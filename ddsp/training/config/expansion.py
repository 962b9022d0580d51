"""What a configuration makes when it is carried out, found without carrying it out.

References and macros are carried out wherever they are named. A few lines that name
each other can so ask for endlessly many objects, and a macro can stand for something
that may not be named in its place.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import gin

from ddsp.training.config.raw_values import leaves

# The largest models of the original make some 50 objects, 6 deep.
MAX_OBJECTS = 10_000
MAX_DEPTH = 50

# Value by scope, name of a configurable, and name of its argument.
Bindings = Mapping[tuple[str, str], Mapping[str, Any]]


class ExpansionError(ValueError):
    """Bindings ask for too much, or for what they may not name.

    Attributes:
        key: Scope and complete name of the configurable whose bindings do.

    Example:
        >>> ExpansionError(("a", "gin.macro"), "made of itself").key
        ('a', 'gin.macro')
    """

    def __init__(self, key: tuple[str, str], message: str) -> None:
        """Says whose bindings it is about.

        Args:
            key: Scope and complete name of the configurable.
            message: What must hold.
        """
        super().__init__(message)
        self.key = key


def check_expansion(bindings: Bindings, is_allowed: Callable[[str, str], bool]) -> None:
    """Refuses bindings that ask for too much, or for what they may not name.

    Args:
        bindings: All bindings: values, by argument, by scope and complete name of a
            configurable. Macros are those of 'gin.macro', by scope.
        is_allowed: Whether a configurable, given by its complete name, may be made of
            another one, directly or by what it is made of.

    Raises:
        ExpansionError: If something is made of itself, of more than MAX_OBJECTS, or of
            what is not allowed.
    """
    n_objects = 0
    for start_scope, start in bindings:
        ahead = [(start_scope, start, 0)]
        while ahead:
            scope, selector, depth = ahead.pop()
            n_objects += 1
            if depth > MAX_DEPTH or n_objects > MAX_OBJECTS:
                raise ExpansionError(
                    (start_scope, start),
                    f"{_name(start_scope, start)} must not be made of itself, nor of "
                    f"more than {MAX_OBJECTS} objects",
                )
            for inner in _references(bindings, scope, selector):
                inner_selector = inner.configurable.selector
                if not is_allowed(start, inner_selector):
                    raise ExpansionError(
                        (start_scope, start),
                        f"{_name(start_scope, start)} must not be made of "
                        f"@{inner_selector}",
                    )
                inner_scope = "/".join(inner.scopes) or scope
                ahead.append((inner_scope, inner_selector, depth + 1))


def _name(scope: str, selector: str) -> str:
    """How a file names a macro or a configurable."""
    if selector == "gin.macro":
        return f"%{scope}"
    return f"{scope}/{selector}" if scope else selector


def active_bindings(bindings: Bindings, scope: str, selector: str) -> dict[str, Any]:
    """Finds the bindings that act on a configurable within a scope.

    Args:
        bindings: See `check_expansion`.
        scope: Scopes, with '/' between them; '' for none.
        selector: Complete name of the configurable.

    Returns:
        Values by argument; those of inner scopes win.
    """
    scopes = scope.split("/") if scope else []
    active: dict[str, Any] = {}
    for n_scopes in range(len(scopes) + 1):
        key = ("/".join(scopes[:n_scopes]), selector)
        active.update(bindings.get(key, {}))
    return active


def _references(bindings: Bindings, scope: str, selector: str) -> Iterator[Any]:
    """References in the bindings that act on a configurable within a scope."""
    for leaf in leaves(list(active_bindings(bindings, scope, selector).values())):
        if isinstance(leaf, gin.config.ConfigurableReference):
            yield leaf
