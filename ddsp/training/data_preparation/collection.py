"""Gathers recordings one by one: analysed, waiting on the disk to be cut."""

import collections
import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ddsp.training import audio_io
from ddsp.training.data import FEATURE_SAMPLE_RATE, ExampleShape
from ddsp.training.data_preparation.description import Dropped, Source
from ddsp.training.data_preparation.examples import (
    AnalysedRecording,
    cut_example,
    example_starts,
    is_silent,
)
from ddsp.training.data_preparation.features import measure_features
from ddsp.training.errors import InputError

# Shorter clips are not filled up to an example: it would be mostly silence.
SHORTEST_PADDED_SECS = 1.0
VOICED_CONFIDENCE = 0.7
SILENT = "it is silent"


class Collection:
    """Recordings, and the places in them where the examples of a dataset begin.

    Attributes:
        sources: Recordings that are used.
        dropped: Recordings and examples that are not, with reasons.
        voiced_secs: Seconds in which a pitch is clear.

    Example:
        >>> shape = ExampleShape(4.0, 16000, 250, centered=True)
        >>> collection = Collection(shape, 250, viterbi=True, staging=Path("staging"))
        >>> collection.add(Path("a.wav"), "a.wav", say=print)  # doctest: +SKIP
        >>> collection.n_examples  # 58 after that.
        0
    """

    def __init__(
        self, shape: ExampleShape, hop_frames: int, viterbi: bool, staging: Path
    ) -> None:
        """Starts empty.

        Args:
            shape: Lengths of an example.
            hop_frames: Frames from one example to the next.
            viterbi: Whether the pitch is the best path through time.
            staging: Folder for the audio that waits.
        """
        self._shape = shape
        self._hop_frames = hop_frames
        self._viterbi = viterbi
        self._staging = staging
        self._shortest_secs = min(SHORTEST_PADDED_SECS, shape.example_secs)
        self._examples: list[tuple[AnalysedRecording, int]] = []
        self.sources: list[Source] = []
        self.dropped: list[Dropped] = []
        self.voiced_secs = 0.0

    @property
    def n_examples(self) -> int:
        """Number of examples that are not silent."""
        return len(self._examples)

    def add(self, file: Path, name: str, say: Callable[[str], None]) -> None:
        """Analyses a recording, or notes why it is left out.

        Args:
            file: Audio file.
            name: Name for the lists.
            say: Called with what is being done.
        """
        say("reading")
        shape, number = self._shape, len(self.sources)
        path = path_16k = self._staging / f"{number}.npy"
        try:
            seconds = self._put_aside(file, shape.sample_rate, shape.n_samples, path)
            if shape.sample_rate != FEATURE_SAMPLE_RATE:
                path_16k = self._staging / f"{number}_16k.npy"
                self._put_aside(
                    file, FEATURE_SAMPLE_RATE, shape.n_samples_16k, path_16k
                )
        except audio_io.AudioFileError as error:
            self.dropped.append(Dropped(name, error.reason))
            return
        self.sources.append(Source(name, round(seconds, 3), _sha256(file)))
        features = self._measure(np.load(path_16k, mmap_mode="r"), say)
        self._place_examples(AnalysedRecording(path, path_16k, features), name)

    def _put_aside(
        self, file: Path, sample_rate: int, n_samples: int, path: Path
    ) -> float:
        """Writes the audio at one rate into the staging folder.

        Args:
            file: Audio file.
            sample_rate: Samples per second to write.
            n_samples: Length up to which silence is added at the end.
            path: File to write.

        Returns:
            Seconds of the recording.

        Raises:
            AudioFileError: If there is nothing to learn from.
        """
        audio = audio_io.load_audio(file, sample_rate)
        seconds = audio.size / sample_rate
        if seconds < self._shortest_secs:
            reason = f"it lasts {seconds:.2f} s, less than {self._shortest_secs:g} s"
            raise audio_io.AudioFileError(file, reason, "Give a longer one.")
        if is_silent(audio):
            raise audio_io.AudioFileError(file, SILENT, "Check the input level.")
        if audio.size < n_samples:
            audio = np.pad(audio, (0, n_samples - audio.size))
        np.save(path, audio)
        return seconds

    def _measure(
        self, audio_16k: np.ndarray, say: Callable[[str], None]
    ) -> dict[str, np.ndarray]:
        """Features of a recording, whose voiced time is counted."""
        shape = self._shape
        secs = audio_16k.size / FEATURE_SAMPLE_RATE
        say(f"analysing {secs:.0f} s")  # Up to the first frames it takes a while.
        features = measure_features(
            audio_16k,
            shape.frame_rate,
            shape.centered,
            self._viterbi,
            lambda done: say(f"analysed {min(done, secs):.0f} of {secs:.0f} s"),
        )
        is_voiced = features["f0_confidence"] >= VOICED_CONFIDENCE
        self.voiced_secs += float(np.sum(is_voiced)) / shape.frame_rate
        return features

    def _place_examples(self, recording: AnalysedRecording, name: str) -> None:
        """Finds where the examples begin that are not silent."""
        paths = (recording.audio_path, recording.audio_16k_path)
        n_samples, n_samples_16k = (np.load(p, mmap_mode="r").size for p in paths)
        starts = example_starts(n_samples, n_samples_16k, self._shape, self._hop_frames)
        heard = [
            (recording, start)
            for start in starts
            if not is_silent(cut_example(recording, start, self._shape)["audio"])
        ]
        if len(heard) < len(starts):
            n_silent = len(starts) - len(heard)
            reason = f"{n_silent} of its {len(starts)} examples are silent"
            self.dropped.append(Dropped(name, reason))
        self._examples += heard

    def check_not_empty(self) -> None:
        """Makes sure that there is something to write.

        Raises:
            InputError: If there is no example.
        """
        if self._examples:
            return
        if all(dropped.reason == SILENT for dropped in self.dropped):
            raise InputError(
                "Recordings must hold sound. Got only silence: every recording is "
                "silent; check the input level or the channel."
            )
        first = self.dropped[0]
        others = len(self.dropped) - 1
        raise InputError(
            f"At least one recording must be usable. Got {first.name}: {first.reason}"
            f"{f', and {others} more' if others else ''}. Give audio files of at "
            f"least {self._shortest_secs:g} s."
        )

    def examples(self) -> Iterator[dict[str, np.ndarray]]:
        """Gives all examples in random but repeatable order.

        Yields:
            Audio and features of an example.
        """
        # Neighbours overlap; training mixes the order again, but only within a window.
        for i in np.random.default_rng(0).permutation(len(self._examples)):
            recording, start = self._examples[i]
            yield cut_example(recording, start, self._shape)


def display_names(files: Sequence[Path]) -> list[str]:
    """Names files without their path, which is nobody's business.

    Args:
        files: Audio files.

    Returns:
        File names, with the folder in front where a name repeats.
    """
    counts = collections.Counter(file.name for file in files)
    return [
        file.name if counts[file.name] == 1 else f"{file.parent.name}/{file.name}"
        for file in files
    ]


def _sha256(file: Path) -> str:
    """Digest of a file."""
    digest = hashlib.sha256()
    with open(file, "rb") as opened:
        while block := opened.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
