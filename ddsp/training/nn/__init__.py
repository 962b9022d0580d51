"""Layers with weights."""

from ddsp.training.nn.dict_layer import (
    DictLayer,
    OutputSplits,
    OutputSplitsLayer,
    split_to_dict,
)
from ddsp.training.nn.gru import Gru
from ddsp.training.nn.keras_layers import Dense, gin_register_keras_layers
from ddsp.training.nn.normalization import Normalize, normalize_op
from ddsp.training.nn.shapes import (
    ensure_4d,
    get_nonlinearity,
    inv_ensure_4d,
    straight_through_int_quantization,
)
from ddsp.training.nn.stacks import (
    Fc,
    FcStack,
    FcStackOut,
    Identity,
    Rnn,
    RnnSandwich,
    SingleGru,
)

__all__ = [
    "Dense",
    "DictLayer",
    "Fc",
    "FcStack",
    "FcStackOut",
    "Gru",
    "Identity",
    "Normalize",
    "OutputSplits",
    "OutputSplitsLayer",
    "Rnn",
    "RnnSandwich",
    "SingleGru",
    "ensure_4d",
    "get_nonlinearity",
    "gin_register_keras_layers",
    "inv_ensure_4d",
    "normalize_op",
    "split_to_dict",
    "straight_through_int_quantization",
]
