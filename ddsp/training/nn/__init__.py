"""Layers with weights."""

from ddsp.training.nn.dict_layer import (
    DictLayer,
    OutputSplits,
    OutputSplitsLayer,
    split_to_dict,
)
from ddsp.training.nn.dilated_conv import DilatedConvStack
from ddsp.training.nn.gru import Gru
from ddsp.training.nn.keras_layers import Dense, gin_register_keras_layers
from ddsp.training.nn.normalization import (
    ConditionalNorm,
    ConditionalScaleAndShift,
    Normalize,
    get_norm,
    normalize_op,
)
from ddsp.training.nn.notes import (
    get_note_lengths,
    get_note_mask,
    get_note_mask_from_onset,
    get_note_moments,
    get_short_note_loss_mask,
    pool_over_notes,
)
from ddsp.training.nn.quantization import VectorQuantization
from ddsp.training.nn.resampling import PolyphaseResample, polyphase_resample
from ddsp.training.nn.resnet import (
    NormReluConv,
    ResidualLayer,
    ResidualStack,
    ResNet,
)
from ddsp.training.nn.rnn import Rnn, StatelessRnn
from ddsp.training.nn.shapes import (
    ensure_4d,
    get_embedding,
    get_nonlinearity,
    inv_ensure_4d,
    straight_through_choice,
    straight_through_int_quantization,
    straight_through_softmax,
)
from ddsp.training.nn.spectral_normalization import SpectralNormalization
from ddsp.training.nn.stacks import (
    Fc,
    FcStack,
    FcStackOut,
    Identity,
    RnnFc,
    RnnSandwich,
    SingleGru,
)

__all__ = [
    "ConditionalNorm",
    "ConditionalScaleAndShift",
    "Dense",
    "DictLayer",
    "DilatedConvStack",
    "Fc",
    "FcStack",
    "FcStackOut",
    "Gru",
    "Identity",
    "NormReluConv",
    "Normalize",
    "OutputSplits",
    "OutputSplitsLayer",
    "PolyphaseResample",
    "ResNet",
    "ResidualLayer",
    "ResidualStack",
    "Rnn",
    "RnnFc",
    "RnnSandwich",
    "SingleGru",
    "SpectralNormalization",
    "StatelessRnn",
    "VectorQuantization",
    "ensure_4d",
    "get_embedding",
    "get_nonlinearity",
    "get_norm",
    "get_note_lengths",
    "get_note_mask",
    "get_note_mask_from_onset",
    "get_note_moments",
    "get_short_note_loss_mask",
    "gin_register_keras_layers",
    "inv_ensure_4d",
    "normalize_op",
    "polyphase_resample",
    "pool_over_notes",
    "split_to_dict",
    "straight_through_choice",
    "straight_through_int_quantization",
    "straight_through_softmax",
]
