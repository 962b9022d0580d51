"""Whatever has weights, data or a run. Importing it registers all gin names."""

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
    "data",
    "decoders",
    "encoders",
    "inference",
    "models",
    "nn",
    "plotting",
    "postprocessing",
    "preprocessing",
    "train_util",
    "trainers",
]
