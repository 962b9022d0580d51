"""Encoders: features to latent variables."""

from ddsp.training.encoders.base import ZEncoder
from ddsp.training.encoders.mfcc import MfccTimeDistributedRnnEncoder

__all__ = ["MfccTimeDistributedRnnEncoder", "ZEncoder"]
