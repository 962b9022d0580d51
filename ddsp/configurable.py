"""`gin.configurable` for Keras 3 classes.

gin replaces `__init__` by a wrapper whose raw signature is `(*args, **kwargs)`, and
Keras 3 reads that signature when an object is made. Giving the wrapper the signature of
the constructor it hides lets both work together.
"""

import inspect
from collections.abc import Callable
from typing import TypeVar

import gin

T = TypeVar("T", bound=type)


def configurable(module: str) -> Callable[[T], T]:
    """Makes a Keras class gin-configurable, for direct calls as well as references.

    Args:
        module: Dotted module under which gin knows the class, e.g. "ddsp.processors".

    Returns:
        A class decorator. Bindings act on `Name()` in Python and on `@Name()` in gin.
    """

    def decorate(cls: T) -> T:
        signature = inspect.signature(cls.__init__)  # type: ignore[misc]
        wrapped = gin.configurable(cls, module=module)
        wrapped.__init__.__signature__ = signature
        return wrapped

    return decorate
