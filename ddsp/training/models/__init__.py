"""Models: preprocessor, encoder, decoder, synthesizers and losses as one."""

from ddsp.training.models.autoencoder import Autoencoder
from ddsp.training.models.model import Model, get_model

__all__ = ["Autoencoder", "Model", "get_model"]
