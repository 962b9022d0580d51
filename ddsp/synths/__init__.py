"""Synthesizers: controls in, audio out."""

from ddsp.synths.filtered_noise import FilteredNoise
from ddsp.synths.harmonic import Harmonic

__all__ = ["FilteredNoise", "Harmonic"]
