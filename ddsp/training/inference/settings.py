"""The sliders of timbre transfer."""

import math
import numbers
from dataclasses import dataclass

from ddsp.training.errors import InputError
from ddsp.training.postprocessing import tuning

MAX_SEED = (1 << 31) - 1


@dataclass(frozen=True)
class Settings:
    """How a recording is to be played.

    Attributes:
        pitch_shift: Octaves to move the pitch by, after adjustment and autotune, from
            -10 to 10.
        loudness_shift: dB to add to the loudness, from -100 to 100.
        adjust: Whether to adjust register and dynamics to the instrument.
        threshold: How clear a sound must be to count as a note, from 0 to 2.
        quiet: dB by which the adjustment lowers what is no note, from 0 to 100.
        autotune: How far to move the pitch onto the notes of the key, from 0 to 1.
        key: Key of the autotune, see `tuning.parse_key`.
        reverb: How much of the model's reverberation is heard, from 0 to 1.
        seed: Seed of the instrument's noise, which TensorFlow takes as 32 bits.

    Example:
        >>> Settings(autotune=1.0, key='A minor').check()
    """

    pitch_shift: float = 0.0
    loudness_shift: float = 0.0
    adjust: bool = True
    threshold: float = 1.0
    quiet: float = 20.0
    autotune: float = 0.0
    key: str = "auto"
    reverb: float = 1.0
    seed: int = 0

    def check(self) -> None:
        """Refuses what means nothing.

        Raises:
            InputError: If a number is outside of its range or not finite, or there is
                no such key.
        """
        ranges = {
            "pitch_shift": (-10.0, 10.0, "octaves from -10 to 10, such as -1 or 0.5"),
            "loudness_shift": (-100.0, 100.0, "decibels from -100 to 100, such as 6"),
            "threshold": (0.0, 2.0, "a number from 0 (all is a note) to 2"),
            "quiet": (0.0, 100.0, "decibels from 0 to 100, such as 20"),
            "autotune": (0.0, 1.0, "from 0 (as sung) to 1 (in tune)"),
            "reverb": (0.0, 1.0, "from 0 (dry) to 1 (as learned)"),
        }
        for name, (lowest, highest, meaning) in ranges.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and lowest <= value <= highest):
                raise InputError(
                    f"{name} must be {meaning}. Got {name}={value}; choose another one."
                )
        whole = isinstance(self.seed, numbers.Integral)
        if isinstance(self.seed, bool) or not whole or not 0 <= self.seed <= MAX_SEED:
            raise InputError(
                f"seed must be a whole number from 0 to {MAX_SEED}. Got "
                f"seed={self.seed}; choose another one."
            )
        try:
            tuning.parse_key(self.key)
        except ValueError as error:
            raise InputError(str(error)) from error
