"""How many samples and frames an example has."""

import math
from dataclasses import dataclass

from ddsp import spectral_ops

# Pitch and loudness are measured at this rate, whatever the rate of the audio.
FEATURE_SAMPLE_RATE = spectral_ops.CREPE_SAMPLE_RATE
# Products such as 0.35 s * 20 frames per second miss a whole number by rounding.
ROUNDING = 1e-6


@dataclass(frozen=True)
class ExampleShape:
    """Lengths that follow from the four numbers that describe an example.

    Attributes:
        example_secs: Seconds of an example.
        sample_rate: Samples per second of the audio.
        frame_rate: Frames per second of the features.
        centered: Whether frame k is centred at k / frame_rate seconds, which makes one
            frame more, or begins there.

    Example:
        >>> ExampleShape(4.0, 48000, 250, centered=True).n_frames
        1001
    """

    example_secs: float
    sample_rate: int
    frame_rate: int
    centered: bool

    @property
    def n_samples(self) -> int:
        """Samples of the audio."""
        return round(self.example_secs * self.sample_rate)

    @property
    def n_samples_16k(self) -> int:
        """Samples of the audio at the rate of the features."""
        return round(self.example_secs * FEATURE_SAMPLE_RATE)

    @property
    def n_frames(self) -> int:
        """Frames of each feature."""
        n_hops = self.example_secs * self.frame_rate
        if self.centered:
            return math.floor(n_hops + ROUNDING) + 1
        return math.ceil(n_hops - ROUNDING)
