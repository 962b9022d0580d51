"""Differentiable digital signal processing."""

from ddsp import core, dags, effects, losses, processors, spectral_ops, synths
from ddsp.version import __version__

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
