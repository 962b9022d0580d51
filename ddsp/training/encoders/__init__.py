"""Encoders: features to latent variables, audio to sinusoids, controls to notes."""

from ddsp.training.encoders.base import ZEncoder
from ddsp.training.encoders.conditioning import (
    AggregateFeaturesEncoder,
    ExpressionEncoder,
    OneHotEncoder,
)
from ddsp.training.encoders.mfcc import (
    MfccEncoder,
    MfccRnnEncoder,
    MfccTimeDistributedRnnEncoder,
)
from ddsp.training.encoders.midi import HarmonicToMidiEncoder, MidiEncoder
from ddsp.training.encoders.sinusoidal import (
    ResnetSinusoidalEncoder,
    SinusoidalToHarmonicEncoder,
)

__all__ = [
    "AggregateFeaturesEncoder",
    "ExpressionEncoder",
    "HarmonicToMidiEncoder",
    "MfccEncoder",
    "MfccRnnEncoder",
    "MfccTimeDistributedRnnEncoder",
    "MidiEncoder",
    "OneHotEncoder",
    "ResnetSinusoidalEncoder",
    "SinusoidalToHarmonicEncoder",
    "ZEncoder",
]
