"""One recording at the rates that are needed, on the disk."""

import hashlib
import json
import os
import shutil
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ddsp.training import audio_io
from ddsp.training.data import FEATURE_SAMPLE_RATE
from ddsp.training.data_preparation.examples import is_silent
from ddsp.training.data_preparation.settings import Settings

AUDIO, AUDIO_16K, FACTS = "audio.npy", "audio_16k.npy", "recording.json"
SILENT, TOO_SHORT = "it is silent", "it lasts "


@dataclass(frozen=True)
class Decoded:
    """A recording that was read, or why it was not.

    Attributes:
        folder: Where its audio is; empty if it cannot be used.
        sha256: Digest of the file.
        seconds: Duration.
        n_samples: Samples at the dataset's rate, with silence up to an example.
        n_samples_16k: The same at 16000 samples per second.
        problem: Why it cannot be used, in a few words.

    Example:
        >>> Decoded(problem="it is silent").folder
        ''
    """

    folder: str = ""
    sha256: str = ""
    seconds: float = 0.0
    n_samples: int = 0
    n_samples_16k: int = 0
    problem: str = ""

    @property
    def audio_path(self) -> Path:
        """Audio at the dataset's rate, a .npy file of [n_samples]."""
        return Path(self.folder, AUDIO)

    @property
    def audio_16k_path(self) -> Path:
        """Audio at 16000 samples per second; the same file if that is the rate."""
        path = Path(self.folder, AUDIO_16K)
        return path if path.exists() else self.audio_path


def decode_recording(
    file: str | Path, store: str | Path, settings: Settings
) -> Decoded:
    """Reads a recording into a folder of its own, unless it is there already.

    Args:
        file: Audio file.
        store: Folder for all recordings of these settings; each gets a folder that is
            named by the content of the file.
        settings: Rates and lengths.

    Returns:
        Where it is, or why it cannot be used.

    Raises:
        OSError: If the audio cannot be written.
    """
    try:
        digest = _sha256(file)
    except OSError:
        digest = ""  # Reading the audio says what is wrong.
    folder = Path(store, digest or "none")
    kept = _read_facts(folder)
    if kept is not None:
        return kept
    partial = Path(store, f"partial-{uuid.uuid4().hex}")
    partial.mkdir(parents=True)
    try:
        facts = _decode(file, partial, settings)
        decoded = Decoded(folder=str(folder), sha256=digest, **facts)
        Path(partial, FACTS).write_text(json.dumps(asdict(decoded)), encoding="utf-8")
        _move(partial, folder)
    except audio_io.AudioFileError as error:
        return Decoded(problem=error.reason)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return decoded


def _sha256(file: str | Path) -> str:
    """Digest of a file."""
    digest = hashlib.sha256()
    with open(file, "rb") as opened:
        while block := opened.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _read_facts(folder: Path) -> Decoded | None:
    """A recording that was read before, if all of it is there."""
    try:
        facts = json.loads(Path(folder, FACTS).read_text(encoding="utf-8"))
        # The folder may have moved since.
        decoded = Decoded(**{**facts, "folder": str(folder)})
        sizes = [
            np.load(path, mmap_mode="r").size
            for path in (decoded.audio_path, decoded.audio_16k_path)
        ]
    except (OSError, ValueError, TypeError):
        return None
    is_whole = sizes == [decoded.n_samples, decoded.n_samples_16k]
    return decoded if is_whole else None


def _move(source: Path, target: Path) -> None:
    """Puts a finished folder in place."""
    if target.exists():
        # Left damaged by another run, or made by another process just now.
        if _read_facts(target) is not None:
            return
        shutil.rmtree(target)
    os.replace(source, target)


def _decode(file: str | Path, folder: Path, settings: Settings) -> dict:
    """Writes the audio at both rates; returns durations."""
    seconds, n_samples = _put_aside(
        file, settings.sample_rate, folder / AUDIO, settings
    )
    n_samples_16k = n_samples
    if settings.sample_rate != FEATURE_SAMPLE_RATE:
        _, n_samples_16k = _put_aside(
            file, FEATURE_SAMPLE_RATE, folder / AUDIO_16K, settings
        )
    return {
        "seconds": seconds,
        "n_samples": n_samples,
        "n_samples_16k": n_samples_16k,
    }


def _put_aside(
    file: str | Path, sample_rate: int, path: Path, settings: Settings
) -> tuple[float, int]:
    """Writes the audio at one rate, with silence up to an example.

    Args:
        file: Audio file.
        sample_rate: Samples per second to write.
        path: File to write.
        settings: Lengths.

    Returns:
        Seconds of the recording, and samples that are written.

    Raises:
        AudioFileError: If there is nothing to learn from.
    """
    audio = audio_io.load_audio(file, sample_rate)
    seconds, shortest = audio.size / sample_rate, settings.shortest_secs
    if seconds < shortest:
        reason = f"{TOO_SHORT}{seconds:.2f} s, less than {shortest:g} s"
        raise audio_io.AudioFileError(file, reason, "Give a longer one.")
    if is_silent(audio):
        raise audio_io.AudioFileError(file, SILENT, "Check the input level.")
    example_secs = settings.shape.example_secs if settings.shape else 0.0
    n_missing = round(example_secs * sample_rate) - audio.size
    if n_missing > 0:
        audio = np.pad(audio, (0, n_missing))
    np.save(path, audio)
    return seconds, audio.size
