"""The numbers that decide what a dataset is made of."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from typing import Any

from ddsp.training import data
from ddsp.training.data.feature_spec import FeatureSpec
from ddsp.training.errors import InputError

# Examples begin on whole frames of this rate where there are no features.
GRID_RATE = 250
# Shorter clips are not filled up to an example: it would be mostly silence.
SHORTEST_PADDED_SECS = 1.0
SHORTEST_EXAMPLE_SECS, LONGEST_EXAMPLE_SECS = 0.1, 600.0
LONGEST_CHUNK_SECS = 1_000_000.0
ROUNDING = 1e-6


@dataclass(frozen=True)
class Settings:
    """How recordings become examples.

    Attributes:
        sample_rate: Samples per second of the audio.
        frame_rate: Frames per second of the features; 0 for no features.
        example_secs: Seconds of an example; 0 for whole pieces.
        hop_secs: Seconds from one example to the next, rounded to frames.
        centered: Whether features are centred on their times.
        viterbi: Whether the pitch is the best path through time.
        chunk_secs: Seconds of the pieces that recordings are cut into first, which no
            example crosses; 0 for none.

    Example:
        >>> Settings(frame_rate=50, hop_secs=0.5).hop_frames
        25
        >>> Settings(example_secs=0, chunk_secs=20).shape.example_secs
        20.0
    """

    sample_rate: int = 16000
    frame_rate: int = 250
    example_secs: float = 4.0
    hop_secs: float = 1.0
    centered: bool = True
    viterbi: bool = True
    chunk_secs: float = 0.0

    @property
    def grid_rate(self) -> int:
        """Places per second at which an example can begin."""
        return self.frame_rate or GRID_RATE

    @property
    def shape(self) -> data.ExampleShape | None:
        """Lengths of an example; None if each is a recording of its own length."""
        secs = float(self.example_secs or self.chunk_secs)
        return self.shape_of(secs) if secs else None

    def shape_of(self, secs: float) -> data.ExampleShape:
        """Lengths of an example.

        Args:
            secs: Its seconds.

        Returns:
            Lengths at the rates of these settings.
        """
        return data.ExampleShape(secs, self.sample_rate, self.grid_rate, self.centered)

    @property
    def hop_frames(self) -> int:
        """Frames from one example to the next."""
        if not self.example_secs:
            return max(1, self.chunk_frames)
        return max(1, round(self.hop_secs * self.grid_rate))

    @property
    def chunk_frames(self) -> int:
        """Frames of a piece; 0 for none."""
        return round(self.chunk_secs * self.grid_rate)

    @property
    def example_frames(self) -> int:
        """Frames in which an example lasts, the begun one included."""
        secs = self.shape.example_secs if self.shape else 0.0
        return math.ceil(secs * self.grid_rate - ROUNDING)

    @property
    def shortest_secs(self) -> float:
        """Seconds that a recording must last; half a piece if examples are pieces."""
        if self.shape and not self.example_secs:
            return self.shape.example_secs / 2
        secs = self.shape.example_secs if self.shape else SHORTEST_PADDED_SECS
        return min(SHORTEST_PADDED_SECS, secs)

    @property
    def features(self) -> FeatureSpec | None:
        """How features are measured; None if they are not."""
        if not self.frame_rate:
            return None
        return FeatureSpec(self.frame_rate, self.centered, self.viterbi)

    def digest(self) -> str:
        """Names by content all that the analysis of a recording depends on.

        Returns:
            16 hexadecimal digits.
        """
        spec = self.features.to_dict() if self.features else None
        shape = asdict(self.shape) if self.shape else None
        content = json.dumps([self.sample_rate, shape, spec], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def check(self) -> None:
        """Makes sure that a dataset can be like this.

        Raises:
            InputError: If a number makes no sense.
        """
        _require(
            4000 <= self.sample_rate <= 192000,
            "sample_rate must be from 4000 to 192000",
            sample_rate=self.sample_rate,
        )
        rate = self.frame_rate
        _require(
            rate == 0
            or (
                rate >= data.SLOWEST_FRAME_RATE and data.FEATURE_SAMPLE_RATE % rate == 0
            ),
            f"frame_rate must be {data.SLOWEST_FRAME_RATE} or more and divide "
            f"{data.FEATURE_SAMPLE_RATE}, such as 50, 100 or 250",
            frame_rate=rate,
        )
        _require(
            self.example_secs == 0
            or SHORTEST_EXAMPLE_SECS <= self.example_secs <= LONGEST_EXAMPLE_SECS,
            "example_secs must be from 0.1 to 600",
            example_secs=self.example_secs,
        )
        _require(
            math.isfinite(self.hop_secs) and self.hop_secs > 0,
            "hop_secs must be above 0",
            hop_secs=self.hop_secs,
        )
        least = self.example_secs or SHORTEST_EXAMPLE_SECS
        # Whole pieces are examples, up to which recordings are filled with silence.
        most = LONGEST_CHUNK_SECS if self.example_secs else LONGEST_EXAMPLE_SECS
        _require(
            self.chunk_secs == 0 or least <= self.chunk_secs <= most,
            f"chunk_secs must be 0, or from {least:g}, an example, to {most:.0f}",
            chunk_secs=self.chunk_secs,
        )

    def check_for_training(self) -> None:
        """Makes sure that a provider can read such a dataset.

        Raises:
            InputError: If a number makes no sense, or there are no features or no
                lengths.
        """
        self.check()
        _require(
            self.frame_rate > 0,
            f"frame_rate must be at least {data.SLOWEST_FRAME_RATE}, such as 250",
            frame_rate=self.frame_rate,
        )
        _require(
            self.example_secs > 0,
            "example_secs must be from 0.1 to 600",
            example_secs=self.example_secs,
        )


def check_shards(n_shards: int | None) -> None:
    """Makes sure that a number of record files makes sense.

    Args:
        n_shards: The number; None lets it follow from the examples.

    Raises:
        InputError: If it is not from 1 to 10000.
    """
    _require(
        n_shards is None or 1 <= n_shards <= 10000,
        "n_shards must be from 1 to 10000",
        n_shards=n_shards,
    )


def _require(holds: bool, rule: str, **setting: Any) -> None:
    """Raises if a rule for a setting does not hold."""
    if not holds:
        ((name, value),) = setting.items()
        raise InputError(f"{rule}. Got {name}={value}; choose another value.")
