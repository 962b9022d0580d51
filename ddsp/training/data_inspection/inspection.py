"""All recordings of a folder: measured, compared, judged."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ddsp.training import audio_io
from ddsp.training.data_inspection.comparison import decay_secs, faults_together
from ddsp.training.data_inspection.findings import (
    Finding,
    Place,
    faults_of_recordings,
)
from ddsp.training.data_inspection.levels import SILENCE_DB
from ddsp.training.data_inspection.recording import (
    LOUDNESS_EDGES_DB,
    N_NOTES,
    RecordingFigures,
    measure_recording,
)
from ddsp.training.wording import display_names

WANTED_SECS = 600.0


@dataclass(frozen=True)
class Inspection:
    """What is to be said about recordings before a model is trained on them.

    Attributes:
        recordings: What was measured in each that can be used.
        findings: What is wrong; those that prevent training first.

    Example:
        >>> Inspection(recordings=(), findings=()).will_train
        True
    """

    recordings: Sequence[RecordingFigures]
    findings: Sequence[Finding]

    @property
    def will_train(self) -> bool:
        """Whether training on them can succeed."""
        return not any(finding.prevents_training for finding in self.findings)

    @property
    def seconds(self) -> float:
        """Length of all recordings."""
        return sum(figures.seconds for figures in self.recordings)

    @property
    def sounding_secs(self) -> float:
        """Seconds that are not silent."""
        return sum(figures.sounding_secs for figures in self.recordings)

    @property
    def voiced_secs(self) -> float:
        """Seconds with a clear pitch."""
        return sum(figures.voiced_secs for figures in self.recordings)

    @property
    def note_counts(self) -> np.ndarray:
        """Frames with each MIDI pitch, 50 per second, [128]."""
        counts = [figures.note_counts for figures in self.recordings]
        return np.sum([np.zeros(N_NOTES, int), *counts], axis=0)

    @property
    def loudness_counts(self) -> np.ndarray:
        """Frames that sound, by loudness in steps of 3 dB from -80 dB on, [40]."""
        counts = [figures.loudness_counts for figures in self.recordings]
        empty = np.zeros(LOUDNESS_EDGES_DB.size - 1, int)
        return np.sum([empty, *counts], axis=0)

    def to_dict(self) -> dict[str, Any]:
        """Everything as lists, dictionaries and numbers that JSON has.

        Returns:
            Findings, totals, histograms and the figures of each recording.
        """
        return {
            "will_train": self.will_train,
            "seconds": round(self.seconds, 3),
            "sounding_secs": round(self.sounding_secs, 3),
            "voiced_secs": round(self.voiced_secs, 3),
            "decay_secs": decay_secs(self.recordings),
            "findings": [_finding_to_dict(finding) for finding in self.findings],
            "note_counts": self.note_counts.tolist(),
            "loudness_edges_db": LOUDNESS_EDGES_DB.tolist(),
            "loudness_counts": self.loudness_counts.tolist(),
            "recordings": [_recording_to_dict(figures) for figures in self.recordings],
        }


def inspect_recordings(
    paths: Iterable[str | Path],
    wanted_secs: float = WANTED_SECS,
    progress: Callable[[str], None] | None = None,
) -> Inspection:
    """Says what is wrong with recordings before hours are spent on them.

    Args:
        paths: Audio files and folders of them, of one instrument.
        wanted_secs: Seconds with a clear pitch below which they are called little.
            With less than a twentieth of it training is said not to work.
        progress: Called with what is being done.

    Returns:
        Figures and findings.

    Raises:
        InputError: If a path does not exist or a folder holds no recording.
    """
    say = progress or (lambda _: None)
    files = audio_io.find_recordings(paths)
    names = display_names(files)
    recordings, unusable = [], []
    for number, (file, name) in enumerate(zip(files, names, strict=True)):
        prefix = f"{number + 1} of {len(files)}: " if len(files) > 1 else ""
        try:
            recordings.append(measure_recording(file, name, _prefixed(say, prefix)))
        except audio_io.AudioFileError as error:
            unusable.append(Place(name, note=error.reason))
    findings = [
        *_unusable(unusable, not recordings),
        *faults_of_recordings(recordings, wanted_secs),
        *faults_together(recordings),
    ]
    findings.sort(key=lambda finding: not finding.prevents_training)
    return Inspection(recordings, findings)


def _prefixed(say: Callable[[str], None], prefix: str) -> Callable[[str], None]:
    """A function that says things with something in front."""
    return lambda text: say(prefix + text)


def _unusable(places: Sequence[Place], are_all: bool) -> list[Finding]:
    """The finding on files that cannot be read."""
    if not places:
        return []
    others = "" if are_all else "; the others are used without them"
    return [
        Finding(
            "unusable",
            "No file can be read." if are_all else "Some files cannot be read.",
            f"Copy, record or export them again, as WAV or FLAC{others}.",
            places,
            prevents_training=are_all,
        )
    ]


def _finding_to_dict(finding: Finding) -> dict[str, Any]:
    """A finding for programs."""
    return {
        "kind": finding.kind,
        "prevents_training": finding.prevents_training,
        "what": finding.what,
        "advice": finding.advice,
        "places": [
            {
                "recording": place.name,
                "note": place.note,
                "spans_secs": [[round(secs, 2) for secs in s] for s in place.spans],
            }
            for place in finding.places
        ],
    }


def _recording_to_dict(figures: RecordingFigures) -> dict[str, Any]:
    """A recording's figures for programs."""
    background = figures.background
    hum_db = None if background is None else background.hum_db
    noise_db = None if background is None else background.noise_db
    return {
        "name": figures.name,
        "seconds": round(figures.seconds, 3),
        "sample_rate": figures.sample_rate,
        "sounding_secs": round(figures.sounding_secs, 3),
        "voiced_secs": round(figures.voiced_secs, 3),
        "several_notes_secs": round(figures.several_secs, 3),
        "peak": round(figures.samples.peak, 5),
        "offset": round(figures.samples.offset, 6),
        "n_clipped_runs": figures.samples.n_clipped_runs,
        "loud_db": round(figures.loud_db, 2),
        "noise_db": None if noise_db is None else round(noise_db, 2),
        "hum_hz": None if background is None else background.hum_hz,
        "hum_db": None if hum_db in (None, SILENCE_DB) else round(float(hum_db), 2),
        "decay_secs": decay_secs([figures]),
        "n_decays": int(figures.decays_secs.size),
        "n_note_ends": figures.n_note_ends,
    }
