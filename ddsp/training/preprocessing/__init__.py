"""From the features of a dataset to the inputs of a network."""

from ddsp.core import DB_RANGE
from ddsp.spectral_ops import F0_RANGE
from ddsp.training import nn
from ddsp.training.preprocessing.loudness import F0LoudnessPreprocessor
from ddsp.training.preprocessing.online import OnlineF0PowerPreprocessor
from ddsp.training.preprocessing.power import F0PowerPreprocessor
from ddsp.training.preprocessing.scaling import (
    at_least_3d,
    inv_scale_db,
    inv_scale_f0_hz,
    scale_db,
    scale_f0_hz,
)

__all__ = [
    "DB_RANGE",
    "F0_RANGE",
    "F0LoudnessPreprocessor",
    "F0PowerPreprocessor",
    "OnlineF0PowerPreprocessor",
    "at_least_3d",
    "inv_scale_db",
    "inv_scale_f0_hz",
    "nn",
    "scale_db",
    "scale_f0_hz",
]
