"""A transfer in numbers, and the file that such numbers are kept in."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ddsp import spectral_ops
from ddsp.training import audio_io
from ddsp.training.data import FEATURE_SAMPLE_RATE
from ddsp.training.errors import InputError, writing
from ddsp.training.inference.levels import peak, rms
from ddsp.training.inference.result import TransferResult
from ddsp.training.inference.settings import Settings
from ddsp.training.whole_files import write_whole

LOUDNESS_FRAME_RATE = 50
CLEAR_CONFIDENCE = 0.5
SILENT = 1e-8


def transfer_figures(
    audio: np.ndarray, result: TransferResult, settings: Settings | None = None
) -> dict[str, Any]:
    """Measures what went into a transfer and what came out.

    Args:
        audio: The recording, [n_samples].
        result: What came of it.
        settings: What was asked for; None leaves it out.

    Returns:
        Plain numbers and texts in nested dictionaries, fit for JSON. Pitch and loudness
        are medians over the frames of notes, or over all if there are none; those of
        'played' are what the instrument was asked for, the rest is measured.
    """
    is_note = result.is_note
    if not is_note.any():
        is_note = np.ones(result.f0_hz.size, bool)
    figures = {
        "seconds": result.audio.size / result.sample_rate,
        "sample_rate": result.sample_rate,
        "frame_rate": result.frame_rate,
        "recording": {
            **_level(audio),
            **_pitch(result.f0_hz[is_note]),
            "loudness_db": float(np.median(result.loudness_db[is_note])),
            "clear_pitch_share": float(
                np.mean(result.f0_confidence > CLEAR_CONFIDENCE)
            ),
            "note_share": float(np.mean(result.is_note))
            if result.is_note.size
            else 0.0,
        },
        "played": {
            **_pitch(result.played_f0_hz[is_note]),
            "loudness_db": float(np.median(result.played_loudness_db[is_note])),
            "register_shift_octaves": result.register_shift,
        },
        "result": {
            **_level(result.audio),
            "loudness_db": _loudness_db(result, is_note),
        },
        "warnings": list(result.warnings),
        "seconds_of_work": {k: round(v, 3) for k, v in result.timings.items()},
    }
    if result.key is not None:
        figures["autotune"] = {"key": result.key, "player_cents": result.tuning_cents}
    if settings is not None:
        figures["settings"] = asdict(settings)
    return figures


def read_figures(path: str | Path) -> dict[str, dict[str, Any]]:
    """Reads the figures of several transfers.

    Args:
        path: File that `write_figures` has written from a list; need not exist.

    Returns:
        The figures of each transfer by the file of its result, in the order of the
        file; empty if there is no file.

    Raises:
        InputError: If the file holds something else.
    """
    path = Path(path)
    if not path.is_file():
        return {}
    try:
        entries = json.loads(path.read_bytes())
        if not isinstance(entries, list):
            raise TypeError("it holds no list")
        return {str(entry["output"]): entry for entry in entries}
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(
            "The figures of several recordings must go to a new file or to one that "
            f"holds such figures. Got {path}, which holds something else; name another "
            "file."
        ) from error


def write_figures(path: str | Path, figures: Any) -> None:
    """Writes figures whole or not at all.

    Args:
        path: JSON file to write; an existing one is replaced.
        figures: Figures of one transfer, or a list of those of several.

    Raises:
        InputError: If the file cannot be written.
    """
    with writing("The figures", path):
        write_whole(str(path), (json.dumps(figures, indent=2) + "\n").encode())


def _level(audio: np.ndarray) -> dict[str, float]:
    """Level and peak in dB below full scale."""
    levels = {"rms_db": rms(audio), "peak_db": peak(audio)}
    return {k: float(20.0 * np.log10(max(v, SILENT))) for k, v in levels.items()}


def _pitch(f0_hz: np.ndarray) -> dict[str, float]:
    """Median pitch and the range of nine tenths, in MIDI notes."""
    midi = 69.0 + 12.0 * np.log2(np.maximum(f0_hz, 1.0) / 440.0)
    low, median, high = np.percentile(midi, [5, 50, 95])
    return {
        "pitch_midi": float(median),
        "pitch_hz": float(np.median(f0_hz)),
        "lowest_midi": float(low),
        "highest_midi": float(high),
    }


def _loudness_db(result: TransferResult, is_note: np.ndarray) -> float:
    """Loudness of the result where notes sound."""
    audio = audio_io.resample(result.audio, result.sample_rate, FEATURE_SAMPLE_RATE)
    loudness_db = spectral_ops.compute_loudness(
        audio, FEATURE_SAMPLE_RATE, LOUDNESS_FRAME_RATE, use_tf=False
    )
    frames = np.arange(len(loudness_db)) * result.frame_rate / LOUDNESS_FRAME_RATE
    nearest = np.minimum(np.round(frames).astype(int), is_note.size - 1)
    at_notes = is_note[nearest]
    return float(np.median(loudness_db[at_notes] if at_notes.any() else loudness_db))
