"""Recordings that are analysed, and what is taken from them."""

from collections.abc import Iterator, Sequence

import numpy as np

from ddsp.training.data import ExampleShape
from ddsp.training.data.feature_spec import VOICED_CONFIDENCE
from ddsp.training.data_preparation.analysis import load_features
from ddsp.training.data_preparation.arrangement import Example, Placed
from ddsp.training.data_preparation.decoding import SILENT, TOO_SHORT, Decoded
from ddsp.training.data_preparation.description import Dropped, Source
from ddsp.training.data_preparation.examples import (
    AnalysedRecording,
    cut_audio,
    cut_example,
    example_starts,
    is_silent,
)
from ddsp.training.data_preparation.settings import Settings
from ddsp.training.errors import InputError

# What is wrong with more files than that is wrong with all of them.
MOST_NAMED = 5


class Collection:
    """The recordings of a dataset, and where its examples lie in them.

    Attributes:
        sources: Recordings that are used.
        dropped: Recordings and examples that are not, with reasons.
        placed: Where the examples of each used recording begin.
        voiced_secs: Seconds in which a pitch is clear.

    Example:
        >>> collection = Collection(Settings())
        >>> collection.drop("a.wav", "it is silent")
        >>> collection.dropped
        [Dropped(name='a.wav', reason='it is silent')]
    """

    def __init__(self, settings: Settings) -> None:
        """Starts empty.

        Args:
            settings: Lengths of the examples.
        """
        self._settings = settings
        self._recordings: list[AnalysedRecording] = []
        self.sources: list[Source] = []
        self.dropped: list[Dropped] = []
        self.placed: list[Placed] = []
        self.voiced_secs = 0.0

    @property
    def n_examples(self) -> int:
        """Number of examples that are not silent."""
        return sum(len(placed.starts) for placed in self.placed)

    def add(self, decoded: Decoded, name: str) -> None:
        """Takes a recording that is analysed, or notes why it is left out.

        Args:
            decoded: The recording.
            name: Name for the lists.
        """
        if decoded.problem:
            self.drop(name, decoded.problem)
            return
        recording = analysed(decoded, self._settings)
        self.note(
            Source(name, round(decoded.seconds, 3), decoded.sha256),
            place(decoded, recording, self._settings),
            voiced_secs(recording, self._settings),
        )
        self._recordings.append(recording)

    def note(self, source: Source, placed: Placed, voiced: float) -> None:
        """Takes down a recording that is used.

        Args:
            source: What it is.
            placed: Where its examples begin.
            voiced: Seconds in which its pitch is clear.
        """
        self.sources.append(source)
        self.placed.append(placed)
        self.voiced_secs += voiced
        if placed.n_silent:
            n_all = len(placed.starts) + placed.n_silent
            self.drop(
                source.name, f"{placed.n_silent} of its {n_all} examples are silent"
            )

    def drop(self, name: str, reason: str) -> None:
        """Takes down what is not used.

        Args:
            name: Name of the recording.
            reason: Why not, in a few words.
        """
        self.dropped.append(Dropped(name, reason))

    def check_not_empty(self) -> None:
        """Makes sure that there is something to write.

        Raises:
            InputError: If there is no example.
        """
        if self.n_examples:
            return
        if all(dropped.reason == SILENT for dropped in self.dropped):
            raise InputError(
                "Recordings must hold sound. Got only silence: every recording is "
                "silent; check the input level or the channel."
            )
        named = [f"{some.name}: {some.reason}" for some in self.dropped[:MOST_NAMED]]
        others = len(self.dropped) - len(named)
        if others:
            named.append(f"and {others} more")
        raise InputError(
            f"At least one recording must be usable. Got {'; '.join(named)}. "
            f"{self._way_out()}."
        )

    def _way_out(self) -> str:
        """What to do about all that was left out."""
        reasons = [dropped.reason for dropped in self.dropped]
        short = [reason for reason in reasons if reason.startswith(TOO_SHORT)]
        silent = [reason for reason in reasons if reason.endswith("silent")]
        ways = []
        if len(short) + len(silent) < len(reasons):
            ways.append("give WAV or FLAC files, recorded, copied or exported again")
        if short:
            least = f"{self._settings.shortest_secs:g} s"
            ways.append(f"give audio files of at least {least}")
        if silent:
            ways.append("check the input level or the channel")
        text = "; ".join(ways)
        return text[0].upper() + text[1:]

    def examples(self, order: Sequence[Example]) -> Iterator[dict[str, np.ndarray]]:
        """Gives examples.

        Args:
            order: Numbers of recordings and of their examples.

        Yields:
            Audio and features of an example.
        """
        for i, j in order:
            start = self.placed[i].starts[j]
            yield cut(self._recordings[i], start, self._settings)


def analysed(decoded: Decoded, settings: Settings) -> AnalysedRecording:
    """Joins what belongs to a recording.

    Args:
        decoded: The recording, all blocks of which are analysed.
        settings: How they were.

    Returns:
        Paths of its audio, and its features.
    """
    return AnalysedRecording(
        decoded.audio_path, decoded.audio_16k_path, load_features(decoded, settings)
    )


def place(decoded: Decoded, recording: AnalysedRecording, settings: Settings) -> Placed:
    """Finds where the examples of a recording begin that are not silent.

    Args:
        decoded: The recording.
        recording: The same, analysed.
        settings: Lengths.

    Returns:
        Their first frames, and how many are silent.
    """
    pieces = example_starts(decoded.n_samples, decoded.n_samples_16k, settings)
    starts = [(start, k) for k, piece in enumerate(pieces) for start in piece]
    shape = example_shape(recording, settings)
    heard = [
        (start, k)
        for start, k in starts
        if not is_silent(cut_audio(recording, start, shape))
    ]
    return Placed(
        sha256=decoded.sha256,
        starts=[start for start, _ in heard],
        pieces=[k for _, k in heard],
        n_silent=len(starts) - len(heard),
    )


def cut(
    recording: AnalysedRecording, start: int, settings: Settings
) -> dict[str, np.ndarray]:
    """Cuts one example.

    Args:
        recording: The recording.
        start: First frame.
        settings: Lengths.

    Returns:
        `audio`, `audio_16k` and the features, float32, [n_samples] or [n_frames].
    """
    return cut_example(recording, start, example_shape(recording, settings))


def example_shape(recording: AnalysedRecording, settings: Settings) -> ExampleShape:
    """Tells the lengths of the examples of a recording.

    Args:
        recording: The recording.
        settings: Lengths that are set.

    Returns:
        Those; if none are set, the lengths of the whole recording.
    """
    if settings.shape is not None:
        return settings.shape
    n_samples = np.load(recording.audio_path, mmap_mode="r").size
    return settings.shape_of(n_samples / settings.sample_rate)


def voiced_secs(recording: AnalysedRecording, settings: Settings) -> float:
    """Measures how long the pitch of a recording is clear.

    Args:
        recording: The recording.
        settings: How it was analysed.

    Returns:
        Seconds; 0 if there are no features.
    """
    confidence = recording.features.get("f0_confidence", np.zeros(0))
    return float(np.sum(confidence >= VOICED_CONFIDENCE)) / settings.grid_rate
