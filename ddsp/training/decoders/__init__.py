"""Decoders: conditioning to the inputs of synthesizers."""

from ddsp.training.decoders.dilated_conv import DilatedConvDecoder
from ddsp.training.decoders.midi import MidiDecoder, MidiToHarmonicDecoder
from ddsp.training.decoders.rnn_fc import RnnFcDecoder

__all__ = [
    "DilatedConvDecoder",
    "MidiDecoder",
    "MidiToHarmonicDecoder",
    "RnnFcDecoder",
]
