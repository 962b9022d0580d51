"""The one configuration that gin keeps: setting it aside, and writing it out."""

import contextlib
from collections.abc import Iterator
from typing import Any

import gin

from ddsp.training.config.origins import SHIPPED


@contextlib.contextmanager
def isolated_gin() -> Iterator[None]:
    """Starts with an empty configuration and puts back the present one afterwards.

    Yields:
        Nothing.
    """
    # gin 0.5 keeps one configuration in these globals and cannot save or swap it. This
    # is the only place that touches them.
    state = gin.config
    bindings = {key: dict(value) for key, value in state._CONFIG.items()}
    operative = {key: dict(value) for key, value in state._OPERATIVE_CONFIG.items()}
    imports, singletons = set(state._IMPORTS), dict(state._SINGLETONS)
    is_locked, shipped = gin.config_is_locked(), dict(SHIPPED)
    gin.clear_config()
    SHIPPED.clear()
    try:
        yield
    finally:
        gin.clear_config()
        state._CONFIG.update(bindings)
        state._OPERATIVE_CONFIG.update(operative)
        state._IMPORTS.update(imports)
        state._SINGLETONS.update(singletons)
        state._set_config_is_locked(is_locked)
        SHIPPED.clear()
        SHIPPED.update(shipped)


def operative_config_str() -> str:
    """Writes out all bindings and defaults that have been in use.

    Returns:
        Text that `parse_gin` can read.
    """
    return gin.operative_config_str()


def bound_value(name: str) -> Any:
    """Finds out what a name is bound to.

    Args:
        name: An argument, such as 'train.batch_size', or a macro, such as
            '%batch_size'.

    Returns:
        The value, references as they are; None if there is no binding.
    """
    try:
        return gin.query_parameter(name)
    except ValueError:
        return None
