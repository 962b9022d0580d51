"""Trained models put to use."""

from ddsp.training.inference.autoencoder import (
    AutoencoderInference,
    parse_operative_config,
)
from ddsp.training.inference.model_folder import resolve_model
from ddsp.training.inference.picture import draw_transfer
from ddsp.training.inference.result import TransferResult

# The function takes the place of its module, which stays importable by its full name.
from ddsp.training.inference.transfer import TimbreTransfer, transfer

__all__ = [
    "AutoencoderInference",
    "TimbreTransfer",
    "TransferResult",
    "draw_transfer",
    "parse_operative_config",
    "resolve_model",
    "transfer",
]
