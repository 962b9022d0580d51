"""Effects: audio and controls in, audio out."""

from ddsp.effects.reverb import Reverb

__all__ = ["Reverb"]
