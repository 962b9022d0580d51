"""Synthesizers: controls in, audio out."""

from ddsp import core, processors
from ddsp.synths.additive import Additive
from ddsp.synths.bandlimited_oscillator import BandlimitedOscillator
from ddsp.synths.filtered_noise import FilteredNoise
from ddsp.synths.harmonic import Harmonic
from ddsp.synths.sinusoidal import Sinusoidal
from ddsp.synths.stiff_string import StiffString
from ddsp.synths.tensor_to_audio import TensorToAudio
from ddsp.synths.wavetable import Wavetable
from ddsp.synths.wavetable_bank import WavetableBank

__all__ = [
    "Additive",
    "BandlimitedOscillator",
    "FilteredNoise",
    "Harmonic",
    "Sinusoidal",
    "StiffString",
    "TensorToAudio",
    "Wavetable",
    "WavetableBank",
    "core",
    "processors",
]
