"""What a dataset holds, and what was left out of it."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path


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
        frame_rate: Frames per second of the features.
        example_secs: Seconds of an example.
        hop_secs: Seconds from one example to the next.
        centered: Whether frame k is centred at k / frame_rate seconds.
        n_examples: Number of examples.
        n_frames: Frames of an example.
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
    sources: list[Source]
    dropped: list[Dropped]
    voiced_secs: float

    @property
    def seconds(self) -> float:
        """Duration of the used recordings together."""
        return sum(source.seconds for source in self.sources)

    def to_json(self) -> str:
        """Writes the content of `dataset.json`.

        Returns:
            JSON text.
        """
        content = {"format": 1, **dataclasses.asdict(self)}
        del content["folder"], content["voiced_secs"]
        return json.dumps(content, indent=2) + "\n"
