"""Sounds whose pitch is known, and how often a tracker is right about them."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SAMPLE_RATE, FRAME_RATE, FRAME_SIZE = 16000, 250, 1024
KINDS = ("pure", "rich", "missing", "vibrato", "noise", "glide")
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
# Score alignments of recordings, as their manifest gives the tuning, in cents.
TUNINGS = {
    "violin_train/garner_bwv1002_mov6": 13,
    "violin_train/garner_bwv1002_mov7": 9,
    "violin_train/minjikim_bwv1003_mov3": 5,
    "violin_train/minjikim_bwv1003_mov4_000-140s": 9,
    "violin_eval/minjikim_bwv1003_mov4_140s-end": 9,
}
DEMO = "rendered_violin_demo/bwv1002_double_fluidr3gm_deb_30s"


@dataclass
class Sound:
    """A sound and its pitch in frames; 0 where it is not known or not asked for."""

    audio: np.ndarray
    f0_hz: np.ndarray


def tones_hz(step_semitones: int) -> np.ndarray:
    """Equally tempered pitches from 55 to 1760 Hz."""
    return 55.0 * 2.0 ** (np.arange(0, 61, step_semitones) / 12)


def tone(kind: str, f0_hz: float, rng: np.random.Generator) -> Sound:
    """One second; only frames whose window leaves the tone are not asked for."""
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    octaves = np.zeros_like(time)
    if kind == "vibrato":
        octaves = 50 / 1200 * np.sin(2 * np.pi * 5.5 * time)
    if kind == "glide":  # A fifth, up or down, within the range.
        octaves = time * 7 / 12 * (1 if f0_hz * 2 ** (7 / 12) < 1761 else -1)
    curve = f0_hz * 2.0**octaves
    cycles = 2 * np.pi * np.cumsum(curve) / SAMPLE_RATE
    n_harmonics = int(0.999 * SAMPLE_RATE / 2 / curve.max())
    numbers = range(2 if kind == "missing" else 1, 2 if kind == "pure" else 10**6)
    numbers = [k for k in numbers[: n_harmonics + 1] if k <= n_harmonics]
    audio = np.sum([np.sin(k * cycles) / k for k in numbers], axis=0)
    audio *= 0.5 / np.abs(audio).max()
    if kind == "noise":
        power = np.mean(audio**2) / 100  # 20 dB.
        audio = audio + rng.normal(size=len(audio)) * np.sqrt(power)
    hop_size = SAMPLE_RATE // FRAME_RATE
    truth = np.append(curve, curve[-1])[::hop_size].copy()
    margin = FRAME_SIZE // 2 // hop_size
    truth[:margin] = 0.0
    truth[-margin:] = 0.0
    return Sound(audio.astype(np.float32), truth)


def recording(name: str, n_seconds: int) -> Sound | None:
    """A recording with its notes, 30 ms of each end of a note not asked for.

    Where notes overlap (double stops, held strings) there is no one pitch, so that is
    not asked for either. None if the recording is not there.
    """
    import soundfile
    import soxr

    path = DATA / f"{name}.flac"
    if not path.exists():
        return None
    audio, rate = soundfile.read(path, always_2d=True)
    audio = soxr.resample(audio[: n_seconds * rate].mean(axis=1), rate, SAMPLE_RATE)
    notes_path = path.parent / "truth.notes.csv"
    if name != DEMO:
        notes_path = path.with_suffix(".notes.csv")
    n_frames = len(audio) * FRAME_RATE // SAMPLE_RATE + 1
    truth, n_sounding = np.zeros(n_frames), np.zeros(n_frames, int)
    with notes_path.open() as lines:
        for row in csv.DictReader(lines):
            start, end = (float(row[key]) * FRAME_RATE for key in ("start", "end"))
            n_sounding[int(start) : int(end) + 1] += 1
            margin = 0.03 * FRAME_RATE
            cents = 100 * (float(row["midi"]) - 69) + TUNINGS.get(name, 0)
            truth[int(start + margin) : int(end - margin)] = 440 * 2 ** (cents / 1200)
    truth[n_sounding > 1] = 0.0
    return Sound(audio.astype(np.float32), truth)


def errors_cents(found_hz: np.ndarray, truth_hz: np.ndarray) -> np.ndarray:
    """Errors where pitch is known, in cents."""
    known = truth_hz > 0
    return 1200 * np.log2(found_hz[known] / truth_hz[known])


def best_lag(found_hz: np.ndarray, truth_hz: np.ndarray) -> int:
    """Frames by which all notes are shifted so that most frames agree, -25 to 25.

    Scores are aligned to within a tenth of a second, and samples speak late.
    """

    def n_right(lag: int) -> int:
        return int(np.sum(np.abs(errors_cents(found_hz, shifted(truth_hz, lag))) < 50))

    return max(range(-25, 26), key=n_right)


def shifted(truth_hz: np.ndarray, lag: int) -> np.ndarray:
    """Truth that comes later by some frames."""
    moved = np.roll(truth_hz, lag)
    moved[: max(lag, 0)] = 0.0
    moved[len(moved) + min(lag, 0) :] = 0.0
    return moved


def shares(errors: np.ndarray) -> dict[str, float]:
    """Percent of frames within 50 cents, and of those wrong by octaves."""
    is_right = np.abs(errors) < 50
    octave = 1200 * np.round(errors / 1200)
    is_octave = ~is_right & (np.abs(errors - octave) < 50)
    return {
        "right_percent": 100 * float(np.mean(is_right)),
        "octave_percent": 100 * float(np.mean(is_octave)),
        "n_frames": len(errors),
    }
