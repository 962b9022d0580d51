"""Effects: audio and controls in, audio out."""

from ddsp import core, processors, synths
from ddsp.core import tf_float32
from ddsp.effects.adsr_envelope import AdsrEnvelope
from ddsp.effects.chebyshev_waveshaper import ChebyshevWaveshaper
from ddsp.effects.exp_decay_reverb import ExpDecayReverb
from ddsp.effects.filtered_noise_reverb import FilteredNoiseReverb
from ddsp.effects.fir_filter import FIRFilter
from ddsp.effects.mod_delay import ModDelay
from ddsp.effects.reverb import Reverb
from ddsp.effects.tanh_waveshaper import TanhWaveshaper
from ddsp.effects.trainable_reverb import TrainableReverb

__all__ = [
    "AdsrEnvelope",
    "ChebyshevWaveshaper",
    "ExpDecayReverb",
    "FIRFilter",
    "FilteredNoiseReverb",
    "ModDelay",
    "Reverb",
    "TanhWaveshaper",
    "TrainableReverb",
    "core",
    "processors",
    "synths",
    "tf_float32",
]
