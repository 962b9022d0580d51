"""Whatever has weights, data or a run. Importing it registers all gin names."""

from ddsp import core, dags, effects, losses, processors, spectral_ops, synths
from ddsp.training import (
    checkpoints,
    config,
    data,
    decoders,
    encoders,
    inference,
    models,
    nn,
    plotting,
    postprocessing,
    preprocessing,
    train_util,
    trainers,
)

__all__ = [
    "checkpoints",
    "config",
    "core",
    "dags",
    "data",
    "decoders",
    "effects",
    "encoders",
    "inference",
    "losses",
    "models",
    "nn",
    "plotting",
    "postprocessing",
    "preprocessing",
    "processors",
    "spectral_ops",
    "synths",
    "train_util",
    "trainers",
]
