"""Differentiable digital signal processing.

Submodules are loaded when they are first used (PEP 562), so that `ddsp --help` does
not wait for TensorFlow. `import ddsp.training` loads everything and registers all gin
names.
"""

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

from ddsp.version import __version__

if TYPE_CHECKING:
    from ddsp import core, dags, effects, losses, processors, spectral_ops, synths

__all__ = [
    "__version__",
    "core",
    "dags",
    "effects",
    "losses",
    "processors",
    "spectral_ops",
    "synths",
]


def __getattr__(name: str) -> ModuleType:
    if name not in __all__:
        raise AttributeError(f"module 'ddsp' has no attribute {name!r}")
    return importlib.import_module(f"ddsp.{name}")


def __dir__() -> list[str]:
    return __all__
