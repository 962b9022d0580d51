"""What a dataset holds, and what was left out of it."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddsp import version
from ddsp.training.data.dataset_info import FORMAT
from ddsp.training.data.feature_spec import FeatureSpec
from ddsp.training.data_preparation.settings import Settings
from ddsp.training.wording import say_duration

MOST_NAMED = 5


@dataclass(frozen=True)
class Source:
    """A recording that a dataset was made of.

    Attributes:
        name: File name, with its folder where names repeat.
        seconds: Duration.
        sha256: Digest of the file.

    Example:
        >>> Source("etude.wav", 61.5, "9f86d081...").seconds
        61.5
    """

    name: str
    seconds: float
    sha256: str


@dataclass(frozen=True)
class Dropped:
    """A recording, or a part of one, that is not in the dataset.

    Attributes:
        name: File name.
        reason: Why not, in a few words.

    Example:
        >>> Dropped("take2.wav", "it is silent").reason
        'it is silent'
    """

    name: str
    reason: str


@dataclass(frozen=True)
class DatasetInfo:
    """What a dataset holds.

    Attributes:
        folder: Where it lies.
        sample_rate: Samples per second of the audio.
        frame_rate: Frames per second of the features; 0 for no features.
        example_secs: Seconds of an example; 0 if each has its own length.
        hop_secs: Seconds from one example to the next.
        centered: Whether frame k is centred at k / frame_rate seconds.
        n_examples: Number of examples.
        n_frames: Frames of an example.
        schema: Values of each feature of a record, by name.
        features: How features were measured; None for no features.
        statistics: Numbers of the dataset's statistics by name.
        sources: Recordings that were used.
        dropped: What was not, with reasons.
        voiced_secs: Seconds of the recordings in which a pitch is clear.

    Example:
        >>> info = prepare_dataset(["recordings"], "violin")  # doctest: +SKIP
        >>> info.n_frames  # doctest: +SKIP
        1001
    """

    folder: Path
    sample_rate: int
    frame_rate: int
    example_secs: float
    hop_secs: float
    centered: bool
    n_examples: int
    n_frames: int
    schema: dict[str, list[int]]
    features: FeatureSpec | None
    statistics: dict[str, float]
    sources: list[Source]
    dropped: list[Dropped]
    voiced_secs: float

    @property
    def seconds(self) -> float:
        """Duration of the used recordings together."""
        return sum(source.seconds for source in self.sources)

    @property
    def filled(self) -> list[Source]:
        """Used recordings that were filled up with silence to an example."""
        shortest = self.example_secs - 0.001  # Durations are rounded to that.
        return [source for source in self.sources if source.seconds < shortest]

    @property
    def filled_secs(self) -> float:
        """Seconds of all examples together that are no recording but silence."""
        return sum(self.example_secs - source.seconds for source in self.filled)

    def summary(self) -> list[str]:
        """Says in words what there is.

        Returns:
            Lines: how many examples, how long, how much of it has a clear pitch, how
            much of them is silence that was added, and what was left out and why.
        """
        examples = _count(self.n_examples, "example")
        length = f" of {self.example_secs:g} s" if self.example_secs else ""
        pitch = f", {say_duration(self.voiced_secs)} with a clear pitch"
        first = (
            f"{examples}{length} from {_count(len(self.sources), 'recording')}: "
            f"{say_duration(self.seconds)}{pitch if self.features else ''}"
        )
        left_out = [f"left out: {some.name}: {some.reason}" for some in self.dropped]
        return [first, *self._filling(), *left_out]

    def _filling(self) -> list[str]:
        """Says how much of the examples is silence that was added."""
        if not self.filled:
            return []
        total = self.n_examples * self.example_secs
        names = [source.name for source in self.filled[:MOST_NAMED]]
        others = len(self.filled) - len(names)
        more = f" and {others} more" if others else ""
        return [
            f"filled up with silence: {self.filled_secs / total:.0%} of the examples, "
            f"{say_duration(self.filled_secs)} of {say_duration(total)}, after "
            f"{', '.join(names)}{more}: shorter than an example"
        ]

    def to_json(self) -> str:
        """Writes the content of `dataset.json`.

        Returns:
            JSON text.
        """
        made_by = {"format": FORMAT, "ddsp_version": version.__version__}
        content = {**made_by, **dataclasses.asdict(self)}
        del content["folder"]
        content["voiced_secs"] = round(self.voiced_secs, 3)
        return json.dumps(content, indent=2) + "\n"


def describe(
    folder: Path, settings: Settings, collection: Any, statistics: dict[str, Any]
) -> DatasetInfo:
    """Gathers what there is to say about a dataset.

    Args:
        folder: Where it lies.
        settings: How it was made.
        collection: What it was made of, a `Collection`.
        statistics: What `compute_dataset_statistics` returns, or nothing.

    Returns:
        The description.
    """
    shape = settings.shape
    names = ("f0_hz", "f0_confidence", "loudness_db") if settings.frame_rate else ()
    schema = {}
    if shape is not None:
        schema = {"audio": [shape.n_samples], "audio_16k": [shape.n_samples_16k]}
        schema.update({name: [shape.n_frames] for name in names})
    return DatasetInfo(
        folder=folder,
        sample_rate=settings.sample_rate,
        frame_rate=settings.frame_rate,
        example_secs=shape.example_secs if shape else 0.0,
        hop_secs=settings.hop_frames / settings.grid_rate,
        centered=settings.centered,
        n_examples=collection.n_examples,
        n_frames=shape.n_frames if shape and settings.frame_rate else 0,
        schema=schema,
        features=settings.features,
        statistics={
            name: float(value)
            for name, value in statistics.items()
            if not hasattr(value, "quantiles_")
        },
        sources=collection.sources,
        dropped=collection.dropped,
        voiced_secs=collection.voiced_secs,
    )


def _count(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
