"""Losses: tensors in, a scalar out."""

from ddsp.losses.base import Loss, mean_difference
from ddsp.losses.spectral import SpectralLoss

__all__ = ["Loss", "SpectralLoss", "mean_difference"]
