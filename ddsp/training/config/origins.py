"""Which of the present bindings came with the package, and which a user has made."""

import os
from typing import Any

import gin

from ddsp.training.config.files import is_packaged

Key = tuple[str, str, str]

# Values of the bindings whose last statement was in a file of the package.
SHIPPED: dict[Key, Any] = {}


def note_origin(key: Key, value: Any, file: str) -> None:
    """Remembers where a binding was made.

    Args:
        key: Scope, complete name of the configurable, and name of the argument.
        value: What was bound.
        file: Absolute path of the gin file, or any other name of where it was.
    """
    if os.path.isabs(file) and is_packaged(file):
        SHIPPED[key] = value
    else:
        SHIPPED.pop(key, None)


def is_shipped(name: str) -> bool:
    """Tells whether what a name is bound to is what the package's own files say.

    Args:
        name: An argument, such as 'Reverb.reverb_length', or a macro, such as
            '%sample_rate'.

    Returns:
        False too if there is no binding, or one of the same value that was made
        elsewhere.
    """
    try:
        value = gin.query_parameter(name)
    except ValueError:
        return False
    key = gin.config.ParsedBindingKey.parse(name).scope_selector_arg
    # A binding by gin itself leaves the note behind, but not the value.
    return key in SHIPPED and SHIPPED[key] is value
