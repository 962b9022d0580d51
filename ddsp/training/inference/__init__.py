"""Trained models put to use."""

from ddsp.training.inference.model_folder import resolve_model
from ddsp.training.inference.transfer import TimbreTransfer, TransferResult

__all__ = ["TimbreTransfer", "TransferResult", "resolve_model"]
